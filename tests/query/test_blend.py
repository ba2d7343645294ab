"""Fusing ranked lists: sums, order, and what no list can break."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.query.blend import (
    IDENTIFIER,
    KEYWORDS,
    RRF_K,
    SENTENCE,
    WEIGHTS,
    fuse,
    is_sentence,
    query_kind,
    refine,
    scaled,
    weights_of,
)
from cass.search.weighing import ADDS_ONLY, share_beside_words, weight_beside_words
from cass.semantic.manifest import FAST, QUALITY
from cass.settings.table import BY_KEY

keys = st.lists(st.integers(0, 30), unique=True, max_size=12)
weights = st.floats(0.05, 2)
scores = st.dictionaries(st.integers(0, 20), st.floats(-1, 1), max_size=10)


def test_a_key_in_both_lists_passes_one_that_leads_a_weaker_list():
    """Reciprocal rank: sum of weight / (60 + rank)."""
    fused = fuse([(["a", "b", "c"], 1.0), (["c", "d"], 0.3)])

    assert list(fused) == ["c", "a", "b", "d"]
    assert fused["c"] == pytest.approx(1 / 63 + 0.3 / 61)


@given(keys)
def test_one_list_alone_keeps_its_order(one: list[int]):
    assert list(fuse([(one, 1.0)])) == one
    assert list(fuse([(one, 1.0), ([], 1.0)])) == one


@given(st.lists(st.tuples(keys, weights), max_size=4))
def test_nothing_is_lost_and_the_best_is_first(lists: list[tuple[list[int], float]]):
    fused = fuse(lists)

    assert set(fused) == {key for one, _ in lists for key in one}
    assert list(fused.values()) == sorted(fused.values(), reverse=True)
    assert all(score <= sum(weight for _, weight in lists) / (RRF_K + 1) + 1e-12 for score in fused.values())


@given(keys, keys, weights)
def test_a_heavier_list_never_lowers_its_own_first(first: list[int], second: list[int], weight: float):
    if second:
        light = list(fuse([(first, 1.0), (second, weight)])).index(second[0])
        heavy = list(fuse([(first, 1.0), (second, weight * 2)])).index(second[0])

        assert heavy <= light


@given(scores)
def test_scaling_ends_at_nought_and_one(raw: dict[int, float]):
    """All equal are 1."""
    found = scaled(raw)

    assert found.keys() == raw.keys()
    assert all(0 <= score <= 1 for score in found.values())
    if len(set(raw.values())) == 1:
        assert set(found.values()) == {1.0}


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_nought(odd: float):
    assert scaled({"a": odd, "b": 2.0, "c": 1.0}) == {"a": 0.0, "b": 1.0, "c": 0.0}


@given(scores, scores)
def test_the_weight_decides_between_the_tiers(fast: dict[int, float], quality: dict[int, float]):
    """0 is the fast tier's order, 1 the quality tier's."""
    only_fast, only_quality = refine(fast, quality, 0.0), refine(fast, quality, 1.0)

    assert only_fast == {key: scaled(fast).get(key, 0.0) for key in only_fast}
    assert only_quality == {key: scaled(quality).get(key, 0.0) for key in only_quality}


@given(keys, keys)
def test_a_list_that_only_adds_moves_nothing(first: list[int], second: list[int]):
    """The words' hits come as they were, then what they lack."""
    fused = list(fuse([(first, 1.0), (second, ADDS_ONLY)]))

    assert fused == [*first, *(key for key in second if key not in first)]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("how did we fix the flaky test in the importer?", True),
        ("Does the cache survive a restart of the server", True),
        ("flaky importer test timeout", False),
        ("retry backoff jitter queue worker pool", False),
        ("parseQueryString", False),
        ("to be or not", False),
        ("retry backoff jitter with queue", False),
        ("", False),
    ],
)
def test_a_sentence_is_told_from_keywords(text: str, is_one: bool):
    assert is_sentence(text) is is_one


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("how did we fix the flaky test in the importer?", SENTENCE),
        ("flaky importer test", KEYWORDS),
        ("re-index the e-mails", KEYWORDS),
        ("parseQueryString", IDENTIFIER),
        ("parse_query timeout", IDENTIFIER),
        ("src/cache.rs:42", IDENTIFIER),
        ("std::vector::push_back", IDENTIFIER),
        ("E0432", IDENTIFIER),
        ("--no-verify", IDENTIFIER),
        ("Timeout (HTTP)", KEYWORDS),
        ("", KEYWORDS),
    ],
)
def test_a_name_is_told_from_keywords(text: str, kind: str):
    """A query is one where half of its words are."""
    assert query_kind(text) == kind


NAME, FEW, SENTENCE_ASKED = (
    "parse_query",
    "flaky importer test timeout",
    "how did we fix the flaky test in the importer?",
)


def test_vectors_count_where_nobody_said_it_in_these_words():
    """A sentence that no message has all words of, keywords that none has most of."""
    asked = ((SENTENCE_ASKED, "most"), (SENTENCE_ASKED, "any"), (SENTENCE_ASKED, None), (FEW, "any"))

    assert {share_beside_words(text, rung, QUALITY) for text, rung in asked} == {1.0}


def test_else_they_stand_behind_the_words():
    """For names always, and the hash tier whatever was asked."""
    asked = ((SENTENCE_ASKED, "all"), (FEW, "all"), (FEW, "most"), (NAME, "any"))

    assert {share_beside_words(text, rung, QUALITY) for text, rung in asked} == {ADDS_ONLY}
    assert share_beside_words(SENTENCE_ASKED, "any", FAST) == ADDS_ONLY


def test_a_tiers_weight_is_the_settings():
    """Where its order counts; where it only adds, no weight lets it do more."""
    weights = weights_of("lexical=2,fast=0.3,quality=7")

    assert weight_beside_words(SENTENCE_ASKED, "most", QUALITY, weights) == 7
    assert weight_beside_words(FEW, "most", QUALITY, weights) == 2 * ADDS_ONLY


def test_the_usual_weights_are_the_settings():
    assert BY_KEY["search.weights"].default == WEIGHTS
