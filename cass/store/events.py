"""What happened that somebody may ask about later: a line each, newest last."""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

EVICTED = "evicted"
DROPPED = "dropped"
# An event is a few words; older ones go.
KEPT = 1000


@record
class Event:
    at_ms: int
    kind: str
    what: str


def note_events(connection: Connection, events: Iterable[Event]) -> None:
    """Write them down; only the last thousand are kept."""
    rows = [(event.at_ms, event.kind, event.what) for event in events]
    connection.executemany("INSERT INTO events(at_ms, kind, what) VALUES(?, ?, ?)", rows)
    connection.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (KEPT,))


def last_events(connection: Connection, count: int, kind: str | None = None) -> list[Event]:
    """The newest ones, newest first; of one kind, if named."""
    sql = "SELECT at_ms, kind, what FROM events WHERE ? IS NULL OR kind=? ORDER BY id DESC LIMIT ?"
    return [Event(*row) for row in connection.execute(sql, (kind, kind, count))]
