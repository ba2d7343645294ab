"""What a query is made of beside words (cass/query/plain.py): the other nodes of its frozen tree, and its fields.

`Must` and `Without` stand only directly in a `Bare` or at the root, `Not` only directly in an `And` or `Or`.
"""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from cass.query.plain import Bare, Word

    Node: TypeAlias = "Word | Phrase | Prefix | And | Or | Not | Must | Without | Bare | Field"

FIELDS = ("agent", "workspace", "role", "title", "path", "tool", "session", "entity", "since", "until")


@record
class Phrase:
    """`"words in this order"`, without the quotes.

    `within` for `"near words"~3`: any order, and no more than so many others between any two of them.
    """

    text: str
    within: int | None = None


@record
class Prefix:
    """`pre*`, without the star; with `inside` `*mid*`, which may stand anywhere in a word."""

    text: str
    inside: bool = False


@record
class And:
    parts: tuple[Node, ...]


@record
class Or:
    parts: tuple[Node, ...]


@record
class Not:
    """`NOT x` inside `And` or `Or`."""

    part: Node


@record
class Must:
    """`+x`."""

    part: Node


@record
class Without:
    """`-x`, or `NOT x` among bare words.  Alone at the root: everything but x."""

    part: Node


@record
class Field:
    """`name:value`; `exclude` for `name:!value` and `-name:value`.  The value is as typed: nobody has checked it.

    `others` are further values of `name:(value OR other)`: one of them is enough.  `unfinished` as of a word.
    """

    name: str
    value: str
    exclude: bool = False
    others: tuple[str, ...] = ()
    unfinished: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return (self.value, *self.others)


def is_condition(node: Node) -> bool:
    """Whether a part of a `Bare` must hold; the others are counted."""
    return isinstance(node, (Phrase, Field, Must, Without))
