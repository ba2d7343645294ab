"""What gives way to what, and when nothing does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.policy import EVICTION_ORDER, BudgetDecision, SemanticArtifactKind, SemanticPolicy
from cass.records import replace

MB = 1_048_576
PLENTY = 100_000 * MB
POLICY = SemanticPolicy.compiled_defaults()
Artifact = SemanticPolicy.Artifact
GRAPH, QUALITY, FAST, MODEL = SemanticArtifactKind

kinds = st.sampled_from(EVICTION_ORDER)
times = st.integers(1, 50)
artifacts = st.lists(st.builds(Artifact, kinds, st.uuids().map(str), st.integers(0, 120 * MB), times), max_size=12).map(
    tuple
)
writes = st.integers(0, 300 * MB)
policies = st.builds(lambda budget_mb: replace(POLICY, semantic_budget_mb=budget_mb), st.integers(0, 700))


def stored(**sizes_mb: float) -> list[Artifact]:
    """One artifact for each name, the name's first word is its kind; the older stand first: `quality_new=40`."""
    kind_of = {"graph": GRAPH, "quality": QUALITY, "fast": FAST, "model": MODEL}
    return [
        Artifact(kind_of[name.split("_")[0]], name, int(size_mb * MB), newest_ms=place)
        for place, (name, size_mb) in enumerate(sizes_mb.items(), start=1)
    ]


def names(evicted: tuple[Artifact, ...]) -> list[str]:
    return [artifact.name for artifact in evicted]


def test_a_write_that_fits_evicts_nothing() -> None:
    """With room left in the budget, nothing has to go."""
    assert POLICY.make_room(QUALITY, 10 * MB, stored(graph=100, quality=300), PLENTY) == SemanticPolicy.Room()


def test_a_graph_goes_before_any_vectors() -> None:
    """What is cheapest to make again goes first, and no more than needed."""
    room = POLICY.make_room(FAST, 50 * MB, stored(fast=40, quality=300, graph=150), PLENTY)

    assert (names(room.evict), room.refused) == (["graph"], None)


def test_a_history_larger_than_the_budget_keeps_its_newest_part() -> None:
    """New vectors push out the oldest segments of their own kind, one after the other."""
    before = stored(model=90, quality_old=200, quality_new=200)

    assert names(POLICY.make_room(QUALITY, 30 * MB, before, PLENTY, newest_ms=9).evict) == ["quality_old"]
    assert names(POLICY.make_room(QUALITY, 300 * MB, before, PLENTY, newest_ms=9).evict) == [
        "quality_old",
        "quality_new",
    ]


@pytest.mark.parametrize("newest_ms", [None, 1, 2])
def test_older_texts_never_push_out_newer_ones(newest_ms: int | None) -> None:
    """What is written must be newer than what goes; as old is not newer, and no known time is never newer."""
    room = POLICY.make_room(QUALITY, 30 * MB, stored(model=90, quality=400), PLENTY, newest_ms)

    assert room == SemanticPolicy.Room(refused=BudgetDecision.OverBudgetWarn(520, 500))


def test_vectors_never_evict_the_model_that_makes_them() -> None:
    """A kind that stands later in the order stays, even if the write has to be dropped."""
    room = POLICY.make_room(QUALITY, 200 * MB, stored(graph=20, fast=200, model=250), PLENTY, newest_ms=9)

    assert room == SemanticPolicy.Room(refused=BudgetDecision.OverBudgetWarn(670, 500))


def test_a_graph_evicts_nothing() -> None:
    """A graph only makes things faster: it takes what room there is, or none, another graph's neither."""
    room = POLICY.make_room(GRAPH, 50 * MB, stored(graph=100, quality=400), PLENTY, newest_ms=9)

    assert room.refused == BudgetDecision.OverBudgetWarn(550, 500)


def test_a_model_may_evict_all_vectors_but_no_model() -> None:
    """A model is a whole and has no segments that could be older."""
    before = stored(model=280, fast=100, quality=100)

    assert names(POLICY.make_room(MODEL, 200 * MB, before, PLENTY, newest_ms=9).evict) == ["quality", "fast"]
    assert POLICY.make_room(MODEL, 280 * MB, before, PLENTY, newest_ms=9).evict == ()


@pytest.mark.parametrize(
    ("write_mb", "free_mb", "refused"),
    [
        (301, 10_000, BudgetDecision.ModelTooLarge(301, 300)),
        (100, 250, BudgetDecision.DiskPressureDeny(250, 200)),
    ],
)
def test_what_no_eviction_can_cure_evicts_nothing(write_mb: int, free_mb: int, refused: BudgetDecision) -> None:
    """A model over its cap, or a disk filled by others, costs no vectors."""
    room = POLICY.make_room(MODEL, write_mb * MB, stored(graph=300, quality=150), free_mb * MB)

    assert room == SemanticPolicy.Room(refused=refused)


def test_vectors_larger_than_a_model_may_be_are_written() -> None:
    """The cap is for models only."""
    assert POLICY.make_room(QUALITY, 350 * MB, [], PLENTY) == SemanticPolicy.Room()


