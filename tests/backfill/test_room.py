"""Budget, disk and memory: each of them stops a tier with a reason, and none of them loses what stands."""

from __future__ import annotations

import errno
from importlib.util import find_spec
from pathlib import Path

import pytest

from cass.backfill import tier as tier_module
from cass.backfill.room import BUDGET
from cass.backfill.tier import Batch
from cass.policy import SemanticPolicy
from cass.records import replace
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.vectors import Tier
from cass.semantic.volume import Volume
from tests.archive import MINUTE_MS, NOW_MS
from tests.backfill.working import MB, Fussy, Working, home_with


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Working:
    """4,000 texts: with 256 floats 1.1 MB of vectors a tier."""
    working = Working(home_with(tmp_path_factory.mktemp("large"), sessions=8, lines=500))
    working.policy = replace(working.policy, fast_dimension=256, quality_dimension=256)
    return working


def emptied(working: Working, **policy: int) -> Working:
    """The same archive without vectors, and a policy of its own."""
    for path in working.vectors.rglob("*"):
        if path.is_file():
            path.unlink()
    working.configured, working.now_ms, working.machine = None, working.home.now_ms, {}
    working.embedders = {"hash": None, "minilm": None}
    base = replace(SemanticPolicy(), quality_dimension=256, max_backfill_rss_mb=100_000, min_free_disk_mb=0)
    working.policy = replace(base, **policy)
    return working


def used(working: Working) -> int:
    return sum(path.stat().st_size for path in working.vectors.rglob("*") if path.is_file())


@pytest.mark.parametrize("budget_mb", [0, 1])
def test_a_small_budget_holds_the_newest(large: Working, budget_mb: int) -> None:
    """As many as fit, never more; why it stopped is said, and another run does not embed in vain."""
    working = emptied(large, semantic_budget_mb=budget_mb)

    done = working.fast()
    embedder = working.embedders["hash"] = Fussy(dim=256, revision="v2")
    again = working.fast()

    assert done.stopped is not None
    assert done.stopped.word == "budget_full"
    assert (done.texts > 3000) == (budget_mb == 1)
    assert used(working) <= budget_mb * MB
    assert done.left == 4000 - done.texts == again.left
    assert embedder.asked == []
    oldest_ms = NOW_MS + 8 * 500 * MINUTE_MS
    newest = Tier.open(str(working.vectors), FAST)
    assert newest is None or (isinstance(newest, Tier) and (newest.coverage_since_ms or 0) < oldest_ms)


@pytest.mark.parametrize("budget_mb", [1, 2])
def test_another_revision_gets_as_far_as_the_one_before(large: Working, budget_mb: int) -> None:
    """What had to go so that the newest were made anew is made anew too, where it fits; and nothing in vain."""
    working = emptied(large, semantic_budget_mb=budget_mb, quality_tier_embedder="hash")
    working.embedders["hash"] = Fussy(dim=256, revision="1")
    before = working.fast()
    embedder = working.embedders["hash"] = Fussy(dim=256, revision="2")

    done = working.fast()
    asked = len(embedder.asked)
    again = working.fast()

    assert (done.texts, done.left) == (before.texts, before.left)
    assert (again.texts, again.left, len(embedder.asked)) == (0, done.left, asked)
    tier = Tier.open(str(working.vectors), FAST)
    assert isinstance(tier, Tier)
    assert {one.segment.recipe.model_revision for one in tier.segments} == {"2"}
    assert used(working) <= budget_mb * MB


def test_a_budget_of_nothing_is_full_whatever_comes(large: Working) -> None:
    """No text is too large for it alone: the shortest one does not fit either."""
    assert emptied(large, semantic_budget_mb=0).fast().stopped == BUDGET


def test_a_text_that_is_too_large_keeps_none_out(tmp_path: Path) -> None:
    """The newest one alone is larger than the budget: it is not even embedded, and all behind it get in."""
    home = home_with(tmp_path, sessions=2, lines=50)
    home.claude("long", " ".join([f"walrus{number}" for number in range(150_000)]), start_ms=NOW_MS + 9_000_000)
    home.index()
    embedder = Fussy(dim=1024)
    working = Working(home, embedder)
    working.policy = replace(working.policy, fast_dimension=1024, semantic_budget_mb=1, min_free_disk_mb=0)

    done = working.fast()
    again = working.fast()

    assert (done.texts, done.left, done.eligible) == (100, 1, 101)
    assert done.stopped is not None
    assert (done.stopped.word, again.texts) == ("budget_full", 0)
    assert len(embedder.asked) == 100


