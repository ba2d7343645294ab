"""Most queries are words side by side: their two kinds of nodes, and a reader of them that needs nothing else.

Everything with an operator, a sign, a quote, a star or a field is read by `cass.query.parse`, which a cold search
of plain words does without.
"""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.query.syntax import Field, Node

OPERATORS = ("AND", "OR", "NOT")
_SPECIAL = '"“”():*'


@record
class Word:
    """One word as typed; it may be a compound, `src/foo.rs:42`, whose parts must stand next to each other.

    `unfinished`: somebody is typing it, so it may be the beginning of a longer one.
    """

    text: str
    unfinished: bool = False


@record
class Bare:
    """Two or more things side by side.

    Any may match and all is best, but phrases, fields, `Must` and `Without` among them are conditions.
    """

    parts: tuple[Node, ...]


@record
class Query:
    """A query that was read.  `root` is None when only filters, or nothing, were asked for.

    `filters` are the fields that hold for the whole query, in the order typed.  `notes` are sentences for the user.
    """

    text: str
    root: Node | None
    filters: tuple[Field, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_of_words(self) -> bool:
        """Does it ask for nothing but words, side by side?"""
        parts = self.root.parts if isinstance(self.root, Bare) else (self.root,)
        return all([isinstance(part, Word) for part in parts])


def plain(text: str, typing: bool = False) -> Query | None:
    """`parse` of a text of nothing but words; None for any other, which may still turn out to be one."""
    pieces = text.split()
    if not pieces or any([sign in text for sign in _SPECIAL]):
        return None
    if not all([piece[0].isalnum() and piece not in OPERATORS for piece in pieces]):
        return None
    words = [Word(piece) for piece in pieces]
    if typing and not text[-1].isspace():
        words[-1] = Word(pieces[-1], True)
    return Query(text, Bare(tuple(words)) if len(words) > 1 else words[0])


def least_of(words: int) -> int:
    """How many of so many words are `most`: one of two, two of three, three of four, four of six."""
    return max(1, words - max(1, words // 3))
