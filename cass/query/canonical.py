"""`Query` → text: one canonical form, which `parse` reads back as the same root and filters."""

from __future__ import annotations

from cass.query.plain import Bare, Query, Word
from cass.query.syntax import And, Field, Must, Not, Or, Phrase, Prefix, Without

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.query.syntax import Node


def to_text(query: Query) -> str:
    """Print the query: its filters first, then the tree with no more parentheses than it needs."""
    pieces = [_print_field(field) for field in query.filters]
    if query.root is not None:
        pieces.append(_print(query.root))
    return " ".join(pieces)


def _print(node: Node) -> str:
    if isinstance(node, Bare):
        return " ".join(_print_inside(part, (Bare,)) for part in node.parts)
    if isinstance(node, Or):
        return " OR ".join(_print_inside(part, (Bare, Or)) for part in node.parts)
    if isinstance(node, And):
        return " AND ".join(_print_inside(part, (Bare, Or, And)) for part in node.parts)
    if isinstance(node, Not):
        return f"NOT {_print_inside(node.part, (Bare, Or, And))}"
    if isinstance(node, (Must, Without)):
        return ("+" if isinstance(node, Must) else "-") + _print_signed(node.part)
    return _print_leaf(node)


def _print_inside(node: Node, grouped: tuple[type, ...]) -> str:
    text = _print(node)
    if not isinstance(node, grouped):
        return text
    # A space, lest our parenthesis closes one that was opened inside the last word.
    return f"({text} )" if "(" in text.rsplit(None, 1)[-1] else f"({text})"


def _print_signed(node: Node) -> str:
    text = _print_inside(node, (Bare, Or, And))
    if isinstance(node, (Word, Prefix)) and text[0] in "+-=>":
        return f"({text} )"
    return text


def _print_leaf(node: Word | Phrase | Prefix | Field) -> str:
    if isinstance(node, Phrase):
        return f'"{node.text}"' + ("" if node.within is None else f"~{node.within}")
    if isinstance(node, Prefix):
        return f"*{node.text}*" if node.inside else f"{node.text}*"
    return node.text if isinstance(node, Word) else _print_field(node)


def _print_field(field: Field) -> str:
    values = [_print_value(value) for value in field.values]
    said = values[0] if len(values) == 1 else f"({' OR '.join(values)})"
    return f"{field.name}:{'!' if field.exclude else ''}{said}"


def _print_value(value: str) -> str:
    plain = value[0].isalnum() and all(char.isalnum() or char in "-_./:~@+,\\" for char in value)
    return value if plain and value not in ("AND", "OR", "NOT") else f'"{value}"'
