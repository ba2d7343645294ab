"""Sessions that were met in an agent's file and left out: no text of theirs, only that they are there, and why."""

from __future__ import annotations

from cass.native_sqlite import _sqlite3
from cass.records import record
from cass.store.counts import TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cass.store.writer import Writer


@record
class Skipped:
    """A session left out.  `sid` is the id it would have here; `workspace` the one that it is left out for, if so."""

    external_id: str
    sid: str
    why: str
    workspace: str | None


def skipped_of(writer: Writer, file: int) -> list[Skipped]:
    """What was left out of a file when it was last read."""
    rows = writer.run("SELECT external_id, sid, why, workspace FROM skipped WHERE file=?", file)
    return [Skipped(*row) for row in rows]


def set_skipped(writer: Writer, file: int, skipped: Iterable[Skipped]) -> None:
    """Note what is left out of a file now."""
    writer.run("DELETE FROM skipped WHERE file=?", file)
    for one in skipped:
        writer.run(
            "INSERT OR REPLACE INTO skipped VALUES(?,?,?,?,?)", file, one.sid, one.external_id, one.why, one.workspace
        )


def skipped_workspaces(writer: Writer) -> list[tuple[str, str]]:
    """(path of a file, workspace) of what was left out for its workspace."""
    rows = writer.run(
        "SELECT DISTINCT f.path, s.workspace FROM skipped s JOIN files f ON f.id=s.file WHERE s.workspace IS NOT NULL"
    )
    return [(path, workspace) for path, workspace in rows]


def skipped_session(writer: Writer, sid: str) -> tuple[str, str | None] | None:
    """(why, workspace) this session is left out, in whatever file it stands; None if it is not."""
    row = writer.run("SELECT why, workspace FROM skipped WHERE sid=? ORDER BY workspace LIMIT 1", sid).fetchone()
    return None if row is None else (row[0], row[1])


def skipped_by_name(writer: Writer, agent: str, external_id: str) -> tuple[str, str | None] | None:
    """(why, workspace) a session of this agent's own id is left out, whoever started it; None if it is not."""
    row = writer.run(
        "SELECT s.why, s.workspace FROM skipped s JOIN files f ON f.id=s.file"
        " WHERE s.external_id=? AND f.agent=? LIMIT 1",
        external_id,
        agent,
    ).fetchone()
    return None if row is None else (row[0], row[1])


def skipped_counts(connection: Connection) -> dict[str, int]:
    """How many sessions of each agent are left out; nothing where the database is older than this."""
    try:
        rows = connection.execute(
            "SELECT f.agent, count(DISTINCT s.sid) FROM skipped s JOIN files f ON f.id=s.file GROUP BY f.agent"
        ).fetchall()
    except _sqlite3.OperationalError:
        return {}
    return dict(rows)


def stored_and_skipped(connection: Connection) -> int:
    """How many sessions are left out by their mark and were stored before that stood in them."""
    try:
        row = connection.execute(
            f"SELECT count(*) FROM sessions s WHERE sid IN (SELECT sid FROM skipped WHERE workspace IS NULL) AND {TOLD}"
        ).fetchone()
    except _sqlite3.OperationalError:
        return 0
    return int(row[0])


def sessions_by_workspace(connection: Connection) -> dict[str, int]:
    """How many stored sessions each workspace has."""
    rows = connection.execute(
        f"SELECT t.text, count(*) FROM sessions s JOIN strings t ON t.id=s.workspace WHERE {TOLD} GROUP BY s.workspace"
    )
    return dict(rows.fetchall())
