"""Choose messages and take them out of the database for good: everything that is said in them, and what repeats it.

The choice is a temporary table, `leaving`.  CROSS JOIN begins with it: SQLite, which does not know how little stands
there, would go through all messages.  A copy of a message (same agent, role, time and texts, in whatever session: forks
and resumed sessions repeat what was said) is the same message to whoever said it, and goes with it.
"""

from __future__ import annotations

from cass.connectors.base import TITLE_PROMPT, TITLE_SUMMARY
from cass.native_sqlite import _sqlite3
from cass.records import record
from cass.store.hits import BOUND, marks
from cass.store.owed import COUNTED
from cass.store.schema import COPY, OWN_BLOCK, ROLES
from cass.store.tombstones import bury, file_key, place_key, session_key, text_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from sqlite3 import Connection

    from cass.store.writer import Writer

# A title may repeat what these say.
_TITLING = (ROLES.index("user"), ROLES.index("summary"))
# What has no time of its own is as old as its session, and that as its file.
_TIME = "coalesce(m.created_ms, s.ended_ms, f.mtime_ns / 1000000)"


@record
class Selection:
    """What is to go: what every condition holds for that is not None.  Times are UTC ms.

    sessions: their ids; what they started (`parent`) goes with them · messages: (session id, ordinal); with `sessions`
    either will do · agents, workspaces: ids of strings · before_ms: said earlier · roles: as in store/schema.py.
    """

    sessions: tuple[str, ...] = ()
    messages: tuple[tuple[str, int], ...] = ()
    agents: tuple[int, ...] | None = None
    workspaces: tuple[int, ...] | None = None
    before_ms: int | None = None
    roles: tuple[int, ...] | None = None

    @property
    def is_everything(self) -> bool:
        named = self.sessions or self.messages
        return not named and (self.agents, self.workspaces, self.before_ms, self.roles) == (None, None, None, None)

    @property
    def takes_whole(self) -> bool:
        """Does it take a session whole, whatever was said in it?"""
        return not self.messages and self.before_ms is None and self.roles is None


@record
class Leaving:
    """What a selection comes to.

    copies: of the messages, those that repeat another one, in a session that was not chosen · sessions: that lose all,
    `parts` that lose some · files: the agents' own files that hold some of it, as far as they still stand.
    """

    messages: int = 0
    copies: int = 0
    sessions: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    text_bytes: int = 0
    first_ms: int | None = None
    last_ms: int | None = None


def choose(connection: Connection, selection: Selection) -> Leaving:
    """Fill the temporary tables `leaving` (messages) and `emptied` (sessions); what that comes to.  Changes nothing."""
    connection.execute("PRAGMA temp_store=MEMORY")  # nothing of it may reach a disk
    for table in ("leaving", "emptied", "named"):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
        connection.execute(f"CREATE TEMP TABLE {table}(id INTEGER PRIMARY KEY)")
    if selection.is_everything:
        return Leaving()
    where, bound = _conditions(connection, selection)
    connection.execute(
        "INSERT INTO leaving SELECT m.id FROM sessions s CROSS JOIN messages m ON m.session=s.id"
        f" LEFT JOIN files f ON f.id=s.file WHERE {where}",
        bound,
    )
    chosen = _number(connection, "SELECT count(*) FROM leaving")
    _add_copies(connection)
    connection.execute(
        "INSERT INTO emptied SELECT s.id FROM sessions s WHERE"
        " s.id IN (SELECT m.session FROM leaving l CROSS JOIN messages m ON m.id=l.id)"
        " AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.session=s.id AND m.id NOT IN (SELECT id FROM leaving))"
    )
    if selection.takes_whole:
        sql = f"SELECT s.id FROM sessions s LEFT JOIN files f ON f.id=s.file WHERE {where}"
        connection.execute(
            f"INSERT OR IGNORE INTO emptied {sql} AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.session=s.id)", bound
        )
    return _told(connection, chosen)


