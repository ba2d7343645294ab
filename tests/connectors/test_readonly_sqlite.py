"""Other programs' databases are read as they are now, and nothing is left beside them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.connectors import readonly_sqlite
from cass.connectors.readonly_sqlite import Database, Locked, Unreadable

SCHEMA = "CREATE TABLE said(id INTEGER PRIMARY KEY, text TEXT)"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The owner of `agent/a.db`, at work: all it wrote stands in its log."""
    folder = tmp_path / "agent"
    folder.mkdir()
    connection = sqlite3.connect(folder / "a.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute(SCHEMA)
    connection.executemany("INSERT INTO said(text) VALUES(?)", [("quokka",), ("wombat " * 2000,)])
    yield connection
    connection.close()


def said(path: Path) -> list[str]:
    with Database(str(path)) as database:
        return [row[0][:6] for row in database.select("said", ("text",), "ORDER BY id")]


def said_elsewhere(path: Path) -> str:
    """What another process reads: within one, SQLite shares the owner's memory in any case."""
    code = (
        "from sys import argv; from cass.connectors.readonly_sqlite import Database;"
        "print(Database(argv[1]).rows('SELECT substr(text, 1, 6) FROM said ORDER BY id'), end='')"
    )
    return subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True).stdout


def folder_as_it_is(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_what_stands_only_in_the_log_is_seen(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """The owner is running, and nothing it has is touched."""
    before = folder_as_it_is(tmp_path / "agent")

    assert said_elsewhere(tmp_path / "agent" / "a.db") == "[('quokka',), ('wombat',)]"
    assert folder_as_it_is(tmp_path / "agent") == before


def test_a_link_to_a_database_is_read_with_its_log(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """The log lies beside the database, not beside the link."""
    (tmp_path / "link.db").symlink_to(tmp_path / "agent" / "a.db")

    assert said(tmp_path / "link.db") == ["quokka", "wombat"]


def test_the_owner_writes_while_it_is_open(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """No lock is held between two statements."""
    with Database(str(tmp_path / "agent" / "a.db")) as database:
        database.rows("SELECT text FROM said")
        writer.execute("INSERT INTO said(text) VALUES('numbat')")
        assert database.rows("SELECT count(*) FROM said") == [(3,)]


def test_a_log_without_shared_memory_is_applied_in_memory(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """A copy of a home folder often lacks it; transactions that were not committed do not count."""
    copied = tmp_path / "copied"
    copied.mkdir()
    writer.execute("PRAGMA cache_size=1")
    writer.execute("BEGIN")
    writer.executemany("INSERT INTO said(text) VALUES(?)", [("numbat " * 2000,)] * 9)
    for name in ("a.db", "a.db-wal"):
        shutil.copy(tmp_path / "agent" / name, copied)
    writer.execute("ROLLBACK")
    before = folder_as_it_is(copied)

    assert said(copied / "a.db") == ["quokka", "wombat"]
    assert folder_as_it_is(copied) == before


def test_a_torn_log_counts_as_far_as_it_is_whole(tmp_path: Path, writer: sqlite3.Connection) -> None:
    """Bytes behind a wrong checksum are no pages."""
    writer.execute("INSERT INTO said(text) VALUES('numbat')")
    log = (tmp_path / "agent" / "a.db-wal").read_bytes()
    copied = tmp_path / "copied"
    copied.mkdir()
    shutil.copy(tmp_path / "agent" / "a.db", copied)
    (copied / "a.db-wal").write_bytes(log[:-1] + bytes([log[-1] ^ 1]))

    assert said(copied / "a.db") == ["quokka", "wombat"]


def test_a_large_log_without_shared_memory_is_named(
    tmp_path: Path, writer: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what to do about it."""
    monkeypatch.setattr(readonly_sqlite, "MAX_IN_MEMORY_BYTES", 10)
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("a.db", "a.db-wal"):
        shutil.copy(tmp_path / "agent" / name, copied)

    with pytest.raises(Unreadable, match="let its own program open it"):
        Database(str(copied / "a.db"))


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_folder_that_may_not_be_written_is_read(tmp_path: Path, mode: str) -> None:
    """A database at rest, whatever its journal."""
    folder = tmp_path / "agent"
    folder.mkdir()
    connection = sqlite3.connect(folder / "a.db")
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute(SCHEMA)
    connection.execute("INSERT INTO said(text) VALUES('quokka')")
    connection.commit()
    connection.close()
    os.chmod(folder / "a.db", 0o444)
    os.chmod(folder, 0o555)
    before = folder_as_it_is(folder)

    assert said(folder / "a.db") == ["quokka"]
    assert folder_as_it_is(folder) == before
    os.chmod(folder, 0o755)


def test_a_locked_database_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for longer than a commit takes."""
    monkeypatch.setattr(readonly_sqlite, "WAIT_S", 0.0)
    holder = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    holder.execute(SCHEMA)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(Locked, match="another program has locked the database"):
        Database(str(tmp_path / "a.db"))
    holder.close()


@pytest.mark.parametrize("data", [b"no database at all, but a long enough text" * 9, b"SQLite format 3\0" + bytes(99)])
def test_what_is_no_database_is_named(tmp_path: Path, data: bytes) -> None:
    """Whatever its bytes are."""
    (tmp_path / "a.db").write_bytes(data)

    with pytest.raises(Unreadable, match="cannot be read"):
        Database(str(tmp_path / "a.db"))


def test_what_another_version_lacks_is_none(tmp_path: Path) -> None:
    """Columns and tables that are not there; a file that is still empty has none."""
    connection = sqlite3.connect(tmp_path / "a.db")
    connection.execute(SCHEMA)
    connection.execute("INSERT INTO said(text) VALUES(CAST(x'ff41' AS TEXT))")
    connection.commit()
    connection.close()
    (tmp_path / "empty.db").touch()

    with Database(str(tmp_path / "a.db")) as database:
        assert database.select("said", ("text", "model")) == [("\ufffdA", None)]
        assert database.select("heard", ("text",)) == []
    assert said(tmp_path / "empty.db") == []
