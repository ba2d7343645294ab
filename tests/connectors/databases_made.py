"""Make the databases that agents keep, and read them as indexing does."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from cass.connectors.base import Checkpoint, Resume, Source, Surroundings
from cass.indexing.counting import CountingFile
from cass.indexing.discover import found_at
from cass.paths import at_once

Row = tuple[str, Mapping[str, Any]]


def database(path: Path, schema: str, rows: Iterable[Row] = (), wal: bool = True) -> Path:
    """A database with these rows, closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")
    connection.executescript(schema)
    put(connection, rows)
    connection.close()
    return path


def put(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Write rows, in place of those with the same key."""
    for table, row in rows:
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR REPLACE INTO {table}({', '.join(row)}) VALUES({marks})", tuple(row.values()))
    connection.commit()


def change(path: Path, *rows: Row, sql: str = "") -> None:
    """Write to a database that is there, as its agent does, and close it."""
    connection = sqlite3.connect(path)
    put(connection, rows)
    connection.executescript(sql)
    connection.close()


def read_file(
    connector: ModuleType,
    path: Path,
    resume: Resume | None = None,
    around: Surroundings | None = None,
    external_id: str | None = None,
    later_ms: int = 0,
) -> list[Any]:
    """All that one read gives.  `later_ms`: the file is looked at so long after it was written."""
    descriptor = at_once(str(path), os.O_RDONLY)
    try:
        found = found_at(connector.AGENT, str(path), os.stat(path))
        file = CountingFile(descriptor, 0, found.size)
        mtime_ms = found.mtime_ns // 1_000_000 + later_ms
        around = around or Surroundings(str(path.parent), {})
        items = list(connector.read(Source(str(path), file, found.size, mtime_ms, resume, around, external_id)))
    finally:
        os.close(descriptor)
    assert isinstance(items[-1], Checkpoint)
    return items


def resumed(items: list[Any]) -> Resume:
    """Where the next read starts, its state as it comes back from a database."""
    last = items[-1]
    return Resume(last.offset, last.line, json.loads(json.dumps(last.state)))
