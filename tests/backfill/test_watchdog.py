"""A batch that hangs ends the process, with a word about it; nothing else does."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from cass.backfill.watchdog import EXIT_CODE, Watchdog
from cass.disk import try_lock
from tests.archive import REPO
from tests.backfill.working import Working, home_with

# A worker whose embedder hangs; only what it may not know is handed in.
HANGS = """
import sys, threading
from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.run import unseen
from cass.backfill.gates import Asked
from cass.backfill.tick import Ticker
from cass.clock import monotonic_s, now_ms
from cass.disk import try_lock
from cass.paths import places
from cass.policy import SemanticPolicy
from cass.records import replace
from cass.semantic.embedders.hash import HashEmbedder

class Hangs(HashEmbedder):
    def embed(self, texts):
        threading.Event().wait()

policy = replace(SemanticPolicy(), chunk_timeout_seconds=0.2)
machine = Machine(now_ms, monotonic_s, lambda: 1 << 62, build=lambda name, options: Hangs())
where = places({}, data_dir=sys.argv[1])
lock = try_lock(sys.argv[1] + "/worker.lock")
sys.stdout.write("begins\\n")
sys.stdout.flush()
asked = Asked(by_hand=True)
Ticker(where, BackfillRequest(policy, policy, ("fast",)), machine, unseen(machine), asked, may_exit=True).tick()
"""


def test_a_process_that_hangs_ends(tmp_path: Path) -> None:
    """Its locks fall with it, and the log says what happened."""
    working = Working(home_with(tmp_path))
    data = str(working.home.data)
    ended = subprocess.run(
        [sys.executable, "-c", HANGS, data],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.stdout, ended.stderr, ended.returncode) == ("begins\n", "", EXIT_CODE)
    ((kind, what),) = working.ask("SELECT kind, what FROM events")
    assert (kind, what.startswith("one batch took more than 0.2 s")) == ("hung", True)
    lock = try_lock(f"{data}/worker.lock")
    assert lock is not None
    lock.release()


def test_a_sign_of_life_is_enough() -> None:
    """It bites only when none comes."""
    ended = threading.Event()
    bitten: list[int] = []

    def end(code: int) -> None:
        bitten.append(code)
        ended.set()

    with Watchdog(0.01, lambda: None, end):
        ended.wait()
    with Watchdog(60, lambda: None, end) as alive:
        alive()
    with Watchdog(None, lambda: None, end) as alive:
        alive()

    assert bitten == [EXIT_CODE]


def test_a_process_that_was_stopped_has_not_hung() -> None:
    """Stopped or asleep, it could not give a sign: when the watchdog itself comes back late, all the time is given."""
    ended = threading.Event()
    looks = [0.0, 0.01, 1.0, 1.01, 2.0, 2.01, 3.0, 5000.0, *([6000.0] * 8)]  # began, came back
    left = iter(looks)

    def ends(code: int) -> None:
        ended.set()

    with Watchdog(0.04, lambda: None, ends, lambda: next(left)):
        assert ended.wait(60)

    assert list(left) == []


def test_it_bites_even_if_nothing_can_be_said() -> None:
    ended = threading.Event()
    threading.excepthook, before = lambda _: None, threading.excepthook

    def fails() -> None:
        raise OSError("no room")

    with Watchdog(0.01, fails, lambda code: ended.set()):
        assert ended.wait(60)
    threading.excepthook = before
