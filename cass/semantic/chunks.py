"""Cut what was said into the pieces that get a vector: code stays, noise goes, of tool output only what tells.

In:  the kind of a block and its text.  Out: pieces of at most `PIECE_CHARS` characters, numbered by their places.
Pure.  Whatever changes a piece needs another CHUNKING_STRATEGY_VERSION in the policy.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# A model that sees 256 tokens sees about a thousand characters; what is longer would be cut off.
PIECE_CHARS = 1000
# So that a sentence on a border is whole in one of the two pieces, unless it is longer.
OVERLAP_CHARS = 120
# Pieces are numbered by 16 bits on disk, and the last number has a meaning of its own.
MOST_PIECES = 60_000

# Of tool output: so much of its beginning and of its end, the rest for lines that tell of trouble.
HEAD_CHARS = 400
TAIL_CHARS = 250
LINE_CHARS = 200

SPOKEN = ("text", "thinking")
CALL, RESULT = "tool_call", "tool_result"
KINDS = (*SPOKEN, CALL, RESULT)

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_DRAWN = re.compile(r"[\u2500-\u259f]{4,}")
_RULES = tuple([sign * 10 for sign in "-=#*._~>"])
_RULE = re.compile(r"([-=#*._~>])\1{9,}")
_HEX = re.compile(r"(?<![A-Za-z0-9])(?:0[xX])?[0-9a-fA-F]{32,}(?![A-Za-z0-9])")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{32,}={0,2}")
ENCODED_CHARS = 64  # a shorter run may be a name
_TROUBLE = (
    *("error", "warn", "fail", "exception", "traceback", "panic", "fatal", "denied", "refused", "not found"),
    *("cannot", "undefined", "assert"),
)
_BREAKS = ("\n\n", "\n", ". ", "? ", "! ", "; ", ", ", " ")


def pieces(kind: str, text: str) -> list[str]:
    """What of a text gets a vector: [] where it says nothing, else parts that follow each other.

    Images, notices and whatever else has no words of its own give [].
    """
    if kind not in KINDS:
        return []
    plain = without_noise(text, is_output=kind == RESULT)
    if kind == CALL:
        # The command, the path or the query comes first, then contents.
        plain = _beginning(plain, PIECE_CHARS)
    elif kind == RESULT:
        plain = telling(plain)
    found = split(plain.strip())
    return [piece for piece in found if _says_something(piece)][:MOST_PIECES]


def without_noise(text: str, is_output: bool) -> str:
    """The text without terminal codes, bars, long hex and encoded data; of output, without overwritten lines."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if is_output and "\r" in text:
        text = "\n".join([line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")])
    if not text.isascii():
        text = _DRAWN.sub(" ", text)
    # Looking whether there is anything to replace takes a tenth of the time.
    if any([rule in text for rule in _RULES]):
        text = _RULE.sub(" ", text)
    return _RUN.sub(_unless_encoded, text)


def _unless_encoded(found: re.Match[str]) -> str:
    """Long paths and names stay; base64 has all of upper case, lower case and digits, and much of each."""
    run = _HEX.sub(" ", found[0])
    size = len(run)
    if size < ENCODED_CHARS:
        return run
    upper, digits = sum(map(str.isupper, run)), sum(map(str.isdigit, run))
    is_mixed = upper >= size // 5 and digits >= size // 20 and size - upper - digits >= size // 5
    return " " if is_mixed or len(set(run)) <= 4 else run


def telling(text: str) -> str:
    """Of tool output at most `PIECE_CHARS` characters: its first and last lines, between them those of trouble."""
    if len(text) <= PIECE_CHARS:
        return text
    head = _beginning(text, HEAD_CHARS)
    tail = _end(text, TAIL_CHARS)
    room = PIECE_CHARS - len(head) - len(tail) - 2
    lines = []
    for line in _troubled(text[len(head) : len(text) - len(tail)]):
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return "\n".join([head, *lines, tail])


def _troubled(text: str) -> Iterator[str]:
    """The lines that tell of trouble, cut where they are long; one that comes again only once."""
    lower = text.lower()
    words = [word for word in _TROUBLE if word in lower]
    seen = set()
    for line in text.splitlines() if words else ():
        lower = line.lower()
        at = min([lower.find(word) for word in words if word in lower], default=-1)
        start = max(0, at - LINE_CHARS // 2)
        line = line[start : start + LINE_CHARS].strip()
        if at >= 0 and line and line not in seen:
            seen.add(line)
            yield line


def _beginning(text: str, most: int) -> str:
    """So many characters, up to the end of a line where one is near."""
    if len(text) <= most:
        return text
    end = text.rfind("\n", most // 2, most)
    return text[: end if end >= 0 else most].rstrip()


def _end(text: str, most: int) -> str:
    start = text.find("\n", len(text) - most, len(text) - most // 2)
    return text[start + 1 if start >= 0 else len(text) - most :].lstrip()


def split(text: str) -> list[str]:
    """The text in parts of at most `PIECE_CHARS`, cut at paragraphs, lines, sentences or words.

    Each part begins a little before the last one ends; nothing is left out but blanks at the cuts.
    """
    parts, start, size = [], 0, len(text)
    while size - start > PIECE_CHARS:
        end = _cut(text, start, start + _fair(size - start))
        parts.append(text[start:end].strip())
        start = _again(text, start, end)
    last = text[start:].strip()
    return [*parts, last] if last else parts


def _fair(left: int) -> int:
    """Two parts of one size rather than a whole one and a crumb."""
    return min(PIECE_CHARS, (left + OVERLAP_CHARS) // 2 + OVERLAP_CHARS)


def _cut(text: str, start: int, end: int) -> int:
    """The best place to end a part in its second half: behind a paragraph, a line, a sentence, a word."""
    for mark in _BREAKS:
        at = text.rfind(mark, start + (end - start) // 2, end)
        if at >= 0:
            return at + len(mark)
    return end


def _again(text: str, start: int, end: int) -> int:
    """Where the next part begins: a line, sentence or word before the last one's end."""
    for mark in _BREAKS[1:]:
        at = text.find(mark, max(start + 1, end - OVERLAP_CHARS), end - len(mark))
        if at >= 0:
            return at + len(mark)
    return end


def _says_something(piece: str) -> bool:
    return any(map(str.isalnum, piece))
