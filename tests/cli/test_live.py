"""`cass search --live`, as an editor or fzf would start it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.archive import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the connection pool timed out", title="Pool")
    home.index()
    return home


def test_live_finds_what_the_last_word_begins(home: Home):
    done = home.cass("search", "--live", "pool conn", "--format", "{title}\t{snippet}")

    assert (done.stdout, done.returncode) == ("Pool\tthe connection pool timed out\n", 0)


def test_live_reads_nothing_first(home: Home):
    """Whoever types waits for no file."""
    home.append("s1", "a walrus came by")

    assert json.loads(home.cass("search", "--live", "--json", "walrus").stdout)["hits"] == []
    assert json.loads(home.cass("search", "--json", "walrus").stdout)["count"] == 1


def test_live_with_nothing_indexed_says_so(tmp_path: Path):
    """It does not begin to read while somebody types."""
    done = make_home(tmp_path).cass("search", "--live", "walrus")

    assert (done.returncode, done.stdout) == (3, "")
    assert "nothing is indexed yet" in done.stderr


def test_a_setting_gives_way_to_live(home: Home):
    """Only who says both contradicts themselves."""
    done = home.cass("search", "--live", "pool", "--json", env={"CASS_SEMANTIC_MODE": "strict"})

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["total_matches"] > 0


def test_live_and_strict_contradict_each_other(home: Home):
    done = home.cass("search", "--live", "--mode", "strict", "walrus")

    assert (done.returncode, done.stdout) == (2, "")
    assert "contradict" in done.stderr
