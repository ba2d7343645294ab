"""A world that the worker's loop runs in and a test holds: no clock, no signal, no file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cass.backfill.gates import Hold
from cass.backfill.report import BackfillReport, Stop, TierReport
from cass.backfill.worker import Host, Leave, Rest, Wishes, Worker
from cass.errors import SystemRefused
from cass.records import record
from cass.semantic.manifest import FAST

POLL_S, IDLE_EXIT_S = 30.0, 600.0


@record
class Ticked:
    hold: Any = None
    report: Any = None


def worked(texts: int = 10, stopped: Stop | None = None, failed: int = 0) -> Ticked:
    return Ticked(report=BackfillReport((TierReport(FAST, texts=texts, failed=failed, stopped=stopped),)))


DONE = worked(texts=0)
AWAY = worked(texts=0, stopped=Stop("embedder_failed", "the embedder failed: no answer", retry_after_s=60.0))
FULL = worked(texts=0, stopped=Stop("budget_full", "the budget is full"))
ACTIVE = Ticked(hold=Hold("user_active", "you were here 3 s ago (terminal)", 27.0))
HEAVY = Ticked(hold=Hold("memory", "it takes 900 MB of memory, over 400 MB", 60.0))


class World:
    """What the loop sees; time passes only while it waits.  `ticks`: what ticks give, the last one again and again."""

    def __init__(self, *ticks: Any, poll_s: float = POLL_S, idle_exit_s: float = IDLE_EXIT_S) -> None:
        self.ticks = list(ticks)
        self.wishes = Wishes(poll_s, idle_exit_s)
        self.now_s = 1000.0
        self.waits: list[float] = []
        self.did: list[str] = []
        self.notes: list[tuple[str, str]] = []
        self.shown: list[Rest | None] = []
        self.sign = 0
        self.pause_left_s: float | None = None
        self.stopped = False
        self.here = True
        self.new = False
        self.left_to_read = 1
        self.asked_s = 0.0
        self.while_waiting: Callable[[], None] = lambda: None
        self.log_fails = False

    def tick(self) -> Any:
        self.did.append("tick")
        ticked = self.ticks.pop(0) if len(self.ticks) > 1 else self.ticks[0]
        if isinstance(ticked, BaseException):
            raise ticked
        return ticked

    def read(self) -> bool:
        self.did.append("read")
        self.left_to_read -= 1
        self.new = self.left_to_read > 0
        self.sign += 1
        return True

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds
        self.while_waiting()
        assert len(self.waits) < 10_000

    def note(self, kind: str, what: str) -> None:
        if self.log_fails:
            raise SystemRefused("the disk is full")
        self.notes.append((kind, what))

    def run(self) -> Leave:
        host = Host(
            tick=self.tick,
            has_new=lambda: self.new,
            read_new=self.read,
            release=lambda: self.did.append("release"),
            wait=self.wait,
            signs=lambda: self.sign,
            is_stopped=lambda: self.stopped,
            pause_left_s=lambda: self.pause_left_s,
            is_here=lambda: self.here,
            asked_s=lambda: self.asked_s,
            monotonic_s=lambda: self.now_s,
            show=self.shown.append,
            note=self.note,
        )
        return Worker(host, self.wishes).run()

    def run_for(self, seconds: float) -> Leave:
        """Until it leaves, or is asked to stop after so long."""
        until_s = self.now_s + seconds

        def look() -> None:
            self.stopped = self.stopped or self.now_s >= until_s

        self.while_waiting = look
        return self.run()
