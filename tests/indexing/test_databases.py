"""Databases of other programs: what changed in them is read, what vanished is gone, what is locked comes later."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.connectors import readonly_sqlite
from cass.indexing.run import AgentTally
from cass.store.connect import open_reader
from cass.store.look import look
from tests.archive import Home, make_home
from tests.connectors.crush_files import SCHEMA, START_S, Row, message, prompt, session
from tests.connectors.databases_made import change, database, put
from tests.indexing.invariants import check_invariants, gone, present

ROWS = [
    session("s1", "Quokkas"), session("s2", "Wombats"), message(1, "s1", "user", prompt("one")),
    message(2, "s2", "user", prompt("two")),
]  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


@pytest.fixture
def store(home: Home) -> Path:
    return database(home.home / "projects" / "zoo" / ".crush" / "crush.db", SCHEMA, ROWS)


@pytest.fixture
def writer(store: Path) -> Iterator[sqlite3.Connection]:
    """The running agent: what it writes stands in the log."""
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    yield connection
    connection.close()


def tally(home: Home, full: bool = False) -> AgentTally:
    return home.index(full=full).agents["crush"]


def said(home: Home) -> dict[str, list[str]]:
    return {key: [turn[3][0] for turn in turns] for key, turns in present(home.data).items()}


def changed(home: Home) -> tuple[str, ...]:
    connection = open_reader(home.places.database)
    assert connection is not None
    found = look(connection, lambda: 0.0).files
    connection.close()
    return found


def test_an_unchanged_database_is_not_opened(home: Home, store: Path) -> None:
    """Nothing of it reaches a parser."""
    home.index()

    assert tally(home) == AgentTally(seen=1, unchanged=1)
    assert changed(home) == ()


def test_what_came_into_the_log_is_noticed_and_read(home: Home, store: Path, writer: sqlite3.Connection) -> None:
    """The database's own file has not changed; only the session that did is read."""
    home.index()
    home.index()  # what was written a moment before the first run counted as unsure
    put(writer, [message(3, "s2", "assistant", prompt("three"))])

    assert changed(home) == (str(store),)
    report = tally(home)

    assert (report.read, said(home)) == (1, {"s1": ["one"], "s2": ["two", "three"]})
    assert changed(home) == ()
    check_invariants(home.data)


def test_a_search_finds_what_the_agent_just_wrote(home: Home, store: Path, writer: sqlite3.Connection) -> None:
    """As with files of lines, no index run is needed."""
    home.index()
    put(writer, [message(3, "s2", "assistant", prompt("a bandicoot"))])

    assert "bandicoot" in home.cass("search", "bandicoot").stdout


def test_bytes_read_are_those_of_the_changed_session(home: Home, store: Path) -> None:
    """Of a large database with a small change little reaches the parser."""
    change(store, message(4, "s1", "assistant", prompt("word " * 20_000)))
    home.index(), home.index()
    change(store, message(5, "s2", "assistant", prompt("five"), updated_at=START_S + 5))

    assert 0 < tally(home).bytes_read < 5_000


def test_a_session_deleted_by_the_agent_is_kept_as_gone(home: Home, store: Path) -> None:
    """It is still found; it is known that only the archive has it."""
    home.index()
    change(store, sql="DELETE FROM sessions WHERE id='s1'; DELETE FROM messages WHERE session_id='s1'")
    home.index()

    assert (said(home), [turn[3] for turn in gone(home.data)["s1"]]) == ({"s2": ["two"]}, [("one",)])
    check_invariants(home.data)


def test_an_edited_message_is_another(home: Home, store: Path) -> None:
    """What it was before is gone."""
    home.index()
    change(store, message(1, "s1", "user", prompt("uno"), updated_at=START_S + 60))
    home.index()

    assert said(home)["s1"] == ["uno"]
    assert [turn[3] for turn in gone(home.data)["s1"]] == [("one",)]


def test_a_database_in_the_place_of_another_is_read_anew(home: Home, store: Path) -> None:
    """Stamps say nothing about another file."""
    home.index()
    store.rename(store.with_name("old.db"))
    database(store, SCHEMA, [*ROWS[:3], message(2, "s2", "user", prompt("other"))])

    home.index()

    assert said(home) == {"s1": ["one"], "s2": ["other"]}


def test_a_locked_database_costs_nothing_and_is_read_later(
    home: Home, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read of it before stays."""
    monkeypatch.setattr(readonly_sqlite, "WAIT_S", 0.0)
    home.index()
    change(store, message(3, "s2", "assistant", prompt("three")), sql="PRAGMA journal_mode=DELETE")
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    report = home.index(full=True)
    holder.close()

    assert report.agents["crush"].failed == 1
    assert [problem.what for problem in report.problems] == [
        "another program has locked the database: it is read with the next run"
    ]
    assert said(home) == {"s1": ["one"], "s2": ["two"]}
    home.index()
    assert said(home) == {"s1": ["one"], "s2": ["two", "three"]}


def test_two_copies_of_a_database_are_both_read(home: Home, store: Path) -> None:
    """A project that was cloned with its sessions: their ids are told apart, and stay the same."""
    rows: list[Row] = [*ROWS]
    database(home.home / "projects" / "zoo2" / ".crush" / "crush.db", SCHEMA, rows)
    home.index()
    before = said(home)
    home.index(full=True)

    assert sorted(before.values()) == [["one"], ["one"], ["two"], ["two"]]
    assert said(home) == before


def test_read_ahead_gives_the_same(home: Home, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second process of a long first run reads databases too, and counts what it took."""
    alone = make_home(home.folder / "alone")
    database(alone.home / "projects" / "zoo" / ".crush" / "crush.db", SCHEMA, ROWS)
    expected = tally(alone)
    monkeypatch.setattr("cass.indexing.run.WORTH_BYTES", 1)

    assert tally(home) == expected
    assert said(home) == said(alone)
