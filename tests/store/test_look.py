"""What changed on disk, told from what was kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from cass.errors import CassError
from cass.indexing.refresh import Refreshed, refresh
from cass.store import files
from cass.store import look as look_module
from cass.store.connect import open_reader
from cass.store.look import Look, look
from tests.archive import Home, make_home
from tests.indexing.invariants import one
from tests.indexing.test_forget import forgotten, sid


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    for name in ("one", "two", "three"):
        home.claude(name, f"said in {name}")
    home.index()
    return home


def _look(home: Home) -> Look:
    connection = open_reader(home.places.database)
    assert connection is not None
    return look(connection, lambda: 0.0)


def _path(home: Home, name: str) -> str:
    return str(home.path(name))


def test_nothing_changed(home: Home) -> None:
    """All is as it was read."""
    assert _look(home) == Look((), (), complete=True)


def test_a_file_that_grew_and_one_that_went(home: Home) -> None:
    """Both are told, and the folder that lost one."""
    home.append("two", "more")
    os.unlink(home.path("one"))

    found = _look(home)

    assert set(found.files) == {_path(home, "one"), _path(home, "two")}
    assert [folder for folder, _ in found.folders] == [os.path.dirname(_path(home, "one"))]


def test_a_folder_that_went(home: Home) -> None:
    """All its files are told."""
    shutil.rmtree(os.path.dirname(_path(home, "one")))

    assert len(_look(home).files) == 3


def test_imported_files_are_not_looked_for() -> None:
    """By the mark that the table of files has for them."""
    assert look_module.IMPORTED == files.IMPORTED


def test_after_a_refresh_nothing_has_changed_again(home: Home) -> None:
    """What a search has read on its way is not looked for by the next."""
    home.append("three", "about the wombat")
    home.claude("four", "a new one")
    # A clock that stands: how much of it fits into a search's few milliseconds is another question.
    refreshed = refresh(home.places, str(home.home), home.env, _look(home), lambda: home.now_ms, lambda: 0.0)

    assert (refreshed.behind_files, home.search("wombat").total) == (0, 1)
    assert _look(home) == Look((), (), complete=True)


def test_a_file_that_is_not_known_any_more(home: Home) -> None:
    """After kills the kept value may name a file that was forgotten meanwhile: nothing is read, and it is put right."""
    kept = one(home.data, "SELECT shelves FROM look")
    os.unlink(home.path("one"))
    home.index()
    forgotten(home, sessions=(sid(home, "one"),))
    change(home, "UPDATE look SET shelves=?", kept)
    assert _look(home).files == (_path(home, "one"),)

    refreshed = refresh(home.places, str(home.home), home.env, _look(home), lambda: home.now_ms, lambda: 0.0)

    assert refreshed == Refreshed(0)
    assert _look(home) == Look((), (), complete=True)


def test_a_kill_behind_what_was_forgotten(home: Home) -> None:
    """What a look goes by is written with it: the counts, which come next, are only missed."""
    kept = one(home.data, "SELECT shelves FROM look")
    os.unlink(home.path("one"))
    home.index()
    change(home, "UPDATE look SET shelves=?", kept)
    change(home, "CREATE TRIGGER killed BEFORE INSERT ON meta WHEN NEW.key='counts' BEGIN SELECT RAISE(ABORT, ''); END")
    with pytest.raises(CassError):
        forgotten(home, sessions=(sid(home, "one"),))

    assert one(home.data, "SELECT count(*) FROM sessions WHERE external_id='one'") == 0
    assert _look(home) == Look((), (), complete=True)


def change(home: Home, sql: str, *bound: object) -> None:
    with sqlite3.connect(home.places.database) as database:
        database.execute(sql, bound)
    database.close()


def test_time_that_runs_out_is_said(home: Home) -> None:
    """Not everything was looked at."""
    seconds = iter(range(100))
    connection = open_reader(home.places.database)
    assert connection is not None

    assert look(connection, lambda: float(next(seconds))).complete is False


def test_an_archive_of_an_older_cass(home: Home) -> None:
    """It has no such table yet: the table of files answers, until something is indexed."""
    with sqlite3.connect(home.places.database) as database:
        database.execute("DROP TABLE look")
        database.execute("ALTER TABLE files DROP COLUMN reader")
        database.execute("PRAGMA user_version=2")
    database.close()
    os.remove(_path(home, "one"))

    assert _look(home).files == (_path(home, "one"),)
    home.index()
    assert _look(home) == Look((), (), complete=True)
