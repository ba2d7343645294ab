"""Databases that this program cannot use: said in words, with what to do, and left as they are."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.indexing.invariants import check_invariants


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    for number in range(30):
        home.claude(f"s{number}", f"where is quokka {number}", f"in house {number} " + "and so on " * 100)
    home.index()
    return home


def run(home: Home, *sql: str) -> None:
    with sqlite3.connect(home.places.database) as database:
        for statement in sql:
            database.execute(statement)
    database.close()


def _newer(home: Home) -> None:
    run(home, "PRAGMA user_version=99")


def _noise(home: Home) -> None:
    Path(home.places.database).write_bytes(b"not a database at all " * 1000)


def _halve(home: Home) -> None:
    path = Path(home.places.database)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _foreign(home: Home) -> None:
    Path(home.places.database).unlink()
    run(home, "CREATE TABLE recipes(name TEXT)")


def _one_bad_page(home: Home) -> None:
    """The pages of the messages, so that the damage shows itself only when rows are fetched."""
    path = Path(home.places.database)
    with sqlite3.connect(path) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name='strings'").fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = b"\xee" * size
    path.write_bytes(data)


BAD = {
    "newer": (_newer, 6, "newer-database"),
    "noise": (_noise, 5, "corrupt-database"),
    "cut in half": (_halve, 5, "corrupt-database"),
    "another program's": (_foreign, 5, "corrupt-database"),
    "one bad page": (_one_bad_page, 5, "corrupt-database"),
}


@pytest.mark.parametrize(("damage", "code", "kind"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("command", ["index", "search"])
def test_a_bad_database_is_said_and_left(
    home: Home, damage: Callable[[Home], None], code: int, kind: str, command: str
) -> None:
    """The exit code, the kind, what to do; and not a byte of the file is changed."""
    damage(home)
    before = Path(home.places.database).read_bytes()

    words = ("index", "--json") if command == "index" else ("search", "--json", "--refresh", "off", "quokka")
    done = home.cass(*words)

    assert "error" in json.loads(done.stdout), done.stdout
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"]) == (code, kind)
    assert "cass" in error["hint"]
    assert Path(home.places.database).read_bytes() == before


def test_the_advice_for_a_broken_database_works(home: Home) -> None:
    """Moved away with its companions, it is read anew from the agents' files."""
    _halve(home)
    for path in home.data.glob("cass.db*"):
        path.rename(home.folder / path.name)

    home.index()

    assert home.search("quokka", grouped=False).total == 30
    check_invariants(home.data)


def test_an_empty_database_file_is_no_archive_yet(home: Home) -> None:
    """A first run that was killed before its first commit leaves one."""
    for path in home.data.glob("cass.db*"):
        path.unlink()
    Path(home.places.database).touch()

    asked = home.cass("search", "--json", "--refresh", "off", "quokka")
    home.index()

    assert json.loads(asked.stdout)["error"]["kind"] == "missing-index"
    assert home.search("quokka", grouped=False).total == 30
    check_invariants(home.data)
