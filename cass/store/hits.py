"""What a search reads: the archive's state, the rows behind found documents, the texts of a few messages."""

from __future__ import annotations

from cass.records import record
from cass.store.connect import lacking
from cass.store.schema import COPY, GONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection

# SQLite takes at most 32,766 bound values a statement.
BOUND = 30_000
# By `gone` of a file.
SOURCE_STATES = ("present", "gone", "restorable")


@record
class State:
    """How far the archive is.  `indexed_ms` is None before the first run; `unread` files were seen and never read."""

    change: int
    messages: int
    indexed_ms: int | None
    unread: int = 0

    def notes(self, known: int) -> tuple[str, ...]:
        """What is to be said about it, unless `known` files were told of already."""
        return (f"{self.unread} session files are not read yet: run cass index",) if self.unread and not known else ()


@record
class StoredMessage:
    """A message with what is known of its session.  `file_gone`: the agent has deleted its file."""

    doc: int
    id: int
    ordinal: int
    role: int
    flags: int
    created_ms: int | None
    line: int | None
    session: int
    sid: str
    parent: str | None
    external_id: str
    agent: str
    workspace: str | None
    branch: str | None
    title: str | None
    path: str | None
    file_gone: int | None

    @property
    def source_state(self) -> str:
        """present, gone, or restorable where cass keeps the file's bytes."""
        return "gone" if self.flags & GONE else SOURCE_STATES[self.file_gone or 0]


# CROSS keeps the order of the tables: to find it out takes SQLite 0.2 ms of each search.
_STORED = """
    SELECT m.doc, m.id, m.ordinal, m.role, m.flags, m.created_ms, m.line, s.id, s.sid, s.parent, s.external_id,
        a.text, w.text, b.text, s.title, f.path, f.gone
    FROM messages m CROSS JOIN sessions s ON s.id=m.session CROSS JOIN strings a ON a.id=s.agent
    LEFT JOIN strings w ON w.id=s.workspace LEFT JOIN strings b ON b.id=s.branch LEFT JOIN files f ON f.id=s.file"""


def state(connection: Connection) -> State:
    """How far the archive is."""
    wanted = "'change', 'messages', 'indexed_ms', 'unread'"  # the others are long
    known = dict(connection.execute(f"SELECT key, value FROM meta WHERE key IN ({wanted})").fetchall())
    try:
        return State(known["change"], known["messages"], known["indexed_ms"], known.get("unread", 0))
    except KeyError as lost:
        raise lacking(lost.args[0]) from lost


def messages_with(connection: Connection, docs: Sequence[int]) -> dict[int, list[StoredMessage]]:
    """The messages of these documents: the original first, then its copies, those that are gone last."""
    found: dict[int, list[StoredMessage]] = {}
    sql = f"{_STORED} WHERE m.doc IN ({marks(docs)}) ORDER BY m.flags & {GONE}, m.flags & {COPY}, m.id"
    for row in connection.execute(sql, docs):
        found.setdefault(row[0], []).append(StoredMessage(*row))
    return found


def texts_of(
    connection: Connection, messages: Sequence[int], limit: int | None = None
) -> dict[int, list[tuple[str, int]]]:
    """(text, block flags) of each message's blocks, in order; at most `limit` characters of each."""
    found: dict[int, list[tuple[str, int]]] = {}
    text = "t.text" if limit is None else f"substr(t.text, 1, {limit})"
    sql = f"""SELECT b.message, {text}, b.flags FROM blocks b CROSS JOIN texts t ON t.id=b.text
        WHERE b.message IN ({marks(messages)}) ORDER BY b.message, b.ord"""
    for message, text, flags in connection.execute(sql, messages):
        found.setdefault(message, []).append((text, flags))
    return found


def message_at(connection: Connection, session: int, ordinal: int) -> StoredMessage | None:
    """One message of a session."""
    row = connection.execute(f"{_STORED} WHERE m.session=? AND m.ordinal=?", (session, ordinal)).fetchone()
    return None if row is None else StoredMessage(*row)


def messages_between(connection: Connection, session: int, first: int, last: int) -> list[StoredMessage]:
    """The messages of a session whose ordinals lie in [first, last], in order."""
    sql = f"{_STORED} WHERE m.session=? AND m.ordinal BETWEEN ? AND ? ORDER BY m.ordinal"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, first, last))]


