"""Vectors join an answer that the words have already given, and never stand in its way."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cass.cli.verbs import search as verb
from cass.errors import SemanticUnavailable
from cass.policy import DEFAULT_FAST_DIMENSION
from cass.records import replace
from cass.search import meaning
from cass.search.engine import Search, search
from cass.search.near import GIVEN_UP, Inside, nearest
from cass.search.quality import HASH, Cost
from cass.search.request import Freshness, Request, Results
from cass.semantic import budget
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.table import RemoteOptions
from cass.semantic.manifest import FAST
from cass.semantic.vectors import Tier
from cass.store import bounded
from tests.archive import FIRST_MS, NOW_MS, Home, make_home
from tests.backfill.working import Working
from tests.search.asking import names, say

TEXTS = {
    "exact": "the postgres connection pool is exhausted under load",
    "alike": "postgresql connections pooling exhaustion when overloaded",
    "other": "a recipe for lemon cake with poppy seeds",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = say(make_home(tmp_path), **TEXTS)
    assert backfill(home) == len(TEXTS)
    return home


def backfill(home: Home) -> int:
    working = Working(home)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION)
    return working.run().tiers[0].texts


def damage(home: Home) -> None:
    for path in Path(home.places.vectors).rglob("*"):
        if path.is_file():
            path.write_bytes(b"\0" * path.stat().st_size)


def test_what_the_words_find_stays_and_what_is_alike_joins(home: Home):
    """Its match type says how it came in; what is counted are the messages with the words."""
    answer = home.search("postgres connection pool exhausted")

    assert names(answer)[0] == "exact"
    assert "alike" in names(answer) and "other" not in names(answer)
    assert answer.answered_by == ("lexical", "fast")
    assert {hit.external_id: hit.match_type for hit in answer.hits}["exact"] == "exact"


def test_words_that_nothing_has_find_what_is_alike(home: Home):
    """The rung says that it was not found by its words."""
    answer = home.search("poolings exhaustions overload")

    assert names(answer)[:1] == ["alike"]
    assert answer.answered_by == ("lexical", "fast")


@pytest.mark.parametrize("limit", [1, 10], ids=["the words fill the page", "vectors are asked"])
def test_what_cannot_be_used_covers_nothing(home: Home, limit: int):
    """Vectors of another embedder than the settings name, until the next backfill takes them away."""
    other = (("fast_dimension", 128),)
    text = "connection pool"

    assert dict(home.search(text, grouped=False, limit=limit).coverage) == {"fast": 1.0, "quality": 0.0}
    assert dict(home.search(text, grouped=False, limit=limit, semantic=other).coverage)["fast"] == 0.0


def test_a_tier_is_asked_for_as_many_texts_as_are_set(home: Home):
    """`search.fetch_k`: the nearest ones."""
    policy = replace(meaning.policy_of({}), quality_tier_embedder="hash")

    def nearest(most: int) -> int:
        asking = meaning._Asking(policy, RemoteOptions(), home.places, NOW_MS, lambda: 0.0, [], most)
        return len(
            asking.what_there_is("postgresql connections pooling exhaustion postgres pool exhausted", False).nearest
        )

    assert (nearest(100), nearest(1)) == (2, 1)


@pytest.fixture
def two_segments(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Where a scan of the fast tier can be given up: between them."""
    monkeypatch.setattr(budget, "MIN_SEGMENT_BYTES", 1)
    monkeypatch.setattr(budget, "MAX_SEGMENT_BYTES", 1)
    say(home, later="postgres connections are pooled once more")
    assert backfill(home) == 1
    return home


def passing(start_s: float, step_s: float) -> Callable[[], float]:
    """A clock on which so much passes each time that somebody looks."""
    ticks = itertools.count(start_s, step_s)
    return lambda: next(ticks)


def asked(home: Home, clock_s: Callable[[], float], **wish: Any) -> Results:
    request = Request("postgres connection pool exhausted", grouped=False, **wish)
    return search(home.places, request, NOW_MS, clock_s, str(home.home), Freshness())


def test_a_search_that_waits_for_nothing_asks_no_tier(home: Home):
    """And says so; strict mode waits all the same."""
    answer = asked(home, lambda: 0.0, semantic=(("semantic_wait_ms", 0),))

    assert answer.answered_by == ("lexical",)
    why = "the fast tier did not take part: the time was too short, a search waits 0 (--semantic-wait)"
    assert answer.notes == (why,)


def test_a_fast_tier_that_was_too_slow_is_left_alone_for_a_while(home: Home):
    """As the quality tier is: what it took last time decides, until that is no longer believed."""
    Cost(home.places.cache, HASH, NOW_MS).note(400, too_long=True)
    path = Path(home.places.cache, f"{HASH}_ms")
    os.utime(path, (NOW_MS / 1000, NOW_MS / 1000))
    answer = asked(home, lambda: 0.0)
    patient = asked(home, lambda: 0.0, semantic=(("semantic_wait_ms", 500),))
    os.utime(path, (NOW_MS / 1000 - 60, NOW_MS / 1000 - 60))
    later = asked(home, lambda: 0.0)

    assert answer.answered_by == ("lexical",)
    assert "it took 400 ms last time, a search waits 250" in answer.notes[0]
    assert patient.answered_by == later.answered_by == ("lexical", "fast")


