"""When messages were written, and how many each session has: for counting and pictures, read-only."""

from __future__ import annotations

from cass.records import record
from cass.store.counts import TOLD
from cass.store.hits import marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

# The smallest step by which time zones differ.
QUARTER_MS = 900_000
# What claims to be from before 1970 or from after the year 9999 has no time.
FIRST_MS, LAST_MS = 1, 253_402_300_799_000


@record
class Told:
    """A session with its counts.  Times are UTC ms; names are None where the agent gives none."""

    id: int
    agent: str
    workspace: str | None
    model: str | None
    messages: int
    first_ms: int | None
    last_ms: int | None


def told_sessions(connection: Connection, agents: Sequence[int] | None, workspaces: Sequence[int] | None) -> list[Told]:
    """All sessions with messages; None means any agent or workspace, an empty list none at all."""
    test, bound = _tests(agents, workspaces)
    rows = connection.execute(
        f"""SELECT s.id, a.text, w.text, m.text,
            s.messages + CASE WHEN s.next_gone<-1
                THEN (SELECT count(*) FROM messages g WHERE g.session=s.id AND g.ordinal<0) ELSE 0 END,
            s.started_ms, s.ended_ms
        FROM sessions s JOIN strings a ON a.id=s.agent LEFT JOIN strings w ON w.id=s.workspace
        LEFT JOIN strings m ON m.id=s.model WHERE {TOLD} AND {test}""",
        bound,
    )
    return [Told(*row) for row in rows]


def said_between(connection: Connection, since_ms: int, until_ms: int) -> dict[int, tuple[int, int, int]]:
    """Session → how many of its messages are from that time, when the first and when the last; both ends count."""
    rows = connection.execute(
        # + keeps SQLite from walking along the index of times: 1,000,000 rows one by one take three times as long.
        "SELECT session, count(*), min(created_ms), max(created_ms) FROM messages"
        " WHERE +created_ms BETWEEN ? AND ? GROUP BY session",
        (since_ms, until_ms),
    )
    return {session: (count, first, last) for session, count, first, last in rows}


def quarters(
    connection: Connection,
    agents: Sequence[int] | None,
    workspaces: Sequence[int] | None,
    since_ms: int,
    until_ms: int,
) -> list[tuple[int, int]]:
    """(its beginning in UTC ms, messages) of every quarter of an hour that has some, in order."""
    test, bound = _tests(agents, workspaces)
    source = "messages m"
    if bound or test != "1":
        source = "sessions s CROSS JOIN messages m ON m.session=s.id"
    rows = connection.execute(
        f"SELECT m.created_ms/{QUARTER_MS}, count(*) FROM {source}"
        f" WHERE m.created_ms BETWEEN ? AND ? AND {test} GROUP BY 1 ORDER BY 1",
        (since_ms, until_ms, *bound),
    )
    return [(quarter * QUARTER_MS, count) for quarter, count in rows]


def _tests(agents: Sequence[int] | None, workspaces: Sequence[int] | None) -> tuple[str, tuple[int, ...]]:
    wanted = [(column, ids) for column, ids in (("s.agent", agents), ("s.workspace", workspaces)) if ids is not None]
    tests = [f"{column} IN ({marks(ids)})" for column, ids in wanted]
    return " AND ".join(tests) or "1", tuple(number for _, ids in wanted for number in ids)