def messages_after(connection: Connection, session: int, ordinal: int, limit: int) -> list[StoredMessage]:
    """The next messages of a session behind one that need not exist, in order."""
    sql = f"{_STORED} WHERE m.session=? AND m.ordinal>? ORDER BY m.ordinal LIMIT ?"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, ordinal, limit))]


def gone_after(connection: Connection, session: int, ordinal: int, limit: int) -> list[StoredMessage]:
    """The next of the messages that are gone from the agent's file: their ordinals count down from -1."""
    sql = f"{_STORED} WHERE m.session=? AND m.ordinal<? ORDER BY m.ordinal DESC LIMIT ?"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, min(0, ordinal), limit))]


def marks(values: Iterable[object]) -> str:
    """As many question marks as values, for an IN list."""
    return ",".join("?" for _ in values)


# What filters name, turned into what the index holds


def string_ids(connection: Connection, texts: Sequence[str]) -> list[int]:
    """Ids of interned strings; those that occur nowhere are left out."""
    rows = connection.execute(f"SELECT id FROM strings WHERE text IN ({marks(texts)})", texts)
    return [row[0] for row in rows]


def all_workspaces(connection: Connection) -> list[tuple[int, str]]:
    """(id, path) of every workspace that a session names."""
    rows = connection.execute(
        "SELECT n.id, n.text FROM strings n WHERE n.id IN (SELECT DISTINCT workspace FROM sessions)"
    )
    return [(number, text) for number, text in rows]


def sessions_like(connection: Connection, prefix: str, limit: int = 6) -> list[tuple[int, str, str | None]]:
    """(row id, session id, title) of sessions whose id begins so."""
    upper = prefix + "g"  # behind every hexadecimal digit
    rows = connection.execute(
        "SELECT id, sid, title FROM sessions WHERE sid>=? AND sid<? ORDER BY sid LIMIT ?", (prefix, upper, limit)
    )
    return [(number, sid, title) for number, sid, title in rows]


def session_by_external_id(connection: Connection, external_id: str) -> list[tuple[int, str, str | None]]:
    """Sessions with this id of the agent's own."""
    rows = connection.execute("SELECT id, sid, title FROM sessions WHERE external_id=? LIMIT 6", (external_id,))
    return [(number, sid, title) for number, sid, title in rows]


def session_lengths(connection: Connection, sessions: Sequence[int]) -> tuple[dict[int, int], int]:
    """Session → how many messages it has, and how many sessions there are."""
    sql = f"SELECT id, messages FROM sessions WHERE id IN ({marks(sessions)})"
    (count,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
    return dict(connection.execute(sql, sessions).fetchall()), count


def roles_of(connection: Connection, docs: Sequence[int]) -> dict[int, int]:
    """Document → the role of its message."""
    sql = f"SELECT doc, role FROM messages WHERE doc IN ({marks(docs)}) AND flags & {COPY}=0"
    return dict(connection.execute(sql, docs).fetchall())


def copies_in(connection: Connection, sessions: Sequence[int]) -> list[int]:
    """Documents of these sessions' messages that the index has under another session."""
    sql = f"SELECT DISTINCT doc FROM messages WHERE session IN ({marks(sessions)}) AND flags & {COPY}"
    return [row[0] for row in connection.execute(sql, sessions)]


def session_titles(connection: Connection) -> list[tuple[int, str]]:
    """(row id, title) of every session that has one."""
    return [(number, title) for number, title in connection.execute("SELECT id, title FROM sessions WHERE title!=''")]


def unique_prefixes(connection: Connection, sids: Iterable[str], least: int = 8) -> dict[str, str]:
    """Each id's shortest beginning that no other session shares, of at least `least` digits."""
    found = {}
    for sid in sids:
        near = connection.execute(
            "SELECT (SELECT max(sid) FROM sessions WHERE sid<?1), (SELECT min(sid) FROM sessions WHERE sid>?1)", (sid,)
        ).fetchone()
        shared = max((_common(sid, other) for other in near if other), default=0)
        found[sid] = sid[: max(least, shared + 1)]
    return found


def _common(one: str, other: str) -> int:
    length = 0
    while length < len(one) and one[length : length + 1] == other[length : length + 1]:
        length += 1
    return length
