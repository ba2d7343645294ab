"""What the archive holds, for those who list, count or check it: read-only, one statement a function."""

from __future__ import annotations

from cass.native_sqlite import _sqlite3
from cass.records import record
from cass.store.counts import TOLD
from cass.store.hits import marks, storable
from cass.store.schema import COPY, MIGRATIONS, OWN_BLOCK, SPARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

# What reading a damaged database raises.
BROKEN = _sqlite3.DatabaseError
SQLITE_VERSION = _sqlite3.sqlite_version


@record
class StoredSession:
    """A session as it is listed.  Times are None where the agent gives none; so is the path of a deleted row."""

    id: int
    sid: str
    parent: str | None
    external_id: str
    agent: str
    title: str | None
    workspace: str | None
    branch: str | None
    model: str | None
    started_ms: int | None
    ended_ms: int | None
    messages: int
    path: str | None
    file_gone: int | None


@record
class StoredBlock:
    """A part of a message; `kind` and `flags` as in store/schema.py."""

    kind: int
    text: str
    tool: str | None
    call_id: str | None
    flags: int


CREATE = "CREATE TABLE "
CANARY_CHARS = 200
_SESSION = """
    SELECT s.id, s.sid, s.parent, s.external_id, a.text, s.title, w.text, b.text, m.text, s.started_ms, s.ended_ms,
        s.messages + CASE WHEN s.next_gone<-1
            THEN (SELECT count(*) FROM messages g WHERE g.session=s.id AND g.ordinal<0) ELSE 0 END,
        f.path, f.gone
    FROM sessions s JOIN strings a ON a.id=s.agent LEFT JOIN strings w ON w.id=s.workspace
    LEFT JOIN strings b ON b.id=s.branch LEFT JOIN strings m ON m.id=s.model LEFT JOIN files f ON f.id=s.file"""


def problems(connection: Connection, limit: int) -> list[tuple[str, int | None, str]]:
    """(path, line, what) of what could not be read."""
    rows = connection.execute(
        "SELECT f.path, p.line, p.what FROM problems p JOIN files f ON f.id=p.file ORDER BY f.path, p.line LIMIT ?",
        (limit,),
    )
    return [(path, line, what) for path, line, what in rows]


def problems_by_agent(connection: Connection, limit: int) -> dict[str, list[tuple[str, int | None, str]]]:
    """Agent → (path, line, what) of what could not be read of its files, at most `limit` of each agent."""
    found: dict[str, list[tuple[str, int | None, str]]] = {}
    # CROSS: SQLite would go through all files in the order of their paths, and mostly no file has a problem.
    sql = """SELECT f.agent, f.path, p.line, p.what FROM problems p CROSS JOIN files f ON f.id=p.file
        ORDER BY f.agent, f.path, p.line"""
    for agent, path, line, what in connection.execute(sql):
        some = found.setdefault(agent, [])
        if len(some) < limit:
            some.append((path, line, what))
    return found


def count_behind(connection: Connection, change: int) -> int:
    """Messages that are newer than a change number."""
    return _number(connection, "SELECT count(*) FROM messages WHERE change>?", change)


def count_documents(connection: Connection) -> int:
    """Messages that the lexical index should hold: all but copies."""
    return _number(connection, f"SELECT count(*) FROM messages WHERE flags & {COPY} = 0")


def canaries(connection: Connection, change: int, limit: int = 5) -> list[tuple[int, str]]:
    """(document, the beginning of its text) of the newest messages that an index at `change` must contain."""
    rows = connection.execute(
        f"SELECT m.doc, substr(t.text, 1, {CANARY_CHARS}) FROM messages m JOIN blocks b ON b.message=m.id AND b.ord=0"
        f" JOIN texts t ON t.id=b.text WHERE m.change<=? AND m.flags & {COPY} = 0 AND b.flags & {OWN_BLOCK} = 0"
        " ORDER BY m.change DESC LIMIT ?",
        (change, limit),
    )
    return [(doc, text if len(text) < CANARY_CHARS else text.rpartition(" ")[0]) for doc, text in rows]


def list_sessions(
    connection: Connection,
    agents: Sequence[int] | None,
    workspaces: Sequence[int] | None,
    since_ms: int | None,
    until_ms: int | None,
    limit: int,
) -> tuple[list[StoredSession], int]:
    """Sessions with messages, newest first, and how many there are without the limit.

    None means any agent or workspace, an empty list none at all.  A session counts for every moment it lasted.
    """
    tests = [TOLD]
    bound: list[int] = []
    for column, ids in (("s.agent", agents), ("s.workspace", workspaces)):
        if ids is not None:
            tests.append(f"{column} IN ({marks(ids)})")
            bound += ids
    for test, ms in (("s.ended_ms>=?", since_ms), ("s.started_ms<=?", until_ms)):
        if ms is not None:
            tests.append(test)
            bound.append(ms)
    where = " AND ".join(tests)
    total = _number(connection, f"SELECT count(*) FROM sessions s WHERE {where}", *bound)
    rows = connection.execute(f"{_SESSION} WHERE {where} ORDER BY s.ended_ms DESC, s.sid LIMIT ?", (*bound, limit))
    return [StoredSession(*row) for row in rows], total


