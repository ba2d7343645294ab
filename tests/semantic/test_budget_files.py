"""The disk budget against real files: it holds after every single write, and what the contract allows stands."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from cass.policy import EVICTION_ORDER, BudgetDecision, SemanticPolicy
from cass.records import replace
from cass.semantic.budget import Budget
from cass.semantic.segment_files import row_bytes
from cass.semantic.vectors import Tier
from cass.semantic.volume import Volume
from tests.semantic.filling import RECIPES, ROW_BYTES, Watch, backfill, extent, many, put_graph, put_model, used
from tests.semantic.shelves import (
    MB,
    PLENTY,
    RECIPE,
    budget_of,
    files,
    ids_in,
    opened,
    rows,
    shelf_in,
    vector,
    writer_in,
    writer_of,
)

GRAPH, QUALITY, FAST, MODEL = EVICTION_ORDER
COUNT = 10_000  # fast 0.77 MB, quality 1.07 MB
MODEL_MB = 2.25


@pytest.mark.parametrize(
    ("mb", "model", "fast", "quality", "graph"),
    [
        (0, 0, "none", "none", 0),
        (0.5, 0, "newest", "none", 0),
        (1, 0, "all", "none", 0),
        (2.5, MODEL_MB, "newest", "none", 0),
        (4, MODEL_MB, "all", "newest", 0),
        (5, MODEL_MB, "all", "all", 0),
        (6, MODEL_MB, "all", "all", 1),
    ],
)
def test_what_stands_is_what_the_contract_allows(
    tmp_path: Path, mb: float, model: float, fast: str, quality: str, graph: float
) -> None:
    """A smaller budget loses the graph first, then quality vectors, fast ones, the model; then is made what fits."""
    watch = Watch(tmp_path, mb)
    shelf = watch.budget.shelf
    put_model(shelf, int(MODEL_MB * MB))
    for tier, recipe in RECIPES.items():
        backfill(writer_of(budget_of(shelf_in(tmp_path)), tier, recipe), COUNT)
    put_graph(shelf, "quality", MB)

    watch.budget.enforce()
    assert used(tmp_path) <= mb * MB
    watch.used.clear()
    backfill(watch.writer("fast"), COUNT)
    if model:
        backfill(watch.writer("quality"), COUNT)

    usage = watch.budget.usage()
    assert (usage[MODEL], usage[GRAPH]) == (model * MB, graph * MB)
    assert (extent(shelf, "fast", COUNT), extent(shelf, "quality", COUNT)) == (fast, quality)
    assert [shelf.sweep(tier) for tier in RECIPES] == [0, 0]  # nothing else lies there
    assert max(watch.used, default=0) <= mb * MB


def test_what_fits_is_used(tmp_path: Path) -> None:
    """A history that is larger than the budget fills it but for the room to write the lists anew."""
    watch = Watch(tmp_path, mb=1)
    backfill(watch.writer("fast"), 2 * COUNT)

    assert MB - 20_000 < used(tmp_path) <= MB
    assert watch.writer("fast").append(many("fast", range(1, 100))).why == BudgetDecision.OverBudgetWarn(
        pytest.approx(1, abs=0.1), 1
    )


def test_twenty_rounds_of_newer_messages(tmp_path: Path) -> None:
    """With a history of three times the budget both tiers cover the newest; each round costs at most a segment a tier.

    Hardly more is written than the new vectors, and the budget is kept after every single write.
    """
    watch = Watch(tmp_path, mb=2, shares=True)
    history = 3 * 2 * MB // sum(ROW_BYTES.values())
    for tier in RECIPES:
        backfill(watch.writer(tier), history)
    filled = {tier: len(ids_in(watch.budget.shelf, tier)) for tier in RECIPES}
    watch.written.clear()
    evicted = []
    for first in range(history + 1, history + 1 + 20 * 200, 200):
        for tier in RECIPES:
            done = watch.writer(tier).append(many(tier, range(first, first + 200)))
            evicted.append(done.evicted)
            backfill(watch.writer(tier), history)

    assert abs(filled["fast"] - filled["quality"]) < 0.1 * filled["fast"]
    for tier in RECIPES:
        ids = ids_in(watch.budget.shelf, tier)
        assert ids == list(range(history + 4_001 - len(ids), history + 4_001))
        assert len(ids) > 0.8 * filled[tier]
    assert max(map(len, evicted)) == 1
    assert sum(watch.written) <= 1.3 * 4_000 * sum(ROW_BYTES.values())
    assert max(watch.used) <= 2 * MB


def test_newer_messages_at_their_real_size(tmp_path: Path) -> None:
    """The same with vectors of 256 and 384 parts, a thousand a round."""
    watch, recipes = Watch(tmp_path, mb=6, shares=True), {"fast": 256, "quality": 384}
    policy = replace(watch.budget.policy, fast_dimension=256, quality_dimension=384)
    budget = Budget(policy, watch.budget.shelf, lambda: PLENTY, shares=True)
    writers = {tier: writer_of(budget, tier, replace(RECIPE, dim=dim)) for tier, dim in recipes.items()}
    each = {tier: [vector(seed, dim) for seed in range(20)] for tier, dim in recipes.items()}
    history = 3 * 6 * MB // sum(map(row_bytes, recipes.values()))

    def append(tier: str, ids: range) -> int:
        return len(writers[tier].append([(id, 0, id, each[tier][id % 20]) for id in ids]).evicted)

    for tier in recipes:
        for newest in range(history, 0, -2_000):
            append(tier, range(newest, max(newest - 2_000, 0), -1))
    watch.written.clear()
    tops = range(history + 1_000, history + 5_001, 1_000)
    evicted = [append(tier, range(top, top - 1_000, -1)) for top in tops for tier in recipes]

    assert max(evicted) == 1
    assert sum(watch.written) <= 1.3 * 5_000 * sum(map(row_bytes, recipes.values()))
    assert max(watch.used) <= 6 * MB
    for tier in recipes:
        ids = ids_in(budget.shelf, tier)
        assert ids == list(range(history + 5_001 - len(ids), history + 5_001))
        assert len(ids) > 7_500


def test_the_fast_tier_may_take_all_where_no_model_is(tmp_path: Path) -> None:
    """Without shares nothing is kept for a tier that cannot be made here; with them both hold equally many."""
    alone, shared = Watch(tmp_path / "alone", mb=1), Watch(tmp_path / "shared", mb=1, shares=True)
    for watch in (alone, shared):
        backfill(watch.writer("fast"), 2 * COUNT)

    share_bytes = MB * ROW_BYTES["fast"] / sum(ROW_BYTES.values())
    assert used(tmp_path / "alone") > 0.95 * MB
    assert 0.9 * share_bytes < used(tmp_path / "shared") <= share_bytes


def test_shares_go_by_the_vectors_that_are_made(tmp_path: Path) -> None:
    """An embedder of another length than the policy's takes its own room, so that both tiers reach equally far back."""
    shelf, policy = shelf_in(tmp_path), replace(SemanticPolicy(), semantic_budget_mb=4)
    budget = Budget(policy, shelf, lambda: PLENTY, shares=True, quality_dim=1024)

    fast, quality = budget.left_bytes(FAST), budget.left_bytes(QUALITY)

    assert fast // row_bytes(256) == pytest.approx(quality // row_bytes(1024), rel=0.03)


