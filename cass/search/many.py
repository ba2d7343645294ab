"""Queries of very many words: only the rarest are searched, and the answer says so."""

from __future__ import annotations

from cass.query.plain import Bare, Word
from cass.query.syntax import And, Or, Prefix
from cass.query.words import tokens
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cass.query.plain import Query
    from cass.query.syntax import Node

MOST_WORDS = 64


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
    return replace(fewer, notes=(*query.notes, note))


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
