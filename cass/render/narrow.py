"""Pages on narrow screens: lines folded at their spaces, and tables that become a paragraph a row."""

from __future__ import annotations

from cass.render.layout import aligned, columns, fitting
from cass.render.terminal import BOLD, DIM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cass.render.terminal import Style

INDENT = "  "
BLANK = "\xa0"


def fold(text: str, width: int, hang: str = "") -> list[str]:
    """Lines of `text` within `width` columns where its spaces allow it, those behind the first indented by `hang`.

    A word that is too long stays whole, so that a path or a command can be copied; one of wide letters, which are
    written without spaces, is broken anywhere.
    """
    if columns(text) <= width:
        return [text]
    # What is indented as far as that would leave no room for a single letter.
    hang = hang if len(hang) + 2 <= width else ""
    lines, line = [], text[: len(text) - len(text.lstrip(" "))]
    begun = False
    for word in text.strip(" ").split(" "):
        if begun and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, begun = hang, False
        line += f" {word}" if begun else word
        begun = True
        if columns(word) > len(word) and columns(line) > width:
            *broken, line = _broken(line, width, hang, columns(word) - len(word))
            lines += broken
    return [*lines, line]


def _broken(line: str, width: int, hang: str, extra: int) -> Iterator[str]:
    """The rows of a line that ends with a long word of wide letters, which take `extra` columns more than letters do.

    Each letter is measured a few times, however long the line is: some have a hundred thousand.
    """
    at, indent, left = 0, "", columns(line)
    while extra > 0 and left > width and len(indent) + len(line) - at > len(hang) + 1:
        row = indent + line[at : at + width]
        row = row[: max(1, fitting(row, width))]
        yield row
        taken = len(row) - len(indent)
        at, left, extra = at + taken, left + len(hang) - columns(row), extra + taken - columns(row[len(indent) :])
        indent = hang
    yield indent + line[at:]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], look: Style, right: Sequence[int] = ()) -> list[str]:
    """A table below its heads (none for no heads) where it fits the screen, else a paragraph a row."""
    lines = aligned([heads, *rows] if heads else rows, right)
    if max(map(columns, lines), default=0) <= look.width:
        return [look.paint(lines[0], DIM), *lines[1:]] if heads else lines
    return [line for row in rows for line in _paragraph(heads, row, look)]


def _paragraph(heads: Sequence[str], row: Sequence[str], look: Style) -> list[str]:
    named = zip(heads[1:], row[1:], strict=True) if heads else [("", value) for value in row[1:]]
    # A fact stays on its line: what is counted and how many are not parted.
    facts = ", ".join([f"{head}{BLANK}{value}" if head else value for head, value in named if value])
    return [look.paint(row[0], BOLD), *[row.replace(BLANK, " ") for row in fold(INDENT + facts, look.width, INDENT)]]