def _conditions(connection: Connection, selection: Selection) -> tuple[str, list[object]]:
    tests, bound = ["1"], []  # type: tuple[list[str], list[object]]
    if selection.sessions or selection.messages:
        _name_sessions(connection, selection.sessions)
        named = ["s.id IN (SELECT id FROM named)"]
        for sid, ordinal in selection.messages:
            named.append("(s.sid=? AND m.ordinal=?)")
            bound += [sid, ordinal]
        tests.append(f"({' OR '.join(named)})")
    for column, ids in (
        ("s.agent", selection.agents),
        ("s.workspace", selection.workspaces),
        ("m.role", selection.roles),
    ):
        if ids is not None:
            tests.append(f"{column} IN ({marks(ids)})")
            bound += ids
    if selection.before_ms is not None:
        tests.append(f"{_TIME}<?")
        bound.append(selection.before_ms)
    return " AND ".join(tests), bound


def _name_sessions(connection: Connection, sids: Sequence[str]) -> None:
    """Fill `named` with the sessions and all below them."""
    for sid in sids:
        connection.execute(
            "WITH RECURSIVE below(sid) AS (SELECT ? UNION SELECT s.sid FROM below b JOIN sessions s ON s.parent=b.sid)"
            " INSERT OR IGNORE INTO named SELECT s.id FROM below b JOIN sessions s ON s.sid=b.sid",
            (sid,),
        )


def _add_copies(connection: Connection) -> None:
    """A message without a time has no copies: too many say the same."""
    timed = connection.execute(
        "SELECT DISTINCT m.created_ms FROM leaving l CROSS JOIN messages m ON m.id=l.id WHERE m.created_ms IS NOT NULL"
    ).fetchall()
    for start in range(0, len(timed), BOUND):
        times = [created_ms for (created_ms,) in timed[start : start + BOUND]]
        rows = connection.execute(
            "SELECT m.id, m.id IN (SELECT id FROM leaving), s.agent, m.role, m.created_ms FROM messages m"
            f" JOIN sessions s ON s.id=m.session WHERE m.created_ms IN ({marks(times)})",
            times,
        ).fetchall()
        together: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for message, leaves, *said in rows:
            together.setdefault(tuple(said), []).append((message, leaves))
        for twins in together.values():
            if any([leaves for _, leaves in twins]) and not all([leaves for _, leaves in twins]):
                _add_twins(connection, twins)


def _add_twins(connection: Connection, twins: list[tuple[int, int]]) -> None:
    texts = {message: _texts_of(connection, message) for message, _ in twins}
    gone = {texts[message] for message, leaves in twins if leaves}
    copies = [(message,) for message, leaves in twins if not leaves and texts[message] in gone]
    connection.executemany("INSERT OR IGNORE INTO leaving VALUES(?)", copies)


def _texts_of(connection: Connection, message: int) -> tuple[int, ...]:
    rows = connection.execute("SELECT text FROM blocks WHERE message=? ORDER BY ord", (message,))
    return tuple([text for (text,) in rows])


def _told(connection: Connection, chosen: int) -> Leaving:
    def names(sql: str) -> tuple[str, ...]:
        return tuple([name for (name,) in connection.execute(sql)])

    messages, first_ms, last_ms = connection.execute(
        "SELECT count(*), min(m.created_ms), max(m.created_ms) FROM leaving l CROSS JOIN messages m ON m.id=l.id"
    ).fetchone()
    return Leaving(
        messages,
        messages - chosen,
        names("SELECT sid FROM sessions WHERE id IN (SELECT id FROM emptied) ORDER BY sid"),
        names(
            "SELECT sid FROM sessions WHERE id IN (SELECT m.session FROM leaving l CROSS JOIN messages m ON m.id=l.id)"
            " AND id NOT IN (SELECT id FROM emptied) ORDER BY sid"
        ),
        names(f"SELECT path FROM files WHERE gone=0 AND id IN ({_FILES}) ORDER BY path"),
        _number(
            connection,
            "SELECT coalesce(sum(length(CAST(t.text AS BLOB))), 0) FROM texts t WHERE t.id IN"
            " (SELECT b.text FROM leaving l CROSS JOIN blocks b ON b.message=l.id)",
        ),
        first_ms,
        last_ms,
    )


_FILES = (
    "SELECT s.file FROM sessions s WHERE s.file IS NOT NULL AND (s.id IN (SELECT id FROM emptied)"
    " OR s.id IN (SELECT m.session FROM leaving l CROSS JOIN messages m ON m.id=l.id))"
)


