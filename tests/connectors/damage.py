"""Ways in which a session file may be damaged: each takes a file's bytes and gives damaged ones, a few or many.

They know JSON documents, files of one JSON object a line, SQLite databases and plain text by what stands in them, and
nothing of any agent.
"""

from __future__ import annotations

import json
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Damage = Callable[[bytes], Iterator[bytes]]

LONG = 10 << 20
_OTHERS: tuple[Any, ...] = (None, 7, "x", [None], {"x": None})
_ISO = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_EPOCH = re.compile(rb"\b1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b")
_ABSURD_DATES = (
    b"9999-99-99T99:99:99Z",
    b"0001-01-01T00:00:00Z",
    b"0001-01-01T00:00:00+23:00",
    b"9999-12-31T23:59:59Z",
    b"9999-12-31T23:59:59-23:00",
    b"+275760-09-13T00:00:00Z",
    b"--5",
)
_ABSURD_NUMBERS = (b"-1", b"0", b"1e308", b"9223372036854775808", b"NaN", b"-Infinity", b"9" * 40)
_UNKNOWN = {"type": "never-heard-of", "kind": "never-heard-of", "role": "never-heard-of", "data": {"x": [1]}}


def is_sqlite(data: bytes) -> bool:
    """Is this a database?"""
    return data.startswith(b"SQLite format 3\0")


def is_json(data: bytes) -> bool:
    """Is this one JSON document?"""
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def is_lines(data: bytes) -> bool:
    """Is this one JSON object a line, and more than one of them?"""
    lines = data.splitlines()
    return not is_sqlite(data) and len(lines) > 1 and all(line[:1] == b"{" and is_json(line) for line in lines)


