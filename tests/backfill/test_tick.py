"""One tick: the gates first, at most a chunk, and out of the way when the user is back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cass.backfill import tier as tier_module
from cass.backfill.gates import IdleTime
from cass.backfill.report import TIME
from cass.backfill.tier import Batch
from cass.semantic.manifest import FAST, QUALITY
from tests.archive import Home, make_home
from tests.backfill.hosting import Host, chunks, done, log
from tests.backfill.sensing import Machine
from tests.backfill.working import MB, Fussy, Working, add_session

BACK = IdleTime(0.2, "terminal")


def test_a_tick_works_when_nobody_is_there(working: Working) -> None:
    """And says why it was allowed, why it ended, and what it took."""
    tick = Host(working).tick()

    assert (tick.hold, done(tick), tick.progress) == (None, [12], True)
    assert tick.ran_because == "you were away 412 s (terminal), mains, load 0.10 a core"
    assert tick.stopped_because == "nothing is owed any more"
    assert tick.rss_bytes == 50 * MB


def test_a_tick_holds_when_somebody_is_there(working: Working) -> None:
    """Then not even the archive is opened."""
    host = Host(working)
    host.machine.says["idle_s"] = BACK
    tick = host.tick()

    assert tick.hold is not None
    assert (tick.hold.word, tick.report, tick.progress) == ("user_active", None, False)
    assert tick.stopped_because == tick.hold.reason
    assert working.embedders["hash"].asked == []  # type: ignore[union-attr]


def test_every_chunk_is_on_record_and_no_idle_look_is(working: Working) -> None:
    """With what, how many, and why."""
    host = Host(working)
    words = [host.word() for _ in range(3)]
    (chunk,) = chunks(working)

    assert words == [None, "nothing_owed", "nothing_owed"]
    assert (chunk.tier, chunk.texts, chunk.rss_bytes, chunk.stopped) == (FAST, 12, 50 * MB, "")
    assert chunk.because.startswith("you were away 412 s")
    assert [kind for kind, _ in log(working)] == ["chunk"]


def test_why_it_may_is_told_when_it_begins(working: Working) -> None:
    """A look that is refused begins nothing."""
    host, told = Host(working), list[str]()
    ticker = host.ticker(told.append)
    away = host.machine.says["idle_s"]
    host.machine.says["idle_s"] = BACK
    ticker.tick()
    before = list(told)
    host.machine.says["idle_s"] = away
    ticker.tick()

    assert (before, told) == ([], ["you were away 412 s (terminal), mains, load 0.10 a core"])


class Looking(Fussy):
    """While it works, it looks what is on record."""

    seen: tuple[str, ...] = ()

    def __init__(self, working: Working) -> None:
        super().__init__()
        self.working = working

    def embed(self, texts: Sequence[str]) -> Any:
        self.seen = tuple([chunk.tier for chunk in chunks(self.working)])
        return super().embed(texts)


def test_a_tier_is_on_record_while_the_next_one_is_at_work(working: Working) -> None:
    """So it is seen, and stays seen if that one does not come to its end."""
    looking = working.embedders["minilm"] = Looking(working)
    Host(working, FAST, QUALITY).tick()

    assert looking.seen == (FAST,)
    assert [chunk.tier for chunk in chunks(working)] == [FAST, QUALITY]


class Returning(Fussy):
    """While it works, the user comes back; `machine` is set by the test."""

    machine: Machine
    after = 2

    def embed(self, texts: Sequence[str]) -> Any:
        self.after -= 1
        if self.after == 0:
            self.machine.says["idle_s"] = BACK
        return super().embed(texts)


def test_it_makes_way_within_a_batch(working: Working, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is embedded by then is kept; the rest comes when the user is away again."""
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: Batch(100, 100_000, 3)})
    working.embedders["hash"] = embedder = Returning()
    host = Host(working)
    embedder.machine = host.machine
    yielded = host.tick()
    host.machine.says["idle_s"] = IdleTime(31, "terminal")

    assert yielded.hold is not None
    assert (yielded.hold.word, done(yielded)) == ("user_active", [6])
    assert done(host.tick()) == [6]
    assert [chunk.stopped for chunk in chunks(working)] == ["you were here 0 s ago (terminal)", ""]


