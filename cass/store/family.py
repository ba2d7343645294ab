"""Who belongs to whom: a session with what started it and what it started, and the sessions of a folder."""

from __future__ import annotations

from cass.store.hits import marks, storable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

# A subagent that starts subagents: deeper than this is a ring, in files that somebody damaged.
DEEPEST = 9


def _below(start: str) -> str:
    """SQL for the table `below`: the session ids of `start`, and of all that these started."""
    return f"""below(sid, depth) AS (SELECT sid, 0 FROM {start} UNION
        SELECT s.sid, b.depth+1 FROM below b JOIN sessions s ON s.parent=b.sid WHERE b.depth<{DEEPEST})"""


def family(connection: Connection, session: int) -> list[tuple[str, str | None, int]]:
    """(session id, path, size when it was read) of a session and of all that it started, itself first."""
    rows = connection.execute(
        f"""WITH RECURSIVE {_below("sessions WHERE id=?")}
        SELECT s.sid, f.path, coalesce(f.size, 0) FROM below b JOIN sessions s ON s.sid=b.sid
        LEFT JOIN files f ON f.id=s.file GROUP BY s.id ORDER BY min(b.depth), s.started_ms, s.id""",
        (session,),
    )
    return [(sid, path, size) for sid, path, size in rows]


def whole_family(connection: Connection, session: int) -> list[int]:
    """Row ids of a session, of those above it, and of all that any of these started."""
    rows = connection.execute(
        f"""WITH RECURSIVE above(sid, parent, depth) AS (SELECT sid, parent, 0 FROM sessions WHERE id=? UNION
            SELECT s.sid, s.parent, a.depth+1 FROM above a JOIN sessions s ON s.sid=a.parent WHERE a.depth<{DEEPEST}),
        {_below("above")}
        SELECT DISTINCT s.id FROM below b JOIN sessions s ON s.sid=b.sid""",
        (session,),
    )
    return [row[0] for row in rows]


def changed_since(connection: Connection, workspaces: Sequence[str], since_ms: int) -> list[tuple[int, str, str, int]]:
    """(row id, session id, agent, when) of sessions in these folders to which something was added since, newest first.

    Without those that another session started.
    """
    rows = connection.execute(
        f"""SELECT s.id, s.sid, a.text, s.ended_ms FROM sessions s JOIN strings a ON a.id=s.agent
        JOIN strings w ON w.id=s.workspace WHERE s.ended_ms>=? AND w.text IN ({marks(workspaces)})
        AND s.parent IS NULL ORDER BY s.ended_ms DESC, s.sid""",
        (since_ms, *map(storable, workspaces)),
    )
    return [(number, sid, agent, ended_ms) for number, sid, agent, ended_ms in rows]
