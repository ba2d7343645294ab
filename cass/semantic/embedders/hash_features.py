"""What a word says about its text: itself, the names that it is made of, its groups of letters.

Weights are whole numbers: WORD for a word and half of that for a group, times how rare each is (`hash_words.py`).
"""

from __future__ import annotations

from itertools import pairwise, repeat
from zlib import crc32

from cass.semantic.embedders.hash_words import LETTERS, RARE, WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    # A word, its weight, and its groups of letters.
    Feature = tuple[bytes, int, Sequence[bytes]]

# The index drops longer ones too: no person reads or types them.  A SHA-256 in hex has 64.
LONGEST_WORD = 64
# Longer words are identifiers made by machines: their groups of letters say nothing.
LONGEST_SPELLED = 24
GROUPS = (3, 4)
WORD = 16  # a group's rareness is counted twice, its own and its word's, so at most 8 × 8 stand against 16 × 8
HAN_SIGN = WORD * RARE // 2
# What a hash starts with: the word `and` is not the letters `and` inside `handle`.
_LETTERS, _WORD = 0, 1
# For map, which goes on as long as there are groups: what is not in the table is rare.
_LETTERS_RARENESS, _RARE = LETTERS.get, repeat(RARE)


def features(word: bytes) -> tuple[list[int], list[int]]:
    """Everything that a word of a text says: the features' CRC-32, and their weights."""
    codes: list[int] = []
    weights: list[int] = []
    for name, weight, groups in _names(word) if word.isascii() else _foreign(word):
        codes.append(crc32(name, _WORD))
        weights.append(weight)
        codes += map(crc32, groups)
        rareness = weight // WORD
        weights += [rareness * each for each in map(_LETTERS_RARENESS, groups, _RARE)]
    return codes, weights


def _names(word: bytes) -> list[Feature]:
    """The word and, where it is made of several, its parts; groups of letters are taken from the smallest."""
    if not 2 <= len(word) <= LONGEST_WORD:
        return []
    lower, parts = word.lower(), name_parts(word)
    return [(lower, WORD * WORDS.get(lower, RARE), () if parts else _groups(lower)), *map(_part, parts)]


def _part(part: bytes) -> Feature:
    return part, WORD * WORDS.get(part, RARE), _groups(part)


def _foreign(word: bytes) -> list[Feature]:
    """Words with letters beyond ASCII, and signs of a script without spaces: each sign, and each two neighbours."""
    from cass.semantic.embedders.hash_letters import plain

    words, runs = plain(word)
    signs = [sign for run in runs for sign in run]
    pairs = [first + second for run in runs for first, second in pairwise(run)]
    return [
        *[_part(each.encode()) for each in words if len(each) > 1],
        *[(sign.encode(), HAN_SIGN, ()) for sign in signs],
        *[(pair.encode(), WORD * RARE, ()) for pair in pairs],
    ]


def name_parts(name: bytes) -> list[bytes]:
    """`readHTTPHeader` is read, http and header; [] for a word that is not made of several."""
    if name.islower() or name[1:].islower() or name.isupper() or not name.isalnum():
        return []
    lower = name.lower()
    borders = [0, *(at for at in range(1, len(name)) if _begins(name, at)), len(name)]
    parts = [lower[start:end] for start, end in pairwise(borders)]
    return [part for part in parts if len(part) > 1] if len(parts) > 1 else []


def _begins(name: bytes, at: int) -> bool:
    """Whether a capital letter is the first of a part: after a small one or a digit, or before a small one."""
    before, here, after = name[at - 1 : at], name[at : at + 1], name[at + 1 : at + 2]
    return here.isupper() and (not before.isupper() or after.islower())


def _groups(word: bytes) -> Sequence[bytes]:
    """Its groups of letters, the ends marked."""
    if not 3 <= len(word) <= LONGEST_SPELLED:
        return ()
    if word.isascii():
        marked = b"<" + word + b">"
        return [marked[at : at + size] for size in GROUPS for at in range(len(marked) - size + 1)]
    text = f"<{word.decode()}>"
    return [text[at : at + size].encode() for size in GROUPS for at in range(len(text) - size + 1)]
