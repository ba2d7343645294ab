"""Read documents back from SQLite in the order of their change numbers: to catch up, and to rebuild."""

from __future__ import annotations

from cass.document import Document, body_of
from cass.store.bounded import Bounded
from cass.store.ids import hash64
from cass.store.schema import COPY, OWN, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from sqlite3 import Connection
    from typing import Any

_SELECT = """
    SELECT m.id, m.doc, m.session, s.agent, s.workspace, m.role, m.flags, m.created_ms, b.flags, t.hash, t.text, n.text
    FROM messages m JOIN sessions s ON s.id=m.session
    LEFT JOIN blocks b ON b.message=m.id LEFT JOIN texts t ON t.id=b.text LEFT JOIN strings n ON n.id=b.tool
    """
# No text is read: those of a page of messages stand all over the file.
_SELECT_ABOUT = _SELECT.replace("t.text, n.text", "'', n.text")
_SINCE = f"{_SELECT} WHERE m.change>? AND m.flags & {COPY}=0 ORDER BY m.change, b.ord"
_CONTAINS = "SELECT 1 FROM blocks x JOIN texts y ON y.id=x.text WHERE x.message=m.id AND instr(y.text, ?)"
MANY = 500


def documents_since(connection: Connection, change: int) -> Iterator[Document]:
    """The documents of all messages that were added or altered after `change`, each once."""
    yield from _grouped(connection.execute(_SINCE, (change,)))


def documents_of(connection: Connection, messages: Sequence[int], bodies: bool = True) -> list[Document]:
    """The documents of these messages, copies left out; without `bodies` all but what they say, sooner."""
    select = _SELECT if bodies else _SELECT_ABOUT
    found: list[Document] = []
    wanted = list(dict.fromkeys(messages))
    for start in range(0, len(wanted), MANY):
        some = wanted[start : start + MANY]
        where = f"m.id IN ({','.join('?' * len(some))}) AND m.flags & {COPY}=0"
        found += _grouped(connection.execute(f"{select} WHERE {where} ORDER BY m.change, b.ord", some))
    return found


def originals_of(connection: Connection, docs: Sequence[int]) -> list[int]:
    """The messages that the index has these documents of."""
    marks = ",".join("?" * len(docs))
    sql = f"SELECT id FROM messages WHERE doc IN ({marks}) AND flags & {COPY}=0"
    return [message for (message,) in connection.execute(sql, docs)]


def has_original(connection: Connection, doc: int) -> bool:
    """Does a message have this document, and not as a copy?"""
    sql = f"SELECT 1 FROM messages WHERE doc=? AND flags & {COPY}=0"
    return connection.execute(sql, (doc,)).fetchone() is not None


def documents_newest_first(
    connection: Connection,
    contains: str | None,
    docs: Sequence[int] | None,
    newest: bool,
    is_over: Callable[[], bool],
) -> Iterator[Document | None]:
    """All documents by time, or only `docs`; with `contains` only those with a block where it occurs exactly so.

    Gives None as its last value when `is_over` ended it.
    """
    where, bound = f"m.flags & {COPY}=0", list(docs or ())
    if docs is not None:
        where += f" AND m.doc IN ({','.join('?' * len(docs))})"
    if contains is not None and "\n" not in contains:
        where += f" AND EXISTS ({_CONTAINS})"
        bound.append(contains)  # type: ignore[arg-type]
    sql = f"{_SELECT} WHERE {where} ORDER BY m.created_ms {'DESC' if newest else 'ASC'}, m.id, b.ord"
    with Bounded(connection, is_over) as bounded:
        yield from _grouped(connection.execute(sql, bound))
    if bounded.is_cut:
        yield None


def snapshot(connection: Connection) -> tuple[int, int, int]:
    """Until the connection's `rollback` it reads all as it is now.

    The last change number, how many documents there are, and at most how many bytes of text they have: what the
    database takes.
    """
    connection.execute("BEGIN")
    originals = f"SELECT count(*) FROM messages WHERE flags & {COPY}=0"
    asked = ("SELECT value FROM meta WHERE key='change'", originals, "PRAGMA page_count", "PRAGMA page_size")
    change, documents, pages, page_bytes = [connection.execute(sql).fetchone()[0] for sql in asked]
    return change, documents, pages * page_bytes


def _grouped(cursor: Iterable[tuple[Any, ...]]) -> Iterator[Document]:
    """Rows of one message → its document."""
    message = None
    rows: list[tuple[Any, ...]] = []
    for row in cursor:
        if row[0] != message and rows:
            yield _document(rows)
            rows = []
        message = row[0]
        rows.append(row)
    if rows:
        yield _document(rows)


def _document(rows: list[tuple[Any, ...]]) -> Document:
    _, doc, session, agent, workspace, role, flags, created_ms = rows[0][:8]
    blocks = [row[8:] for row in rows if row[10] is not None]
    return Document(
        doc=doc,
        text=text_hash([digest for _, digest, _, _ in blocks]),
        session=session,
        agent=agent,
        workspace=workspace or 0,
        role=role,
        own=bool(flags & OWN),
        time_ms=created_ms,
        tools=tools_of(tool for _, _, _, tool in blocks),
        body=body_of([(text, bool(block & OWN_BLOCK)) for block, _, text, _ in blocks]),
    )


def text_hash(hashes: list[int]) -> int:
    """One hash for a message's texts, from those of its blocks."""
    return hashes[0] if len(hashes) == 1 else hash64(repr(hashes).encode())


def tools_of(names: Iterable[str | None]) -> tuple[str, ...]:
    """The tools a message names, as `tool:` finds them."""
    return tuple({name.lower(): None for name in names if name})


def removals_since(connection: Connection, change: int) -> list[int]:
    """Documents that left the database after `change`."""
    return [doc for (doc,) in connection.execute("SELECT doc FROM removals WHERE change>? ORDER BY change", (change,))]
