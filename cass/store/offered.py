"""The sessions that a shell offers where an id is typed: a few rows, found by their indexes."""

from __future__ import annotations

from cass.store.counts import TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    Offered = tuple[str, str, str | None]


def newest(connection: Connection, beginning: str, limit: int) -> list[Offered]:
    """(session id, agent, title) of sessions with messages whose id begins so, the newest first."""
    if not beginning.isascii():
        return []  # what may not even be bound: a torn file name has lone surrogates
    # An id is made of hex digits, behind all of which stands `g`.
    begins = "s.sid>=? AND s.sid<? AND " if beginning else ""
    bound = (beginning, beginning + "g") if beginning else ()
    return connection.execute(
        "SELECT s.sid, a.text, s.title FROM sessions s JOIN strings a ON a.id=s.agent"
        f" WHERE {begins}{TOLD} ORDER BY s.ended_ms DESC, s.sid LIMIT ?",
        (*bound, limit),
    ).fetchall()
