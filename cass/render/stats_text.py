"""Counts and activity as people look at them: a line of days, a map of the week, tables; or one fact a line."""

from __future__ import annotations

from datetime import date as Date

from cass.render.layout import aligned, columns, counted, cut, date, number
from cass.render.terminal import BOLD, DIM, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cass.render.terminal import Style
    from cass.status.activity import Activity, Tally

BARS = " ▁▂▃▄▅▆▇█"
SHADES = " ░▒▓█"
BAR = "█"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# So many of each kind; the others stand behind --by.
SHOWN = 8
# Days in a row without a message that are listed one by one.
MOST_EMPTY_DAYS = 31
INDENT = "  "
# The names of the days before the map.
MAP_MARGIN = 6
UNKNOWN = "(not said)"


def overview(found: Activity, look: Style) -> str:
    """The whole page."""
    kinds = (("agent", found.agents), ("workspace", found.workspaces), ("model", found.models))
    if look.plain:
        facts = [*_totals(found), *(fact for kind, some in kinds for fact in _facts(kind, some))]
        return _lines([*facts, *_day_facts(found), *_week_facts(found)])
    lines = [*_headline(found, look), "", *_sparkline(found, look), "", *_week(found, look)]
    for kind, some in kinds:
        lines += ["", *_table(kind, some[:SHOWN], look)]
        if len(some) > SHOWN:
            lines.append(look.paint(f"{INDENT}{number(len(some) - SHOWN)} more: cass stats --by {kind}", DIM))
    return _lines(lines)


def by(found: Activity, kind: str, look: Style) -> str:
    """One table alone, whole; `kind` is agent, workspace, model, day or hour."""
    if kind == "day":
        return _lines(_day_facts(found) if look.plain else _bars(list(_every_day(found)), look))
    if kind == "hour":
        hours = [(f"{hour:02}:00", sum(day[hour] for day in found.week)) for hour in range(24)]
        plain = (f"{hour}: {counted(count, 'message')}" for hour, count in hours if count)
        return _lines(plain if look.plain else _bars(hours, look))
    tallies = {"agent": found.agents, "workspace": found.workspaces, "model": found.models}[kind]
    return _lines(_facts(kind, tallies) if look.plain else _table(kind, tallies, look))


def _lines(lines: Sequence[str] | Iterator[str]) -> str:
    return "".join(line.rstrip() + "\n" for line in lines)


def _headline(found: Activity, look: Style) -> Iterator[str]:
    total = found.total
    yield look.paint(f"{counted(total.messages, 'message')} in {counted(total.sessions, 'session')}", BOLD)
    if total.last_ms is not None:
        yield look.paint(f"{_day(total.first_ms)} to {_day(total.last_ms)}", DIM)


def _day(ms: int | None) -> str:
    return date(ms, "%Y-%m-%d")


# Pictures


