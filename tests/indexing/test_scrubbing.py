"""The search index after forgetting: no more of it is made again than remembers what was forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.indexing import forget
from cass.store.forgetting import Selection
from tests.archive import Home, make_home, says
from tests.indexing.invariants import check_invariants
from tests.indexing.test_forget import SECRET, forgotten, sid, tick
from tests.remains import remains


def generation(home: Home) -> str:
    return (home.data / "derived" / "lexical" / "current").read_text()


@pytest.fixture
def large(tmp_path: Path) -> Home:
    """An index with a large segment."""
    home = make_home(tmp_path / "large")
    words = " ".join(f"kangaroo{number}" for number in range(40))
    home.claude("large", *[f"{words} {number}" for number in range(200)])
    home.index()
    return home


@pytest.fixture
def grown(large: Home) -> Home:
    """A segment more for each of three runs, too few to be merged: a secret in the second."""
    for number in range(3):
        large.claude(f"run{number}", f"numbat {number}", SECRET if number == 1 else "in the zoo", "wombat")
        large.index()
    return large


def test_only_what_remembers_it_is_made_again(grown: Home):
    """Of a large index a segment or two: not a byte is left in them, and all else is found as before."""
    before, others = generation(grown), grown.search("kangaroo7").total

    forgotten(grown, sessions=(sid(grown, "run1"),))

    assert generation(grown) == before
    assert remains(grown, SECRET) == []
    assert (grown.search("numbat").total, grown.search("kangaroo7").total) == (2, others)


def test_what_was_said_before_it_was_said_otherwise(large: Home):
    """An answer that grew left its first words in another segment than its last ones."""
    home = large
    half = says("assistant", "half an answer of theremin") | {"uuid": "x"}
    half["message"]["id"] = "m-grows"
    home.claude("grows", "hello", half)
    home.index()
    more = says("assistant", "thereminquartz") | {"uuid": "y"}
    more["message"]["id"] = "m-grows"
    home.append("grows", more)
    home.index()
    before = generation(home)

    forgotten(home, sessions=(sid(home, "grows"),))

    assert generation(home) == before
    assert (remains(home, "theremin"), remains(home, "thereminquartz")) == ([], [])


def test_an_index_that_was_quicker(grown: Home):
    """Somebody brought it up to date between the database and the index."""
    home = grown
    forget.write_wish(home.places, Selection(sessions=(sid(home, "run1"),)), home.now_ms)
    forget.take_from_database(home.places, tick)
    home.claude("later", "a wombat")
    home.index()

    assert forget.finish(home.places, lambda: home.now_ms, tick) is None

    assert remains(home, SECRET) == []
    check_invariants(home.data)


def test_most_of_the_index_is_made_again_as_a_whole(large: Home):
    """One generation for another."""
    before = generation(large)

    forgotten(large, messages=((sid(large, "large"), 7),))

    assert generation(large) != before