def test_newer_messages_take_the_place_of_the_oldest(large: Working) -> None:
    """With a full budget a new session gets its vectors; what went is on record."""
    working = emptied(large, semantic_budget_mb=1)
    working.fast()
    working.home.claude("new", *[f"quokka {line} is newer" for line in range(200)], start_ms=NOW_MS + 10**10)
    working.home.index()

    done = working.fast()

    assert sum("quokka" in text for text in working.texts()) == 200
    assert done.evicted
    assert done.left == len(working.all_texts()) - len(working.texts())
    assert used(working) <= MB
    assert ("evicted",) in working.ask("SELECT kind FROM events")


def test_a_newer_message_alone_is_embedded(large: Working) -> None:
    """Nothing is embedded again beside it that went for lack of room and would not be let in."""
    working = emptied(large, semantic_budget_mb=1)
    embedder = working.embedders["hash"] = Fussy(dim=256)
    working.fast()
    asked = []
    for number in range(3):
        working.home.claude(f"later{number}", f"newt {number}", start_ms=NOW_MS + (number + 20) * 10**10)
        working.home.index()
        before = len(embedder.asked)
        assert working.fast().texts == 1
        asked.append(len(embedder.asked) - before)

    assert asked[1:] == [1, 1]


def test_both_tiers_in_a_small_budget(large: Working) -> None:
    """The fast tier leaves the better one its share: both hold the newest messages, and no more is embedded in vain."""
    working = emptied(large, semantic_budget_mb=1)
    embedders = [Fussy(dim=256), Fussy(dim=256)]
    working.embedders = dict(zip(("hash", "minilm"), embedders, strict=True))

    fast, quality = working.run(FAST, QUALITY).tiers
    asked = [len(each.asked) for each in embedders]
    working.run(FAST, QUALITY)

    assert min(fast.texts, quality.texts) > 1000
    assert used(working) <= MB
    assert [len(each.asked) for each in embedders] == asked


def test_an_embedder_of_another_length_gets_its_own_share(large: Working) -> None:
    """The policy's dimension says nothing about a model that the user named: both tiers still reach equally far."""
    working = emptied(large, semantic_budget_mb=1)
    working.embedders["minilm"] = Fussy(dim=768)

    fast, quality = working.run(FAST, QUALITY).tiers

    assert min(fast.texts, quality.texts) > 0.8 * max(fast.texts, quality.texts)
    assert used(working) <= MB


def test_a_smaller_budget_removes_the_oldest(large: Working) -> None:
    """At the next run, and it says what went."""
    working = emptied(large, semantic_budget_mb=5)
    working.fast()
    working.policy = replace(working.policy, semantic_budget_mb=1)

    done = working.run(FAST)

    assert done.evicted
    assert used(working) <= MB


def test_a_smaller_budget_by_an_option_removes_nothing(large: Working) -> None:
    """It only holds up what is new."""
    working = emptied(large, semantic_budget_mb=5)
    working.fast()
    before = used(working)
    working.home.claude("newest", "wombat", start_ms=NOW_MS + 2 * 10**10)
    working.home.index()
    working.configured = working.policy
    working.policy = replace(working.policy, semantic_budget_mb=1)

    done = working.fast()

    assert done.stopped is not None
    assert (done.stopped.word, done.left, used(working)) == ("budget_full", 1, before)


def test_a_full_disk_loses_nothing(large: Working) -> None:
    """The free space falls under its floor in the middle of the work: what stands stands, and it goes on later."""
    working = emptied(large, min_free_disk_mb=200)
    working.free = 200 * MB + 300_000
    free = iter([200 * MB + 300_000] * 5)
    working.machine["progress"] = lambda *_: setattr(working, "free", next(free) - 200_000)

    stopped = working.fast()
    working.machine.clear()
    working.free = 10_000 * MB

    assert stopped.stopped is not None
    assert (stopped.stopped.word, stopped.left) == ("disk_full", stopped.eligible - stopped.texts)
    assert len(working.ids()) == stopped.texts
    assert working.fast().left == 0


