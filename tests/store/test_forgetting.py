"""Pages that remember nothing: the database written anew."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from sqlite3 import Connection

import pytest

from cass.store.forgetting import Leaving, Selection, choose, empty_pages
from cass.store.tombstones import file_key, place_key, session_key, text_key
from cass.store.writable import open_writer

ROWS = 2_000


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database of some megabytes."""
    (tmp_path / "it's here").mkdir()
    path = str(tmp_path / "it's here" / "cass.db")
    connection = open_writer(path)
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO texts VALUES(?,?,?)", [(n, n, f"quokka {n} " * 100) for n in range(ROWS)])
    connection.execute("COMMIT")
    connection.close()
    return path


def test_what_was_deleted_is_not_left_in_a_page(path: str):
    """Nor in the log, which is emptied."""
    connection = open_writer(path)
    connection.execute("DELETE FROM texts WHERE id != 7")

    assert empty_pages(connection, os.path.dirname(path))

    assert os.path.getsize(f"{path}-wal") == 0
    assert b"quokka 8 " not in Path(path).read_bytes()
    assert connection.execute("SELECT id FROM texts").fetchall() == [(7,)]
    connection.close()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="only Linux shows what is open")
def test_nothing_is_written_elsewhere_meanwhile(path: str):
    """Its temporary file stands in the data folder, not in that of the system."""
    connection, seen = open_writer(path), set()

    def look() -> int:
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # another thread may close its own at any moment
                seen.add(os.readlink(f"/proc/self/fd/{name}"))
        return 0

    connection.execute("PRAGMA cache_size=100")  # so that it needs a file
    connection.set_progress_handler(look, 500)
    empty_pages(connection, os.path.dirname(path))
    connection.close()

    temporary = [place for place in seen if "etilqs" in place]
    assert temporary
    assert all(place.startswith(os.path.dirname(path)) for place in temporary)


def test_somebody_who_reads_keeps_the_log(path: str):
    """Then it is not finished, and says so."""
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM texts").fetchone()
    connection = open_writer(path)
    connection.execute("PRAGMA busy_timeout=1")

    assert not empty_pages(connection, os.path.dirname(path))

    reader.close()
    assert empty_pages(connection, os.path.dirname(path))
    connection.close()


def test_a_text_is_known_again_in_every_session_of_its_agent():
    """With a time; without one only where it was said: too many say the same."""
    assert text_key("codex", "a" * 16, 0, 5, 9) == text_key("codex", "b" * 16, 0, 5, 9)
    assert text_key("codex", "a" * 16, 0, 5, 9) != text_key("gemini", "a" * 16, 0, 5, 9)
    assert text_key("codex", "a" * 16, 0, None, 9) != text_key("codex", "b" * 16, 0, None, 9)


def test_keys_of_different_things_differ():
    """A path may be no text at all."""
    keys = [place_key("a", 1, 0, None), session_key("a"), file_key("a"), file_key("\udcff")]

    assert len(set(keys)) == 4


def test_a_session_is_chosen_without_a_look_at_all_others(connection: Connection) -> None:
    """However much the archive holds."""
    connection.execute("INSERT INTO strings VALUES(1, 'codex')")
    for number, (sid, first, behind) in enumerate([("small", 0, 2), ("large", 2, ROWS)]):
        row = (number, sid, sid, behind - first)
        connection.execute(
            "INSERT INTO sessions(id, sid, agent, external_id, title_rank, messages, next_gone) VALUES(?,?,1,?,0,?,-1)",
            row,
        )
        rows = [(at, number, at, at + 1, at, at) for at in range(first, behind)]
        connection.executemany(
            "INSERT INTO messages(id, session, ordinal, created_ms, doc, change, role, flags) VALUES(?,?,?,?,?,?,0,0)",
            rows,
        )
        connection.executemany(
            "INSERT INTO blocks VALUES(?, 0, 0, NULL, NULL, 0, ?)", [(row[0], row[0]) for row in rows]
        )
    taken: list[None] = []

    connection.set_progress_handler(lambda: taken.append(None), 100)
    chosen = choose(connection, Selection(sessions=("small",)))
    connection.set_progress_handler(None, 0)

    assert chosen == Leaving(2, sessions=("small",), text_bytes=len("quokka 0 quokka 1 " * 100), first_ms=1, last_ms=2)
    assert len(taken) < ROWS // 100
