"""`cass backfill`: ticks until nothing is owed, or something holds that a command by hand does not pass.

One run at a time a data folder.  It may be killed anywhere: what was published stands, the rest is done again.
"""

from __future__ import annotations

import gc
import os

from cass.backfill import report as said
from cass.backfill.gates import MODE, Asked, Sensors
from cass.backfill.pace import stop_of
from cass.backfill.report import BackfillReport, TierReport, merged
from cass.backfill.tick import NOTHING_INDEXED, Ticker
from cass.disk import lock_holder, make_private_folder, try_lock
from cass.errors import Busy
from cass.policy import MB
from cass.records import replace
from cass.store.connect import is_there
from cass.store.worker_state import LOCK, WATCH, WORKER, holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.backfill.machine import BackfillRequest, Machine
    from cass.backfill.report import Stop
    from cass.backfill.tick import TickReport
    from cass.disk import Lock
    from cass.paths import Places
    from cass.store.worker_state import Holder


class Backfill:
    """One run.  Raises Busy, SystemRefused, CorruptDatabase or NewerDatabase; all else is in the report.

    sensors: None for a machine that tells only its memory and its disk
    asked: the pause that holds, and manners; None for neither.
    """

    def __init__(
        self,
        places: Places,
        request: BackfillRequest,
        machine: Machine,
        sensors: Sensors | None = None,
        asked: Asked | None = None,
    ) -> None:
        self.places = places
        self.request = request
        self.machine = machine
        asked = replace(asked or Asked(), by_hand=True, force=request.force, stop=machine.is_stopped)
        self._ticker = Ticker(places, request, machine, sensors or unseen(machine), asked)

    def run(self) -> BackfillReport:
        """Do it."""
        gc.enable()  # the command line switches it off for short lives; this may be a long one
        started_s = self.machine.monotonic_s()
        if not is_there(self.places.database):
            return self._all_stopped(said.NOTHING_INDEXED)
        with self._lock():
            done = self._run()
        return replace(done, took_s=round(self.machine.monotonic_s() - started_s, 3))

    def _lock(self) -> Lock:
        make_private_folder(self.places.data)
        path = os.path.join(self.places.data, LOCK)
        lock = try_lock(path)
        if lock is None:
            raise _taken(path, holder_of(self.places.data))
        return lock

    def _run(self) -> BackfillReport:
        done = self._reported(self._ticker.work())
        while not self.request.once and _goes_on(done):
            following = self._ticker.work()
            done = merged(done, self._reported(following))
            if not following.progress:
                break
        return done

    def _reported(self, tick: TickReport) -> BackfillReport:
        if tick.report is not None:
            return tick.report
        assert tick.hold is not None
        known = {NOTHING_INDEXED.word: said.NOTHING_INDEXED, MODE: said.MODE, said.THREADS.word: said.THREADS}
        return self._all_stopped(known.get(tick.hold.word) or stop_of(tick.hold))

    def _all_stopped(self, stop: Stop) -> BackfillReport:
        tiers = tuple([TierReport(tier, stopped=stop) for tier in self.request.tiers])
        return BackfillReport(tiers, budget_bytes=self.request.policy.semantic_budget_mb * MB)


def _taken(path: str, holder: Holder | None) -> Busy:
    """Who has the place, and what that process does."""
    who = f"process {lock_holder(path) if holder is None else holder.pid}"
    if holder is not None and holder.what == WATCH:
        what = f"{who} is cass index --watch, beside which no vectors are made"
        return Busy(what, path, "end it, then run this again")
    if holder is not None and holder.what == WORKER:
        todo = "it goes on by itself; try again in a moment, or first: cass worker stop"
        return Busy(f"{who} is the worker, in the middle of a batch", path, todo)
    return Busy(f"{who} is making vectors already", path, "wait for it, or stop it")


def _goes_on(report: BackfillReport) -> bool:
    """Did it end only because a chunk was full?"""
    return any([tier.stopped == said.TIME for tier in report.tiers])


def unseen(machine: Machine) -> Sensors:
    """Sensors of a machine that tells its clocks, its memory and its disk, and nothing of its users."""
    return Sensors(
        now_ms=machine.now_ms,
        monotonic_s=machine.monotonic_s,
        load_per_core=lambda: None,
        memory_pressure=lambda: None,
        on_battery=lambda: None,
        idle_s=lambda: None,
        rss_bytes=machine.rss_bytes,
        free_bytes=machine.free_bytes,
        local_minutes=lambda: 0,
    )
