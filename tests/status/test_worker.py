"""What is said about the worker: what it does, how fast it was, what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.disk import try_lock
from cass.policy import DEFAULT_FAST_DIMENSION, SemanticPolicy
from cass.semantic.embedders.hash_version import identity
from cass.status.semantic import report
from cass.status.worker import WITHOUT_A_WORD, LastChunk, WorkerFacts, eta_s, texts_per_s, worker_facts
from cass.status.worker_faults import Fault, worker_faults
from cass.store.attempts import Rest, note_failures, note_rest
from cass.store.connect import open_reader
from cass.store.events import CHUNK, HUNG, STARTED, STOPPED, ChunkDone, Event, chunk_text, note_events
from cass.store.ledger import Ledger
from cass.store.unfit import note_unfit
from cass.store.worker_state import LOCK, RESTING, WORKER, WorkerState, sign, write_state
from tests.archive import NOW_MS, Home, make_home

FAST = ChunkDone("fast", 1000, 1200, 0, 4.0, 3.5, 60_000_000, "you were away 412 s", "the time of a chunk is over")
# The embedder that the fast tier is made of.
HASH = identity(DEFAULT_FAST_DIMENSION)[0]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out", "raise the pool size")
    home.index()
    return home


def noted(home: Home, *events: Event) -> None:
    ledger = Ledger(home.places.database)
    assert ledger.note(lambda connection: note_events(connection, events))
    ledger.close()


def facts(home: Home) -> WorkerFacts:
    connection = open_reader(home.places.database)
    try:
        return worker_facts(home.places.data, connection)
    finally:
        if connection is not None:
            connection.close()


def faults(home: Home, *services: tuple[str, str]) -> list[Fault]:
    connection = open_reader(home.places.database)
    assert connection is not None
    try:
        return worker_faults(home.places, connection, SemanticPolicy(), services)
    finally:
        connection.close()


def test_without_an_archive_nothing_is_known(tmp_path: Path):
    assert facts(make_home(tmp_path)) == WorkerFacts("stopped", "nothing is indexed yet")


def test_one_that_never_was_is_stopped(home: Home):
    assert facts(home) == WorkerFacts("stopped", "it was never started")


def test_one_that_left_said_why(home: Home):
    noted(home, Event(NOW_MS, STARTED, ""), Event(NOW_MS, STOPPED, "nothing is owed"))

    assert facts(home) == WorkerFacts("stopped", "nothing is owed")


def test_one_that_was_killed_said_nothing(home: Home):
    noted(home, Event(NOW_MS, STOPPED, "nothing is owed"), Event(NOW_MS + 1, STARTED, ""))

    assert facts(home) == WorkerFacts("stopped", WITHOUT_A_WORD)


def test_one_that_hung_said_so(home: Home):
    """Its watchdog's last word; also to the doctor, while something is owed."""
    noted(home, Event(NOW_MS, STARTED, ""), Event(NOW_MS, HUNG, "one batch took more than 120 s"))

    said = "it hung and was ended: one batch took more than 120 s"
    assert facts(home) == WorkerFacts("stopped", said)
    assert faults(home) == [Fault(f"{said}; 2 texts are owed", "cass worker start")]


def test_one_that_left_after_the_clock_was_set_back(home: Home):
    """What was written last was last, whatever the time was."""
    noted(home, Event(NOW_MS, STARTED, ""), Event(NOW_MS - 3_600_000, STOPPED, "nothing is owed"))

    assert facts(home) == WorkerFacts("stopped", "nothing is owed")


def test_one_that_rests_says_why_and_until_when(home: Home):
    """The lock tells that it is there, its file tells the rest."""
    lock = try_lock(str(home.data / LOCK))
    sign(str(home.data), WORKER)
    write_state(str(home.data), WorkerState(os.getpid(), RESTING, "on_battery", "on battery", 5, 60_005))

    assert lock is not None
    with lock:
        assert facts(home) == WorkerFacts("resting", "on battery", 60_005, pid=os.getpid(), since_ms=5)


def test_a_backfill_by_hand_is_no_worker_and_is_at_work(home: Home):
    lock = try_lock(str(home.data / LOCK))

    assert lock is not None
    with lock:
        assert facts(home) == WorkerFacts("running", "cass backfill is at work", pid=os.getpid())


def test_the_last_chunks_come_newest_first(home: Home):
    noted(home, *[Event(NOW_MS + number, CHUNK, chunk_text(FAST)) for number in range(20)])

    found = facts(home)

    assert found.last_chunk == LastChunk(NOW_MS + 19, FAST)
    assert len(found.chunks) == 16