class FailingVolume(Volume):
    """A disk that is full after so many bytes, whatever was promised."""

    def __init__(self, room: int) -> None:
        self.room = room

    def extend(self, path: str, at: int, data: bytes) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().extend(path, at, data)


def test_a_disk_that_refuses_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last whole write stands; the next run goes on from there."""
    batch = Batch(4, 100_000, 4)
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: batch, QUALITY: batch})
    working = Working(home_with(tmp_path))
    working.machine["volume"] = FailingVolume(1500)

    stopped = working.fast()
    working.machine.clear()

    assert stopped.stopped is not None
    assert stopped.stopped.word == "disk_failed"
    assert len(working.ids()) == stopped.texts
    assert working.fast().left == 0
    assert working.ids() == list(working.all_texts())


def test_something_in_the_way_of_the_vectors(tmp_path: Path) -> None:
    """No room is the disk's; anything else is said with its place, or nobody could mend it."""
    working = Working(home_with(tmp_path))
    vectors = Path(working.home.places.vectors)
    vectors.parent.mkdir(parents=True, exist_ok=True)
    vectors.write_text("a file")

    stopped = working.fast().stopped

    assert stopped is not None
    assert stopped.reason == f"the disk refused: file exists ({vectors})"


def test_without_memory_nothing_is_begun(tmp_path: Path) -> None:
    """The reason names the limit."""
    working = Working(home_with(tmp_path))
    working.policy = replace(working.policy, max_backfill_rss_mb=100)
    working.machine["rss_bytes"] = lambda: 101 * MB

    done = working.fast()

    assert done.stopped is not None
    assert (done.stopped.word, done.texts) == ("memory", 0)
    assert "100 MB" in done.stopped.reason


def test_short_memory_means_smaller_batches(large: Working) -> None:
    """Where those do not help either, it stops."""
    working = emptied(large, max_backfill_rss_mb=100)
    sizes, steps = iter([50 * MB] * 2), []
    working.machine["rss_bytes"] = lambda: next(sizes, 101 * MB)
    working.machine["progress"] = lambda phase, done, *_: steps.append(done)

    done = working.fast()

    assert steps == [2000, 2500, 2625, 2656, 2664]
    assert done.stopped is not None
    assert (done.stopped.word, done.texts) == ("memory", 2664)


def test_memory_that_comes_back_is_used(large: Working) -> None:
    """A moment of short memory stops nothing."""
    working = emptied(large, max_backfill_rss_mb=100)
    sizes = iter([50 * MB, 50 * MB, 1000 * MB, 1000 * MB])
    working.machine["rss_bytes"] = lambda: next(sizes, 50 * MB)

    assert working.fast().left == 0


def test_a_graph_where_it_pays(tmp_path: Path) -> None:
    """Over enough vectors, once nothing is owed any more; it is not built twice."""
    if find_spec("usearch") is None or find_spec("numpy") is None:  # importing usearch before onnxruntime crashes
        pytest.skip("usearch is not installed")
    working = Working(home_with(tmp_path))

    small = working.fast()
    working.policy = replace(working.policy, hnsw_min_vectors=10)

    assert small.graph is None
    assert [working.fast().graph for _ in range(2)] == ["built", "up to date"]


def test_a_graph_that_takes_longer_than_a_chunk_is_built_in_parts(tmp_path: Path) -> None:
    """What one chunk has no time for is in the graph after the next."""
    if find_spec("usearch") is None or find_spec("numpy") is None:
        pytest.skip("usearch is not installed")
    working = Working(home_with(tmp_path, sessions=2, lines=250))
    working.fast()
    working.policy = replace(working.policy, hnsw_min_vectors=10)
    looks = []
    working.machine = {"progress": lambda what, *_: looks.append(what), "monotonic_s": lambda: 100.0 * len(looks)}

    parts = [working.fast(once=True).graph for _ in range(3)]

    assert parts == ["built in part, the next run goes on", "built", "up to date"]


def test_a_graph_without_room_is_not_built(tmp_path: Path) -> None:
    """It evicts nothing."""
    working = Working(home_with(tmp_path, sessions=8, lines=500))
    working.policy = replace(working.policy, fast_dimension=256, semantic_budget_mb=2, hnsw_min_vectors=10)

    done = working.fast()

    assert (done.left, done.graph) == (0, "not built: there is no room for it in the budget")
