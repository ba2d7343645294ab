"""Words, code and names that look like a developer's day, made from nothing but the standard library's own sources.

Everything given is already escaped for a JSON string, so sessions are put together by joining.
The same seed and the same Python version give the same text.

    python -m benchmarks.prose 40 700        the words of these ranks, as a JSON list
"""

from __future__ import annotations

import json
import random
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

RIVER_WORDS = 1_500_000  # about 10 MB: a slice rarely meets itself again
SKIPPED_FOLDERS = {"site-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo", "__pycache__", "pydoc_data"}
SENTENCE_WORDS = (5, 18)
ERRORS = ("ValueError", "KeyError", "TypeError", "TimeoutError", "FileNotFoundError", "AssertionError", "ImportError")


def escaped(text: str) -> str:
    """The inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def library_sources() -> Iterator[str]:
    """The texts of the standard library's modules, in a fixed order."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if not SKIPPED_FOLDERS & set(path.relative_to(root).parts):
            yield path.read_text("utf-8", errors="replace")


def common_words(sources: list[str]) -> list[tuple[str, int]]:
    """Words of the docstrings with their counts, commonest first: they follow Zipf's law by themselves."""
    counts: Counter[str] = Counter()
    for source in sources:
        for docstring in re.findall(r'"""(.*?)"""', source, re.DOTALL):
            counts.update(re.findall(r"[a-z]{2,24}", docstring.lower()))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


class Prose:
    """Text of any length, drawn with the `rng` that the caller holds."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        sources = list(library_sources())
        counted = common_words(sources)
        self.words = [word for word, _ in counted]
        self._cumulative = list(accumulate(count for _, count in counted))
        # Names are made of words one would type, not of "the" and "of".
        self.nouns = [word for word in self.words[150:4000] if len(word) > 3]
        self._river = self._flow(rng, RIVER_WORDS)
        self.code = [escaped(line) for source in sources for line in source.splitlines() if len(line) < 160]

    def _flow(self, rng: random.Random, count: int) -> str:
        words = rng.choices(self.words, cum_weights=self._cumulative, k=count)
        at = 0
        while at < count:
            words[at] = words[at].capitalize()
            at += rng.randint(*SENTENCE_WORDS)
            if at < count:
                words[at - 1] += "."
        return " ".join(words)

    def sentence(self, rng: random.Random, size: int) -> str:
        """About `size` characters of prose, cut at words."""
        river = self._river
        start = river.find(" ", int(rng.random() * (len(river) - size - 100))) + 1
        return river[start : river.find(" ", start + size)]

    def code_lines(self, rng: random.Random, size: int, numbered: bool = False) -> str:
        """About `size` characters of consecutive source lines; `numbered` as a reading tool prints them."""
        start = int(rng.random() * (len(self.code) - 400))
        lines: list[str] = []
        while size > 0:
            line = self.code[(start + len(lines)) % len(self.code)]
            lines.append(f"{len(lines) + 1:6}→{line}" if numbered else line)
            size -= len(line) + 2 + 8 * numbered
        return "\\n".join(lines)

    def name(self, rng: random.Random) -> str:
        """An identifier in one of the usual spellings."""
        first, second, third = rng.choices(self.nouns, k=3)
        kind = int(rng.random() * 10)
        if kind < 4:
            return f"{first}_{second}"
        if kind < 7:
            return f"{first}{second.capitalize()}{third.capitalize()}"
        if kind < 9:
            return f"{first}-{second}-{int(rng.random() * 1000)}"
        return f"{first}_{second}".upper()

    def path(self, rng: random.Random) -> str:
        first, second, third = rng.choices(self.nouns, k=3)
        ending = ("py", "ts", "rs", "go", "md", "toml")[int(rng.random() * 6)]
        return f"src/{first}/{second}_{third}.{ending}"

    def hex_id(self, rng: random.Random) -> str:
        """A commit: seven digits or forty."""
        digits = 7 if rng.random() < 0.7 else 40
        return f"{rng.getrandbits(4 * digits):0{digits}x}"

    def traceback(self, rng: random.Random, path: str) -> str:
        """What Python prints when it gives up in `path`."""
        depth = 2 + int(rng.random() * 4)
        frames = [
            f'  File \\"{path}\\", line {int(rng.random() * 900)}, in {self.name(rng)}\\n    {self.code_lines(rng, 30)}'
            for _ in range(depth)
        ]
        error = rng.choice(ERRORS)
        return "\\n".join(("Traceback (most recent call last):", *frames, f"{error}: {self.sentence(rng, 40)}"))


if __name__ == "__main__":
    ranked = [word for word, _ in common_words(list(library_sources()))]
    json.dump([ranked[int(rank)] for rank in sys.argv[1:]], sys.stdout)
