"""Whatever breaks under the worker: it mends itself or rests with a reason, and never ends with an exception."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from cass.policy import SemanticMode
from cass.records import replace
from cass.semantic.embedders.base import Checked, EmbedderTransportError
from cass.semantic.embedders.hash import HashEmbedder
from cass.semantic.embedders.table import EmbedderOptions, RemoteOptions, build_embedder
from cass.semantic.manifest import FAST, QUALITY
from cass.semantic.volume import Volume
from tests.backfill.hosting import Host, done, log
from tests.backfill.sensing import Machine
from tests.backfill.working import MB, Fussy, Working, add_session, home_with
from tests.semantic.embedding_server import Answer, EmbeddingServer, as_json, right, running

HOUR_MS = 3_600_000
MODEL, DIM = "mine", 8


class Large(Fussy):
    """Takes so much memory once it is loaded, and gives nothing back; `machine` is set by the test."""

    machine: Machine

    def load(self) -> None:
        super().load()
        self.machine.says["rss_bytes"] = 105 * MB


class Broken(Fussy):
    """A server that is down until somebody mends it."""

    is_down = True

    def embed(self, texts: Sequence[str]) -> Any:
        if self.is_down:
            self.asked += texts
            raise EmbedderTransportError("connection refused")
        return super().embed(texts)


def test_an_outage_of_a_whole_night(working: Working) -> None:
    """Nobody is given up, nobody has an attempt; it asks ever less often, and in the morning all is done."""
    server = working.embedders["hash"] = Broken()
    host = Host(working)
    start_ms, asked = working.now_ms, 0
    while working.now_ms < start_ms + 10 * HOUR_MS:
        before = len(server.asked)
        assert host.word() in ("embedder_failed", "resting")
        asked += len(server.asked) > before
        host.machine.says["now_ms"] = working.now_ms = working.now_ms + 120_000
        if asked % 3 == 0:
            host._ticker = host.ticker()  # a new process knows as much
    rows = working.ask("SELECT text FROM attempts")
    server.is_down = False
    working.now_ms += HOUR_MS

    assert rows == [(0,)]
    assert 10 < asked < 20
    assert done(host.tick()) == [12]
    assert working.ask("SELECT * FROM attempts") == []


@pytest.fixture
def away(working: Working) -> Iterator[EmbeddingServer]:
    """A server that the settings name, and that is away."""
    with running() as server:
        server.behave = gone
        remote = RemoteOptions(base_url=server.url, model=MODEL, dimension=DIM)
        working.policy = replace(working.policy, quality_tier_embedder="openai", quality_dimension=DIM)
        working.machine["build"] = lambda name, options: build_embedder(name, replace(options, remote=remote), {})
        yield server


def gone(asked: dict[str, Any]) -> Answer:
    return 503, {}, b""


def test_a_server_that_is_away_is_asked_ever_less_often(working: Working, away: EmbeddingServer) -> None:
    """Whether it is the same process or another, and whatever is indexed meanwhile; then all is done."""
    host = Host(working, QUALITY)
    start_ms = working.now_ms
    while working.now_ms < start_ms + 10 * HOUR_MS:
        assert host.word() in ("embedder_failed", "resting")
        host.machine.says["now_ms"] = working.now_ms = working.now_ms + 120_000
        host._ticker = host.ticker()
    asked = len(away.asked)
    add_session(working.home, "later", 9)
    working.home.index()
    assert host.word() == "resting"
    away.behave = right_dim
    working.now_ms += HOUR_MS

    assert 10 < asked < 20
    assert done(host.tick()) == [16]
    assert working.ask("SELECT * FROM attempts") == []


def test_who_asks_by_hand_finds_a_server_that_is_back(working: Working, away: EmbeddingServer) -> None:
    """The rest is the worker's: nobody who has just mended the server is told to wait."""
    assert Host(working, QUALITY).word() == "embedder_failed"
    away.behave = right_dim

    assert working.quality().texts == 12


def right_dim(asked: dict[str, Any]) -> Answer:
    rows = [{"index": at, "embedding": [1.0] * DIM} for at, _ in enumerate(asked["input"])]
    return as_json(right(asked) | {"data": rows})


