"""Words that the tokenizer would not give: parts of camelCase, names such as C++ and .env, pieces of CJK runs.

They are added behind a document's text, each once.  Looking for them must not slow indexing down, so whole texts are
only translated and searched as bytes, and a word is taken apart the first time it is seen: 15 ms a MB where regular
expressions cost 25 to 150.
"""

from __future__ import annotations

from cass.document import extra_text
from cass.query.words import camel_parts, cjk_grams, cjk_runs, index_fold, pieces, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# Longer runs of letters and digits are hashes and encoded data, not identifiers.
LONGEST_IDENTIFIER = 64
CACHED_WORDS = 50_000


def _table(classes: dict[str, str], other: str) -> bytes:
    table = bytearray(other.encode() * 256)
    for kind, characters in classes.items():
        for character in characters:
            table[ord(character)] = ord(kind)
    return bytes(table)


_SMALL, _LARGE = "abcdefghijklmnopqrstuvwxyz0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# What may stand before a word that begins with a dot; `)` is not among them: `foo().bar` is no dot word.
_OPENING = " \t\r\n\"'`(/[{=,:"
_HUMPS = _table({"a": _SMALL, "A": _LARGE}, " ")
# Bytes beyond ASCII open too: numbered listings put an arrow before a line.
_DOTS = _table({"a": _SMALL + _LARGE, " ": _OPENING, ".": "."}, "-")[:128] + b" " * 128
# First bytes in UTF-8 of what may be Chinese, Japanese or Korean; 0xE2 is left out: arrows, boxes, quotes.
_CJK_LEADS = tuple(bytes([lead]) for lead in (0xE3, *range(0xE4, 0xEE), 0xE1, 0xEF, 0xF0))

# The parts of the words with humps that were seen before.
_parts_of: dict[bytes, list[str]] = {}


def extra_words(text: str, encoded: bytes) -> str:
    """The extra words of a text (`encoded` is its UTF-8), in one string; empty for most texts."""
    found: set[str] = set()
    for word in _humped(encoded):
        found.update(_parts_of.get(word) or _parts(word))
    if b"++" in encoded or b"#" in encoded:
        found.update(_signed(encoded))
    if b"." in encoded:
        found.update(_dotted(encoded))
    if len(text) != len(encoded) and any(lead in encoded for lead in _CJK_LEADS):
        found.update(_of_cjk(text))
    return extra_text(found) if found else ""


def _of_cjk(text: str) -> Iterator[str]:
    """Letters and pairs of letters of Chinese, Japanese and Korean runs, and other words inside them."""
    for piece in pieces(text):
        runs = cjk_runs(piece)
        for run in runs:
            yield from run
            yield from cjk_grams(run)
        if runs and sum(map(len, runs)) < len(piece):
            for run in runs:
                piece = piece.replace(run, " ", 1)
            yield from index_fold(piece).lower().split()


def _humped(encoded: bytes) -> set[bytes]:
    """Runs of letters and digits in which a capital follows a small letter, or goes before one inside capitals."""
    shape = b" " + encoded.translate(_HUMPS) + b" "
    words = set()
    for hump in (b"aA", b"AAa"):
        at = shape.find(hump)
        while at >= 0:
            end = shape.find(b" ", at + 2)
            start = shape.rfind(b" ", 0, at) + 1
            if end - start <= LONGEST_IDENTIFIER:
                words.add(encoded[start - 1 : end - 1])
            at = shape.find(hump, end)
    return words


def _parts(word: bytes) -> list[str]:
    """The camelCase parts of a word that was not seen before."""
    if len(_parts_of) > CACHED_WORDS:
        _parts_of.clear()
    parts = [part for part in camel_parts(word.decode("ascii")) if len(part) > 1]
    _parts_of[word] = parts
    return parts


def _signed(encoded: bytes) -> Iterator[str]:
    """Names such as C++ and C#: letters, then ++ or #, then the end of the word."""
    for sign in (b"++", b"#"):
        at = encoded.find(sign)
        while at >= 0:
            end = at + len(sign)
            if at and encoded[at - 1 : at].isalpha() and not _goes_on(encoded[end : end + 1]):
                yield from _spell(encoded[_run_start(encoded, at) : end])
            at = encoded.find(sign, end)


def _goes_on(after: bytes) -> bool:
    return after.isalnum() or after in (b"+", b"#")


def _run_start(encoded: bytes, at: int) -> int:
    while at > 0 and encoded[at - 1 : at].isalnum():
        at -= 1
    return at


def _dotted(encoded: bytes) -> Iterator[str]:
    """Names such as .NET and .env: a dot behind a space or an opening sign, then letters and digits."""
    shape = b" " + encoded.translate(_DOTS) + b"-"
    at = shape.find(b" .a")
    while at >= 0:
        end = at + 2
        while shape[end : end + 1] == b"a":
            end += 1
        yield from _spell(encoded[at : end - 1])
        at = shape.find(b" .a", end - 1)


def _spell(word: bytes) -> Iterator[str]:
    if len(word) <= LONGEST_IDENTIFIER and (name := spelled(word.decode("ascii", "replace"))):
        yield name
