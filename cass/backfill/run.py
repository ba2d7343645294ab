"""`cass backfill`: bring the vectors of both tiers up to the archive, inside the budget, the fast tier first.

One run at a time a data folder.  It may be killed anywhere: what was published stands, the rest is done again.
"""

from __future__ import annotations

import gc
import os

from cass.backfill import report as said
from cass.backfill.memory import Memory
from cass.backfill.report import BackfillReport, Stop, TierReport
from cass.backfill.tier import Job, TierRun
from cass.backfill.upkeep import build_graph_if_it_pays, discard, mend_and_judge, of_another_embedder
from cass.disk import lock_holder, make_private_folder, try_lock
from cass.errors import Busy
from cass.policy import MB
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.table import embedder_row
from cass.semantic.vectors import FAST, QUALITY
from cass.store.connect import SqliteErrors, open_reader
from cass.store.events import DROPPED, EVICTED, Event, note_events
from cass.store.ledger import Ledger
from cass.store.nearest import prepare
from cass.store.owed import keep_eligible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.backfill.machine import BackfillRequest, Machine
    from cass.disk import Lock
    from cass.paths import Places
    from cass.policy import SemanticPolicy
    from cass.semantic.budget import Evicted
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.semantic.embedders.table import EmbedderOptions
    from cass.semantic.vector_upkeep import Dropped

LOCK = "worker.lock"