def test_one_poisoned_text_among_ten_thousand(tmp_path: Path) -> None:
    """Ends as exactly one dead letter; all others have their vectors."""
    home = home_with(tmp_path, sessions=20, lines=500)
    home.claude("bad", "this text is poison")
    home.index()
    working = Working(home, fast=Fussy(dim=8))
    working.policy = replace(working.policy, fast_dimension=8)
    host = Host(working)
    for _ in range(4):
        host.tick()
        working.now_ms += HOUR_MS

    assert working.ask("SELECT count, error FROM attempts") == [(3, "poison was refused")]
    assert len(working.ids()) == 10_000


def test_a_model_that_was_deleted(working: Working) -> None:
    """Between two ticks: the reason names the command; what stands goes on to serve."""
    working.embedders["minilm"] = Fussy()
    host = Host(working, QUALITY)
    host.tick()
    working.embedders["minilm"] = None
    add_session(working.home, "later", 9)
    working.home.index()

    assert [host.word() for _ in range(2)] == ["no_model"] * 2
    assert len(working.ids(QUALITY)) == 12


def test_vectors_that_were_deleted(working: Working) -> None:
    """Under the running worker: they are made again."""
    host = Host(working)
    host.tick()
    shutil.rmtree(working.vectors)

    assert done(host.tick()) == [12]
    assert working.ids() == list(working.all_texts())


def test_vectors_that_are_deleted_in_the_middle(working: Working, batches_of_four: None) -> None:
    """Of a chunk: the next one notices."""
    host = Host(working)
    steps: list[int] = []

    def delete_once(*_: object) -> None:
        steps.append(1)
        if len(steps) == 2:
            shutil.rmtree(working.vectors)

    working.machine["progress"] = delete_once
    host._ticker = host.ticker()
    words = [host.word() for _ in range(3)]

    assert words == [None, None, "nothing_owed"]
    assert working.ids() == list(working.all_texts())


def test_a_clock_that_is_set_back(working: Working) -> None:
    """A rest does not last until the clock has caught up."""
    server = working.embedders["hash"] = Broken()
    host = Host(working)
    host.tick()
    server.is_down = False
    host.machine.says["now_ms"] = working.now_ms = working.now_ms - 24 * HOUR_MS

    assert done(host.tick()) == [12]


