"""What this machine can do right now: pure, from what stands on disk and what the policy wants."""

from __future__ import annotations

from cass.policy import SemanticCapability
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.policy import SemanticPolicy


@record
class TierState:
    """A tier as it can be opened: `vectors` that may serve; `damage` says why others may not.

    `as_wanted`: texts whose vectors are as they are wanted; those of an earlier model serve until they are made anew.
    """

    vectors: int = 0
    damage: str | None = None
    as_wanted: int = 0


# Nothing is wrong with who has only begun.
NONE_BUILT, NONE_INDEXED = "no vectors are built yet", "nothing is indexed yet"
NO_FAST = "no vectors of the fast tier are built yet"  # strict_semantic asks for both tiers
BACKFILL, INDEX, INSTALL, VERIFY = "cass backfill", "cass index", "cass models install", "cass models verify"


def floor_words(least_mb: float, free_mb: float) -> str:
    """Why nothing is written to a disk: what is free is rounded down, lest it reads as enough."""
    return f"{least_mb:,.0f} MB of the disk are to stay free, and {int(free_mb):,} MB are"


def capability_of(
    policy: SemanticPolicy,
    fast: TierState,
    quality: TierState,
    has_model: bool,
    has_graph: bool,
    has_texts: bool,
    graph_damage: str | None = None,
    model_damage: str | None = None,
    model_todo: str | None = None,
) -> tuple[SemanticCapability, str | None]:
    """The capability, and the command that would better it; None where nothing would, or nobody wants it.

    What is damaged beside what serves is the capability's reason.  `model_todo`: what mends `model_damage`, and comes
    before all else; None for the usual.
    """
    if not policy.mode.should_build_semantic:
        return SemanticCapability.LEXICAL_ONLY, None
    wanted = (quality.damage, model_damage) if policy.wants_quality_tier else ()
    damages = [damage for damage in (fast.damage, graph_damage, *wanted) if damage]
    best, todo = _whole(policy, fast, quality, has_model, has_graph and not graph_damage)
    if best is None:
        why = "; ".join(damages) or (NONE_BUILT if has_texts else NONE_INDEXED)
        return SemanticCapability.degraded(why), BACKFILL if has_texts else INDEX
    if not damages and not fast.vectors:
        return SemanticCapability(best, NO_FAST), BACKFILL
    if not damages:
        return best, todo
    if model_damage in damages and model_todo is not None:
        return SemanticCapability(best, "; ".join(damages)), model_todo
    if damages == [model_damage]:
        return SemanticCapability(best, model_damage), VERIFY if has_model else INSTALL
    return SemanticCapability(best, "; ".join(damages)), BACKFILL


def _whole(
    policy: SemanticPolicy, fast: TierState, quality: TierState, has_model: bool, has_graph: bool
) -> tuple[SemanticCapability | None, str | None]:
    """The same for what serves; None where nothing does."""
    if quality.vectors and has_model and policy.wants_quality_tier:
        pays = quality.vectors >= policy.hnsw_min_vectors
        if pays and not has_graph:
            return SemanticCapability.QUALITY_NO_HNSW, BACKFILL
        return SemanticCapability.FULL_QUALITY, None
    if not fast.vectors:
        return None, None
    if not policy.wants_quality_tier:
        return SemanticCapability.FAST_TIER_ONLY, None
    return SemanticCapability.FAST_TIER_ONLY, BACKFILL if has_model else INSTALL
