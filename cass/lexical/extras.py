"""Words that the tokenizer would not give: parts of camelCase, names such as C++ and .env, pieces of CJK runs, words
that touch the codes of a terminal's colours.

They are added behind a document's text, each once.  Looking for them must not slow indexing down: the patterns begin
with a character of their own, which `re` looks for at the speed of memory, and a word is taken apart the first time it
is seen.  7 ms a MB of prose, 15 of code; patterns that begin with any letter cost 25 to 150.
"""

from __future__ import annotations

import re

from cass.query.words import cjk_grams, cjk_runs, has_escapes, index_fold, is_word, pieces, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Longer runs of letters and digits are hashes and encoded data, not identifiers.
LONGEST_IDENTIFIER = 64
CACHED_WORDS = 50_000


def _table(classes: dict[str, str]) -> bytes:
    table = bytearray(b" " * 256)
    for kind, characters in classes.items():
        for character in characters:
            table[ord(character)] = ord(kind)
    return bytes(table)


# A text's shape: what are small letters and digits, large letters, and neither.
_SHAPE = _table({"a": "abcdefghijklmnopqrstuvwxyz0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"})
# A capital behind a small letter, or inside capitals before one; then the rest of the word.
# Most capitals begin a word: the first look behind dismisses them.
_HUMP = re.compile(rb"A(?<=[aA]A)(?:(?=a)|(?<=aA))[aA]*")
_PART = re.compile("[A-Z]+(?![a-z])[a-z0-9]*|[A-Z]?[a-z0-9]+")
_SIGNS = (
    (b"++", re.compile(rb"\+\+(?<=[A-Za-z]\+\+)(?![A-Za-z0-9+#])")),
    (b"#", re.compile(rb"#(?<=[A-Za-z]#)(?![A-Za-z0-9+#])")),
)
# What may stand before a word that begins with a dot; `)` is not among them: `foo().bar` is no dot word.  Bytes beyond
# ASCII open too: numbered listings put an arrow before a line.
_DOTTED = re.compile(rb"\.(?<=[ \t\r\n\"'`(/\[{=,:\x80-\xff]\.)[A-Za-z][A-Za-z0-9]*")
_DOTTED_START = re.compile(rb"\.[A-Za-z][A-Za-z0-9]*")
# First bytes in UTF-8 of what may be Chinese, Japanese or Korean; 0xE2 is left out: arrows, boxes, quotes.
_CJK_LEADS = tuple(bytes([lead]) for lead in (0xE3, *range(0xE4, 0xEE), 0xE1, 0xEF, 0xF0))
# All of `is_cjk`, and some signs between.
_CJK = re.compile(
    "[\u1100-\u11ff\u3005-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff]+"
)

# The parts of the words that were seen before, spelled backwards as `extra_text` sorts them: with humps as bytes, with
# Chinese, Japanese or Korean as text.
_parts_of: dict[bytes | str, tuple[str, ...]] = {}


def extra_words(text: str, encoded: bytes) -> str:
    """The extra words of a text (`encoded` is its UTF-8), in one string; empty for most texts."""
    if len(_parts_of) > CACHED_WORDS:
        _parts_of.clear()
    found: set[str] = set()
    if has_escapes(text):
        found.update(_backwards(_coloured(text)))
    if words := _humped(encoded):
        for word in words.difference(_parts_of):
            _parts_of[word] = _backwards(_humps(word))
        found.update(*map(_parts_of.__getitem__, words))
    for sign, pattern in _SIGNS:
        if sign in encoded and pattern.search(encoded):
            found.update(_backwards(_signed(encoded, pattern)))
    if b"." in encoded and (encoded[:1] == b"." or _DOTTED.search(encoded)):
        found.update(_backwards(_dotted(encoded)))
    if len(text) != len(encoded) and _may_be_cjk(text, encoded):
        for run in _touching_cjk(text):
            parts = _parts_of.get(run)
            found.update(_cjk_parts(run) if parts is None else parts)
    # As `extra_text` does it, the words being spelled backwards already.
    return " ".join(sorted(found))[::-1] if found else ""


