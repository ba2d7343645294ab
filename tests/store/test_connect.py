"""Open the database: for those who look, for the one who writes, and when it cannot be used."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from cass.errors import Busy, CassError, CorruptDatabase, NewerDatabase, SystemRefused
from cass.store import connect, writable
from cass.store.refusals import SqliteErrors
from cass.store.schema import MIGRATIONS, VERSION

AS_A_USER = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database that was written and closed."""
    path = str(tmp_path / "cass.db")
    connection = writable.open_writer(path)
    connection.execute("INSERT INTO strings(text) VALUES('quokka')")
    connection.close()
    return path


def strings(path: str) -> list[str] | None:
    connection = connect.open_reader(path)
    if connection is None:
        return None
    found = [text for (text,) in connection.execute("SELECT text FROM strings")]
    connection.close()
    return found


def change(path: str, sql: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(sql)
    database.close()


def test_there_is_one_migration_a_version() -> None:
    """A new version is a new step at the end."""
    assert len(MIGRATIONS) == VERSION


def test_a_reader_reads(path: str) -> None:
    """And cannot write."""
    assert strings(path) == ["quokka"]
    connection = connect.open_reader(path)
    assert connection is not None
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM strings")


@pytest.mark.skipif(os.name == "nt", reason="links of Unix")
def test_a_folder_that_cannot_be_entered_is_not_an_empty_one(tmp_path: Path) -> None:
    """Whatever the reason is: exit 10 with the folder, not `nothing is indexed yet`."""
    (tmp_path / "data").symlink_to(tmp_path / "data")

    for look in (connect.open_reader, connect.is_there):
        with pytest.raises(SystemRefused, match="the data folder cannot be entered") as refused:
            look(str(tmp_path / "data" / "cass.db"))

        assert (refused.value.exit_code, refused.value.where) == (10, str(tmp_path / "data"))


@AS_A_USER
def test_a_folder_that_may_not_be_entered(path: str) -> None:
    """The same for another user's private folder."""
    os.chmod(os.path.dirname(path), 0)
    try:
        with pytest.raises(SystemRefused, match="permission denied"):
            connect.open_reader(path)
    finally:
        os.chmod(os.path.dirname(path), 0o700)


@AS_A_USER
def test_a_database_that_may_not_be_read(path: str) -> None:
    """The file is what is not right, not its folder."""
    os.chmod(path, 0)

    with pytest.raises(SystemRefused, match="the database may not be read") as refused:
        connect.open_reader(path)

    assert refused.value.where == path


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    """No file, an empty one, one without tables: a first run has not come far."""
    (tmp_path / "empty").touch()
    change(str(tmp_path / "tables"), "PRAGMA page_size=8192")
    change(str(tmp_path / "wal"), "PRAGMA journal_mode=WAL")

    assert [connect.open_reader(str(tmp_path / name)) for name in ("no", "empty", "tables", "wal")] == [None] * 4


@pytest.mark.parametrize("name", ["a%20b", "a?mode=rwc", "a#b", "a b", "ä", "a&b=c"])
def test_any_name_of_a_folder(tmp_path: Path, name: str) -> None:
    """What means something in a URI is taken as it stands."""
    (tmp_path / name).mkdir()
    path = str(tmp_path / name / "cass.db")
    writable.open_writer(path).close()

    assert strings(path) == []


def test_a_database_that_cannot_be_written_is_read_as_it_stands(path: str) -> None:
    """A folder without permission to write: SQLite cannot make its shared memory, the file alone has to do."""
    opened = connect._try_read(path, "immutable=1")

    assert opened is not None
    assert opened[0].execute("SELECT text FROM strings").fetchall() == [("quokka",)]
    assert not os.path.exists(f"{path}-shm")


def test_files_are_private(tmp_path: Path) -> None:
    """Sessions are nobody else's business."""
    connection = writable.open_writer(str(tmp_path / "cass.db"))
    connection.execute("INSERT INTO strings(text) VALUES('x')")

    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    connection.close()

    assert modes == {0o600}


@pytest.mark.parametrize("opens", [connect.open_reader, writable.open_writer])
def test_a_newer_database_is_left_alone(path: str, opens: object) -> None:
    """Said, with both versions."""
    change(path, "PRAGMA user_version=99")

    with pytest.raises(NewerDatabase, match=f"schema 99, this cass knows up to {VERSION}"):
        opens(path)  # type: ignore[operator]


@pytest.mark.parametrize("opens", [connect.open_reader, writable.open_writer])
@pytest.mark.parametrize("damage", ["noise", "half", "foreign"])
def test_what_is_no_database_of_ours(path: str, damage: str, opens: object) -> None:
    """Refused by reader and writer alike, with the command that mends it."""
    data = Path(path).read_bytes()
    if damage == "foreign":
        os.unlink(path)
        change(path, "CREATE TABLE recipes(name)")
    else:
        Path(path).write_bytes(data[: len(data) // 2] if damage == "half" else b"noise" * 2000)
    before = Path(path).read_bytes()

    with pytest.raises(CorruptDatabase) as refused:
        opens(path)  # type: ignore[operator]

    assert refused.value.where == path
    assert "cass index" in (refused.value.todo or "")
    assert Path(path).read_bytes() == before


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    """The system's refusal, not a broken database."""
    (tmp_path / "cass.db").mkdir()

    with pytest.raises(SystemRefused):
        connect.open_reader(str(tmp_path / "cass.db"))
    with pytest.raises(SystemRefused):
        writable.open_writer(str(tmp_path / "cass.db"))


WORDS = {
    "database is locked": Busy,
    "database or disk is full": SystemRefused,
    "disk I/O error": SystemRefused,
    "attempt to write a readonly database": SystemRefused,
    "unable to open database file": SystemRefused,
    "database disk image is malformed": CorruptDatabase,
}


@pytest.mark.parametrize(("said", "kind"), WORDS.items())
def test_each_error_of_sqlite_is_one_of_ours(said: str, kind: type[CassError]) -> None:
    """By its words: the driver gives no numbers on every system."""
    with pytest.raises(kind), SqliteErrors("/x/cass.db"):
        raise sqlite3.OperationalError(said)


def test_other_errors_pass() -> None:
    """Only SQLite's are translated."""
    with pytest.raises(KeyError), SqliteErrors("/x/cass.db"):
        raise KeyError
