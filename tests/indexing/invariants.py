"""What must be true of every archive, whatever was done to it: `check_invariants(data_dir)` after each story."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tantivy import Query

from cass.lexical.reader import LexicalReader, open_reader
from cass.store.schema import COPY, GONE, ROLES

# (ordinal, role, time in ms, the texts of its blocks)
Turn = tuple[int, str, int | None, tuple[str, ...]]


def check_invariants(data_dir: Path) -> None:
    """Assert that database and lexical index are whole and agree."""
    with opened(data_dir) as database:
        _check_database(database)
        _check_index(database, data_dir)


def _check_database(database: sqlite3.Connection) -> None:
    originals = f"SELECT doc, sum(flags & {COPY} = 0) AS originals FROM messages GROUP BY doc HAVING originals != 1"
    assert rows(database, originals) == [], "a document has one original"
    lost = "SELECT message FROM blocks LEFT JOIN texts ON texts.id=blocks.text WHERE texts.id IS NULL"
    assert rows(database, lost) == [], "the text of every block is stored"
    orphans = "SELECT message FROM blocks LEFT JOIN messages ON messages.id=message WHERE messages.id IS NULL"
    assert rows(database, orphans) == [], "every block has its message"
    twice = f"SELECT session, ordinal FROM messages WHERE flags & {GONE} = 0 GROUP BY 1, 2 HAVING count(*) > 1"
    assert rows(database, twice) == [], "of present messages a session has one at an ordinal"
    assert rows(database, "SELECT hash FROM texts GROUP BY hash HAVING count(*) > 1") == [], "a text is stored once"
    assert rows(database, "SELECT id FROM messages WHERE (ordinal < 0) != (flags & ?)", GONE) == [], (
        "gone is below zero"
    )
    counted = f"""SELECT s.id FROM sessions s LEFT JOIN messages m ON m.session=s.id AND m.flags & {GONE} = 0
        GROUP BY s.id HAVING s.messages != count(m.id) OR s.started_ms IS NOT min(m.created_ms)
        OR s.ended_ms IS NOT max(m.created_ms)"""
    assert rows(database, counted) == [], "sessions count their present messages"
    stored = rows(database, "SELECT count(*), coalesce(max(change), 0) FROM messages")[0]
    noted = dict(rows(database, "SELECT key, value FROM meta"))
    assert noted["messages"] == stored[0]
    assert noted["change"] >= stored[1]


def _check_index(database: sqlite3.Connection, data_dir: Path) -> None:
    reader = open_reader(str(data_dir / "derived" / "lexical"))
    assert isinstance(reader, LexicalReader), reader
    stored = sorted(rows(database, f"SELECT doc, session, created_ms FROM messages WHERE flags & {COPY} = 0"), key=repr)
    assert sorted(_indexed(reader), key=repr) == stored, "the index has the documents of the database, each once"
    assert reader.change == rows(database, "SELECT value FROM meta WHERE key='change'")[0][0]


def _indexed(reader: LexicalReader) -> list[tuple[int, int, int | None]]:
    searcher = reader._searcher
    addresses = [at for _, at in searcher.search(Query.all_query(), max(1, searcher.num_docs), False).hits]
    columns = [searcher.fast_field_values(name, addresses) for name in ("doc", "session", "time")]
    return [row for row in zip(*columns, strict=True) if row[0] is not None]


@contextmanager
def opened(data_dir: Path) -> Iterator[sqlite3.Connection]:
    """The database, to be looked into."""
    connection = sqlite3.connect(f"file:{data_dir / 'cass.db'}?mode=ro", uri=True)
    try:
        yield connection
    finally:
        connection.close()


def rows(database: sqlite3.Connection, sql: str, *bound: object) -> list[tuple]:  # type: ignore[type-arg]
    return database.execute(sql, bound).fetchall()


def present(data_dir: Path) -> dict[str, list[Turn]]:
    """The messages that the agents' files still contain, by the session's own id, in order."""
    return _sessions(data_dir, f"m.flags & {GONE} = 0")


def gone(data_dir: Path) -> dict[str, list[Turn]]:
    """The messages that the agents' files contained once."""
    return _sessions(data_dir, f"m.flags & {GONE}")


def _sessions(data_dir: Path, where: str) -> dict[str, list[Turn]]:
    sql = f"""SELECT m.id, s.external_id, m.ordinal, m.role, m.created_ms, t.text FROM messages m
        JOIN sessions s ON s.id=m.session LEFT JOIN blocks b ON b.message=m.id LEFT JOIN texts t ON t.id=b.text
        WHERE {where} ORDER BY s.external_id, m.ordinal, b.ord"""
    found: dict[int, tuple[str, int, str, int | None, list[str]]] = {}
    with opened(data_dir) as database:
        for message, session, ordinal, role, created_ms, text in rows(database, sql):
            turn = found.setdefault(message, (session, ordinal, ROLES[role], created_ms, []))
            turn[4].extend([] if text is None else [text])
    sessions: dict[str, list[Turn]] = {}
    for session, ordinal, role_name, created_ms, texts in found.values():
        sessions.setdefault(session, []).append((ordinal, role_name, created_ms, tuple(texts)))
    return sessions


def one(data_dir: Path, sql: str, *bound: object) -> Any:
    """The first column of the first row."""
    with opened(data_dir) as database:
        return rows(database, sql, *bound)[0][0]
