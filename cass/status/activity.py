"""How much was said, when, where and with whom: counts by agent, workspace, model, day, weekday and hour."""

from __future__ import annotations

from cass.clock import local_text
from cass.records import record, replace
from cass.store.activity import FIRST_MS, LAST_MS, Told, quarters, said_between, told_sessions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from sqlite3 import Connection


@record
class Tally:
    """Sessions and messages under one name; None where the agent does not say it.  Times are UTC ms."""

    name: str | None
    sessions: int
    messages: int
    first_ms: int | None
    last_ms: int | None


@record
class Activity:
    """Everything that is counted; the tallies largest first.

    `days` are (2026-01-02, messages) of the local days with messages, in order; `week` has seven local weekdays from
    Monday on, of 24 hours each; `undated` messages are in neither.
    """

    total: Tally
    agents: tuple[Tally, ...]
    workspaces: tuple[Tally, ...]
    models: tuple[Tally, ...]
    days: tuple[tuple[str, int], ...]
    week: tuple[tuple[int, ...], ...]
    undated: int


def activity(
    connection: Connection,
    agents: Sequence[int] | None = None,
    workspaces: Sequence[int] | None = None,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> Activity:
    """Count; None means any.  Of a session only the messages of that time count."""
    told = told_sessions(connection, agents, workspaces)
    bounds = (max(FIRST_MS, since_ms or FIRST_MS), LAST_MS if until_ms is None else min(LAST_MS, until_ms))
    if since_ms is not None or until_ms is not None:
        told = _within(told, said_between(connection, *bounds))
    days, week = _by_time(quarters(connection, agents, workspaces, *bounds))
    total = _tally(None, told)
    return Activity(
        total=total,
        agents=_tallies(told, lambda one: one.agent),
        workspaces=_tallies(told, lambda one: one.workspace),
        models=_tallies(told, lambda one: one.model),
        days=tuple(days.items()),
        week=tuple(map(tuple, week)),
        undated=total.messages - sum(days.values()),
    )


def _within(told: Iterable[Told], said: dict[int, tuple[int, int, int]]) -> list[Told]:
    counted = [(one, said[one.id]) for one in told if one.id in said]
    return [replace(one, messages=count, first_ms=first, last_ms=last) for one, (count, first, last) in counted]


def _tallies(told: Iterable[Told], name: Callable[[Told], str | None]) -> tuple[Tally, ...]:
    groups: dict[str | None, list[Told]] = {}
    for one in told:
        groups.setdefault(name(one), []).append(one)
    tallies = [_tally(name, group) for name, group in groups.items()]
    return tuple(sorted(tallies, key=lambda tally: (-tally.messages, tally.name or "")))


def _tally(name: str | None, told: Sequence[Told]) -> Tally:
    first = min((one.first_ms for one in told if one.first_ms is not None), default=None)
    last = max((one.last_ms for one in told if one.last_ms is not None), default=None)
    return Tally(name, len(told), sum(one.messages for one in told), first, last)


def _by_time(quarters: Iterable[tuple[int, int]]) -> tuple[dict[str, int], list[list[int]]]:
    """Messages by local day, and by local weekday and hour."""
    days: dict[str, int] = {}
    week = [[0] * 24 for _ in range(7)]
    for start_ms, count in quarters:
        day, weekday, hour = local_text(start_ms, "%Y-%m-%d %w %H").split()
        days[day] = days.get(day, 0) + count
        week[(int(weekday) + 6) % 7][int(hour)] += count  # %w counts from Sunday
    return days, week
