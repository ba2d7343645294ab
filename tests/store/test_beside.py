"""Tables that hold nothing that was said: missing or damaged, they take nothing else along."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from cass.store.beside import BESIDE
from tests.archive import Home, make_home
from tests.backfill.vectors_made import vectors_made

MANY = 400  # rows fill more than one page


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An archive with much in both tables."""
    home = make_home(tmp_path)
    home.claude("s1", "where is the walrus", "the walrus lies upon the floe")
    home.index()
    with sqlite3.connect(home.places.database) as connection:
        said = [(number, "rest", "why " * 20) for number in range(MANY)]
        connection.executemany("INSERT INTO events(at_ms, kind, what) VALUES(?, ?, ?)", said)
        tried = [(1000 + number, "fast", "x", 3, 0, "why " * 20) for number in range(MANY)]
        connection.executemany("INSERT INTO attempts VALUES(?, ?, ?, ?, ?, ?)", tried)
    connection.close()
    return home


def lose(home: Home, table: str, how: str) -> None:
    """Drop it, or fill its first page with what is no page."""
    with sqlite3.connect(home.places.database, isolation_level=None) as connection:
        if how == "missing":
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        roots = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name=?", (table,)).fetchall()
    connection.close()
    with open(home.places.database, "r+b") as file:
        for (page,) in roots:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


@pytest.mark.parametrize("how", ["missing", "damaged"])
@pytest.mark.parametrize("table", BESIDE)
def test_nothing_else_is_lost_and_it_is_made_anew(home: Home, table: str, how: str) -> None:
    """Search and status answer, nobody is told to move the archive away, and `cass doctor --fix` mends it."""
    lose(home, table, how)

    status = json.loads(home.cass("status", "--json").stdout)
    doctor = home.cass("doctor")
    fixed = home.cass("doctor", "--fix")
    backfill = home.cass("backfill", "--tier", "fast")

    assert status["state"] == "ok"
    assert home.search("walrus").total == 2
    assert not [each for each in (str(status), doctor.stdout) if "mv " in each]
    assert BESIDE[table] in doctor.stdout
    assert f"made anew, empty: {BESIDE[table]}" in fixed.stdout
    assert (backfill.returncode, len(vectors_made(home.places.vectors))) == (0, 2)
    assert "cannot be read" not in home.cass("doctor").stdout


def test_a_worker_is_asked_without_a_log(home: Home) -> None:
    """What it was told to do is done; only who asks for the log itself is told that there is none."""
    lose(home, "events", "missing")

    assert home.cass("worker", "stop").returncode == 0
    assert "its log cannot be read" in home.cass("worker").stdout
    said = home.cass("worker", "log")
    assert (said.returncode, "cass doctor" in said.stderr, " move " in said.stderr) == (10, True, False)


def test_damage_elsewhere_is_not_explained_away(home: Home) -> None:
    """Where messages cannot be read, the advice is another."""
    lose(home, "events", "damaged")
    lose(home, "blocks", "damaged")

    said = home.cass("doctor")

    assert said.returncode == 1
    assert "no message is in danger" not in said.stdout
