"""One chunk: what stands is looked at, then the tiers in order, the fast one first, then graphs; all inside the budget.

It may be killed anywhere: what was published stands, the rest is done again.  The caller holds the worker's lock.
"""

from __future__ import annotations

from cass.backfill import report as said
from cass.backfill.gates import MEMORY
from cass.backfill.memory import Memory, Past
from cass.backfill.report import BackfillReport, Stop, TierReport
from cass.backfill.resting import NOT_READY, Resting
from cass.backfill.tier import Job, TierRun
from cass.backfill.upkeep import BUILT, discard, mend_and_judge, of_another_embedder
from cass.policy import DEFAULT_QUALITY_DIMENSION, MB
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.table import SERVER, embedder_row
from cass.semantic.manifest import FAST, QUALITY, Manifest, read_manifest
from cass.store.events import DROPPED, EVICTED, GRAPH, Event, gone_text, note_events
from cass.store.nearest import prepare
from cass.store.noted import keep_eligible, keep_looked
from cass.store.unfit import forget_unfit, note_unfit, unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from sqlite3 import Connection

    from cass.backfill.machine import BackfillRequest, Machine
    from cass.backfill.pace import Pace
    from cass.backfill.upkeep import Graphs
    from cass.paths import Places
    from cass.policy import SemanticPolicy
    from cass.semantic.budget import Evicted
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.semantic.embedders.table import EmbedderOptions
    from cass.semantic.vector_upkeep import Dropped
    from cass.store.ledger import Ledger