def session_with(connection: Connection, session: int) -> StoredSession:
    """The session of a row id that exists."""
    return StoredSession(*connection.execute(f"{_SESSION} WHERE s.id=?", (session,)).fetchone())


def sessions_of_file(connection: Connection, path: str) -> list[int]:
    """Row ids of the sessions that a file holds, the newest first; [] for a file that was not read."""
    rows = connection.execute(
        "SELECT s.id FROM sessions s JOIN files f ON f.id=s.file WHERE f.path=? ORDER BY s.ended_ms DESC",
        (storable(path),),
    )
    return [row[0] for row in rows]


def message_on_line(connection: Connection, sessions: Sequence[int], line: int) -> tuple[int, int] | None:
    """(session, ordinal) of the last message that begins on this line or before it."""
    row: tuple[int, int] | None = connection.execute(
        f"SELECT session, ordinal FROM messages WHERE session IN ({marks(sessions)}) AND line<=? AND ordinal>=0"
        " ORDER BY line DESC, ordinal LIMIT 1",
        (*sessions, line),
    ).fetchone()
    return row


def blocks_of(connection: Connection, messages: Sequence[int]) -> dict[int, list[StoredBlock]]:
    """Each message's blocks, in order."""
    found: dict[int, list[StoredBlock]] = {}
    for message, *block in connection.execute(
        "SELECT b.message, b.kind, t.text, n.text, b.call, b.flags FROM blocks b JOIN texts t ON t.id=b.text"
        f" LEFT JOIN strings n ON n.id=b.tool WHERE b.message IN ({marks(messages)}) ORDER BY b.message, b.ord",
        messages,
    ):
        found.setdefault(message, []).append(StoredBlock(*block))
    return found


def spans_of(connection: Connection, messages: Sequence[int]) -> list[tuple[int, int]]:
    """[start, end) bytes of messages in their file, in the file's order, each once; [] where it has no lines."""
    rows = connection.execute(
        f"SELECT DISTINCT start, end FROM messages WHERE id IN ({marks(messages)}) AND start IS NOT NULL"
        " ORDER BY start",
        messages,
    )
    return [(start, end) for start, end in rows]


def damages(connection: Connection, limit: int = 5) -> list[str]:
    """What SQLite's own check finds wrong; [] for a whole database.  Reads every page."""
    rows = [row[0] for row in connection.execute(f"PRAGMA quick_check({limit})")]
    return [line for row in rows for line in row.splitlines() if line != "ok" and not line.startswith("***")]


def require_tables(connection: Connection) -> None:
    """Raises what SQLite does for a table that is not there: a whole file may lack one, and nobody may have asked."""
    steps = [statement for step in MIGRATIONS[: schema_version(connection)] for statement in step]
    made = {step.removeprefix(CREATE).partition("(")[0] for step in steps if step.startswith(CREATE)}
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")}
    for name in sorted(made.difference(there, SPARED)):
        raise BROKEN(f"no such table: {name}")


def schema_version(connection: Connection) -> int:
    return _number(connection, "PRAGMA user_version")


def checkpoint(path: str) -> bool:
    """Move what stands in the write-ahead log into the database; False while somebody is reading it."""
    connection = _sqlite3.connect(path, timeout=1.0, isolation_level=None)
    try:
        busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy
    finally:
        connection.close()


def _number(connection: Connection, sql: str, *bound: object) -> int:
    number: int = connection.execute(sql, bound).fetchone()[0]
    return number


def ordinals_around(connection: Connection, session: int, ordinal: int, around: int, roles: Sequence[int]) -> list[int]:
    """The ordinals of a present message and of up to `around` neighbours on each side; those of `roles`, if any."""
    test = f"AND role IN ({marks(roles)})" if roles else ""
    rows = connection.execute(
        "SELECT * FROM (SELECT ordinal FROM messages WHERE session=? AND ordinal>=0 AND ordinal<?"
        f" {test} ORDER BY ordinal DESC LIMIT ?)"
        " UNION ALL SELECT ? UNION ALL SELECT * FROM (SELECT ordinal FROM messages WHERE session=? AND ordinal>?"
        f" {test} ORDER BY ordinal LIMIT ?) ORDER BY 1",
        (session, ordinal, *roles, around, ordinal, session, ordinal, *roles, around),
    )
    return [row[0] for row in rows]