def test_vectors_that_are_not_gone_through_in_time_are_left_alone(two_segments: Home):
    """The words' answer stands; what it took is remembered, and said."""
    home = two_segments
    answer = asked(home, passing(0.0, 0.2))

    assert answer.answered_by == ("lexical",)
    assert names(answer)[0] == "exact"
    assert "were not gone through within 250 ms; cass config set semantic_wait_ms" in answer.notes[0]
    assert Cost(home.places.cache, HASH, NOW_MS).expected_ms >= 250


def test_strict_mode_goes_through_vectors_however_long_it_takes(two_segments: Home):
    """What it lacks here are the vectors of the other."""
    with pytest.raises(SemanticUnavailable, match="quality tier"):
        asked(two_segments, passing(0.0, 0.2), mode="strict_semantic")


def test_a_tier_without_weight_is_left_out(home: Home):
    """`search.weights`: it is not even asked; any other weight of the hash tier moves none of the words' hits."""
    wish = "postgres connection pool exhausted"
    without = home.search(wish, semantic=(("search.weights", "lexical=1,fast=0,quality=1"),))
    most = home.search(wish, semantic=(("search.weights", "lexical=0.01,fast=0.3,quality=10"),))

    assert without.answered_by == ("lexical",)
    assert names(most) == names(home.search(wish))


@pytest.mark.parametrize(
    ("tier", "by", "said"),
    [("fast", ["lexical", "fast"], False), ("quality", ["lexical"], True)],
    ids=["one that has vectors", "one that has none"],
)
def test_one_tier_alone_is_asked(home: Home, tier: str, by: list[str], said: bool):
    """`--tier`: to compare them; where there is nothing to compare that is said."""
    answer = json.loads(home.cass("search", "--json", "--tier", tier, "postgres connection pool exhausted").stdout)
    notes = " ".join(answer["meta"]["notes"])

    assert answer["meta"]["answered_by"] == by
    assert (f"no vectors of the {tier} tier" in notes) == said
    assert answer["hits"][0]["external_id"] == "exact"


@pytest.mark.parametrize(("tier", "weights"), [("fast", "fast=0.3,quality=0.0"), ("quality", "fast=0.0,quality=2.0")])
def test_the_weights_of_one_tier_alone(tier: str, weights: str):
    """The other has none; its own, and that of the words, are as set, and as usual where nothing is set for it."""
    settings = {"search.weights": "lexical=3,fast=0,quality=2"}
    asked = verb._semantic({"tier": tier, "settings": settings, "live": False, "mode": None})

    assert asked == (("search.weights", f"lexical=3.0,{weights}"),)


@pytest.mark.parametrize("other", ["--mode=lexical", "--mode=strict", "--live"])
def test_one_tier_and_none_or_both_are_refused(home: Home, other: str):
    done = home.cass("search", "--tier", "fast", other, "walrus")

    assert done.returncode == 2
    assert "--tier fast asks for one tier" in done.stderr


@pytest.mark.parametrize("words", [["-c"], ["-l"], ["--sort=newest"], ["-F"], ["-n0"]], ids=lambda words: words[0])
def test_a_tier_that_is_not_asked_is_not_missed(home: Home, words: list[str]):
    """Counting and listing are about words alone."""
    assert "vectors" not in home.cass("search", "--tier", "fast", *words, "postgres").stderr


def test_explain_says_what_was_asked_for(home: Home):
    """That a tier was named is no order of another kind."""
    told = json.loads(home.cass("search", "--json", "--explain", "--tier", "fast", "postgres").stdout)["meta"]["stages"]

    assert [stage["did"] for stage in told if stage["stage"] == "order"] == ["skipped: diversity was not asked for"]


def test_a_text_that_was_said_again_is_as_new_as_its_last_message(home: Home):
    """Its vector keeps the time at which it was made; what filters ask is the archive."""
    home.claude("later", TEXTS["alike"], start_ms=NOW_MS)
    home.index()

    since = home.search("poolings exhaustions overload", since=str(NOW_MS))
    until = home.search("poolings exhaustions overload", until=str(NOW_MS - 1))

    assert (names(since), names(until)[0], "later" in names(until)) == (["later"], "alike", False)
    assert (since.hits[0].created_ms, since.answered_by) == (NOW_MS, ("lexical", "fast"))


def test_nonsense_finds_nothing(home: Home):
    answer = home.search("zzyzx qwrtp")

    assert (names(answer), answer.total) == ([], 0)


@pytest.mark.parametrize(
    "wish", [{"mode": "lexical_only"}, {"sort": "newest"}, {"counts_only": True}, {"match": "all"}, {"literal": True}]
)
def test_what_is_about_words_alone_is_left_alone(home: Home, wish: dict[str, object]):
    assert home.search("connection pool", **wish).answered_by == ("lexical",)


