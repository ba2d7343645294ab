"""What this machine can do right now: pure, from what stands on disk and what the policy wants."""

from __future__ import annotations

from cass.policy import SemanticCapability
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.policy import SemanticPolicy


@record
class TierState:
    """A tier as it can be opened: `vectors` that may serve; `damage` says why others may not."""

    vectors: int = 0
    damage: str | None = None


BACKFILL, INDEX, INSTALL = "cass backfill", "cass index", "cass models install"


def capability_of(
    policy: SemanticPolicy, fast: TierState, quality: TierState, has_model: bool, has_graph: bool, has_texts: bool
) -> tuple[SemanticCapability, str | None]:
    """The capability, and the command that would better it; None where nothing would, or nobody wants it."""
    if not policy.mode.should_build_semantic:
        return SemanticCapability.LEXICAL_ONLY, None
    if quality.vectors and has_model and policy.wants_quality_tier:
        pays = quality.vectors >= policy.hnsw_min_vectors
        best = SemanticCapability.QUALITY_NO_HNSW if pays and not has_graph else SemanticCapability.FULL_QUALITY
        return best, BACKFILL if quality.damage or fast.damage or best != SemanticCapability.FULL_QUALITY else None
    if fast.vectors:
        return SemanticCapability.FAST_TIER_ONLY, _better(policy, has_model)
    why = fast.damage or quality.damage or ("no vectors are built yet" if has_texts else "nothing is indexed yet")
    return SemanticCapability.degraded(why), BACKFILL if has_texts else INDEX


def _better(policy: SemanticPolicy, has_model: bool) -> str | None:
    if not policy.wants_quality_tier:
        return None
    return BACKFILL if has_model else INSTALL
