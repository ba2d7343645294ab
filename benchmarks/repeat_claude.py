"""Make a large HOME out of real Claude Code files.

    python -m benchmarks.repeat_claude SOURCE_HOME OUT --megabytes 1000

Real files have the shapes that no generator invents.  They are read from a folder that you name and repeated under
new session, message and line ids and new file names.  Equal texts would be stored only once, so in every copy each
fifth word of four ASCII letters or more is replaced by another word of the same length out of what was said in the
same files (not out of signatures and other encoded data), chosen by a hash of the copy's number, the word and its
place.  Lengths, line structure, numbers and times stay as they are; a text without such a word gets one of its letters
turned.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{4,16}(?![A-Za-z])")
LETTER = re.compile("[a-z]")
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?:msg|toolu|req)_[0-9A-Za-z]{16,40}")
EVERY = 5
VOCABULARY_FILES = 20
Vocabulary = dict[int, list[str]]

# Their strings are what an agent or a person said; everything else is structure and keeps its value.
FIXED = {"type", "role", "name", "id", "model", "media_type", "data", "signature", "tool_use_id"}
SAID = {"content", "text", "thinking", "input", "toolUseResult", "summary", "aiTitle", "customTitle", "lastPrompt"}


def claude_files(home: Path) -> list[Path]:
    return sorted((home / ".claude" / "projects").rglob("*.jsonl"))


def vocabulary(files: list[Path]) -> Vocabulary:
    """Words by their length, each once."""
    by_length: dict[int, set[str]] = defaultdict(set)
    for path in files[:VOCABULARY_FILES]:
        for line in path.read_text("utf-8", errors="replace").split("\n"):
            for word in WORD.findall(" ".join(_texts_of(line))):
                by_length[len(word)].add(word)
    return {length: sorted(words) for length, words in by_length.items()}


def _texts_of(line: str) -> Iterator[str]:
    try:
        yield from said_texts(json.loads(line), said=False)
    except ValueError:
        return


def said_texts(value: object, said: bool) -> Iterator[str]:
    """The strings that `other_value` changes."""
    if isinstance(value, str) and said:
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from said_texts(item, said)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in FIXED:
                yield from said_texts(item, said or key in SAID)


def other_text(text: str, copy: int, words: Vocabulary) -> str:
    """The same text with each fifth word exchanged for another of its length."""
    place = 0

    def exchange(found: re.Match[str]) -> str:
        nonlocal place
        place += 1
        choices = words.get(len(found[0]), ())
        if place % EVERY != 1 or not choices:
            return found[0]
        return choices[(crc32(found[0].encode()) + 7919 * copy + 104_729 * place) % len(choices)]

    changed = WORD.sub(exchange, text)
    if changed != text:
        return changed
    return LETTER.sub(lambda found: chr((ord(found[0]) - 97 + copy) % 26 + 97), text, count=1)


def other_value(value: object, copy: int, words: Vocabulary, said: bool) -> object:
    """A JSON value with its texts changed; identifiers, types and names are left alone."""
    if isinstance(value, str):
        return other_text(value, copy, words) if said else value
    if isinstance(value, list):
        return [other_value(item, copy, words, said) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key in FIXED else other_value(item, copy, words, said or key in SAID)
            for key, item in value.items()
        }
    return value


def other_id(found: re.Match[str], copy: int) -> str:
    """An id of the same form, different in every copy, the same wherever it stands."""
    old = found[0]
    digest = hashlib.blake2b(f"{copy}:{old}".encode(), digest_size=20).hexdigest()
    if "_" in old:
        head, _, tail = old.partition("_")
        return f"{head}_{digest[: len(tail)].ljust(len(tail), '0')}"
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


def other_name(relative: str, copy: int) -> str:
    """The path under which a copy lies; a name without an id gets the copy's number."""
    renamed = IDS.sub(lambda found: other_id(found, copy), relative)
    return renamed if renamed != relative else f"{relative.removesuffix('.jsonl')}-{copy}.jsonl"


def other_lines(path: Path, copy: int, words: Vocabulary) -> Iterator[str]:
    """The file's lines as another session; a damaged line stays as it is."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            try:
                value = other_value(json.loads(line), copy, words, said=False)
            except ValueError:
                yield line
                continue
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            # A lone surrogate can only be written as the escape that it came as.
            text = text.encode("utf-8", "backslashreplace").decode()
            yield IDS.sub(lambda found: other_id(found, copy), text) + "\n"


def repeat(source: Path, out: Path, megabytes: float) -> int:
    """Copies until `megabytes` are written; gives the bytes."""
    files, written, copy = claude_files(source), 0, 0
    words = vocabulary(files)
    while files and written < megabytes * 1e6:
        copy += 1
        for path in files:
            target = out / other_name(str(path.relative_to(source)), copy)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(other_lines(path, copy, words))
            written += target.stat().st_size
            if written >= megabytes * 1e6:
                break
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description="Repeat real Claude Code files under new ids.")
    parser.add_argument("source", type=Path, help="a HOME with .claude/projects")
    parser.add_argument("out", type=Path, help="the HOME to make")
    parser.add_argument("--megabytes", type=float, required=True)
    given = parser.parse_args()
    sys.stdout.write(f"{repeat(given.source, given.out, given.megabytes) / 1e6:.0f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
