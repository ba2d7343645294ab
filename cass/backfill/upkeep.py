"""What stands is looked at before more is made: damage goes, so does what is not wanted; a graph comes when it pays."""

from __future__ import annotations

from cass.policy import InvalidationAction, SemanticArtifactKind
from cass.semantic.manifest import Manifest, read_manifest
from cass.semantic.vector_upkeep import Dropped, mend, settle
from cass.semantic.vectors import Tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.backfill.machine import BackfillRequest
    from cass.backfill.report import TierReport
    from cass.backfill.tier import Job
    from cass.policy import SemanticAssetManifest, SemanticPolicy
    from cass.semantic.artifacts import Shelf
    from cass.semantic.embedders.base import BaseEmbedder

# What a graph takes of a vector beside its bytes, in memory and on disk: 250,000 of 256 took 100 MB.
GRAPH_BYTES_A_VECTOR = 140
# Below this share of vectors in the graph it is made again: the rest is scanned.
WORTH_SHARE = 0.8
# A tier that has grown by so much is worth another try.
WORTH_AGAIN = 1.2
BUILT, UP_TO_DATE = "built", "up to date"
LATE = "not built: it takes longer than there was time for"
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
    from cass.semantic.hnsw import remove_graph

    reason = "the mode is lexical_only" if not configured.mode.should_build_semantic else "the tier is switched off"

    def judge(_: SemanticAssetManifest) -> InvalidationAction:
        return InvalidationAction.DiscardAndRebuild(reason)

    remove_graph(shelf, tier)
    return (*mend(shelf, tier), *settle(shelf, tier, judge))


def of_another_embedder(shelf: Shelf, tier: str, embedder: BaseEmbedder) -> bool:
    """Does the tier hold vectors of another space?"""
    manifest = read_manifest(shelf.folder(tier))
    segments = manifest.segments if isinstance(manifest, Manifest) else ()
    return any([one.recipe.embedder_id != embedder.embedder_id for one in segments])


class Graphs:
    """Builds a graph over a tier that is large enough and complete.

    is_patient: however long it takes; else it has the time of a chunk, and what was too much for that is not tried
    again before the tier has grown by a fifth: it would be half built for ever.
    """

    def __init__(self, is_patient: bool) -> None:
        self.is_patient = is_patient
        self._too_long: dict[str, int] = {}

    def build_if_it_pays(self, job: Job, report: TierReport) -> str | None:
        """What came of it; None where none would pay."""
        tier = Tier.open(job.budget.shelf.vectors, report.tier) if report.stopped is None else None
        if not isinstance(tier, Tier) or not tier.count or tier.count < job.request.policy.hnsw_min_vectors:
            return None
        if tier.count < WORTH_AGAIN * self._too_long.get(report.tier, 0):
            return LATE
        return self._build(job, report.tier, tier)

    def _build(self, job: Job, name: str, tier: Tier) -> str:
        from cass.semantic.hnsw import build_graph, open_graph

        budget = job.budget
        graph = open_graph(budget.shelf, name, tier)
        if graph is not None and getattr(graph, "covered", 0) >= WORTH_SHARE * tier.count:
            return UP_TO_DATE
        size_bytes = tier.size_bytes + tier.count * GRAPH_BYTES_A_VECTOR
        # Asked before, too: what has no room would be built in vain by every run.
        if budget.left_bytes(SemanticArtifactKind.HNSW_ACCELERATOR) < size_bytes:
            return NO_ROOM
        if not job.memory.fits(size_bytes):
            return "not built: it would take too much memory"
        try:
            leave = build_graph(budget, name, tier, lambda done: self._goes_on(job, name, done, tier.count))
        except (OSError, ImportError) as lost:
            return f"not built: {lost}"
        if leave is None:
            return self._ended(job, name, tier.count)
        return BUILT if leave.refused is None else NO_ROOM

    def _goes_on(self, job: Job, name: str, done: int, count: int) -> bool:
        job.machine.progress(f"graph over {name}", done, count, 0, 0)
        is_patient = self.is_patient and not job.request.once
        return (job.pace.interrupted() if is_patient else job.pace.is_over()) is None

    def _ended(self, job: Job, name: str, count: int) -> str:
        if job.pace.hold is not None:
            return f"not built: {job.pace.hold.reason}"
        self._too_long[name] = count
        return LATE