def test_a_smaller_budget_evicts_kind_by_kind_oldest_first() -> None:
    """Graph, quality, fast, model; inside a kind the oldest segment; and it stops as soon as it fits."""
    before = stored(model=90, fast_old=20, fast_new=20, quality_old=60, quality_new=60, graph=50)
    evicted = {
        budget_mb: names(replace(POLICY, semantic_budget_mb=budget_mb).shrink(before, PLENTY))
        for budget_mb in (300, 299, 249, 130, 0)
    }

    assert evicted == {
        300: [],
        299: ["graph"],
        249: ["graph", "quality_old"],
        130: ["graph", "quality_old", "quality_new"],
        0: ["graph", "quality_old", "quality_new", "fast_old", "fast_new", "model"],
    }


def test_a_disk_that_runs_full_evicts_until_the_floor_is_free() -> None:
    """Meaning makes room for everything else on the disk."""
    before = stored(graph=30, quality_old=40, quality_new=40)

    assert names(POLICY.shrink(before, 200 * MB)) == []
    assert names(POLICY.shrink(before, 200 * MB - 1)) == ["graph"]
    assert names(POLICY.shrink(before, 130 * MB)) == ["graph", "quality_old"]


def test_what_was_evicted_waits_until_all_of_it_fits() -> None:
    """A little room does not start a loop of building and evicting."""
    assert not POLICY.has_room_again(60 * MB, stored(fast=441), PLENTY)
    assert POLICY.has_room_again(60 * MB, stored(fast=440), PLENTY)
    assert not POLICY.has_room_again(60 * MB, stored(fast=100), 259 * MB)


@given(policies, kinds, writes, artifacts, st.none() | times)
def test_after_a_write_the_budget_is_kept(
    policy: SemanticPolicy, kind: SemanticArtifactKind, write: int, before: tuple[Artifact, ...], newest: int | None
) -> None:
    """Either all fits afterwards, or nothing is written and nothing has gone."""
    room = policy.make_room(kind, write, before, PLENTY, newest)
    after = _total(before) - _total(room.evict) + write

    if room.refused is None:
        assert after <= policy.semantic_budget_mb * MB
    else:
        assert room.evict == ()


@given(policies, kinds, writes, artifacts, st.none() | times)
def test_a_write_evicts_only_what_stands_below_it(
    policy: SemanticPolicy, kind: SemanticArtifactKind, write: int, before: tuple[Artifact, ...], newest: int | None
) -> None:
    """Kinds before it in the order, older segments of its own kind; never a kind after it."""
    for gone in policy.make_room(kind, write, before, PLENTY, newest).evict:
        if gone.kind == kind:
            assert kind in (QUALITY, FAST)
            assert newest is not None
            assert gone.newest_ms is not None
            assert gone.newest_ms < newest
        else:
            assert EVICTION_ORDER.index(gone.kind) < EVICTION_ORDER.index(kind)


@given(policies, kinds, writes, artifacts, times)
def test_no_eviction_is_one_too_many(
    policy: SemanticPolicy, kind: SemanticArtifactKind, write: int, before: tuple[Artifact, ...], newest: int
) -> None:
    """Without the last one that went, the write would not fit; what goes is in the order."""
    evicted = policy.make_room(kind, write, before, PLENTY, newest).evict

    assert list(evicted) == sorted(evicted, key=lambda gone: (EVICTION_ORDER.index(gone.kind), gone.newest_ms))
    if evicted:
        assert _total(before) - _total(evicted[:-1]) + write > policy.semantic_budget_mb * MB


@given(policies, kinds, writes, artifacts, times)
def test_what_pushed_something_out_is_not_pushed_out_by_it(
    policy: SemanticPolicy, kind: SemanticArtifactKind, write: int, before: tuple[Artifact, ...], newest: int
) -> None:
    """Building again what has just gone never evicts what it went for."""
    room = policy.make_room(kind, write, before, PLENTY, newest)
    written = Artifact(kind, "written", write, newest)
    after = [*[one for one in before if one not in room.evict], written]

    for gone in room.evict:
        assert written not in policy.make_room(gone.kind, gone.size_bytes, after, PLENTY, gone.newest_ms).evict


@given(policies, artifacts, st.integers(0, 400 * MB))
def test_shrinking_stops_as_soon_as_it_fits(policy: SemanticPolicy, before: tuple[Artifact, ...], free: int) -> None:
    """Afterwards all fits or nothing is left; without the last one that went it would not fit."""
    evicted = policy.shrink(before, free)

    assert _fits(policy, before, evicted, free) or len(evicted) == len(before)
    if evicted:
        assert not _fits(policy, before, evicted[:-1], free)
    assert policy.shrink([one for one in before if one not in evicted], free + _total(evicted)) == ()


def _fits(policy: SemanticPolicy, before: tuple[Artifact, ...], gone: tuple[Artifact, ...], free: int) -> bool:
    in_budget = _total(before) - _total(gone) <= policy.semantic_budget_mb * MB
    return in_budget and free + _total(gone) >= policy.min_free_disk_mb * MB


def _total(some: tuple[Artifact, ...]) -> int:
    return sum(artifact.size_bytes for artifact in some)