def take_out(writer: Writer, speaks: Callable[[str], bool], now_ms: int) -> tuple[str, ...]:
    """Remove what was chosen, inside a transaction of the caller's; the paths of the files that held it.

    `speaks` says of a connector's resume value (JSON) whether words may stand in it.
    """
    writer.flush()
    connection = writer.connection
    paths = tuple([path for (path,) in connection.execute(f"SELECT path FROM files WHERE id IN ({_FILES})")])
    bury(writer, _tombstones(connection, paths), now_ms)
    _untitle(writer, now_ms)
    _scrub_files(writer, speaks)
    touched = [row for (row,) in connection.execute(_TOUCHED)]
    docs = connection.execute(
        "SELECT m.doc, m.flags & ? FROM leaving l CROSS JOIN messages m ON m.id=l.id", (COPY,)
    ).fetchall()
    _note_eligible(writer)
    writer.run("DELETE FROM blocks WHERE message IN (SELECT id FROM leaving)")
    writer.run("DELETE FROM messages WHERE id IN (SELECT id FROM leaving)")
    writer.messages -= len(docs)
    for doc, was_copy in docs:
        writer.release_document(doc, was_copy=bool(was_copy))
    writer.renewed.clear()  # the index is made again
    for session in touched:
        _count_again(writer, session)
    writer.run("DELETE FROM sessions WHERE id IN (SELECT id FROM emptied)")
    _drop_orphans(writer)
    return paths


_TOUCHED = (
    "SELECT DISTINCT m.session FROM leaving l CROSS JOIN messages m ON m.id=l.id"
    " WHERE m.session NOT IN (SELECT id FROM emptied)"
)


def _tombstones(connection: Connection, paths: Sequence[str]) -> Iterator[int]:
    yield from map(file_key, paths)
    for (sid,) in connection.execute("SELECT sid FROM sessions WHERE id IN (SELECT id FROM emptied)").fetchall():
        yield session_key(sid)
    rows = connection.execute(
        "SELECT s.sid, a.text, m.ordinal, m.role, m.created_ms, t.hash, t.text='' FROM leaving l"
        " CROSS JOIN messages m ON m.id=l.id JOIN sessions s ON s.id=m.session JOIN strings a ON a.id=s.agent"
        " LEFT JOIN blocks b ON b.message=m.id LEFT JOIN texts t ON t.id=b.text"
    ).fetchall()
    for sid, agent, ordinal, role, created_ms, digest, is_empty in rows:
        if ordinal >= 0:
            yield place_key(sid, ordinal, role, created_ms)
        if digest is not None and not is_empty:
            yield text_key(agent, sid, role, created_ms, digest)


def _untitle(writer: Writer, now_ms: int) -> None:
    """Titles that repeat what goes: the first prompt, a summary, and whatever stands word for word in it."""
    rows = writer.run(
        "SELECT s.id, s.sid, s.title, s.title_rank, max(m.role IN (?,?)), max(instr(lower(t.text), lower(s.title)))"
        " FROM leaving l CROSS JOIN messages m ON m.id=l.id JOIN sessions s ON s.id=m.session"
        " LEFT JOIN blocks b ON b.message=m.id LEFT JOIN texts t ON t.id=b.text"
        " WHERE s.title IS NOT NULL AND s.id NOT IN (SELECT id FROM emptied) GROUP BY s.id",
        *_TITLING,
    ).fetchall()
    for session, sid, _, rank, is_titling, stands in rows:
        if stands or (is_titling and rank in (TITLE_PROMPT, TITLE_SUMMARY)):
            writer.run("UPDATE sessions SET title=NULL, title_rank=0 WHERE id=?", session)
            bury(writer, [session_key(sid)], now_ms)


def _scrub_files(writer: Writer, speaks: Callable[[str], bool]) -> None:
    """What is known of the files that held it, without words: such a file is read whole when it grows."""
    files = writer.run(f"SELECT id, state, gone FROM files WHERE id IN ({_FILES})").fetchall()
    for file, state, gone in files:
        writer.run("DELETE FROM problems WHERE file=?", file)
        others = "SELECT 1 FROM sessions WHERE file=? AND id NOT IN (SELECT id FROM emptied) LIMIT 1"
        if gone and writer.value(others, file) is None:
            writer.run("DELETE FROM skipped WHERE file=?", file)
            writer.run("DELETE FROM files WHERE id=?", file)
        elif state and speaks(state):
            writer.run("UPDATE files SET state=NULL, head=NULL, resumable=0 WHERE id=?", file)