def test_the_pace_of_a_tier_is_that_of_its_chunks_together():
    """A chunk that did nothing, and one that took no time, tell nothing."""
    quality = ChunkDone("quality", 30, 30, 0, 3.0, 3.0, 0, "")
    idle = ChunkDone("quality", 0, 0, 1, 100.0, 0.0, 0, "")
    short = ChunkDone("fast", 9, 9, 0, 0.0, 0.0, 0, "")

    pace = texts_per_s([LastChunk(0, done) for done in (FAST, quality, quality, idle, short)])

    assert pace == {"fast": 250.0, "quality": 10.0}


def test_what_a_tier_did_last_counts_most():
    """Newest first: what was quick for a quarter of an hour does not promise much where texts are long now."""
    quick, slow = (
        ChunkDone("quality", 2400, 0, 0, 120.0, 60.0, 0, ""),
        ChunkDone("quality", 24, 0, 0, 120.0, 60.0, 0, ""),
    )

    pace = texts_per_s([LastChunk(0, done) for done in (*[slow] * 4, *[quick] * 8)])

    assert 0.2 < pace["quality"] < 2.0


@pytest.mark.parametrize(
    ("owed", "expected"),
    [
        ({"fast": 0, "quality": 0}, 0.0),
        ({"fast": 500, "quality": 0}, 2.0),
        ({"fast": 500, "quality": 100}, 12.0),
        ({"fast": 0, "quality": 1, "other": 1}, None),
    ],
)
def test_what_is_left_is_told_from_what_was_measured(owed: dict[str, int], expected: float | None):
    assert eta_s(owed, {"fast": 250.0, "quality": 10.0}) == expected


def test_a_whole_archive_has_no_faults(home: Home):
    assert faults(home, ("/nowhere/cass-worker.service", "text")) == []


def test_a_killed_worker_is_a_fault_while_something_is_owed(home: Home):
    noted(home, Event(NOW_MS, STARTED, ""))

    assert faults(home) == [Fault("it ended without a word; 2 texts are owed", "cass worker start")]


def test_a_service_file_of_another_program_is_a_fault(home: Home, tmp_path: Path):
    ours, other = tmp_path / "ours.service", tmp_path / "other.service"
    ours.write_text("ExecStart=this")
    other.write_text("ExecStart=that")

    found = faults(home, (str(ours), "ExecStart=this"), (str(other), "ExecStart=this"))

    assert found == [Fault(f"{other} starts another program, or an older one", "cass worker install")]


def test_texts_that_were_given_up_are_a_fault_with_the_last_error(home: Home):
    ledger = Ledger(home.places.database)
    for number in range(3):
        ledger.note(lambda connection, n=number: note_failures(connection, "fast", HASH, {1: "too odd"}, n))  # type: ignore[misc]
    ledger.close()

    assert faults(home) == [Fault("1 text was given up, the last one because: too odd", "cass worker retry-dead")]


def test_what_another_embedder_failed_at_is_none(home: Home):
    """It was asked for before: the one that is asked for now gave nothing up, and owes all of it."""
    ledger = Ledger(home.places.database)
    for number in range(3):
        ledger.note(lambda connection, n=number: note_failures(connection, "fast", "hash-64-v2", {1: "odd"}, n))  # type: ignore[misc]
    ledger.note(lambda connection: note_rest(connection, "quality", "openai-bge-1024", Rest(NOW_MS, "it is away")))
    ledger.close()
    connection = open_reader(home.places.database)
    assert connection is not None
    backlog = report(SemanticPolicy(), home.places, connection).backlog
    connection.close()

    assert faults(home) == []
    assert (backlog.fast, backlog.dead) == (2, 0)


def test_a_tier_whose_embedder_failed_is_a_fault(home: Home):
    ledger = Ledger(home.places.database)
    ledger.note(lambda connection: note_rest(connection, "quality", "minilm-384", Rest(NOW_MS, "the server is away")))
    ledger.close()

    assert faults(home) == [Fault("the quality tier rests: the server is away", "cass worker")]


def test_a_tier_that_does_not_fit_into_memory_is_a_fault_until_it_may(home: Home):
    """The limit is 256 MB: what is known of one that was lower says nothing."""
    ledger = Ledger(home.places.database)
    ledger.note(lambda connection: note_unfit(connection, "fast", "x 1", 80))
    ledger.note(lambda connection: note_unfit(connection, "quality", "x 1", 256))
    ledger.close()

    told = "the quality tier does not fit into 256 MB of memory"
    assert faults(home) == [Fault(told, "cass config set max_backfill_rss_mb 512")]