def test_what_was_evicted_is_not_made_again_at_once(tmp_path: Path) -> None:
    """No loop of building and evicting: it waits until there is room for it, and then it is made."""
    watch = Watch(tmp_path, mb=2)
    shelf = watch.budget.shelf
    backfill(watch.writer("quality"), 3 * COUNT)
    put_model(shelf, 300_000)
    watch.budget.make_room(FAST, 200_000)
    oldest = min(ids_in(shelf, "quality"))
    waits_until_ms = watch.budget.waits("quality")

    refused = watch.writer("quality").append(many("quality", range(oldest - 1, oldest - 101, -1)))
    roomy = Budget(replace(watch.budget.policy, semantic_budget_mb=9), shelf, lambda: PLENTY)
    taken = writer_of(roomy, "quality", RECIPES["quality"]).append(many("quality", range(oldest - 1, oldest - 101, -1)))

    assert waits_until_ms == oldest - 1
    assert (refused.texts, len(refused.refused), refused.why) == (0, 100, None)
    assert taken.texts == 100


@pytest.mark.parametrize("beside", [True, False])
def test_what_newer_texts_evict_is_not_made_again(tmp_path: Path, beside: bool) -> None:
    """Neither with them nor behind them, however little room they lacked: only what is new is written."""
    watch = Watch(tmp_path, mb=1)
    writer = watch.writer("quality")
    backfill(writer, COUNT)
    top, done = COUNT, []
    for round in range(60):
        has_room = watch.budget.left_bytes(QUALITY) // ROW_BYTES["quality"] - 12
        count = max(has_room, 1) if round % 20 == 1 else 1
        rows = many("quality", range(top + count, top, -1))
        older = many("quality", range(min(ids_in(writer.shelf, "quality")) - 1, 0, -1))
        done += [writer.append(rows + older)] if beside else [writer.append(rows), writer.append(older)]
        top += count

    assert sum(len(one.evicted) for one in done) > 2
    assert sum(one.texts for one in done) == top - COUNT
    assert max(watch.used) <= MB


