"""What stands is looked at before more is made: damage goes, so does what is not wanted; a graph comes when it pays."""

from __future__ import annotations

from cass.backfill.report import WAITING
from cass.policy import InvalidationAction
from cass.semantic.manifest import Manifest, read_manifest
from cass.semantic.vector_upkeep import Dropped, drop_graph, mend, settle
from cass.semantic.vectors import Tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.backfill.machine import BackfillRequest
    from cass.backfill.report import BackfillReport, TierReport
    from cass.backfill.tier import Job
    from cass.policy import SemanticAssetManifest, SemanticPolicy
    from cass.semantic.artifacts import Shelf
    from cass.semantic.embedders.base import BaseEmbedder

# What a graph takes of a vector beside its bytes, in memory and on disk: 250,000 of 256 took 100 MB.
GRAPH_BYTES_A_VECTOR = 140
# Below this share of vectors in the graph it gets the others: they are scanned.
WORTH_SHARE = 0.8
BUILT, IN_PART, UP_TO_DATE = "built", "built in part, the next run goes on", "up to date"
LATE = "not built: there was no time left for it"
NO_ROOM = "not built: there is no room for it in the budget"


def mend_and_judge(
    shelf: Shelf, tier: str, request: BackfillRequest, embedder: BaseEmbedder | None, full: bool
) -> tuple[Dropped, ...]:
    """Drop what is damaged, and what the configuration wants of another embedder; with `embedder` None only damage.

    With `full` every byte is read: a second for a gigabyte.
    """
    dropped = mend(shelf, tier, full)
    if embedder is None:
        return dropped
    policy, made = request.configured, (embedder.embedder_id, embedder.model_version)
    unwanted = settle(shelf, tier, lambda asset: asset.invalidation(policy, *made))
    return (*dropped, *unwanted)


def discard(shelf: Shelf, tier: str, configured: SemanticPolicy) -> tuple[Dropped, ...]:
    """Drop all vectors of a tier that the configuration does not want."""
    reason = "the mode is lexical_only" if not configured.mode.should_build_semantic else "the tier is switched off"

    def judge(_: SemanticAssetManifest) -> InvalidationAction:
        return InvalidationAction.DiscardAndRebuild(reason)

    return (*drop_graph(shelf, tier, reason), *mend(shelf, tier), *settle(shelf, tier, judge))


def of_another_embedder(shelf: Shelf, tier: str, embedder: BaseEmbedder) -> bool:
    """Does the tier hold vectors of another space?"""
    manifest = read_manifest(shelf.folder(tier))
    segments = manifest.segments if isinstance(manifest, Manifest) else ()
    return any([one.recipe.embedder_id != embedder.embedder_id for one in segments])


def has_grown(graph: str | None) -> bool:
    """Does a tier's report say that its graph has more in it than before?"""
    return graph in (BUILT, IN_PART)


def has_progress(report: BackfillReport) -> bool:
    """Did it get anything done that it need not do again?"""
    return any([tier.has_worked or has_grown(tier.graph) for tier in report.tiers])


class Graphs:
    """Builds a graph over a tier that is large enough and complete.

    is_patient: however long it takes; else what there is at the end of a chunk's time, with which the next one goes on.
    """

    def __init__(self, is_patient: bool) -> None:
        self.is_patient = is_patient

    def build_if_it_pays(self, job: Job, report: TierReport) -> str | None:
        """What came of it; None where none would pay."""
        is_done = report.stopped is None or report.stopped.word == WAITING
        tier = Tier.open(job.budget.shelf.vectors, report.tier) if is_done else None
        if not isinstance(tier, Tier) or not tier.count or tier.count < job.request.policy.hnsw_min_vectors:
            return None
        return self._why_not(job, report.tier, tier) or self._build(job, report.tier, tier)

    def _why_not(self, job: Job, name: str, tier: Tier) -> str | None:
        """Asked before: what has no room would be built in vain by every run."""
        from cass.semantic.graph_growth import graph_room
        from cass.semantic.hnsw import open_graph

        graph = open_graph(job.budget.shelf, name, tier)
        if graph is not None and getattr(graph, "covered", 0) >= WORTH_SHARE * tier.count:
            return UP_TO_DATE
        size_bytes = tier.size_bytes + tier.count * GRAPH_BYTES_A_VECTOR
        if graph_room(job.budget, name) < size_bytes:
            return NO_ROOM
        return None if job.memory.fits(size_bytes) else "not built: it would take too much memory"

    def _build(self, job: Job, name: str, tier: Tier) -> str:
        from cass.semantic.graph_growth import grow_graph, publish_graph

        try:
            grown = grow_graph(job.budget.shelf, name, tier, lambda done: self._goes_on(job, name, done, tier.count))
            if job.pace.hold is not None:
                return f"not built: {job.pace.hold.reason}"
            if grown is None:
                return LATE
            if publish_graph(job.budget, name, grown).refused is not None:
                return NO_ROOM
        except (OSError, ImportError) as lost:
            return f"not built: {lost}"
        return BUILT if grown.count >= tier.count else IN_PART

    def _goes_on(self, job: Job, name: str, done: int, count: int) -> bool:
        job.machine.progress(f"graph over {name}", min(done, count), count, 0, 0)
        is_patient = self.is_patient and not job.request.once
        return (job.pace.interrupted() if is_patient else job.pace.is_over()) is None