@pytest.mark.parametrize("query", ['"connection pool" postgres', "+connection pool", "pool -cake", "pool AND load"])
def test_conditions_are_for_the_words_to_judge(home: Home, query: str):
    """A vector cannot tell whether a phrase stands in a text."""
    assert home.search(query).answered_by == ("lexical",)


def test_filters_hold_for_what_is_alike_too(home: Home):
    assert names(home.search("postgres connection pool exhausted", roles=("assistant",))) == []
    assert names(home.search("postgres connection pool exhausted agent:!claude_code")) == []


CROWD = 520


def spelled(ending: str) -> str:
    """Four words, alike whatever their ending, which no search by words takes for each other."""
    return " ".join([word + ending for word in ("poolexhaustion", "connectionload", "databaselocking", "waitingall")])


QUESTION = spelled("abcdefgh")


@pytest.mark.parametrize("condition", ["path:src/pool.py", "entity:E0432"])
def test_filters_that_look_at_what_was_said_hold_too(home: Home, condition: str):
    home.claude("named", f"{spelled('abc')}; see src/pool.py and error E0432")
    home.claude("unnamed", spelled("abd"))
    home.index()
    working = Working(home)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION)
    working.run()
    found = home.search(f"{spelled('abcdefgh')} {condition}")

    assert [(hit.external_id, hit.match_type) for hit in found.hits] == [("named", "semantic")]


@pytest.fixture
def crowd(tmp_path: Path) -> Home:
    """Hundreds of texts in one folder that are nearer to a question than the only one in another."""
    home = make_home(tmp_path)
    lines = [f"{spelled('abcde')} {n}" for n in range(CROWD)]
    home.claude("many", *lines, workspace="/w/many", start_ms=NOW_MS - 50_000_000)
    home.claude("tiny", f"{spelled('abc')} src/pool.py", workspace="/w/tiny")
    home.index()
    working = Working(home)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION)
    assert working.run().tiers[0].stopped is None
    return home


@pytest.mark.parametrize(
    "wish",
    [
        {"workspaces": ("/w/tiny",)},
        {"until": str(FIRST_MS)},
        {"text": f"{QUESTION} path:src/pool.py"},
        {"text": f"{QUESTION} entity:src/pool.py"},
        {"text": f"{QUESTION} workspace:!many"},
        {"exclude_sessions": ("many",)},
    ],
)
def test_what_is_near_inside_filters_is_found_however_much_is_nearer_outside(crowd: Home, wish: dict[str, Any]):
    """Whatever the filter asks."""
    assert names(crowd.search(QUESTION, grouped=False, limit=5))[:1] == ["many"]

    answer = crowd.search(**({"text": QUESTION, "grouped": False} | wish))

    assert (names(answer), answer.answered_by) == (["tiny"], ("lexical", "fast"))


def test_filters_that_leave_most_are_answered_without_looking_up_all(crowd: Home):
    """The nearest texts tell enough."""
    wish = Request(QUESTION, workspaces=("/w/many",))
    looking = Search(crowd.places, wish, NOW_MS, lambda: 0.0, str(crowd.home))
    inside = Inside(looking, is_over=lambda: True)
    tier = Tier.open(crowd.places.vectors, FAST)
    assert isinstance(tier, Tier)
    vector = HashEmbedder(DEFAULT_FAST_DIMENSION).embed([QUESTION])[0]

    assert len(nearest(tier, vector, 100, 0.3, inside)) == 100
    assert not inside.gave_up


def test_looking_up_what_filters_leave_ends_with_the_time_there_is(crowd: Home, monkeypatch: pytest.MonkeyPatch):
    """The words' answer stands, and says so."""
    monkeypatch.setattr(bounded, "ASK_EVERY", 1)
    ticks = itertools.count()
    wish = Request(QUESTION, workspaces=("/w/tiny",))

    answer = search(crowd.places, wish, NOW_MS, lambda: float(next(ticks)), str(crowd.home), Freshness())

    assert (names(answer), answer.notes[-1]) == ([], GIVEN_UP)


def test_damaged_vectors_cost_nothing_but_themselves(home: Home):
    """The answer is that of the words, and says why."""
    whole = names(home.search("postgres connection pool", mode="lexical_only"))
    damage(home)

    answer = home.search("postgres connection pool")

    assert (names(answer), answer.answered_by) == (whole, ("lexical",))
    assert "cass backfill" in answer.notes[-1]


def test_strict_asks_for_both_tiers(home: Home):
    with pytest.raises(SemanticUnavailable) as refused:
        home.search("postgres", mode="strict_semantic")

    assert refused.value.todo == "run: cass models install"


def test_the_policy_of_the_settings_counts(home: Home):
    """Vectors of another length are another embedder's, and may not serve."""
    answer = home.search("postgres connection pool", semantic=(("fast_dimension", 128),))

    assert answer.answered_by == ("lexical",)
