"""Room on the disk: may a batch be written, so that nothing is embedded in vain; and what it means that it was not."""

from __future__ import annotations

from cass.backfill.report import Stop
from cass.policy import MB, BudgetDecision
from cass.semantic.blocks import NEW_FILES_BYTES
from cass.semantic.budget import SLACK_BYTES
from cass.semantic.capability import floor_words
from cass.semantic.segment_files import row_bytes
from cass.semantic.standing import KIND_OF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.backfill.embedding import Cut
    from cass.policy import SemanticPolicy
    from cass.semantic.budget import Budget
    from cass.semantic.vector_writer import Appended, TierWriter

BUDGET = Stop(
    "budget_full",
    "the budget is full: what is older stays without these vectors",
    "cass config set semantic_budget_mb MB",
)

TOO_LARGE = Stop(
    "budget_full",
    "a long text does not fit into the budget: it stays without these vectors",
    "cass config set semantic_budget_mb MB",
)


def too_large(budget: Budget, tier: str, dim: int, cuts: Sequence[Cut]) -> set[int]:
    """Those of these texts that cannot be had, and are so large that smaller ones behind them need not wait."""
    large = [one for one in cuts if budget.is_large(_size_bytes(one, dim))]
    return {one.id for one in large if _size_bytes(one, dim) > budget.reach_bytes(KIND_OF[tier], one.newest_ms)}


def _size_bytes(cut: Cut, dim: int) -> int:
    return len(cut.pieces) * row_bytes(dim) + NEW_FILES_BYTES


def no_room(writer: TierWriter, policy: SemanticPolicy, cuts: Sequence[Cut]) -> Stop | None:
    """Why the newest of these texts could not be written; None where it can, or where only trying will tell."""
    budget, tier, dim = writer.budget, writer.tier, writer.recipe.dim
    kind = KIND_OF[tier]
    newest = max(cuts, key=lambda one: one.newest_ms)
    need_bytes = row_bytes(dim) + SLACK_BYTES
    decision = budget.decision(need_bytes)
    if isinstance(decision, BudgetDecision.DiskPressureDeny):
        return _disk(decision)
    if budget.used_bytes() + need_bytes > policy.semantic_budget_mb * MB and policy != budget.policy:
        return BUDGET  # a flag made it smaller, and a flag evicts nothing
    waits_ms = budget.waits(tier)
    if waits_ms is not None and newest.newest_ms <= waits_ms:
        return BUDGET
    least_bytes = row_bytes(dim) + NEW_FILES_BYTES
    if budget.left_bytes(kind) >= least_bytes or writer.replaced():
        return None
    return None if budget.reach_bytes(kind, newest.newest_ms) >= least_bytes else BUDGET


def refused(appended: Appended) -> Stop | None:
    """What it means that not all was let in; None when all was."""
    if not appended.refused:
        return None
    return _disk(appended.why) if isinstance(appended.why, BudgetDecision.DiskPressureDeny) else BUDGET


def disk_failed(lost: OSError) -> Stop:
    """The disk did not take it; what was there before still is."""
    what = (lost.strerror or str(lost)).lower()
    place = f" ({lost.filename})" if lost.filename else ""
    return Stop("disk_failed", f"the disk refused: {what}{place}", "make room or allow it, then: cass backfill")


def _disk(decision: BudgetDecision) -> Stop:
    assert isinstance(decision, BudgetDecision.DiskPressureDeny)
    reason = floor_words(decision.min_required_mb, decision.free_mb)
    return Stop("disk_full", reason, "make room, then: cass backfill")