def _may_be_cjk(text: str, encoded: bytes) -> bool:
    # Arrows, boxes and quotes take three bytes each, the first of them 0xE2: mostly they are all there is.
    if len(encoded) - len(text) == 2 * encoded.count(b"\xe2"):
        return False
    return any([lead in encoded for lead in _CJK_LEADS])


def _backwards(words: Iterable[str]) -> tuple[str, ...]:
    return tuple([word[::-1] for word in words])


def _humped(encoded: bytes) -> set[bytes]:
    """Runs of letters and digits in which a capital follows a small letter, or goes before one inside capitals."""
    shape = encoded.translate(_SHAPE)
    words = set()
    start_of = shape.rfind
    for found in _HUMP.finditer(shape):
        at, end = found.span()
        start = start_of(b" ", 0, at) + 1
        if end - start <= LONGEST_IDENTIFIER:
            words.add(encoded[start:end])
    return words


def _humps(word: bytes) -> Iterator[str]:
    """The camelCase parts of a word, those of one letter left out."""
    # What is small in the word's shape may be digits: 9HTTP is no name.
    parts = [] if word.isupper() else _PART.findall(word.decode("ascii"))
    if len(parts) > 1:
        yield from [part.lower() for part in parts if len(part) > 1]


def _signed(encoded: bytes, pattern: re.Pattern[bytes]) -> Iterator[str]:
    """Names such as C++ and C#: letters, then ++ or #, then the end of the word."""
    for found in pattern.finditer(encoded):
        at, end = found.span()
        yield from _spell(encoded[_run_start(encoded, at) : end])


def _run_start(encoded: bytes, at: int) -> int:
    while at > 0 and encoded[at - 1 : at].isalnum():
        at -= 1
    return at


def _dotted(encoded: bytes) -> Iterator[str]:
    """Names such as .NET and .env: a dot behind a space or an opening sign, then letters and digits."""
    for word in _DOTTED.findall(encoded):
        yield from _spell(word)
    if first := _DOTTED_START.match(encoded):
        yield from _spell(first[0])


def _spell(word: bytes) -> Iterator[str]:
    if len(word) <= LONGEST_IDENTIFIER and (name := spelled(word.decode("ascii", "replace"))):
        yield name


def _coloured(text: str) -> Iterator[str]:
    """What a colour hides from the tokenizer: error of ␛[31merror, with the parts of a name."""
    from cass.query.escapes import coloured_words  # few texts have any

    for word in pieces(coloured_words(text)):
        if len(word) <= LONGEST_IDENTIFIER:
            yield from index_fold(word).lower().split()
            if word.isascii():
                yield from _humps(word.encode())


def _touching_cjk(text: str) -> set[str]:
    """Runs of letters and digits with Chinese, Japanese or Korean in them, and at times signs between."""
    runs, done = set(), 0
    for found in _CJK.finditer(text):
        start, end = found.span()
        if start < done:
            continue
        while start > done and is_word(text[start - 1]):
            start -= 1
        while end < len(text) and is_word(text[end]):
            end += 1
        runs.add(text[start:end])
        done = end
    return runs


def _cjk_parts(words: str) -> tuple[str, ...]:
    """Their letters, pairs of letters, and what else stands in the same words; backwards."""
    parts = _backwards(part for piece in pieces(words) for part in _of_piece(piece))
    # A page of Chinese without a space has thousands.
    if len(words) <= LONGEST_IDENTIFIER:
        _parts_of[words] = parts
    return parts


def _of_piece(piece: str) -> Iterator[str]:
    runs = cjk_runs(piece)
    for run in runs:
        yield from run
        yield from cjk_grams(run)
    if runs and sum(map(len, runs)) < len(piece):
        yield from index_fold("".join(_besides(piece, runs))).lower().split()


def _besides(piece: str, runs: Iterable[str]) -> Iterator[str]:
    """What stands between the runs, which are in it in this order, with a space for each."""
    done = 0
    for run in runs:
        at = piece.find(run, done)
        yield from (piece[done:at], " ")
        done = at + len(run)
    yield piece[done:]