def _sparkline(found: Activity, look: Style) -> list[str]:
    """All days in one line, several in a column where there are more than fit."""
    counts = _by_ordinal(found)
    if not counts:
        return [look.paint("no message has a time", DIM)]
    begin, end = min(counts), max(counts) + 1
    step = -(-(end - begin) // max(1, look.width - len(INDENT)))
    sums = [0] * -(-(end - begin) // step)
    for day, count in counts.items():
        # From the end: the last column is a full one, a part of one looks like a sudden end.
        sums[-1 - (end - 1 - day) // step] += count
    each = "Messages a day" if step == 1 else f"Messages every {number(step)} days"
    first, last = (Date.fromordinal(day).isoformat() for day in (begin, end - 1))
    ends = first if end - begin == 1 else first + last.rjust(max(len(last) + 4, len(sums) - len(first)))
    line = "".join(BARS[_level(count, max(sums), len(BARS))] for count in sums)
    return [_title(each, max(sums), look), INDENT + line, look.paint(INDENT + ends, DIM)]


def _week(found: Activity, look: Style) -> list[str]:
    """A row a weekday, a column an hour: the darker the more."""
    most = max(map(max, found.week))
    wide = 2 if look.width >= MAP_MARGIN + 48 else 1
    hours = "".join(f"{hour:02}".ljust(3 * wide) for hour in range(0, 24, 3))
    rows = [
        f"{INDENT}{name[:3]} " + "".join(SHADES[_level(count, most, len(SHADES))] * wide for count in day)
        for name, day in zip(WEEKDAYS, found.week, strict=True)
    ]
    return [_title("Weekdays and hours", most, look), look.paint(" " * MAP_MARGIN + hours, DIM), *rows]


def _title(text: str, most: int, look: Style) -> str:
    return f"{look.paint(text, BOLD)} {look.paint(f'(at most {number(most)})', DIM)}"


def _level(count: int, most: int, levels: int) -> int:
    """0 for none, then 1 to levels - 1 by the share of the most."""
    return -(-count * (levels - 1) // most) if count else 0


def _bars(counts: Sequence[tuple[str, int]], look: Style) -> Iterator[str]:
    most = max((count for _, count in counts), default=0)
    rows = aligned([(name, number(count)) for name, count in counts], right=(1,))
    for (_, count), row in zip(counts, rows, strict=True):
        room = max(1, look.width - columns(row) - 2)
        yield f"{row}  {look.paint(BAR * -(-count * room // most if count else 0), DIM)}"


def _by_ordinal(found: Activity) -> dict[int, int]:
    return {Date.fromisoformat(day).toordinal(): count for day, count in found.days}


def _every_day(found: Activity) -> Iterator[tuple[str, int]]:
    """The days with messages and those between them; many of these in one row: a time that is wrong is far away."""
    before: int | None = None
    for day, count in sorted(_by_ordinal(found).items()):
        between = range(day if before is None else before + 1, day)
        if len(between) > MOST_EMPTY_DAYS:
            yield f"… {number(len(between))} days", 0
        else:
            yield from ((Date.fromordinal(empty).isoformat(), 0) for empty in between)
        yield Date.fromordinal(day).isoformat(), count
        before = day


# Tables


def _table(kind: str, tallies: Sequence[Tally], look: Style) -> Iterator[str]:
    room = max(12, look.width - (46 if look.width >= 64 else 22))
    rows = [(kind, "sessions", "messages", "first", "last")]
    for tally in tallies:
        name = _cut(visible(tally.name or UNKNOWN), room)
        times = (_day(tally.first_ms), _day(tally.last_ms))
        rows.append((name, number(tally.sessions), number(tally.messages), *times))
    narrow = look.width < 64  # no room for the times
    head, *lines = aligned([row[:3] if narrow else row for row in rows], right=(1, 2))
    yield look.paint(head, DIM)
    yield from lines


def _cut(name: str, width: int) -> str:
    """Of a path the end, by which people know it."""
    if columns(name) <= width or not name.startswith("/"):
        return cut(name, width)
    while columns(name) > width - 1:
        name = name[1:]
    return f"…{name}"


# One fact a line


def _totals(found: Activity) -> Iterator[str]:
    yield f"messages: {number(found.total.messages)}"
    yield f"sessions: {number(found.total.sessions)}"
    if found.total.last_ms is not None:
        yield f"first: {date(found.total.first_ms)}"
        yield f"last: {date(found.total.last_ms)}"
    if found.undated:
        yield f"without a time: {counted(found.undated, 'message')}"


def _facts(kind: str, tallies: Sequence[Tally]) -> Iterator[str]:
    for tally in tallies:
        count = f"{counted(tally.messages, 'message')} in {counted(tally.sessions, 'session')}"
        yield f"{kind} {visible(tally.name or UNKNOWN)}: {count}, {_day(tally.first_ms)} to {_day(tally.last_ms)}"


def _day_facts(found: Activity) -> Iterator[str]:
    return (f"{day}: {counted(count, 'message')}" for day, count in found.days)


def _week_facts(found: Activity) -> Iterator[str]:
    for name, day in zip(WEEKDAYS, found.week, strict=True):
        for hour, count in enumerate(day):
            if count:
                yield f"{name} {hour:02}:00: {counted(count, 'message')}"