class FullVolume(Volume):
    """A disk without room."""

    def extend(self, path: str, at: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk(working: Working) -> None:
    """Held before anything is embedded, and by the disk itself where that came too late."""
    host = Host(working)
    host.machine.says["free_bytes"] = 0
    held = host.tick()
    host.machine.says["free_bytes"] = 10_000 * MB
    working.machine["volume"] = FullVolume()
    host._ticker = host.ticker()
    words = [host.word() for _ in range(3)]
    working.machine.clear()
    host._ticker = host.ticker()

    assert held.hold is not None
    assert held.hold.word == "disk_full"
    assert words == ["disk_failed"] * 3
    assert done(host.tick()) == [12]


def test_an_archive_that_cannot_be_written(working: Working) -> None:
    """The log is lost, the vectors are not."""
    host = Host(working)
    writer = sqlite3.connect(working.home.places.database)
    writer.execute("DROP TABLE events")
    writer.close()

    assert done(host.tick()) == [12]
    assert working.ids() == list(working.all_texts())


@pytest.mark.parametrize("damage", [b"not a database at all" * 500, b""])
def test_an_archive_that_is_damaged(working: Working, damage: bytes) -> None:
    """Or emptied: a reason to rest, not an exception."""
    for end in ("-wal", "-shm"):
        Path(f"{working.home.places.database}{end}").unlink(missing_ok=True)
    Path(working.home.places.database).write_bytes(damage)
    hold = Host(working).tick().hold

    assert hold is not None
    assert hold.word in ("corrupt-database", "nothing_indexed")
    assert hold.retry_in_s >= 30


def test_a_data_folder_that_is_gone(working: Working) -> None:
    """It is not made again."""
    host = Host(working)
    shutil.rmtree(working.home.data)

    assert host.word() == "nothing_indexed"
    assert not working.home.data.exists()


def test_a_bug_is_a_reason_to_rest(working: Working) -> None:
    """For long: it will not pass by itself."""

    def bug(*_: object) -> None:
        raise ZeroDivisionError("walrus")

    working.machine["progress"] = bug
    hold = Host(working).tick().hold

    assert hold is not None
    assert (hold.word, hold.reason, hold.retry_in_s) == ("bug", "ZeroDivisionError: walrus", 600)


def test_a_budget_that_shrinks_to_a_tenth(tmp_path: Path) -> None:
    """The oldest vectors go, then it rests: nothing is made to be evicted again."""
    working = Working(home_with(tmp_path, sessions=20, lines=500), fast=Fussy(dim=256))
    working.policy = replace(working.policy, fast_dimension=256, semantic_budget_mb=10)
    Host(working).tick()
    working.policy = replace(working.policy, semantic_budget_mb=1)
    host = Host(working)
    while host.word() is None:
        pass
    embedder = working.embedders["hash"] = Fussy(dim=256)

    used = sum(path.stat().st_size for path in working.vectors.rglob("*") if path.is_file())
    assert 0 < used <= MB
    assert [host.word() for _ in range(3)] == ["budget_full"] * 3
    assert embedder.asked == []


def test_a_mode_that_wants_no_vectors(working: Working) -> None:
    """A tick carries out what the configuration says, once."""
    Host(working).tick()
    working.policy = replace(working.policy, mode=SemanticMode.LEXICAL_ONLY)
    host = Host(working)

    assert [host.word() for _ in range(3)] == ["lexical_only"] * 3
    assert working.ids() == []
    assert [kind for kind, _ in log(working)] == ["chunk", "dropped"]


def fresh(working: Working, embedder: Large) -> Host:
    """A new process of the worker's, over both tiers."""
    host = Host(working, FAST, QUALITY)
    embedder.machine = host.machine
    return host


def made(name: str, options: EmbedderOptions, large: Large) -> Checked:
    return Checked(HashEmbedder(options.fast_dimension) if name == "hash" else large)


def test_a_model_that_needs_more_memory_than_there_may_be(working: Working) -> None:
    """Found out by a process that had done nothing else; those after it leave it alone, and make what fits."""
    large = Large(revision="1")
    working.machine["build"] = lambda name, options: made(name, options, large)
    working.policy = replace(working.policy, max_backfill_rss_mb=80)

    first = fresh(working, large)
    words = [first.word(), first.word()]
    words.append(fresh(working, large).word())
    add_session(working.home, "new", 9)
    working.home.index()
    third = fresh(working, large)

    assert words == [None, "memory", "memory"]
    assert done(third.tick()) == [4, 0]
    assert third.word() == "too_large"
    assert third.machine.says["rss_bytes"] == 50 * MB
    assert large.asked == []


@pytest.mark.parametrize("how", ["more memory", "another model", "by hand"])
def test_a_model_that_did_not_fit_is_tried_again(working: Working, how: str) -> None:
    """When something has changed, or somebody asks for it."""
    large = Large(revision="1")
    working.machine["build"] = lambda name, options: made(name, options, large)
    working.policy = replace(working.policy, max_backfill_rss_mb=80)
    for _ in range(2):
        fresh(working, large).tick()
    assert fresh(working, large).word() == "too_large"

    if how == "more memory":
        working.policy = replace(working.policy, max_backfill_rss_mb=128)
    elif how == "another model":
        large.model_version = "2"
    else:
        working.machine["rss_bytes"] = lambda: 50 * MB
        assert working.quality().texts == 12
        del working.machine["rss_bytes"]

    assert fresh(working, large).word() != "too_large"


def test_too_much_memory_is_a_reason_to_rest(working: Working) -> None:
    """Smaller batches were tried before; now somebody has to let go of something."""
    working.policy = replace(working.policy, max_backfill_rss_mb=256)
    host = Host(working)
    host.machine.says["rss_bytes"] = 300 * MB

    assert host.word() == "memory"
    host.machine.says["rss_bytes"] = 200 * MB
    assert host.word() is None
