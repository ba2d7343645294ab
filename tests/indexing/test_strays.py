"""Vectors stand beside the database that gave their texts a number, and go where it is another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.archive import MINUTE_MS, NOW_MS, Home
from tests.backfill.working import Working, home_with


def lose_database(home: Home) -> None:
    """As the error about a broken one says: away with it, and with what lies beside it."""
    for path in home.data.glob("cass.db*"):
        path.unlink()


def test_no_vector_outlives_its_database(tmp_path: Path) -> None:
    """The next one reads the newest file first, and its texts have other numbers."""
    home = home_with(tmp_path)
    working = Working(home)
    working.fast()
    before = working.all_texts()
    lose_database(home)
    home.claude("newer", "a newer walrus", start_ms=NOW_MS + 600 * MINUTE_MS)
    home.index()

    assert working.all_texts()[1] != before[1]
    assert working.ids() == []
    assert working.fast().texts == len(before) + 1


def test_an_index_that_went_with_the_database_changes_nothing(tmp_path: Path) -> None:
    """The vectors are then all that is left of it."""
    home = home_with(tmp_path)
    working = Working(home)
    working.fast()
    lose_database(home)
    shutil.rmtree(home.places.lexical)
    home.index()

    assert working.ids() == []


@pytest.mark.parametrize("is_indexed", [True, False])
def test_vectors_of_texts_that_an_older_copy_lacks_go(tmp_path: Path, is_indexed: bool) -> None:
    """Who puts a copy back, or loses power, keeps those of all other texts: MiniLM took hours for them.

    Also where the index was deleted, as it may be.
    """
    home = home_with(tmp_path)
    known = set(Working(home).all_texts())
    shutil.copy(home.places.database, tmp_path / "copy")
    home.claude("gone", "a walrus that nobody remembers", start_ms=NOW_MS + 600 * MINUTE_MS)
    home.index()
    working = Working(home)
    working.fast()
    assert len(working.ids()) == len(known) + 1

    lose_database(home)
    shutil.copy(tmp_path / "copy", home.places.database)
    if not is_indexed:
        shutil.rmtree(home.places.lexical)
    home.path("gone").unlink()
    home.claude("other", "quite another walrus", start_ms=NOW_MS + 700 * MINUTE_MS)
    home.index()

    assert set(working.ids()) == known
    assert working.fast().texts == 1
