"""Words that the tokenizer would not give: parts of camelCase, names such as C++ and .env, pieces of CJK runs.

They are added behind a document's text, each once.  Looking for them must not slow indexing down, so whole texts are
only translated, split and searched as bytes (some 15 ms a MB), and a word is taken apart the first time it is seen;
regular expressions over the text cost 40 to 150.
"""

from __future__ import annotations

from cass.query.words import camel_parts, cjk_grams, cjk_runs, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Longer runs of letters and digits are hashes and encoded data, not identifiers.
LONGEST_IDENTIFIER = 64
CACHED_WORDS = 200_000


def _table(classes: dict[str, str], other: str) -> bytes:
    table = bytearray(other.encode() * 256)
    for kind, characters in classes.items():
        for character in characters:
            table[ord(character)] = ord(kind)
    return bytes(table)


_LOWER, _UPPER, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
# What may stand before a word that begins with a dot; `)` is not among them: `foo().bar` is no dot word.
_OPENING = " \t\r\n\"'`(/[{=,:"
_SHAPE = _table({"a": _LOWER, "A": _UPPER, "0": _DIGITS, " ": _OPENING, ".": ".", "+": "+", "#": "#"}, "-")
_RUNS = bytes(code if chr(code) in _LOWER + _UPPER + _DIGITS else 32 for code in range(256))
_PLUS_OR_SHARP = ((b"a++", 2), (b"A++", 2), (b"a#", 1), (b"A#", 1))
_DOT_WORD = (b" .a", b" .A")
_NAMED = tuple(mark for mark, _ in _PLUS_OR_SHARP) + _DOT_WORD
# First bytes in UTF-8 of what may be Chinese, Japanese or Korean; 0xE2 is left out: arrows, boxes, quotes.
_CJK_LEADS = tuple(bytes([lead]) for lead in (0xE3, *range(0xE4, 0xEE), 0xE1, 0xEF, 0xF0))

# Words seen before: those without humps, and the parts of those with.
_plain: set[bytes] = set()
_humped: dict[bytes, list[str]] = {}


def extra_words(text: str, encoded: bytes) -> str:
    """The extra words of a text (`encoded` is its UTF-8), in one string; empty for most texts."""
    found: set[str] = set()
    for word in set(encoded.translate(_RUNS).split()) - _plain:
        parts = _humped.get(word)
        found.update(_parts(word) if parts is None else parts)
    shape = b" " + encoded.translate(_SHAPE) + b" "
    if any(mark in shape for mark in _NAMED):
        found.update(_named(shape, encoded))
    if len(text) != len(encoded) and any(lead in encoded for lead in _CJK_LEADS):
        for run in cjk_runs(text):
            found.update(run)
            found.update(cjk_grams(run))
    return " ".join(sorted(found)) if found else ""


def _parts(word: bytes) -> list[str]:
    """The camelCase parts of a word that was not seen before."""
    if len(_plain) + len(_humped) > CACHED_WORDS:
        _plain.clear()
        _humped.clear()
    parts = []
    if len(word) <= LONGEST_IDENTIFIER and not word.islower():
        parts = [part for part in camel_parts(word.decode("ascii")) if len(part) > 1]
    if parts:
        _humped[word] = parts
    else:
        _plain.add(word)
    return parts


def _named(shape: bytes, encoded: bytes) -> Iterator[str]:
    """Names made of letters and ++, # or a leading dot.  `shape` stands one byte ahead of `encoded`."""
    for mark, size in _PLUS_OR_SHARP:
        at = shape.find(mark)
        while at >= 0:
            end = at + 1 + size
            if shape[end : end + 1] not in (b"a", b"A", b"0", b"+", b"#"):
                yield from _spell(encoded[_run_start(shape, at) - 1 : end - 1])
            at = shape.find(mark, end)
    for mark in _DOT_WORD:
        at = shape.find(mark)
        while at >= 0:
            end = at + 2
            while shape[end : end + 1] in (b"a", b"A", b"0"):
                end += 1
            yield from _spell(encoded[at : end - 1])
            at = shape.find(mark, end - 1)


def _run_start(shape: bytes, at: int) -> int:
    while at > 0 and shape[at - 1 : at] in (b"a", b"A", b"0"):
        at -= 1
    return at


def _spell(word: bytes) -> Iterator[str]:
    if len(word) <= LONGEST_IDENTIFIER and (name := spelled(word.decode("ascii", "replace"))):
        yield name
