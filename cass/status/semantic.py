"""What search by meaning has, may use and could do: read-only facts → the policy's own report."""

from __future__ import annotations

import os

from cass.disk import free_bytes
from cass.policy import EVICTION_ORDER, MB, SemanticArtifactKind, SemanticCapabilityReport
from cass.semantic.artifacts import GRAPH, Shelf, usage_bytes
from cass.semantic.capability import TierState, capability_of
from cass.semantic.embedders.hash_version import identity
from cass.semantic.manifest import Damage
from cass.semantic.vectors import FAST, QUALITY, Tier
from cass.store.attempts import count_dead
from cass.store.owed import eligible_texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.paths import Places
    from cass.policy import InvalidationAction, SemanticAssetManifest, SemanticPolicy
    from cass.semantic.models import Model

Report = SemanticCapabilityReport


def report(policy: SemanticPolicy, places: Places, connection: Connection | None) -> SemanticCapabilityReport:
    """Everything that `status` says about it; nothing is loaded but lists of files."""
    shelf = Shelf.below(places.data)
    artifacts = shelf.artifacts()
    used = usage_bytes(artifacts)
    models = _models(places) if used[SemanticArtifactKind.MODEL_FILES] else []
    wanted = next((model for model in models if model.name == policy.quality_tier_embedder), None)
    eligible = eligible_texts(connection) if connection is not None else 0
    fast, fast_state = _tier(policy, places, FAST, identity(policy.fast_dimension), eligible)
    made = (wanted.embedder_id, wanted.revision) if wanted is not None else None
    quality, quality_state = _tier(policy, places, QUALITY, made, eligible)
    graphs = [one for one in artifacts if one.name.endswith(f"/{GRAPH}")]
    capability, next_step = capability_of(
        policy, fast_state, quality_state, wanted is not None, bool(graphs), has_texts=eligible > 0
    )
    free = free_bytes(places.data) or 0
    return Report(
        mode=policy.mode,
        capability=capability,
        next_step=next_step,
        fast_tier=fast,
        quality_tier=quality,
        hnsw=Report.Tier(bytes=sum(graph.size_bytes for graph in graphs)),
        models=tuple(Report.Model(model.name, model.bytes, model.looks_whole) for model in models),
        usage_bytes=Report.Usage(*[used[kind] for kind in EVICTION_ORDER]),
        budget_bytes=policy.semantic_budget_mb * MB,
        free_disk_bytes=free,
        budget_decision=policy.check_budget_bytes(0, sum(used.values()), free),
        backlog=Report.Backlog(
            fast=max(0, eligible - fast.documents),
            quality=max(0, eligible - quality.documents) if policy.wants_quality_tier else 0,
            dead=count_dead(connection) if connection is not None else 0,
        ),
    )


def _models(places: Places) -> list[Model]:
    from cass.semantic.models import installed

    return installed(places.data)


def _tier(
    policy: SemanticPolicy, places: Places, name: str, made: tuple[str, str] | None, eligible: int
) -> tuple[SemanticCapabilityReport.Tier, TierState]:
    """`made` is (embedder id, revision) of the embedder that the tier is wanted of; None where there is none."""
    if not os.path.exists(os.path.join(places.vectors, name)):
        return Report.Tier(embedder_id=made[0] if made else None), TierState()
    actions: list[InvalidationAction] = []

    def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
        action = manifest.invalidation(policy, *(made or (manifest.embedder_id, manifest.model_revision)))
        actions.append(action)
        return action

    tier = Tier.open(places.vectors, name, judge)
    if not isinstance(tier, Tier):
        return Report.Tier(action=_worst(actions)), TierState(damage=tier.reason if isinstance(tier, Damage) else None)
    found = Report.Tier(
        embedder_id=tier.segments[0].segment.recipe.embedder_id if tier.segments else None,
        documents=tier.documents,
        coverage=min(1.0, tier.documents / eligible) if eligible else 0.0,
        covers_since_ms=tier.coverage_since_ms,
        bytes=tier.size_bytes,
        action=_worst(actions),
    )
    return found, TierState(tier.count, "; ".join(tier.skipped) or None)


def _worst(actions: list[InvalidationAction]) -> InvalidationAction | None:
    """What is to be done with the tier's files: the first that are not up to date decide."""
    return next((action for action in actions if action.word != "up_to_date"), actions[0] if actions else None)