def cut(data: bytes) -> Iterator[bytes]:
    """The file ends early: in its last line, and anywhere else."""
    yield from (data[:-at] for at in (1, 2, 7, 30) if at < len(data))
    yield from (data[: len(data) * part // 16] for part in range(16))


def not_utf8(data: bytes) -> Iterator[bytes]:
    """Bytes that are no text, here and there; in a database within its texts."""
    if is_sqlite(data):
        yield from (_changed(data, change) for change in _columns(data, "CAST(CAST({0} AS BLOB)||x'fffe' AS TEXT)"))
        return
    letters = [found.start() for found in re.finditer(rb"[A-Za-z]", data)]
    for at in letters[:: max(1, len(letters) // 40)]:
        yield data[:at] + b"\xff" + data[at + 1 :]
        yield data[:at] + b"\xed\xa0\x80\0" + data[at:]


def other_values(data: bytes) -> Iterator[bytes]:
    """Each value in turn is of another type; in a database each column in turn is NULL, or not what was declared."""
    if is_sqlite(data):
        for other in ("NULL", "7", "'x'", "x'00ff'", "'{{}}'", "'[null]'", "1e300"):
            yield from (_changed(data, change) for change in _columns(data, other))
    elif is_json(data) or is_lines(data):
        lines = [json.loads(line) for line in ([data] if is_json(data) else data.splitlines())]
        for number, line in enumerate(lines):
            before, behind = lines[:number], lines[number + 1 :]
            yield from (_dumped([*before, other, *behind]) for other in _with_others(line))


def absurd_times(data: bytes) -> Iterator[bytes]:
    """Every time in the file is before all, after all, or no time."""
    if is_sqlite(data):
        others = ["-1", "1e300", "9223372036854775807", *[f"'{date.decode()}'" for date in _ABSURD_DATES]]
        for other in others:
            yield from (_changed(data, change) for change in _columns(data, other))
        return
    for date in _ABSURD_DATES:
        yield _ISO.sub(date, data)
    for number in _ABSURD_NUMBERS:
        yield _EPOCH.sub(number, data)
        yield _ISO.sub(number, data)


def unknown_records(data: bytes) -> Iterator[bytes]:
    """Records, members, tables and columns that nobody has heard of, beside what is known: nothing is lost by them."""
    if is_sqlite(data):
        changes = ["CREATE TABLE never_heard_of(x)", "INSERT INTO never_heard_of VALUES(1)"]
        yield _changed(data, changes)
        yield _changed(data, [f'ALTER TABLE "{table}" ADD COLUMN never_heard_of' for table in _tables(data)])
    elif is_json(data):
        yield json.dumps(_with_members(json.loads(data))).encode()
    elif is_lines(data):
        lines = data.splitlines(keepends=True)
        unknown = json.dumps(_UNKNOWN).encode() + b"\n"
        yield b"".join(line + unknown for line in lines)
        yield b"".join(json.dumps(_with_members(json.loads(line))).encode() + b"\n" for line in lines)


def long_line(data: bytes) -> Iterator[bytes]:
    """One line or value of 10 MB; behind what stands in a file of lines or text, else instead of the longest value."""
    if is_sqlite(data):
        yield from (_changed(data, change) for change in _columns(data, f"printf('%.*c', {LONG}, 'x')", _longest_of))
    elif is_json(data):
        yield json.dumps(_lengthened(json.loads(data))).encode()
    else:
        yield data + b"x" * LONG + b"\n"
        if is_lines(data):
            longest = max(data.splitlines(), key=len)
            yield data + json.dumps(_lengthened(json.loads(longest))).encode() + b"\n"


def _with_others(value: Any) -> Iterator[Any]:
    """The value with each part of it, itself first, replaced by values of other types."""
    yield from _OTHERS
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        for other in _with_others(part):
            copy = value.copy()
            copy[key] = other
            yield copy


def _dumped(lines: list[Any]) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines) + b"\n"


def _with_members(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{key: _with_members(part) for key, part in value.items()}, "never_heard_of": {"x": [1]}}
    return [_with_members(part) for part in value] if isinstance(value, list) else value


def _longest(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max(map(_longest, parts), default=0)


def _lengthened(value: Any) -> Any:
    """The value with its longest text ten million characters longer."""
    if isinstance(value, str):
        return value + " long" * (LONG // 5)
    if isinstance(value, dict) and value:
        key = max(value, key=lambda key: _longest(value[key]))
        return {**value, key: _lengthened(value[key])}
    if isinstance(value, list) and value:
        at = max(range(len(value)), key=lambda at: _longest(value[at]))
        return [*value[:at], _lengthened(value[at]), *value[at + 1 :]]
    return value


def _tables(data: bytes) -> list[str]:
    with _Database(data) as database:
        # Those of SQLite itself may not be altered.
        named = "SELECT name FROM sqlite_schema WHERE type='table' AND name NOT LIKE 'sqlite_%'"
        return [name for (name,) in database.execute(named)]


def _all_of(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]


def _longest_of(database: sqlite3.Connection, table: str) -> list[str]:
    """The column that has the longest value."""

    def length(name: str) -> int:
        found = database.execute(f'SELECT max(length("{name}")) FROM "{table}"').fetchone()[0]
        return found or 0

    names = _all_of(database, table)
    return [max(names, key=length)] if any(map(length, names)) else []


def _columns(
    data: bytes, value: str, of: Callable[[sqlite3.Connection, str], list[str]] = _all_of
) -> Iterator[list[str]]:
    """Statements that set each column (or those `of` names) of each table in turn; `{0}` in the value is the column."""
    with _Database(data) as database:
        for table in _tables(data):
            for name in of(database, table):
                # A copy has the columns, and nothing of what was declared of them.
                copied = [f'CREATE TABLE copied AS SELECT * FROM "{table}"', f'DROP TABLE "{table}"']
                quoted = f'"{name}"'
                changed = f'UPDATE "{table}" SET {quoted}={value.format(quoted)}'
                yield [*copied, f'ALTER TABLE copied RENAME TO "{table}"', changed]


def _changed(data: bytes, statements: list[str]) -> bytes:
    with _Database(data) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
        return bytes(database.serialize())


class _Database:
    """A copy of the database in memory."""

    def __init__(self, data: bytes) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.deserialize(_without_wal(data))

    def __enter__(self) -> sqlite3.Connection:
        self.connection.execute("PRAGMA foreign_keys=OFF")
        return self.connection

    def __exit__(self, *why: object) -> None:
        self.connection.close()


def _without_wal(data: bytes) -> bytes:
    """Bytes 18 and 19 say WAL, which a database in memory cannot have."""
    return data[:18] + b"\1\1" + data[20:]


def replaced(data: bytes, old: str, new: str) -> bytes:
    """The file with one text instead of another, wherever that stands, also in an object of git."""
    if data.startswith(b"\x78"):
        try:
            return zlib.compress(replaced(zlib.decompress(data), old, new))
        except zlib.error:
            pass
    if not is_sqlite(data):
        return data.replace(json.dumps(old)[1:-1].encode(), new.encode())
    with _Database(data) as database:
        for table in _tables(data):
            for row in database.execute(f'PRAGMA table_info("{table}")').fetchall():
                change = f'UPDATE "{table}" SET "{row[1]}"=replace("{row[1]}", ?, ?) WHERE instr("{row[1]}", ?)'
                database.execute(change, (old, new, old))
        database.commit()
        return bytes(database.serialize())


def locked(path: Path) -> sqlite3.Connection:
    """The database, held by somebody who lets nobody in."""
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("PRAGMA locking_mode=EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    return holder


def in_use(path: Path) -> sqlite3.Connection:
    """The database, all of it in the log of a writer that is at work."""
    whole = sqlite3.connect(path)
    dumped = list(whole.iterdump())
    whole.close()
    path.unlink()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA wal_autocheckpoint=0")
    writer.executescript("".join(f"{statement}\n" for statement in dumped))
    return writer