class Chunk:
    """Raises SystemRefused or CorruptDatabase; all else is in the report."""

    def __init__(
        self,
        places: Places,
        request: BackfillRequest,
        machine: Machine,
        ledger: Ledger,
        pace: Pace,
        graphs: Graphs,
        past: Past,
    ) -> None:
        self.places = places
        self.request = request
        self.machine = machine
        self.shelf = replace(Shelf.below(places.data), volume=machine.volume)
        self.pace = pace
        self.graphs = graphs
        self.past = past
        self.evicted: tuple[Evicted, ...] = ()
        self._ledger = ledger

    def run(self, connection: Connection, done: Callable[[TierReport], None]) -> BackfillReport:
        """Do it.  `done` is told of each tier when its turn is over."""
        if not self.request.configured.mode.should_build_semantic:
            return self.discard_all()
        self._ledger.note(prepare)
        self.enforce()
        memory = Memory(self.request.policy.max_backfill_rss_mb * MB, self.machine.rss_bytes)
        budget = self._budget(_roomier(self.request))
        job = Job(self.request, self.machine, connection, self._ledger, budget, memory, self.pace, self.past)
        tiers = [self._in_turn(job, tier, done) for tier in self.request.tiers]
        # Last, since a graph only makes a search faster, and its thousand vectors a second hold up the rest.
        if self.graphs.is_patient or not any([tier.texts for tier in tiers]):
            tiers = [self._with_graph(job, tier) for tier in tiers]
        return self.told(tuple(tiers))

    def enforce(self) -> None:
        """Evict what is too much by the configuration: a flag never removes anything."""
        evicted = self._budget(self.request.configured).enforce()
        self._note_gone(evicted, ())
        self.evicted += evicted

    def discard_all(self) -> BackfillReport:
        """The configuration wants no vectors: those that stand go."""
        dropped = {tier: discard(self.shelf, tier, self.request.configured) for tier in self.request.tiers}
        self._note_gone((), [each for some in dropped.values() for each in some])
        return self.told(tuple([TierReport(tier, dropped=dropped[tier], stopped=said.MODE) for tier in dropped]))

    def told(self, tiers: tuple[TierReport, ...]) -> BackfillReport:
        """The report over these tiers, with what was too much before they began."""
        return BackfillReport(tiers, self.evicted, self.used_bytes(), self.request.policy.semantic_budget_mb * MB)

    def used_bytes(self) -> int:
        """What all semantic artifacts take."""
        return sum([one.size_bytes for one in self.shelf.artifacts()])

    def all_stopped(self, stop: Stop) -> BackfillReport:
        """Nothing was done, for this reason."""
        return self.told(tuple([TierReport(tier, stopped=stop) for tier in self.request.tiers]))

    def _budget(self, policy: SemanticPolicy) -> Budget:
        """Shared by both tiers where the quality tier has an embedder.

        One that does not know its dimension before it is loaded makes what stands already, else what the policy says.
        """
        quality = self._built(QUALITY)
        has_both = not isinstance(quality, Stop)
        dim = (0 if isinstance(quality, Stop) else quality.dim) or self._standing_dim(QUALITY)
        return Budget(policy, self.shelf, self.machine.free_bytes, has_both, dim or None)

    def _standing_dim(self, tier: str) -> int:
        """Floats in the tier's newest vectors; 0 where there are none."""
        manifest = read_manifest(self.shelf.folder(tier))
        segments = manifest.segments if isinstance(manifest, Manifest) else ()
        return segments[-1].recipe.dim if segments else 0

    def _built(self, tier: str) -> BaseEmbedder | Stop:
        """The tier's embedder, not loaded; or why there is none."""
        policy = self.request.policy
        if tier == QUALITY and not policy.wants_quality_tier:
            return said.OFF
        try:
            return self.machine.build(_name(policy, tier), self._options())
        except EmbedderError as missing:
            if missing.todo is not None:
                return Stop("embedder_failed", str(missing), missing.todo)
            reason, _, todo = str(missing).partition(": ")
            return Stop("no_model", reason, todo or "cass models install")

    def _options(self) -> EmbedderOptions:
        policy = self.request.policy
        options = self.machine.embedder_options
        return replace(
            options, fast_dimension=policy.fast_dimension, data=self.places.data, threads=policy.max_backfill_threads
        )

    def _in_turn(self, job: Job, tier: str, done: Callable[[TierReport], None]) -> TierReport:
        """A tier for which there is still time."""
        if self.request.once:
            self.pace.until_s = self.machine.monotonic_s() + self.request.policy.chunk_timeout_seconds
        stop = self.pace.is_over()
        if stop is not None:
            return TierReport(tier, stopped=stop)
        began_s = self.machine.cpu_s()
        report = self._tier(job, tier, self._built(tier))
        report = replace(report, cpu_s=round(self.machine.cpu_s() - began_s, 3))
        done(report)
        return report

    def _tier(self, job: Job, tier: str, embedder: BaseEmbedder | Stop) -> TierReport:
        if isinstance(embedder, Stop):
            return self._without_embedder(tier, embedder)
        resting = Resting(job.connection, self._ledger, tier, embedder.embedder_id, self.machine.now_ms)
        stop = resting.stop() if self._keeps_away(tier) else None
        whose = f"{embedder.embedder_id} {embedder.model_version}"  # as it is known before it is loaded
        stop = stop or self._too_large(job, tier, embedder, whose)
        if stop is not None:
            return TierReport(tier, embedder.embedder_id, stopped=stop)
        embedder.load()
        try:
            done = self._with_embedder(job, tier, embedder, resting)
        finally:
            embedder.close()
        self._note_fit(done, whose)
        return done

    def _too_large(self, job: Job, tier: str, embedder: BaseEmbedder, whose: str) -> Stop | None:
        """Known from a process that had done nothing else; who asks by hand sees for themselves."""
        most_mb = self.request.policy.max_backfill_rss_mb
        known_mb = None if self.graphs.is_patient else unfit(job.connection, tier, whose)
        return said.too_large(embedder.embedder_id, most_mb) if known_mb is not None and most_mb <= known_mb else None

    def _note_fit(self, done: TierReport, whose: str) -> None:
        """Nothing but this embedder is in memory, and there is too much: another process would fare no better."""
        tier, most_mb = done.tier, self.request.policy.max_backfill_rss_mb
        if done.texts:
            self.past.has_embedded = True
            self._ledger.mention(lambda connection: forget_unfit(connection, tier))
        elif done.stopped is not None and done.stopped.word == MEMORY and not self.past.has_embedded:
            self._ledger.mention(lambda connection: note_unfit(connection, tier, whose, most_mb))

    def _keeps_away(self, tier: str) -> bool:
        """A server that was away is not asked at every tick; who asks by hand sees for themselves."""
        is_by_hand = self.graphs.is_patient
        return self._is_server(tier) and not is_by_hand and not self.request.force

    def _is_server(self, tier: str) -> bool:
        return embedder_row(_name(self.request.policy, tier)).name == SERVER

    def _without_embedder(self, tier: str, stop: Stop) -> TierReport:
        """Nothing can be made; what stands stays, unless the configuration does not want it any more."""
        is_off = stop is said.OFF and not self.request.configured.wants_quality_tier
        dropped = discard(self.shelf, tier, self.request.configured) if is_off else ()
        self._note_gone((), dropped)
        return TierReport(tier, dropped=dropped, stopped=None if stop is said.OFF else stop)

    def _with_embedder(self, job: Job, tier: str, embedder: BaseEmbedder, resting: Resting) -> TierReport:
        warnings = (*getattr(embedder, "warnings", ()), *_misfit(self.request.policy, tier, embedder))
        report = TierReport(tier, embedder.embedder_id, warnings=warnings)
        if not embedder.is_loaded:
            return replace(report, stopped=self._not_loaded(tier, embedder, resting))
        resting.end_if_ready()
        request = self.request
        is_wanted = _name(request.policy, tier) == _name(request.configured, tier)
        if not is_wanted and of_another_embedder(self.shelf, tier, embedder):
            reason = "its vectors are another embedder's, and an option of one command removes nothing"
            return replace(report, stopped=Stop("other_embedder", reason, "cass config set"))
        # Who runs it by hand may have been sent by doctor, which reads every byte.
        reads_all = self.graphs.is_patient or request.force
        dropped = mend_and_judge(self.shelf, tier, request, embedder if is_wanted else None, reads_all)
        run = TierRun(job, tier, embedder, replace(report, dropped=dropped))
        done = run.run()
        self._note_gone(done.evicted, done.dropped)
        eligible, change, missing_ms = run.owed.eligible, run.owed.change, run.missing_ms
        self._ledger.mention(lambda connection: keep_eligible(connection, eligible, change))
        self._ledger.mention(lambda connection: keep_looked(connection, tier, change, missing_ms))
        return done

    def _not_loaded(self, tier: str, embedder: BaseEmbedder, resting: Resting) -> Stop:
        """A server that is away may come back by itself; what somebody has to mend is looked at as often as before."""
        is_server, todo = self._is_server(tier), getattr(embedder, "todo", None)
        after_s = resting.begin(f"{NOT_READY}{embedder.reason}") if is_server and todo is None else None
        usual = "see that its server works, then: cass backfill" if is_server else "cass models verify"
        reason = f"{embedder.embedder_id} cannot be used: {embedder.reason}"
        return Stop("embedder_failed", reason, todo or usual, after_s)

    def _with_graph(self, job: Job, tier: TierReport) -> TierReport:
        graph = self.graphs.build_if_it_pays(job, tier)
        if graph == BUILT:
            event = Event(self.machine.now_ms(), GRAPH, f"over the vectors of the {tier.tier} tier")
            self._ledger.mention(lambda connection: note_events(connection, [event]))
        return replace(tier, graph=graph)

    def _note_gone(self, evicted: Iterable[Evicted], dropped: Iterable[Dropped]) -> None:
        now_ms = self.machine.now_ms()
        gone = [(EVICTED, gone_text(one.kind, one.name, one.size_bytes, one.why)) for one in evicted]
        gone += [(DROPPED, gone_text(one.kind, one.name, one.size_bytes, one.reason)) for one in dropped]
        events = [Event(now_ms, kind, what) for kind, what in gone]
        if events:
            self._ledger.mention(lambda connection: note_events(connection, events))


def _roomier(request: BackfillRequest) -> SemanticPolicy:
    """The policy that writes may evict by: a smaller budget of a flag stops them instead."""
    most = max(request.policy.semantic_budget_mb, request.configured.semantic_budget_mb)
    return replace(request.policy, semantic_budget_mb=most)


def _name(policy: SemanticPolicy, tier: str) -> str:
    return policy.fast_tier_embedder if tier == FAST else policy.quality_tier_embedder


def _misfit(policy: SemanticPolicy, tier: str, embedder: BaseEmbedder) -> tuple[str, ...]:
    """What to say where vectors of another length are asked for than the model makes; the default asks for nothing."""
    wanted = policy.quality_dimension
    if tier != QUALITY or not embedder.dim or wanted in (DEFAULT_QUALITY_DIMENSION, embedder.dim):
        return ()
    return (f"quality_dimension is {wanted}, and {embedder.embedder_id} makes vectors of {embedder.dim} floats",)
