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

    def behind(self, known: int, lock: str) -> tuple[int, str | None]:
        """How many files are not read, `known` ones among them; and where there are any, the process that reads now."""
        behind = max(known, self.unread)
        if not behind:
            return 0, None
        from cass.disk import held_by  # mostly everything is read

        return behind, held_by(lock)

    def notes(self, known: int, reader: str | None) -> tuple[str, ...]:
        """What is to be said about it, unless `known` files were told of already."""
        return (unread_note(self.unread, reader),) if self.unread and not known else ()


def unread_note(files: int, reader: str | None = None) -> str:
    """That so many were seen and not read, and who reads them, or what does."""
    who = f"process {reader} is indexing" if reader else "run cass index"
    return f"{files} session {'file is' if files == 1 else 'files are'} not read yet: {who}"


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
STORED = """
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


def most_eligible(connection: Connection) -> int:
    """How many texts count for vectors, at most: as last written down, and all that came since.  Looks at no text."""
    row = connection.execute("SELECT value FROM meta WHERE key='eligible'").fetchone()
    eligible, last = map(int, row[0].split()[:2]) if row is not None else (0, 0)
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM texts").fetchone()
    return eligible + max(0, int(newest) - last)


def share(held: int, of: int, nothing: float = 0.0) -> float:
    """From 0 to 1, rounded down, so that what is all is 1 and nothing less is; of nothing it is `nothing`."""
    return min(1.0, max(0, held) * 10_000 // of / 10_000) if of > 0 else nothing


def messages_with(connection: Connection, docs: Sequence[int]) -> dict[int, list[StoredMessage]]:
    """The messages of these documents: the original first, then its copies, those that are gone last."""
    found: dict[int, list[StoredMessage]] = {}
    sql = f"{STORED} WHERE m.doc IN ({marks(docs)}) ORDER BY m.flags & {GONE}, m.flags & {COPY}, m.id"
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


def storable(text: str) -> str:
    """The text as it may stand in the archive.

    Bytes of the command line or of a path that are no UTF-8 arrive as lone surrogates, which SQLite does not even
    compare; what is stored has this sign for them.
    """
    if text.isascii():
        return text
    return "".join(["\ufffd" if "\ud800" <= sign <= "\udfff" else sign for sign in text])


def marks(values: Iterable[object]) -> str:
    """As many question marks as values, for an IN list."""
    return ",".join("?" for _ in values)
