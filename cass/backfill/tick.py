"""One tick: gates → manifests → owed texts → embed → write → graph → budget → report.

Its hosts are `cass backfill` and the worker; both hold the worker's lock.  A tick does one chunk at most, keeps nothing
open and no model in memory, and can be the last at any moment.
"""

from __future__ import annotations

from cass.backfill.chunk import Chunk
from cass.backfill.gates import BUDGET, DISK, MODE, Asked, Hold, Situation, first_hold, interruption, why_it_may
from cass.backfill.memory import Past
from cass.backfill.pace import Pace, stop_of
from cass.backfill.upkeep import Graphs, has_progress
from cass.backfill.watchdog import Watchdog
from cass.errors import CassError
from cass.policy import MB
from cass.records import record, replace
from cass.store.connect import open_reader
from cass.store.events import CHUNK, HUNG, ChunkDone, Event, chunk_text, note_events
from cass.store.ledger import Ledger
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.backfill.gates import Sensors
    from cass.backfill.machine import BackfillRequest, Machine
    from cass.backfill.report import BackfillReport, TierReport
    from cass.paths import Places

NOTHING_INDEXED = Hold("nothing_indexed", "nothing is indexed yet", 30.0, "cass index")
BY_ITSELF = Asked()
# What is wrong with the database or the disk is looked at again after that.
BROKEN_S = 60.0
# Words of holds under which something may have to go before it can be said that they hold.
ROOM = (DISK, BUDGET)


@record
class TickReport:
    """What a tick did.  `hold`: why it did nothing, or had to end early; `report` None where it was not begun.

    progress: so that another tick may follow at once; without it the next one would find what this one found.
    """

    hold: Hold | None = None
    report: BackfillReport | None = None
    ran_because: str = ""
    stopped_because: str = ""
    cpu_s: float = 0.0
    rss_bytes: int = 0

    @property
    def progress(self) -> bool:
        return self.report is not None and has_progress(self.report)


class Ticker:
    """Ticks as often as it is asked.

    may_exit: a batch that hangs ends the process; only the worker lets it · past: of this process, before this ticker
    begun: told why a chunk may begin, when it does.
    """

    def __init__(
        self,
        places: Places,
        request: BackfillRequest,
        machine: Machine,
        sensors: Sensors,
        asked: Asked = BY_ITSELF,
        may_exit: bool = False,
        past: Past | None = None,
        begun: Callable[[str], None] = lambda because: None,
    ) -> None:
        self.places = places
        self.request = request
        self.machine = machine
        self.sensors = sensors
        self.asked = asked
        self.may_exit = may_exit
        self._began_s = sensors.monotonic_s()
        self._graphs = Graphs(asked.by_hand)
        self._past = past or Past()
        self._begun = begun

    def tick(self) -> TickReport:
        """Look, and do a chunk if nothing holds.  Never raises: what is broken is a hold."""
        try:
            return self.work()
        except CassError as lost:
            return self._measured(TickReport(Hold(lost.kind, str(lost), BROKEN_S, lost.todo)))
        except OSError as lost:
            reason = f"the system refused: {lost.strerror or lost}"
            return self._measured(TickReport(Hold("system-refused", reason, BROKEN_S)))
        except Exception as bug:  # the outer edge of a process that nobody watches
            return self._measured(TickReport(Hold("bug", f"{type(bug).__name__}: {bug}", 10 * BROKEN_S)))

    def work(self) -> TickReport:
        """As `tick`; raises Busy, SystemRefused, CorruptDatabase, NewerDatabase or OSError."""
        began_s, ledger = self.machine.cpu_s(), Ledger(self.places.database)
        timeout_s = self.request.policy.chunk_timeout_seconds
        with self._watchdog(timeout_s) as alive, SqliteErrors(self.places.database):
            until_s = self.machine.monotonic_s() + timeout_s
            pace = Pace(self.machine.monotonic_s, until_s, lambda: interruption(situation), alive)
            chunk = Chunk(self.places, self.request, self.machine, ledger, pace, self._graphs, self._past)
            situation = self._situation(chunk.used_bytes)
            try:
                done = self._look(chunk, situation) or self._do(chunk, situation, ledger)
            finally:
                ledger.close()
        return self._measured(replace(done, cpu_s=round(self.machine.cpu_s() - began_s, 3)))

    def _situation(self, used_bytes: Callable[[], int]) -> Situation:
        """By the gates a budget of a flag holds nothing that stands; what is new finds it when it is made."""
        request, sensors = self.request, self.sensors
        most_mb = max(request.policy.semantic_budget_mb, request.configured.semantic_budget_mb)
        policy = replace(request.policy, semantic_budget_mb=most_mb)
        return Situation(policy, sensors, self.asked, used_bytes, lambda: sensors.monotonic_s() - self._began_s)

    def _watchdog(self, timeout_s: float) -> Watchdog:
        return Watchdog(timeout_s if self.may_exit else None, lambda: self._note_hung(timeout_s))

    def _look(self, chunk: Chunk, situation: Situation) -> TickReport | None:
        """What holds; where that is room, only after what is too much has gone."""
        hold = first_hold(situation)
        if hold is None:
            return None
        if hold.word == MODE and not self.request.configured.mode.should_build_semantic:
            return TickReport(hold, chunk.discard_all(), stopped_because=hold.reason)
        if hold.word in ROOM:
            chunk.enforce()
            hold = first_hold(situation)
            if hold is None:
                return None
            return TickReport(hold, chunk.all_stopped(stop_of(hold)), stopped_because=hold.reason)
        return TickReport(hold, stopped_because=hold.reason)

    def _do(self, chunk: Chunk, situation: Situation, ledger: Ledger) -> TickReport:
        connection = open_reader(self.places.database)
        if connection is None:
            return TickReport(NOTHING_INDEXED, stopped_because=NOTHING_INDEXED.reason)
        because = why_it_may(situation)
        self._begun(because)
        try:
            report = chunk.run(connection, lambda tier: self._write_down(tier, because, ledger))
        finally:
            connection.close()
        stops = [tier.stopped.reason for tier in report.tiers if tier.stopped is not None]
        return TickReport(chunk.pace.hold, report, because, stops[0] if stops else "nothing is owed any more")

    def _write_down(self, tier: TierReport, because: str, ledger: Ledger) -> None:
        """An event for a tier that was worked on, at once: the next may take minutes, or be the last of the process.

        A look that found nothing leaves none.
        """
        if not tier.has_worked:
            return
        stopped, rss_bytes = "" if tier.stopped is None else tier.stopped.reason, self.machine.rss_bytes()
        counts = tier.texts, tier.vectors, tier.failed
        done = ChunkDone(tier.tier, *counts, tier.seconds, tier.cpu_s, rss_bytes, because, stopped)
        events = [Event(self.machine.now_ms(), CHUNK, chunk_text(done))]
        ledger.mention(lambda connection: note_events(connection, events))

    def _note_hung(self, timeout_s: float) -> None:
        """On a thread of its own, so with a connection of its own."""
        ledger = Ledger(self.places.database)
        what = f"one batch took more than {timeout_s:g} s, with {self.machine.rss_bytes() / MB:.0f} MB of memory"
        ledger.mention(lambda connection: note_events(connection, [Event(self.machine.now_ms(), HUNG, what)]))
        ledger.close()

    def _measured(self, done: TickReport) -> TickReport:
        because = done.stopped_because or ("" if done.hold is None else done.hold.reason)
        return replace(done, rss_bytes=self.sensors.rss_bytes(), stopped_because=because)