class Tedious(Fussy):
    """Each call takes two thirds of a chunk's time."""

    machine: Machine

    def embed(self, texts: Sequence[str]) -> Any:
        self.machine.says["monotonic_s"] += 80
        return super().embed(texts)


def long_home(folder: Path, lines: int = 900) -> Home:
    """An archive of one long text."""
    home = make_home(folder)
    home.claude("long", "\n".join(f"walrus {number} sleeps on the ice of the north" for number in range(lines)))
    home.index()
    return home


def test_a_long_text_makes_way_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of it, and it is not half done afterwards."""
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: Batch(100, 10_000_000, 4)})
    working = Working(long_home(tmp_path), fast=Returning())
    host = Host(working)
    working.embedders["hash"].machine = host.machine  # type: ignore[union-attr]
    yielded = host.tick()
    host.machine.says["idle_s"] = IdleTime(31, "terminal")

    assert done(yielded) == [0]
    assert working.ids() == []
    assert done(host.tick()) == [1]


def test_a_long_text_takes_as_many_chunks_as_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its time and gets on with it, so that the next may follow at once."""
    monkeypatch.setattr(tier_module, "BATCHES", {FAST: Batch(100, 10_000_000, 4)})
    working = Working(long_home(tmp_path, 300), fast=Tedious())
    host = Host(working)
    embedder = working.embedders["hash"]
    assert isinstance(embedder, Tedious)
    embedder.machine = host.machine
    ticks = [host.tick() for _ in range(3)]

    assert [(done(tick), tick.progress) for tick in ticks] == [([0], True)] * 2 + [([1], True)]
    assert len(embedder.asked) == len(set(embedder.asked))
    assert [chunk.stopped for chunk in chunks(working)] == [TIME.reason] * 2 + [""]


def test_a_chunk_has_its_time(working: Working, batches_of_four: None) -> None:
    """Then all gates are asked again; the quality tier waits for the fast one."""
    working.embedders["minilm"] = quality = Fussy()
    host = Host(working, FAST, QUALITY)
    working.machine["progress"] = lambda *_: host.machine.says.update(
        monotonic_s=host.machine.says["monotonic_s"] + 119
    )
    host._ticker = host.ticker()
    ticks = [host.tick() for _ in range(2)]

    assert [done(tick) for tick in ticks] == [[8, 0], [4, 4]]
    assert [tick.hold for tick in ticks] == [None, None]
    assert ticks[0].stopped_because == "the time of a chunk is over"
    assert len(quality.asked) == 4


def test_what_is_indexed_between_two_ticks_comes_first(working: Working, batches_of_four: None) -> None:
    """Nothing that was done is done again."""
    embedder = working.embedders["hash"] = Fussy()
    host = Host(working)
    working.machine["progress"] = lambda *_: host.machine.says.update(
        monotonic_s=host.machine.says["monotonic_s"] + 200
    )
    host._ticker = host.ticker()
    host.tick()
    add_session(working.home, "meanwhile", 9)
    working.home.index()
    for _ in range(3):
        host.tick()

    assert [text.split()[1] for text in embedder.asked[::4]] == ["s2", "meanwhile", "s1", "s0"]
    assert working.ids() == list(working.all_texts())


def test_asked_to_stop(working: Working, batches_of_four: None) -> None:
    """Within a batch; nothing that was embedded is lost."""
    asked: list[bool] = []
    host = Host(working, stop=lambda: bool(asked))
    working.machine["progress"] = lambda *_: asked.append(True)
    host._ticker = host.ticker()
    stopped = host.tick()

    assert stopped.hold is not None
    assert (stopped.hold.word, done(stopped), len(working.ids())) == ("interrupted", [4], 4)
    assert host.word() == "interrupted"
