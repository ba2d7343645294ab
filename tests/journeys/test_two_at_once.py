"""Two processes, one data folder."""

from __future__ import annotations

import itertools
import json
import os
from contextlib import nullcontext
from pathlib import Path

import pytest

from cass.disk import try_lock
from cass.errors import Busy
from cass.indexing.places import SEARCHING, take_lock
from tests.archive import Home, make_home
from tests.indexing.invariants import check_invariants, present
from tests.journeys.processes import start


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    for number in range(60):
        home.claude(f"s{number}", f"where is quokka {number}", f"in house {number}")
    return home


def test_the_second_says_who_is_indexing(home: Home) -> None:
    """A held lock is an answer with the holder's process, not a wait without end."""
    home.index()
    lock = try_lock(home.places.index_lock)
    assert lock is not None

    with lock:
        refused = home.cass("index", "--json")
        asked = home.cass("search", "quokka", "--json")

    error = json.loads(refused.stdout)["error"]
    assert (refused.returncode, error["kind"], error["retryable"]) == (7, "busy", True)
    assert f"process {os.getpid()}" in error["message"]
    assert asked.returncode == 0


@pytest.mark.parametrize(
    ("doing", "own", "waits"),
    [(SEARCHING, "", True), ("", "", False), (SEARCHING, SEARCHING, False)],
    ids=["for a search", "for an index run", "a search for a search"],
)
def test_a_search_is_waited_for_longer(home: Home, doing: str, own: str, waits: bool) -> None:
    """It reads a little and lets go, on a slow disk after some seconds; who indexes may have hours to go."""
    home.index()
    lock = try_lock(home.places.index_lock, doing=doing)
    assert lock is not None
    seconds = itertools.count()

    told: list[bool] = []

    def clock_s() -> float:
        if (now := next(seconds)) == 10:
            lock.release()
        return now

    with lock, pytest.raises(Busy) if not waits else nullcontext():
        take_lock(home.places, clock_s, doing=own, waits=lambda: told.append(True)).release()
    assert bool(told) == waits


def test_searches_beside_a_run(home: Home) -> None:
    """A search while an index is being made is a search: hits, fewer hits, or nothing yet."""
    index = start(home, "index")
    asked = []
    while index.poll() is None:
        asked.append(home.cass("search", "quokka", "--json", "--refresh", "off"))
    index.communicate()

    assert index.returncode == 0
    assert {done.returncode for done in asked} <= {0, 3}, asked
    assert home.search("quokka", grouped=False).total == 60
    check_invariants(home.data)


def test_two_at_once_do_no_harm(home: Home) -> None:
    """Both started at the same moment: one waits or gives up, the archive is whole."""
    both = [start(home, "index"), start(home, "index")]
    codes = {each.wait() for each in both}
    for each in both:
        each.communicate()

    assert 0 in codes
    assert codes <= {0, 7}
    assert len(present(home.data)) == 60
    check_invariants(home.data)
