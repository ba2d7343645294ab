"""What was said, laid out for a terminal: Markdown whose paragraphs are folded, whose headings and code stand out.

Nothing is added or taken away but line ends at spaces, so what is copied from the screen is what was written.  Code,
tables and indented lines stay as they are.
"""

from __future__ import annotations

from cass.render.narrow import fold
from cass.render.terminal import BOLD, CYAN, DIM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.render.terminal import Style

FENCES = ("```", "~~~")
CODE_INDENT = ("    ", "\t")
BULLETS = ("- ", "* ", "+ ", "> ")


def laid_out(text: str, look: Style) -> list[str]:
    """The lines as this screen shows them; where nobody looks, or plainly, as they are."""
    lines = text.split("\n")
    return list(_laid_out(lines, look)) if look.terminal and not look.plain else lines


def _laid_out(lines: list[str], look: Style) -> Iterator[str]:
    fence = ""
    for line in lines:
        begins = line.lstrip()[:3]
        if fence:
            ends = begins == fence and not line.strip().strip(fence[0])
            yield look.paint(line, DIM) if ends else line
            fence = "" if ends else fence
        elif begins in FENCES:
            fence = begins
            yield look.paint(line, DIM)
        elif line[:1] == "|" or (line.startswith(CODE_INDENT) and not _marked(line)):
            yield line
        elif line[:1] == "#":
            yield from [look.paint(row, BOLD) for row in fold(line, look.width)]
        else:
            yield from [_painted(row, look) for row in fold(line, look.width, _hang(line))]


def _marked(line: str) -> bool:
    """Is it an item of a list, or quoted?"""
    return len(_hang(line)) > len(line) - len(line.lstrip(" "))


def _hang(line: str) -> str:
    """The blanks that stand before the second row of a folded line: below the first word behind what marks an item."""
    text = line.lstrip(" ")
    number = text.split(". ", 1)[0]
    mark = 2 if text.startswith(BULLETS) else len(number) + 2 if number.isdigit() and number != text else 0
    return " " * (len(line) - len(text) + mark)


def _painted(row: str, look: Style) -> str:
    """`code` and **words** that begin and end in this row stand out."""
    if not look.color:
        return row
    for sign, codes in (("`", CYAN), ("**", BOLD)):
        parts = row.split(sign)
        if len(parts) > 2 and len(parts) % 2 and all(parts[1::2]):
            return "".join(
                [look.paint(f"{sign}{part}{sign}", codes) if at % 2 else part for at, part in enumerate(parts)]
            )
    return row
