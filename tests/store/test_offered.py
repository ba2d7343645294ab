"""The sessions that a shell offers."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.store.connect import require_reader
from cass.store.offered import newest
from tests.archive import MINUTE_MS, NOW_MS, Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Twenty sessions, each a minute newer than the one before."""
    home = make_home(tmp_path)
    for at in range(20):
        home.claude(f"s{at}", f"text {at}", title=f"Title {at}", start_ms=NOW_MS + at * MINUTE_MS)
    home.index()
    return home


def titles(home: Home, beginning: str, limit: int = 50) -> list[str]:
    connection = require_reader(home.places.database, home.places.data)
    return [str(title) for _, _, title in newest(connection, beginning, limit)]


def test_the_newest_come_first(home: Home):
    """As many as are wanted."""
    assert titles(home, "", 3) == ["Title 19", "Title 18", "Title 17"]


def test_a_beginning_finds_sessions_however_old(home: Home):
    """Further back than the list without it goes."""
    connection = require_reader(home.places.database, home.places.data)
    oldest = newest(connection, "", 50)[-1][0]

    assert titles(home, oldest[:8], 1) == ["Title 0"]


def test_every_session_is_found_by_its_first_digit(home: Home):
    """Each once."""
    found = [title for digit in "0123456789abcdef" for title in titles(home, digit)]

    assert sorted(found) == sorted(titles(home, ""))


@pytest.mark.parametrize("beginning", ["g", "%", "_", "*", "'", "\udcff", "f" * 17])
def test_what_begins_no_id_finds_nothing(home: Home, beginning: str):
    """Nothing that is typed is a pattern."""
    assert titles(home, beginning) == []
