"""Sessions as a table, or one fact a line."""

from __future__ import annotations

from cass.render.layout import ago, aligned, counted, cut, date, folder_name, number
from cass.render.terminal import BOLD, CYAN, DIM, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.render.terminal import Style
    from cass.store.catalog import StoredSession

HEADS = ("id", "when", "agent", "messages", "workspace", "title")
WIDEST_WORKSPACE = 24
# Where the screen leaves less for the title, the workspace goes.
LEAST_TITLE = 24
LEAST_NARROW_TITLE = 16


def listing(listed: Sequence[StoredSession], short: Mapping[str, str], look: Style, now_ms: int) -> str:
    """The sessions in their order; `short` holds each id's unique beginning."""
    if not listed:
        return ""
    if look.plain:
        return "\n".join(_facts(session, short[session.sid]) for session in listed)
    rows = [_row(session, short[session.sid], now_ms) for session in listed]
    return "".join(line + "\n" for line in _lines(rows, look))


def _row(session: StoredSession, name: str, now_ms: int) -> tuple[str, ...]:
    return (
        name,
        ago(session.ended_ms, now_ms),
        session.agent,
        number(session.messages),
        cut(visible(folder_name(session.workspace)), WIDEST_WORKSPACE),
        visible(session.title or ""),
    )


def _lines(rows: list[tuple[str, ...]], look: Style) -> list[str]:
    table = [HEADS, *rows]
    if look.width - _width_before_title(table) < LEAST_TITLE:
        table = [(*row[:4], row[5]) for row in table]
    room = look.width - _width_before_title(table)
    if room < LEAST_NARROW_TITLE:
        return [line for row in rows for line in _paragraph(row, look)]
    table = [(*row[:-1], cut(row[-1], room)) for row in table]
    head, *lines = aligned(table, right=(3,))
    names = [row[0] for row in rows]
    painted = [look.paint(name, f"{BOLD};{CYAN}") + line[len(name) :] for name, line in zip(names, lines, strict=True)]
    return [look.paint(head, DIM), *painted]


def _paragraph(row: tuple[str, ...], look: Style) -> list[str]:
    """On a narrow screen the title stands on a line of its own."""
    name, when, agent, messages, _, title = row
    rest = cut(f"{when}  {agent}  {messages}", max(8, look.width - len(name) - 2))
    return [f"{look.paint(name, f'{BOLD};{CYAN}')}  {rest}", cut(f"  {title}", look.width)]


def _width_before_title(table: Sequence[Sequence[str]]) -> int:
    return len(aligned([(*row[:-1], "|") for row in table], right=(3,))[0]) - 1


def _facts(session: StoredSession, name: str) -> str:
    facts = (
        ("id", name),
        ("when", date(session.ended_ms)),
        ("agent", session.agent),
        ("messages", number(session.messages)),
        ("workspace", session.workspace),
        ("title", session.title),
    )
    return "".join(f"{key}: {visible(value)}\n" for key, value in facts if value)


def about(shown: int, total: int, notes: Sequence[str], look: Style) -> str:
    """How many there are."""
    if not total:
        lines = ["no session fits"]
    elif shown < total:
        lines = [f"{number(shown)} of {counted(total, 'session')}; -n {total} lists all"]
    else:
        lines = [counted(total, "session")]
    return "".join(look.paint(visible(line), DIM) + "\n" for line in (*lines, *notes))