def test_vectors_of_another_model_keep_none_out(tmp_path: Path) -> None:
    """Also where a segment has new texts beside its old ones: all that it holds is to be made anew."""
    watch = Watch(tmp_path, mb=0.5)
    recipe = replace(RECIPES["quality"], model_revision="2")
    before, after = watch.writer("quality"), writer_of(watch.budget, "quality", recipe)
    before.append(many("quality", range(COUNT, COUNT - 1, -1)) + many("quality", range(1_000, 0, -1)))
    backfill(before, COUNT)
    had = len(ids_in(watch.budget.shelf, "quality"))

    done = [after.append(many("quality", range(top, top - 500, -1))) for top in range(COUNT, 0, -500)]

    assert sum(one.texts for one in done) == pytest.approx(had, rel=0.02)
    assert {one.recipe for one in after.manifest().segments} == {recipe}
    assert max(watch.used) <= MB / 2


def test_what_went_and_why_is_said(tmp_path: Path) -> None:
    """Every eviction leaves its kind, its bytes and its reason."""
    watch = Watch(tmp_path, mb=500)
    put_model(watch.budget.shelf, 1_000)
    put_graph(watch.budget.shelf, "fast", 2_000)
    watch.writer("fast").append(many("fast", range(1, 11)))
    size = watch.budget.usage()[FAST]

    gone = budget_of(watch.budget.shelf, mb=0).enforce()

    assert [(one.kind, one.name, one.why) for one in gone[:2]] == [
        (GRAPH, "fast/graph", "the budget is smaller"),
        (FAST, "fast/1", "the budget is smaller"),
    ]
    assert gone[-1].name == "models/minilm"
    assert [one.size_bytes for one in gone if one.kind == GRAPH] == [2_000]
    assert sum(one.size_bytes for one in gone if one.kind == FAST) <= size
    assert files(tmp_path) == {}


def test_a_disk_that_others_fill_gets_its_floor_back(tmp_path: Path) -> None:
    """Free space under the floor evicts, oldest first, and refuses new vectors."""
    shelf = shelf_in(tmp_path)
    backfill(writer_of(budget_of(shelf, mb=2)), COUNT)
    policy = replace(SemanticPolicy.compiled_defaults(), min_free_disk_mb=200)
    before = used(tmp_path)

    def free_bytes() -> int:
        return 200 * MB - 50_000 + before - used(tmp_path)

    tight = Budget(policy, shelf, free_bytes)
    gone = tight.enforce()
    refused = writer_of(tight).append(many("fast", range(COUNT + 1, COUNT + 2_001)))

    assert {one.why for one in gone} == {"the disk is nearly full"}
    assert max(one.newest_ms or 0 for one in gone) == min(ids_in(shelf)) - 1
    assert 50_000 < sum(one.size_bytes for one in gone) < 200_000
    assert isinstance(refused.why, BudgetDecision.DiskPressureDeny)
    assert (refused.texts, len(refused.refused)) == (0, 2_000)


class NoRoomForLists(Volume):
    """A disk without a free byte: nothing can be written until something is removed."""

    is_full = True

    def replace(self, path: str, data: bytes) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device", path)
        super().replace(path, data)

    def remove(self, path: str) -> bool:
        self.is_full = False
        return super().remove(path)


def test_eviction_works_on_a_disk_without_a_free_byte(tmp_path: Path) -> None:
    """Then the files go before the list that names them."""
    backfill(writer_of(budget_of(shelf_in(tmp_path), mb=2)), COUNT)
    shelf = shelf_in(tmp_path, NoRoomForLists())
    low = Budget(budget_of(shelf, 0.5).policy, shelf, lambda: PLENTY)

    gone = low.enforce()

    assert len(gone) > 1
    assert opened(shelf).skipped == ()
    assert extent(shelf, "fast", COUNT) == "newest"


class HeldByReader(Volume):
    """Windows: what somebody has open cannot be removed."""

    def remove(self, path: str) -> bool:
        return False


def test_what_a_reader_holds_is_counted_until_it_goes(tmp_path: Path) -> None:
    """It is off the list at once; its bytes count until a later try removes it."""
    backfill(writer_of(budget_of(shelf_in(tmp_path), mb=2)), COUNT)
    held = budget_of(shelf_in(tmp_path, HeldByReader()), mb=0.5)

    held.enforce()
    refused = writer_of(held).append(rows([COUNT + 1]))
    still = used(tmp_path)
    shelf_in(tmp_path).sweep("fast")

    assert refused.texts == 0
    assert still > MB / 2 > used(tmp_path)


def test_a_damaged_list_counts_and_can_be_evicted(tmp_path: Path) -> None:
    """What cannot be read still takes room."""
    writer = writer_in(tmp_path)
    writer.append(rows(range(1, 100)))
    (Path(writer.folder) / "current").write_bytes(b"noise")

    assert writer.budget.used_bytes() == used(tmp_path)
    assert isinstance(Tier.open(writer.shelf.vectors, "fast"), object)
    budget_of(writer.shelf, mb=0).enforce()
    assert files(tmp_path) == {}
