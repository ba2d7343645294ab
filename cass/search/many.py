"""Queries that were pasted: of very many words, or conditions, or of very long words; or a command with its options.

A log or a page in the place of a question is answered, and not for minutes; the answer says what of it is searched.
"""

from __future__ import annotations

from cass.query.canonical import to_text
from cass.query.plain import Bare, Query, Word
from cass.query.syntax import And, Field, Must, Not, Or, Phrase, Prefix, Without, is_condition
from cass.query.words import tokens
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cass.query.syntax import Node

MOST_WORDS = MOST_CONDITIONS = 64
# Of one word, or of words in quotes.  What is longer holds nothing that a person would type.
MOST_CHARS = 1_000
SIGNED_TOLD = 8
# Letters behind a `-` that are sooner the options of a command than a word that somebody leaves out, as in `grep -rn`.
MOST_OPTION = 2
_JOINS = frozenset(("|", "||", "&&", ";"))  # what stands between commands


def bounded(query: Query) -> Query:
    """A long query with no more conditions, and no longer words, than can be looked for, and notes on what is left out.

    Its words may still be too many: that is for `rarest`.
    """
    filters, root, notes = tuple(dict.fromkeys(query.filters)), query.root, []
    count = len(filters) + (_conditions(root) if root is not None else 0)
    if count > MOST_CONDITIONS:
        notes.append(f"{count} conditions are too many: the first {MOST_CONDITIONS} hold")
        filters = filters[:MOST_CONDITIONS]
        root = _first_of(root, MOST_CONDITIONS - len(filters)) if root is not None else None
    if root is not None and (shorter := _shorter(root)) != root:
        notes.append(f"too long: of a word, or words in quotes, only the first {MOST_CHARS:,} characters are searched")
        root = shorter
    return replace(query, root=root, filters=filters, notes=(*query.notes, *notes))


def with_options(query: Query) -> Query:
    """The query with a note on the `-A` and `-3` of a pasted command, which leave out what somebody looks for."""
    parts = query.root.parts if isinstance(query.root, Bare) else ()
    left_out = [part for part in dict.fromkeys(parts) if isinstance(part, Without)]
    words = [part.part.text for part in left_out if isinstance(part.part, Word)]
    if not left_out or (not any(map(_is_option, words)) and _JOINS.isdisjoint(query.text.split())):
        return query
    if len(set(_words(Bare(parts)))) > MOST_WORDS:
        return query  # `rarest` tells it
    note = f"{_told(left_out)}: messages with this are left out; -F searches for the text as it is"
    return replace(query, notes=(*query.notes, note))


def _is_option(word: str) -> bool:
    return word.isdecimal() or (len(word) <= MOST_OPTION and word.isascii() and word.isalpha())


def _conditions(node: Node) -> int:
    if isinstance(node, (Bare, And, Or)):
        return sum(map(_conditions, dict.fromkeys(node.parts)))
    return int(is_condition(node) or isinstance(node, Not))


def _first_of(node: Node, most: int) -> Node:
    """The node with the first of its parts that have so many conditions together, or with one of them."""
    if not isinstance(node, (Bare, And, Or)):
        return node
    kept: list[Node] = []
    for part in dict.fromkeys(node.parts):
        count = _conditions(part)
        if count <= most:
            kept.append(part)
            most -= count
        elif not kept:
            kept.append(_first_of(part, most))
            most = 0
    return replace(node, parts=tuple(kept))


def _shorter(node: Node) -> Node:
    if isinstance(node, (Word, Phrase)):
        return replace(node, text=_beginning(node.text)) if len(node.text) > MOST_CHARS else node
    if isinstance(node, (Bare, And, Or)):
        return replace(node, parts=tuple(map(_shorter, node.parts)))
    return node if isinstance(node, (Field, Prefix)) else replace(node, part=_shorter(node.part))


def _beginning(text: str) -> str:
    """Its first whole words; all of what is one word: that is found nowhere, and soon."""
    at = MOST_CHARS
    while at and text[at - 1].isalnum():
        at -= 1
    return text[:at].rstrip() or text


def rarest(query: Query, frequency: Callable[[str], int] | None) -> Query:
    """The query with at most `MOST_WORDS` of the words that may match, the rarest that occur, and a note.

    Without frequencies the longest words are taken for the rarest.  What must or must not match stays.
    """
    root = query.root
    if not isinstance(root, (Bare, And, Or)):
        return query
    words = list(dict.fromkeys(_words(root)))
    kept = set(sorted(words, key=lambda word: _rarity(word.text, frequency))[:MOST_WORDS])
    fewer = replace(query, root=_with_only(root, kept) or root)
    if len(words) <= MOST_WORDS:
        return fewer
    note = f"{len(words)} words are too many: searched for the {MOST_WORDS} rarest"
    return replace(fewer, notes=(*query.notes, note, *_signed(root)))


def _signed(root: Node) -> list[str]:
    """A pasted text is full of `-n` and `+10`, which nobody meant to leave messages out by."""
    parts = root.parts if isinstance(root, Bare) else ()
    signed = [part for part in dict.fromkeys(parts) if isinstance(part, (Must, Without))]
    return [f"+ and - count here, too: {_told(signed)}; to read a text as it is: cass like -"] if signed else []


def _told(signed: Sequence[Node]) -> str:
    """The first of them as they are typed."""
    told = [to_text(Query("", part)) for part in signed[:SIGNED_TOLD]]
    return " ".join([*told, *(["…"] if len(signed) > SIGNED_TOLD else [])])


def _words(node: Node) -> Iterator[Word | Prefix]:
    if isinstance(node, (Word, Prefix)):
        yield node
    elif isinstance(node, (Bare, And, Or)):
        for part in node.parts:
            yield from _words(part)


def _with_only(node: Node, kept: set[Word | Prefix]) -> Node | None:
    """None where nothing is left of it."""
    if isinstance(node, (Word, Prefix)):
        return node if node in kept else None
    if not isinstance(node, (Bare, And, Or)):
        return node
    left = [one for part in dict.fromkeys(node.parts) if (one := _with_only(part, kept)) is not None]
    return replace(node, parts=tuple(left)) if left else None


def _rarity(text: str, frequency: Callable[[str], int] | None) -> tuple[bool, int]:
    """Sorts rare words first, those that occur nowhere last."""
    words = tokens(text)
    if frequency is None:
        return not words, -len(text)
    count = min((frequency(word) for word in words), default=0)
    return not count, count
