"""Counts by agent: as last written down where nothing changed since, else counted."""

from __future__ import annotations

import marshal
from pathlib import Path

import pytest

from cass.store.connect import open_reader
from cass.store.counts import AgentCount, agent_counts
from cass.store.writable import open_writer
from tests.archive import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "said in one", "answered in one")
    home.index()
    return home


def _counts(home: Home) -> dict[str, AgentCount]:
    connection = open_reader(home.places.database)
    assert connection is not None
    return agent_counts(connection)


def _keep(home: Home, value: bytes) -> None:
    with open_writer(home.places.database) as writer:
        writer.execute("INSERT OR REPLACE INTO meta VALUES('counts', ?)", (value,))
        writer.commit()


def _kept(home: Home) -> tuple[int, dict[str, tuple[int, int, int, int]]]:
    connection = open_reader(home.places.database)
    assert connection is not None
    kept: tuple[int, dict[str, tuple[int, int, int, int]]] = marshal.loads(
        connection.execute("SELECT value FROM meta WHERE key='counts'").fetchone()[0]
    )
    return kept


def test_an_index_run_writes_them_down(home: Home) -> None:
    """What is written is what is there."""
    assert _kept(home)[1] == {"claude_code": (1, 1, 2, 0)}
    assert _counts(home) == {"claude_code": AgentCount(1, 1, 2, 0)}


def test_they_serve_without_counting(home: Home) -> None:
    """As long as no message came or went, what is written down is believed."""
    change, _ = _kept(home)
    _keep(home, marshal.dumps((change, {"claude_code": (7, 7, 7, 7)})))
    assert _counts(home) == {"claude_code": AgentCount(7, 7, 7, 7)}


@pytest.mark.parametrize("value", [b"", b"garbage", marshal.dumps(5), marshal.dumps((-1, {}))])
def test_damaged_or_of_another_moment_they_are_counted(home: Home, value: bytes) -> None:
    """Nothing that is written beside the rows is believed more than the rows."""
    _keep(home, value)
    assert _counts(home) == {"claude_code": AgentCount(1, 1, 2, 0)}


def test_a_search_that_reads_a_bad_line_forgets_them(home: Home) -> None:
    """A problem changes no message, so no change number tells of it."""
    with home.path("one").open("ab") as file:
        file.write(b"{not json}\n")
    done = home.cass("search", "said", "--json")
    assert done.returncode == 0
    assert _counts(home) == {"claude_code": AgentCount(1, 1, 2, 1)}
