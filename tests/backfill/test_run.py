"""Everything that was said gets its vectors, once, newest first, and what stands survives."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from cass.backfill import report
from cass.backfill import tier as tier_module
from cass.backfill.gates import Asked
from cass.backfill.run import Backfill
from cass.backfill.tier import Batch
from cass.disk import try_lock
from cass.errors import Busy
from cass.policy import DEFAULT_QUALITY_DIMENSION, SemanticMode
from cass.records import replace
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.vectors import Tier
from tests.archive import answers, calls, make_home, says
from tests.backfill.working import Fussy, Working, add_session, home_with, stops_after


@pytest.fixture
def working(tmp_path: Path) -> Working:
    return Working(home_with(tmp_path))


def small_batches(monkeypatch: pytest.MonkeyPatch, texts: int = 4) -> None:
    batch = Batch(texts, 100_000, texts)
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: batch, QUALITY: batch})


def test_everything_owed_is_embedded(working: Working) -> None:
    """A run ends when nothing is owed; the report says how much that was."""
    done = working.fast()

    assert working.ids() == list(working.all_texts())
    assert (done.texts, done.vectors, done.left, done.stopped) == (12, 12, 0, None)
    assert (done.eligible, done.coverage) == (12, 1.0)


def test_a_second_run_has_nothing_to_do(working: Working) -> None:
    """What has its vectors is not embedded again."""
    working.fast()
    before = working.files()

    again = working.fast()

    assert (again.texts, again.left, again.eligible, again.stopped) == (0, 0, 12, None)
    assert working.files() == before


def test_it_ends_at_the_time_that_was_asked_for(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two batches; what is owed then is made by the next run."""
    small_batches(monkeypatch)
    embedder = Fussy()
    working.embedders["hash"] = embedder
    machine = working.made_machine(now_ms=lambda: working.now_ms + 1_000 * len(embedder.asked))
    asked = Asked(until_ms=working.now_ms + 5_000)

    (ended,) = Backfill(working.home.places, working.request(), machine, asked=asked).run().tiers

    assert ended.stopped is not None
    assert (ended.stopped.word, ended.texts, ended.left) == ("until", 8, 4)
    assert working.fast().left == 0


def test_what_is_indexed_later_is_added(working: Working) -> None:
    """Only the new texts are embedded."""
    working.fast()
    add_session(working.home, "later", 9)
    working.home.index()

    assert working.fast().texts == 4
    assert working.ids() == list(working.all_texts())


