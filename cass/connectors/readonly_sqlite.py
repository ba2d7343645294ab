"""Look into another program's SQLite database without leaving a trace beside it.

No file is made, changed or kept locked: a database whose owner is running is read through the owner's shared memory,
which is only mapped for reading; one at rest is read as it lies; a write-ahead log that was copied without its shared
memory is applied in memory.  Statements are short: rows are fetched before they are worked on, so that the owner never
waits for us.
"""

from __future__ import annotations

import os

from cass.native_sqlite import _sqlite3

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection
    from typing import Any

# A commit of the owner takes some milliseconds; whoever holds a lock for longer is asked again with the next run.
WAIT_S = 0.25
# Of a database whose write-ahead log has to be applied in memory.
MAX_IN_MEMORY_BYTES = 128 << 20

_MAGIC = b"SQLite format 3\x00"
_LOG_MAGIC = (0x377F0682, 0x377F0683)


class Unreadable(Exception):
    """The database cannot be read; the message says why."""


class Locked(Unreadable):
    """Another program lets nobody in; it will later."""


class Database:
    """An open database.  `taken` counts the bytes of text and blobs that were fetched from it."""

    def __init__(self, path: str) -> None:
        self.taken = 0
        self._columns: dict[str, tuple[str, ...]] = {}
        try:
            # Where it really stands: its log lies there.
            self._connection = _open(os.path.realpath(path))
        except (_sqlite3.Error, OSError) as bad:
            raise _reason(bad) from bad
        self._connection.text_factory = _text
        try:
            self.rows("SELECT count(*) FROM sqlite_master")
        except Unreadable:
            self._connection.close()
            raise

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *why: object) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a statement.  Raises Unreadable."""
        try:
            rows = self._run(sql, values)
        except _sqlite3.Error as bad:
            raise _reason(bad) from bad
        self.taken += sum([len(value) for row in rows for value in row if isinstance(value, str | bytes)])
        return rows

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of a table's columns; none where there is no such table."""
        if table not in self._columns:
            self._columns[table] = tuple(row[1] for row in self.rows(f"PRAGMA table_info({table})"))
        return self._columns[table]

    def select(self, table: str, wanted: Sequence[str], rest: str = "", *values: object) -> list[tuple[Any, ...]]:
        """These columns of a table, `rest` being the end of the statement; what another version lacks is None."""
        there = self.columns(table)
        if not there:
            return []
        named = ", ".join(name if name in there else f"NULL AS {name}" for name in wanted)
        return self.rows(f"SELECT {named} FROM {table} {rest}", *values)

    def _run(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()


def _reason(bad: Exception) -> Unreadable:
    text = (bad.strerror if isinstance(bad, OSError) else None) or str(bad)
    if "locked" in text or "busy" in text:
        return Locked("another program has locked the database: it is read with the next run")
    return Unreadable(f"the database cannot be read: {text}")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _open(path: str) -> Connection:
    with open(path, "rb") as file:
        head = file.read(100)
    if not head or (len(head) == 100 and not head.startswith(_MAGIC)):
        return _sqlite3.connect(":memory:") if not head else _connect(path, "immutable=1")
    if head[18:19] != b"\x02":
        return _connect(path, "")
    if not _size(f"{path}-wal"):
        # Nobody writes, or nobody has yet: a change while it is read shows itself with the next run.
        return _connect(path, "immutable=1")
    if os.path.exists(f"{path}-shm"):
        return _connect(path, "readonly_shm=1")
    return _applied(path)


def _connect(path: str, how: str) -> Connection:
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    if os.sep == "\\":
        quoted = "/" + quoted.replace("\\", "/")
    uri = f"file:{quoted}?mode=ro&{how}"
    return _sqlite3.connect(uri, timeout=WAIT_S, isolation_level=None, uri=True)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _applied(path: str) -> Connection:
    """The database with its log in memory: SQLite would make a file beside it."""
    size = _size(path) + _size(f"{path}-wal")
    if size > MAX_IN_MEMORY_BYTES:
        raise Unreadable(f"with its -wal, but without -shm, {size >> 20} MB are not read: let its own program open it")
    with open(path, "rb") as file, open(f"{path}-wal", "rb") as log:
        pages = _with_log(file.read(), log.read())
    connection = _sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(pages)
    return connection


def _with_log(data: bytes, log: bytes) -> bytes:
    """The database's bytes with all that was committed to the log (https://sqlite.org/fileformat2.html#walformat)."""
    pages = bytearray(data)
    size = int.from_bytes(log[8:12], "big")
    order = "big" if int.from_bytes(log[:4], "big") & 1 else "little"
    if int.from_bytes(log[:4], "big") in _LOG_MAGIC and size:
        waiting: list[tuple[int, int]] = []
        sums = _checksum(log[:24], (0, 0), order)
        for at in range(32, len(log) - size - 23, 24 + size):
            sums = _checksum(log[at : at + 8] + log[at + 24 : at + 24 + size], sums, order)
            head = [int.from_bytes(log[at + each : at + each + 4], "big") for each in range(0, 24, 4)]
            if log[at + 8 : at + 16] != log[16:24] or (head[4], head[5]) != sums:
                break
            waiting.append((head[0], at + 24))
            if head[1]:
                _write(pages, size, waiting, log, head[1])
                waiting.clear()
    pages[18:20] = b"\x01\x01"  # no log any more
    return bytes(pages)


def _write(pages: bytearray, size: int, waiting: Sequence[tuple[int, int]], log: bytes, count: int) -> None:
    """Put a transaction's pages in their places; the database has `count` pages now."""
    pages.extend(bytes(max(0, count * size - len(pages))))
    for number, at in waiting:
        pages[(number - 1) * size : number * size] = log[at : at + size]
    del pages[count * size :]


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    from array import array
    from sys import byteorder

    words = array("I", data)
    if order != byteorder:
        words.byteswap()
    first, second = sums
    for at in range(0, len(words), 2):
        first = (first + words[at] + second) & 0xFFFFFFFF
        second = (second + words[at + 1] + first) & 0xFFFFFFFF
    return first, second