class Backfill:
    """One run.  Raises Busy, SystemRefused, CorruptDatabase or NewerDatabase; all else is in the report."""

    def __init__(self, places: Places, request: BackfillRequest, machine: Machine) -> None:
        self.places = places
        self.request = request
        self.machine = machine
        self.shelf = replace(Shelf.below(places.data), volume=machine.volume)
        self._ledger = Ledger(places.database)

    def run(self) -> BackfillReport:
        """Do it."""
        gc.enable()  # the command line switches it off for short lives; this may be a long one
        started_s = self.machine.monotonic_s()
        with SqliteErrors(self.places.database):
            connection = open_reader(self.places.database)
            if connection is None:
                return self._all_stopped(said.NOTHING_INDEXED)
            try:
                with self._lock():
                    done = self._run(connection)
            finally:
                self._ledger.close()
                connection.close()
        return replace(done, took_s=round(self.machine.monotonic_s() - started_s, 3))

    def _lock(self) -> Lock:
        make_private_folder(self.places.data)
        path = os.path.join(self.places.data, LOCK)
        lock = try_lock(path)
        if lock is None:
            who = f"process {lock_holder(path)}"
            raise Busy(f"{who} is making vectors already", path, "wait for it, or stop it")
        return lock

    def _run(self, connection: Connection) -> BackfillReport:
        request = self.request
        if not request.configured.mode.should_build_semantic:
            dropped = {tier: discard(self.shelf, tier, request.configured) for tier in request.tiers}
            self._note_events([], [each for some in dropped.values() for each in some])
            tiers = [TierReport(tier, dropped=dropped[tier], stopped=said.MODE) for tier in request.tiers]
            return self._told(tuple(tiers))
        if not request.policy.mode.should_build_semantic:
            return self._all_stopped(said.MODE)
        if request.policy.max_backfill_threads == 0:
            return self._all_stopped(said.THREADS)
        return self._work(connection)

    def _work(self, connection: Connection) -> BackfillReport:
        self._ledger.note(prepare)
        embedders = {tier: self._built(tier) for tier in (FAST, QUALITY)}
        has_both = not isinstance(embedders[QUALITY], Stop)
        budget = Budget(_roomier(self.request), self.shelf, self.machine.free_bytes, shares=has_both)
        # A flag never removes anything: what is too much is so by the configuration.
        evicted = Budget(self.request.configured, self.shelf, self.machine.free_bytes, shares=has_both).enforce()
        self._note_events(list(evicted), [])
        memory = Memory(self.request.policy.max_backfill_rss_mb * MB, self.machine.rss_bytes)
        job = Job(self.request, self.machine, connection, self._ledger, budget, memory)
        tiers = [self._tier(job, tier, embedders[tier]) for tier in self.request.tiers]
        # Last, since a graph only makes a search faster, and its thousand vectors a second hold up the rest.
        tiers = [replace(tier, graph=build_graph_if_it_pays(job, tier)) for tier in tiers]
        return self._told(tuple(tiers), evicted=evicted)

    def _built(self, tier: str) -> BaseEmbedder | Stop:
        """The tier's embedder, not loaded; or why there is none."""
        policy = self.request.policy
        if tier == QUALITY and not policy.wants_quality_tier:
            return said.OFF
        name = policy.fast_tier_embedder if tier == FAST else policy.quality_tier_embedder
        try:
            return self.machine.build(name, self._options())
        except EmbedderError as missing:
            reason, _, todo = str(missing).partition(": ")
            return Stop("no_model", reason, todo or "cass models install")

    def _options(self) -> EmbedderOptions:
        policy = self.request.policy
        options = self.machine.embedder_options
        return replace(
            options, fast_dimension=policy.fast_dimension, data=self.places.data, threads=policy.max_backfill_threads
        )

    def _tier(self, job: Job, tier: str, embedder: BaseEmbedder | Stop) -> TierReport:
        if isinstance(embedder, Stop):
            return self._without_embedder(tier, embedder)
        embedder.load()
        try:
            return self._with_embedder(job, tier, embedder)
        finally:
            embedder.close()

    def _without_embedder(self, tier: str, stop: Stop) -> TierReport:
        """Nothing can be made; what stands stays, unless the configuration does not want it any more."""
        is_off = stop is said.OFF and not self.request.configured.wants_quality_tier
        dropped = discard(self.shelf, tier, self.request.configured) if is_off else ()
        self._note_events([], list(dropped))
        return TierReport(tier, dropped=dropped, stopped=None if stop is said.OFF else stop)

    def _with_embedder(self, job: Job, tier: str, embedder: BaseEmbedder) -> TierReport:
        if not embedder.is_loaded:
            reason = f"{embedder.embedder_id} cannot be used: {embedder.reason}"
            is_here = embedder_row(_name(self.request.policy, tier)).name != "openai"
            todo = "cass models verify" if is_here else "see that its server works, then: cass backfill"
            return TierReport(tier, embedder.embedder_id, stopped=Stop("embedder_failed", reason, todo))
        request = self.request
        is_wanted = _name(request.policy, tier) == _name(request.configured, tier)
        if not is_wanted and of_another_embedder(self.shelf, tier, embedder):
            reason = "its vectors are another embedder's, and an option of one command removes nothing"
            return TierReport(tier, embedder.embedder_id, stopped=Stop("other_embedder", reason, "cass config set"))
        dropped = mend_and_judge(self.shelf, tier, request, embedder if is_wanted else None)
        run = TierRun(job, tier, embedder, TierReport(tier, dropped=dropped))
        done = run.run()
        self._note_events(list(done.evicted), list(done.dropped))
        eligible, change = run.owed.eligible, run.owed.change
        self._ledger.note(lambda connection: keep_eligible(connection, eligible, change))
        return done

    def _note_events(self, evicted: list[Evicted], dropped: list[Dropped]) -> None:
        now_ms = self.machine.now_ms()
        events = [Event(now_ms, EVICTED, f"{one.name}, {one.size_bytes} bytes: {one.why}") for one in evicted]
        events += [Event(now_ms, DROPPED, f"{one.name}, {one.size_bytes} bytes: {one.reason}") for one in dropped]
        if events:
            self._ledger.note(lambda connection: note_events(connection, events))

    def _all_stopped(self, stop: Stop) -> BackfillReport:
        return self._told(tuple([TierReport(tier, stopped=stop) for tier in self.request.tiers]))

    def _told(self, tiers: tuple[TierReport, ...], evicted: tuple[Evicted, ...] = ()) -> BackfillReport:
        used_bytes = sum([one.size_bytes for one in self.shelf.artifacts()])
        return BackfillReport(tiers, evicted, used_bytes, self.request.policy.semantic_budget_mb * MB)


def _roomier(request: BackfillRequest) -> SemanticPolicy:
    """The policy that writes may evict by: a smaller budget of a flag stops them instead."""
    most = max(request.policy.semantic_budget_mb, request.configured.semantic_budget_mb)
    return replace(request.policy, semantic_budget_mb=most)


def _name(policy: SemanticPolicy, tier: str) -> str:
    return policy.fast_tier_embedder if tier == FAST else policy.quality_tier_embedder
