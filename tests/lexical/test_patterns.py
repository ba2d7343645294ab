"""Words near each other, and with something inside them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.lexical import patterns
from cass.lexical.reader import LexicalReader, open_reader
from cass.query.near import near_test, pairs
from tests.archive import Home, make_home
from tests.search.asking import names, say


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("patterns")), one="detokenized", two="tokens", three="untold")


def _reader(home: Home) -> LexicalReader:
    reader = open_reader(home.places.lexical)
    assert isinstance(reader, LexicalReader)
    return reader


def test_looking_inside_words_is_given_up_in_time(home: Home) -> None:
    """Who searches does not wait for a walk over every word of a large index."""
    reader = _reader(home)
    given_s: list[float] = []

    query = patterns.inside(reader._schema, reader._searcher, ["token"], lambda work, seconds: given_s.append(seconds))

    assert (query, given_s) == (None, [patterns.INSIDE_S])


def test_what_was_given_up_is_searched_as_a_beginning(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the answer says so."""
    monkeypatch.setattr(patterns, "_for_at_most", lambda work, seconds: None)

    results = home.search("*token*")

    assert names(results) == ["two"]
    assert results.notes == ("*token*: there are too many words to look inside; searched for those that begin so",)


def test_very_many_matches_are_left_to_the_index(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of names would take longer than the words."""
    monkeypatch.setattr(patterns, "MOST_NAMED", 1)

    assert set(names(home.search("*token*"))) == {"one", "two"}


def test_all_patterns_of_a_query_together_are_bounded_in_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight of them do not take eight times as long: what comes after the time was used up is a beginning."""
    clock = count(0, patterns.INSIDE_S / 2)
    monkeypatch.setattr(patterns, "monotonic_s", lambda: next(clock))

    results = home.search("*token* *nized* *untold*")

    assert set(names(results)) == {"one", "two", "three"}
    assert results.notes == ("*untold*: there are too many words to look inside; searched for those that begin so",)


def test_what_each_rung_looks_for_again_counts_as_often(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that are in very many messages are looked inside by every rung."""
    clock = count(0, patterns.INSIDE_S / 10)
    monkeypatch.setattr(patterns, "monotonic_s", lambda: next(clock))
    monkeypatch.setattr(patterns, "MOST_NAMED", 1)
    reader, patience = _reader(home), patterns.Patience()

    patterns.inside(reader._schema, reader._searcher, ["token"], patience=patience)

    assert patience.left_s == pytest.approx(patterns.INSIDE_S * (0.9 - patterns.LOOKED_AGAIN / 10))


WORDS = st.lists(st.sampled_from("abcdxxyy"), max_size=12)


@given(WORDS, st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), st.integers(0, 5))
def test_near_is_a_bound_on_what_stands_between_any_two(said: list[str], wanted: list[str], within: int) -> None:
    """Compared with the definition, written out."""
    places = {word: [at for at, each in enumerate(said) if each == word] for word in wanted}
    expected = all(places.values()) and all(
        min(abs(at - other) for at in places[one] for other in places[two]) - 1 <= within
        for one in wanted
        for two in wanted
        if one != two
    )

    assert near_test(" ".join(wanted), within)(" ".join(said)) == expected


def test_of_many_words_only_neighbours_are_compared() -> None:
    """Thirty words would make 435 pairs."""
    assert len(pairs([str(at) for at in range(30)])) == 29
    assert len(pairs("abcdef")) == 15
    assert pairs("aaa") == []


@pytest.mark.parametrize("said", ["a b c", "c x a x x b", "a x x x b c", "b a", "a c x x b a"])
def test_the_index_and_the_text_agree_on_what_is_near(tmp_path: Path, said: str) -> None:
    """What SQLite alone would find is what the index finds."""
    home = say(make_home(tmp_path), it=said)
    for text in ("a b", "a b c", "b c a"):
        for within in range(4):
            found = names(home.search(f'"{text}"~{within}')) == ["it"]
            assert found == near_test(text, within)(said)
