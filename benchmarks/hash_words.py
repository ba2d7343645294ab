"""Which words and groups of letters are so common that the hash embedder counts them less.

    python -m benchmarks.hash_words > cass/semantic/embedders/hash_words.py

Counted in the paragraphs of the Python language reference that `help()` shows and every Python carries: English about
programs, and none of the texts that ranking is measured on.  Another version of Python counts a little differently, so
the result is checked in: another result needs another `FEATURES` in hash_version.py.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from pydoc_data.topics import topics

MOST = 500
RARE = 8
WIDTH = 110

HEAD = '''"""Common words and groups of letters for the hash embedder: how much each counts, in eighths.

Made by `python -m benchmarks.hash_words`, which says from what, with Python {version}.  Not to be edited.
"""

from __future__ import annotations

RARE = {rare}  # whatever is not listed
'''


def paragraphs() -> list[str]:
    return [part for topic in topics.values() for part in re.split(r"\n\s*\n", topic) if len(part) > 80]


def groups(word: str) -> set[str]:
    marked = f"<{word}>"
    return {marked[at : at + size] for size in (3, 4) for at in range(len(marked) - size + 1)}


def weights(counts: Counter[str], of: int) -> dict[str, int]:
    """The commonest, from 1 to RARE - 1: the logarithm of how seldom each is, RARE being the last one's."""
    commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    most = math.log(of / commonest[-1][1])
    found = {name: max(1, round(RARE * math.log(of / count) / most)) for name, count in commonest}
    return {name: weight for name, weight in found.items() if weight < RARE}


def table(name: str, found: dict[str, int]) -> str:
    """The source of a dictionary, a line or more for each weight."""
    lines = [f"\n_{name} = (\n"]
    for weight in range(1, RARE):
        lines.append(f"    # {weight}\n")
        words = " ".join(sorted(word for word, each in found.items() if each == weight))
        parts = re.findall(rf"\S.{{0,{WIDTH}}}(?=\s|$)", words)
        lines += [f'    "{part}{" " if part is not parts[-1] else ""}"\n' for part in parts[:-1]]
        lines.append(f'    "{parts[-1]}",\n')
    lines.append(")\n")
    return "".join(lines)


def main() -> int:
    texts = [set(re.findall(r"[a-z0-9]{2,}", text.lower())) for text in paragraphs()]
    words = Counter(word for text in texts for word in text)
    letters = Counter(group for text in texts for group in {each for word in text for each in groups(word)})
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    sys.stdout.write(HEAD.format(version=version, rare=RARE))
    sys.stdout.write(table("BY_WORD", weights(words, len(texts))))
    sys.stdout.write(table("BY_LETTERS", weights(letters, len(texts))))
    sys.stdout.write(
        "\nWORDS = {word.encode(): weight for weight, line in enumerate(_BY_WORD, 1) for word in line.split()}\n"
        "LETTERS = {group.encode(): weight for weight, line in enumerate(_BY_LETTERS, 1) for group in line.split()}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