def _count_again(writer: Writer, session: int) -> None:
    writer.run(
        "UPDATE sessions SET (messages, started_ms, ended_ms) = (SELECT count(*), min(created_ms), max(created_ms)"
        " FROM messages WHERE session=?1 AND ordinal>=0) WHERE id=?1",
        session,
    )


def _note_eligible(writer: Writer) -> None:
    """How many texts count, less those that go; and the highest number that was ever given to a text."""
    last = writer.value("SELECT coalesce(max(id), 0) FROM texts")
    known = writer.value("SELECT value FROM meta WHERE key='last_text'") or 0
    writer.run("INSERT OR REPLACE INTO meta VALUES('last_text', ?)", max(last, known))
    row = writer.value("SELECT value FROM meta WHERE key='eligible'")
    if row is None:
        return
    eligible, counted, change = map(int, row.split())
    lost = writer.value(
        "SELECT count(DISTINCT b.text) FROM leaving l CROSS JOIN blocks b ON b.message=l.id"
        f" WHERE b.kind<{COUNTED} AND b.flags & {OWN_BLOCK}=0 AND b.text<=?"
        " AND b.text NOT IN (SELECT text FROM blocks WHERE message NOT IN (SELECT id FROM leaving))",
        counted,
    )
    writer.run("INSERT OR REPLACE INTO meta VALUES('eligible', ?)", f"{max(0, eligible - lost)} {counted} {change}")


def _drop_orphans(writer: Writer) -> None:
    """What nothing refers to any more, whoever left it."""
    writer.run("DELETE FROM texts WHERE id NOT IN (SELECT text FROM blocks)")
    writer.run("DELETE FROM attempts WHERE text NOT IN (SELECT id FROM texts)")
    used = " UNION ".join(f"SELECT {name} FROM sessions" for name in ("agent", "workspace", "branch", "model"))
    writer.run(
        f"DELETE FROM strings WHERE id NOT IN (SELECT tool FROM blocks WHERE tool IS NOT NULL)"
        f" AND id NOT IN (SELECT * FROM ({used}) WHERE agent IS NOT NULL)"
    )


def note_forgotten(writer: Writer, at_ms: int) -> None:
    """The wish of that time is done, as far as the database goes; with the transaction that did it."""
    writer.run("INSERT OR REPLACE INTO meta VALUES('forgot', ?)", at_ms)


def was_forgotten(writer: Writer, at_ms: int) -> bool:
    """Was the wish of that time done?"""
    return bool(writer.value("SELECT value FROM meta WHERE key='forgot'") == at_ms)


def is_any_older(connection: Connection, before_ms: int) -> bool:
    """Is there a message from before that time?"""
    timed = "SELECT 1 FROM messages WHERE created_ms<? LIMIT 1"
    timeless = (
        "SELECT 1 FROM messages m JOIN sessions s ON s.id=m.session LEFT JOIN files f ON f.id=s.file"
        f" WHERE m.created_ms IS NULL AND {_TIME}<? LIMIT 1"
    )
    return any([connection.execute(sql, (before_ms,)).fetchone() is not None for sql in (timed, timeless)])


def existing_texts(connection: Connection) -> Callable[[int], bool]:
    """Is there a text of a number, as the database stands now?"""
    found = bytearray(_number(connection, "SELECT coalesce(max(id), 0) FROM texts") + 1)
    for (number,) in connection.execute("SELECT id FROM texts"):
        found[number] = 1
    return lambda number: number < len(found) and found[number] == 1


def empty_pages(connection: Connection, folder: str) -> bool:
    """Write the database anew, so that no page remembers what stood in it; False while another process reads it.

    Takes its own size in `folder` meanwhile.  Raises sqlite3's errors.
    """
    quoted = folder.replace("'", "''")
    try:
        # Nothing is written outside of our own folders.  SQLITE_TMPDIR is read once, when SQLite is loaded.
        connection.execute(f"PRAGMA temp_store_directory='{quoted}'")
        connection.execute("PRAGMA temp_store=FILE")
        connection.execute("VACUUM")
    except _sqlite3.OperationalError as bad:
        if "full" not in str(bad):
            raise
        # Without room for it: what was deleted was overwritten where it stood.
    finally:
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("PRAGMA temp_store_directory=''")
    busy: int = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def _number(connection: Connection, sql: str) -> int:
    number: int = connection.execute(sql).fetchone()[0]
    return number
