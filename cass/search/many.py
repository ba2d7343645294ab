"""Queries of very many words: only the rarest are searched, and the answer says so."""

from __future__ import annotations

from cass.query.syntax import And, Bare, Or, Prefix, Word
from cass.query.words import tokens
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.query.syntax import Node, Query

MOST_WORDS = 64


def rarest(query: Query, frequency: Callable[[str], int] | None) -> Query:
    """The query with at most `MOST_WORDS` of the words that stand side by side, the rarest that occur, and a note.

    Without frequencies the longest words are taken for the rarest.
    """
    root = query.root
    if not isinstance(root, (Bare, And, Or)):
        return query
    words = [part for part in dict.fromkeys(root.parts) if isinstance(part, (Word, Prefix))]
    kept = set(sorted(words, key=lambda word: _rarity(word.text, frequency))[:MOST_WORDS])
    fewer = replace(query, root=_with_only(root, kept))
    if len(words) <= MOST_WORDS:
        return fewer
    note = f"{len(words)} words are too many: searched for the {MOST_WORDS} rarest"
    return replace(fewer, notes=(*query.notes, note))


def _with_only(root: Bare | And | Or, kept: set[Word | Prefix]) -> Node:
    parts = dict.fromkeys(part for part in root.parts if not isinstance(part, (Word, Prefix)) or part in kept)
    return replace(root, parts=tuple(parts))


def _rarity(text: str, frequency: Callable[[str], int] | None) -> tuple[bool, int]:
    """Sorts rare words first, those that occur nowhere last."""
    words = tokens(text)
    if frequency is None:
        return not words, -len(text)
    count = min((frequency(word) for word in words), default=0)
    return not count, count
