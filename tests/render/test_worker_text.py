"""The worker's page and log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.policy import SemanticCapabilityReport, SemanticPolicy
from cass.records import replace
from cass.render import worker_text
from cass.render.doctor_interference import Interference, Latency, Load, page
from cass.render.terminal import Style
from cass.status.semantic import report
from cass.status.worker import LastChunk, WorkerFacts
from cass.store.events import ChunkDone, Event
from tests.archive import NOW_MS, make_home

PIPE = Style(False, False, "", False, 80)
PLAIN = Style(False, True, "", False, 80)
DONE = ChunkDone(
    "quality",
    1024,
    1100,
    1,
    41.25,
    38.1,
    312 * 1_048_576,
    "you were away 412 s (terminal), mains, load 0.30 a core",
    "",
)
EVENTS = [
    (Event(NOW_MS, "started", ""), None),
    (Event(NOW_MS + 1, "chunk", ""), DONE),
    (Event(NOW_MS + 2, "rest", f"nothing here tells whether you are there: {'it waits and ' * 4}looks"), None),
]


@pytest.fixture
def at_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates are local."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def test_a_rest_says_why_and_when_it_looks_again():
    worker = WorkerFacts("resting", "you were here 3 s ago", next_look_ms=NOW_MS + 27_000)

    assert worker_text.doing(worker, NOW_MS) == "resting: you were here 3 s ago; looks again in 27 s"
    assert worker_text.doing(worker, NOW_MS + 30_000) == "resting: you were here 3 s ago"


def test_what_was_done_fits_the_screen():
    """No word is broken at its edge; what is piped stays one line."""
    worker = WorkerFacts("resting", "you were here 3 s ago", next_look_ms=NOW_MS + 27_000)
    said = "Paused until 18:51; before that: cass worker unpause."
    screen = worker_text.done(said, worker, NOW_MS, replace(PIPE, terminal=True))

    assert [len(line) <= 80 for line in screen.splitlines()] == [True, True]
    assert " ".join(screen.split()) + "\n" == worker_text.done(said, worker, NOW_MS, PIPE)


def test_a_pace_below_one_is_not_none():
    slow = replace(DONE, texts=26, seconds=148.0)

    assert "0.2/s" in worker_text.log([(EVENTS[1][0], slow)], PIPE)


def test_the_log_has_three_lines_a_chunk_and_fits_the_screen(at_greenwich: None):
    assert worker_text.log(EVENTS, PIPE).splitlines() == [
        "2026-01-03 03:04  started",
        "2026-01-03 03:04  quality   1,024 texts, 25/s, 41.2 s, 38.1 CPU s, 312 MB",
        "                  ran       you were away 412 s (terminal), mains, load 0.30 a",
        "                            core",
        "                  ended     nothing was owed any more; 1 text failed",
        "2026-01-03 03:04  rest      nothing here tells whether you are there: it waits",
        "                            and it waits and it waits and it waits and looks",
    ]


def test_the_plain_log_is_a_line_an_event(at_greenwich: None):
    said = worker_text.log(EVENTS, PLAIN).splitlines()

    assert said[0] == "2026-01-03 03:04:05 started"
    assert said[1] == (
        "2026-01-03 03:04:05 chunk: 1,024 texts of the quality tier, 1 failed, 41.2 s, 38.1 CPU s, 25 texts/s, 312 MB"
        " of memory. Ran: you were away 412 s (terminal), mains, load 0.30 a core. Ended: nothing was owed any more"
    )
    assert len(said) == len(EVENTS)


def test_an_empty_log_says_so():
    assert worker_text.log([], PIPE) == "Nothing has happened yet.\n"


def test_what_an_error_says_cannot_move_the_cursor():
    assert "\x1b" not in worker_text.log([(Event(NOW_MS, "rest", "\x1b[2J"), None)], PIPE)


def test_the_page_says_what_is_owed_and_how_long_it_takes(tmp_path: Path):
    worker = WorkerFacts("stopped", "nothing is owed", chunks=(LastChunk(NOW_MS, DONE),))

    said = worker_text.page(worker, report_of(tmp_path, fast=5, dead=2, eta_s=600.0), None, PIPE, NOW_MS)

    assert said.splitlines() == [
        "worker   not running: nothing is owed",
        "owed     5 texts of the fast tier (90% done); 10 min of work",
        "given up 2 texts; cass worker retry-dead",
        "last     just now: 1,024 texts of the quality tier, 1 failed",
        "took     41.2 s, 38.1 CPU s, 25 texts/s, 312 MB of memory",
        "ran      you were away 412 s (terminal), mains, load 0.30 a core",
        "ended    nothing was owed any more",
    ]


def report_of(folder: Path, **backlog: float) -> SemanticCapabilityReport:
    """One without a model, so that the quality tier cannot be made."""
    found = report(SemanticPolicy(), make_home(folder).places, None)
    fast = replace(found.fast_tier, coverage=0.9)
    return replace(found, fast_tier=fast, backlog=SemanticCapabilityReport.Backlog(**backlog))  # type: ignore[arg-type]


def test_both_latencies_stand_side_by_side():
    """And it is honest about what the worker had to do."""
    free, busy = Latency.of([20.0, 21.0, 22.0]), Latency.of([30.0, 31.5, 40.0])

    assert page(Interference(free, busy, Load(0, 900, "hash-256-v2")), PIPE).splitlines() == [
        "a search took  without  beside a busy worker  ratio",
        "median         21.0 ms               31.5 ms   1.50",
        "p95            22.0 ms               40.0 ms   1.82",
        "",
        "3 searches each, in turns, every one a process of its own. Nothing was owed that",
        "it could make: it embedded 900 pieces of the newest texts once more",
        "(hash-256-v2) and threw that away.",
    ]


def test_what_another_process_makes_is_not_said_to_be_nothing():
    one = Latency.of([20.0])

    said = page(Interference(one, one, Load(0, 9, "hash-256-v2", "process 4711")), PIPE)

    assert "What is owed is made by process 4711: it embedded 9 pieces" in " ".join(said.split())