def test_what_is_indexed_meanwhile_comes_next(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that is indexed between two batches is embedded before older ones."""
    small_batches(monkeypatch)
    embedder = Fussy()
    working.embedders["hash"] = embedder

    def index_once(phase: str, done: int, total: int, *sizes: int) -> None:
        if done == 4:
            add_session(working.home, "meanwhile", 9)
            working.home.index()

    working.machine["progress"] = index_once

    assert working.fast().texts == 16
    assert [text.split()[1] for text in embedder.asked[::4]] == ["s2", "meanwhile", "s1", "s0"]


def test_one_chunk(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick takes the newest batch and leaves the rest to the next one."""
    small_batches(monkeypatch)

    done = working.fast(once=True)

    assert (done.texts, done.left, done.stopped) == (4, 8, report.CHUNK)
    assert {text.split()[1] for text in working.texts()} == {"s2"}
    assert [working.fast(once=True).stopped for _ in range(2)] == [report.CHUNK, None]


def test_stopped_within_a_batch(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was embedded before somebody said stop is kept, and the next run goes on from there."""
    small_batches(monkeypatch)
    working.machine["is_stopped"] = stops_after(3)

    stopped = working.fast()

    assert (stopped.texts, stopped.left, stopped.stopped) == (4, 8, report.SIGNAL)
    working.machine.clear()
    assert working.fast().texts == 8


def test_deleted_vectors_come_back_the_same(working: Working) -> None:
    """The archive alone decides every byte."""
    working.fast()
    before = working.files()
    shutil.rmtree(working.vectors)

    working.fast()

    assert working.files() == before


def test_a_text_in_two_sessions_is_embedded_once(tmp_path: Path) -> None:
    """Copies share their vectors; calls of cass, images and notices have none."""
    home = make_home(tmp_path)
    home.claude("one", "a walrus", "yes")
    home.claude(
        "two",
        "a walrus",
        says("assistant", "I look", calls("Bash", "c1", command="cass search walrus")),
        says("user", answers("c1", "walrus walrus walrus")),
        says("user", {"type": "image", "source": {"type": "base64", "data": "AAAA"}}),
    )
    home.index()
    working = Working(home)

    working.fast()

    assert sorted(working.texts()) == ["I look", "a walrus", "yes"]


def test_a_text_without_words_is_done(tmp_path: Path) -> None:
    """It has no vector, and is not owed again."""
    home = make_home(tmp_path)
    home.claude("one", "🦭", "a walrus")
    home.index()
    working = Working(home)

    done = working.fast()

    assert (done.texts, done.vectors, done.left) == (2, 1, 0)
    assert working.fast().texts == 0


def test_a_long_text_has_a_vector_a_piece(tmp_path: Path) -> None:
    """Its end is found as well as its beginning."""
    home = make_home(tmp_path)
    home.claude("long", "\n".join(f"walrus {number} sleeps on the ice of the north" for number in range(100)))
    home.index()
    working = Working(home)

    done = working.fast()
    tier = Tier.open(str(working.vectors), FAST)

    assert isinstance(tier, Tier)
    assert done.texts == tier.documents == 1
    assert done.vectors == tier.count > 4


@pytest.mark.parametrize("stops", [False, True])
def test_a_long_text_is_not_waited_for(working: Working, monkeypatch: pytest.MonkeyPatch, stops: bool) -> None:
    """The newest text is so long that somebody always comes back before it is done: the others get in first."""
    monkeypatch.setitem(tier_module.BATCHES, FAST, Batch(4, 1000, 1))
    before = len(working.all_texts())
    long = " ".join([f"word{number}" for number in range(3000)])
    working.home.claude("long", long, start_ms=working.home.now_ms)
    working.home.index()
    embedder = working.embedders["hash"] = Fussy()
    if stops:
        working.machine = {"is_stopped": lambda: len(embedder.asked) > before + 3}

    done = working.fast()

    assert [len(text) < 100 for text in embedder.asked[:before]] == [True] * before
    assert (done.texts, done.left) == ((before, 1) if stops else (before + 1, 0))


def test_both_tiers(working: Working) -> None:
    """The fast one first; each has every text."""
    working.embedders["minilm"] = Fussy()

    done = working.run(FAST, QUALITY)

    assert [(tier.tier, tier.texts, tier.stopped) for tier in done.tiers] == [(FAST, 12, None), (QUALITY, 12, None)]
    assert working.ids(FAST) == working.ids(QUALITY)
    assert done.complete


def test_without_a_model(working: Working) -> None:
    """The fast tier is made; the report names the command that installs a model."""
    fast, quality = working.run(FAST, QUALITY).tiers

    assert fast.stopped is None
    assert quality.stopped is not None
    assert (quality.stopped.word, quality.stopped.todo) == ("no_model", "cass models install minilm")


def test_nothing_is_indexed(tmp_path: Path) -> None:
    """An empty machine is no error."""
    assert Working(make_home(tmp_path)).fast().stopped == report.NOTHING_INDEXED


def test_one_at_a_time(working: Working) -> None:
    """Who comes second is told who works."""
    held = try_lock(str(working.home.data / "worker.lock"))
    assert held is not None

    with held, pytest.raises(Busy, match="is making vectors already"):
        working.fast()


def test_words_only_by_configuration(working: Working) -> None:
    """Vectors that nobody wants any more go."""
    working.fast()
    working.policy = replace(working.policy, mode=SemanticMode.LEXICAL_ONLY)

    done = working.fast()

    assert (done.stopped, len(done.dropped), working.ids()) == (report.MODE, 1, [])
    assert not list((working.vectors / FAST).iterdir())


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"mode": SemanticMode.LEXICAL_ONLY}, "the mode is lexical_only"),
        ({"fast_dimension": 32}, "embedder changed (hash-64-v2 → hash-32-v2)"),
    ],
)
def test_what_nobody_wants_is_on_record_when_it_goes(working: Working, wish: dict[str, Any], why: str) -> None:
    """The graph over the vectors, too: its kind, how much it was, and why it went."""
    working.fast()
    (working.vectors / FAST / "graph.data").write_bytes(bytes(1000))
    working.policy = replace(working.policy, **wish)
    working.fast()
    said = [what for (what,) in working.ask("SELECT what FROM events WHERE kind='dropped' ORDER BY id")]

    assert said == [
        f"hnsw_accelerator fast/graph, 1000 bytes: {why}",
        f"fast_vector_index fast/1, {12 * 80} bytes: {why}",
    ]
    assert not (working.vectors / FAST / "graph.data").exists()


def test_words_only_by_an_option(working: Working) -> None:
    """An option of one command removes nothing."""
    working.fast()
    working.configured = working.policy
    working.policy = replace(working.policy, mode=SemanticMode.LEXICAL_ONLY)

    assert working.fast().stopped == report.MODE
    assert len(working.ids()) == 12


def test_no_threads(working: Working) -> None:
    """0 threads: not at all."""
    working.policy = replace(working.policy, max_backfill_threads=0)

    assert working.fast().stopped == report.THREADS


def test_the_quality_tier_switched_off(working: Working) -> None:
    """With hash as its embedder there is no second tier, and its vectors go."""
    working.embedders["minilm"] = Fussy()
    working.quality()
    working.policy = replace(working.policy, quality_tier_embedder="hash")

    done = working.quality()

    assert (done.stopped, len(done.dropped), working.ids(QUALITY)) == (None, 1, [])


def test_another_revision_is_built_in_its_place(working: Working) -> None:
    """The old vectors serve until their texts have new ones."""
    working.embedders["hash"] = Fussy(revision="1")
    working.fast()
    working.embedders["hash"] = Fussy(revision="2")

    done = working.fast()
    tier = Tier.open(str(working.vectors), FAST)

    assert isinstance(tier, Tier)
    assert (done.texts, done.dropped) == (12, ())
    assert {one.segment.recipe.model_revision for one in tier.segments} == {"2"}
    assert working.ids() == list(working.all_texts())


def test_another_embedder_starts_anew(working: Working) -> None:
    """Vectors of another space cannot be compared: they go first."""
    working.fast()
    working.policy = replace(working.policy, fast_dimension=32)

    done = working.fast()

    assert [one.reason for one in done.dropped] == ["embedder changed (hash-64-v2 → hash-32-v2)"]
    assert done.texts == 12


def test_another_embedder_by_an_option(working: Working) -> None:
    """An option of one command does not replace what stands."""
    working.embedders |= {"minilm": Fussy(), "other": Fussy(dim=32)}
    working.quality()
    working.configured = working.policy
    working.policy = replace(working.policy, quality_tier_embedder="other")

    done = working.quality()

    assert done.stopped is not None
    assert done.stopped.word == "other_embedder"
    assert len(working.ids(QUALITY)) == 12


@pytest.mark.parametrize("name", ["1.rows", "1.keys", "current"])
def test_what_is_damaged_is_made_again(working: Working, name: str) -> None:
    """A changed byte is found, said, and mended."""
    working.fast()
    before, path = working.files(), working.vectors / FAST / name
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)

    done = working.fast()

    assert len(done.dropped) == 1
    assert (done.texts, working.files() == before) == (12, True) if name == "current" else done.texts == 12
    assert working.ids() == list(working.all_texts())


def test_a_byte_that_changed_behind_everybody_s_back_is_mended(working: Working) -> None:
    """The file's time tells nothing; doctor, which reads all, names this very command."""
    working.fast()
    before = working.files()
    path = working.vectors / FAST / next(name for name in before if name.endswith(".rows"))
    stamp, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    done = working.fast()

    assert [each.reason for each in done.dropped] == [f"{path.name} has changed bytes"]
    assert sorted(working.files().values()) == sorted(before.values())


def test_what_went_is_on_record(working: Working) -> None:
    """An event says what was dropped and why."""
    working.fast()
    (working.vectors / FAST / "1.rows").unlink()

    working.fast()

    ((what,),) = working.ask("SELECT what FROM events WHERE kind='dropped'")
    assert "missing" in what


def test_a_length_that_the_model_does_not_make_is_said(tmp_path: Path):
    """The vectors are made all the same; what was never set asks for nothing."""
    working = Working(home_with(tmp_path), quality=Fussy())

    def warnings(dimension: int) -> tuple[str, ...]:
        working.policy = replace(working.policy, quality_dimension=dimension)
        return working.quality().warnings

    assert warnings(512) == ("quality_dimension is 512, and hash-64-v2 makes vectors of 64 floats",)
    assert (warnings(64), warnings(DEFAULT_QUALITY_DIMENSION)) == ((), ())
    assert len(working.ids(QUALITY)) == 12
