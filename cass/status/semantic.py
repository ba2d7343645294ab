"""What search by meaning has, may use and could do: read-only facts → the policy's own report."""

from __future__ import annotations

import os

from cass.disk import free_bytes
from cass.paths import models_folder
from cass.policy import (
    DEFAULT_SEMANTIC_BUDGET_MB,
    EVICTION_ORDER,
    MB,
    BudgetDecision,
    InvalidationAction,
    SemanticArtifactKind,
    SemanticCapability,
    SemanticCapabilityReport,
)
from cass.semantic.capability import BACKFILL, NONE_BUILT, TierState, capability_of, floor_words
from cass.semantic.embedders.hash_version import identity
from cass.semantic.embedders.table import wanted_id
from cass.semantic.manifest import FAST, QUALITY, Damage
from cass.semantic.standing import Standing, standing
from cass.semantic.usage import GRAPH, artifacts, usage_bytes
from cass.status.quality_model import QualityModel, quality_model
from cass.status.worker import eta_s
from cass.store.attempts import MAX_ATTEMPTS, count_dead
from cass.store.catalog import BROKEN
from cass.store.noted import eligible_texts, newest_missing_ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cass.paths import Places
    from cass.policy import SemanticAssetManifest, SemanticPolicy
    from cass.semantic.embedders.table import RemoteOptions
    from cass.semantic.models import Model
    from cass.semantic.usage import Artifact

Report = SemanticCapabilityReport


def report(
    policy: SemanticPolicy,
    places: Places,
    connection: Connection | None,
    pace: Mapping[str, float] | None = None,
    remote: RemoteOptions | None = None,
    max_attempts: int = MAX_ATTEMPTS,
) -> SemanticCapabilityReport:
    """Everything that `status` says about it; nothing is loaded but lists of files.

    pace: tier → texts a second, of those that were measured · remote: the server that the settings name;
    None where nobody knows, and then it is not judged · max_attempts: after so many failures a text was given up.
    """
    stands = artifacts(places.vectors, models_folder(places.data))
    used = usage_bytes(stands)
    models = _models(places) if used[SemanticArtifactKind.MODEL_FILES] else []
    model = quality_model(policy.quality_tier_embedder, places, models, remote, bool(stands))
    graphs = [one for one in stands if one.name.endswith(f"/{GRAPH}") and _is_described(places, one)]
    eligible = eligible_texts(connection) if connection is not None else 0
    fast_made = identity(policy.fast_dimension)
    fast, fast_state = _tier(policy, places, FAST, fast_made, eligible, connection)
    quality, quality_state = _tier(policy, places, QUALITY, model.made, eligible, connection)
    has_model = model.serves(quality.embedder_id)
    free = free_bytes(places.data) or 0
    capability, next_step = _capability(policy, places, (fast_state, quality_state), model, has_model, graphs, eligible)
    if capability.reason == NONE_BUILT and (why := _no_room(policy, free)):
        capability, next_step = SemanticCapability.degraded(f"{NONE_BUILT}: {why[0]}"), why[1]
    missing = eligible - fast_state.as_wanted, eligible - quality_state.as_wanted
    dead = _given_up(connection, {FAST: fast_made[0], QUALITY: model.embedder_id}, max_attempts)
    used_bytes, tiers = sum(used.values()), (fast, quality)
    return Report(
        mode=policy.mode,
        capability=capability,
        next_step=next_step,
        fast_tier=fast,
        quality_tier=quality,
        hnsw=_graph(places, {FAST: fast, QUALITY: quality}, graphs, eligible),
        models=tuple(Report.Model(each.name, each.bytes, each.looks_whole) for each in models),
        usage_bytes=Report.Usage(*[used[kind] for kind in EVICTION_ORDER]),
        budget_bytes=policy.semantic_budget_mb * MB,
        free_disk_bytes=free,
        budget_decision=policy.check_budget_bytes(0, used_bytes, free),
        backlog=_backlog(policy, has_model, connection, missing, tiers, used_bytes, pace or {}, dead),
    )


def _capability(
    policy: SemanticPolicy,
    places: Places,
    states: tuple[TierState, TierState],
    model: QualityModel,
    has_model: bool,
    graphs: Sequence[Artifact],
    eligible: int,
) -> tuple[SemanticCapability, str | None]:
    """What a search can have, and the command that gives it more."""
    return capability_of(
        policy,
        *states,
        has_model,
        any([graph.name == f"{QUALITY}/{GRAPH}" for graph in graphs]),
        has_texts=eligible > 0,
        graph_damage=_graph_damage(places, graphs),
        model_damage=model.damage,
        model_todo=model.todo,
    )


def is_answered(
    found: SemanticCapabilityReport, policy: SemanticPolicy, places: Places, connection: Connection | None, now_ms: int
) -> bool:
    """Is a search answered, as the mode stands?  Strict asks for both tiers, and for nearly all in the better one."""
    if not found.mode.requires_semantic:
        return True
    if connection is None or not found.fast_tier.documents or not found.capability.has_quality_tier:
        return False
    share = _strict_share(policy, places, connection, found.quality_tier.embedder_id, now_ms)
    return found.mode.is_satisfied_by(found.capability, share)


def _strict_share(
    policy: SemanticPolicy, places: Places, connection: Connection, made: str | None, now_ms: int
) -> float:
    """What the quality tier has of the texts that are old enough, as a search counts it."""
    from cass.semantic.vectors import Tier
    from cass.store.coverage import strict_shares

    def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
        return manifest.invalidation(policy, made or "", manifest.model_revision)

    tier = Tier.open(places.vectors, QUALITY, judge)
    if not isinstance(tier, Tier):
        return 0.0
    return dict(strict_shares(connection, now_ms, {QUALITY: (tier.documents, tier.ids)}))[QUALITY]


def _no_room(policy: SemanticPolicy, free: int) -> tuple[str, str] | None:
    """Why not one vector can be built, and the command that is next; None where there is room for some."""
    decision = policy.check_budget_bytes(1, 0, free)
    if isinstance(decision, BudgetDecision.DiskPressureDeny):
        return floor_words(decision.min_required_mb, decision.free_mb), BACKFILL
    if isinstance(decision, BudgetDecision.OverBudgetWarn):
        return "the budget is 0 MB", f"cass config set semantic_budget_mb {DEFAULT_SEMANTIC_BUDGET_MB}"
    return None


def _backlog(
    policy: SemanticPolicy,
    has_model: bool,
    connection: Connection | None,
    missing: tuple[int, int],
    tiers: tuple[SemanticCapabilityReport.Tier, SemanticCapabilityReport.Tier],
    used_bytes: int,
    pace: Mapping[str, float],
    dead: Mapping[str, int],
) -> SemanticCapabilityReport.Backlog:
    """What is owed: the texts that count, less those that are in, less those that were given up.

    `missing`: the first less the second, of each tier · `dead`: the third.  A tier that is not wanted owes nothing, nor
    does one that has no model: nothing can be made for it.  What will not fit into the budget has no end either, so no
    time is said.
    """
    builds = policy.mode.should_build_semantic
    makeable = {FAST: builds, QUALITY: builds and policy.wants_quality_tier and has_model}
    owed = {
        tier: max(0, count - dead[tier]) if makeable[tier] else 0
        for tier, count in zip((FAST, QUALITY), missing, strict=True)
    }
    sizes = [there.bytes / max(1, there.documents) for there in tiers]
    to_come = owed[FAST] * sizes[0] + owed[QUALITY] * sizes[1]
    fits = used_bytes + to_come <= policy.semantic_budget_mb * MB
    left_s = eta_s(owed, pace) if connection is not None and fits else None
    return Report.Backlog(owed[FAST], owed[QUALITY], sum(dead.values()), left_s)


def wanted_ids(policy: SemanticPolicy, places: Places, remote: RemoteOptions | None) -> dict[str, str | None]:
    """Tier → the id of the embedder that it is wanted of, as far as that can be told."""
    return {tier: wanted_id(tier, policy, places.data, remote) for tier in (FAST, QUALITY)}


def _given_up(connection: Connection | None, wanted: Mapping[str, str | None], max_attempts: int) -> dict[str, int]:
    """Of each tier; as if none were where the list of them cannot be read: it holds nothing that anybody said."""
    if connection is None:
        return dict.fromkeys(wanted, 0)
    try:
        return {tier: count_dead(connection, tier, made, max_attempts) for tier, made in wanted.items()}
    except BROKEN:
        return dict.fromkeys(wanted, 0)


def _models(places: Places) -> list[Model]:
    from cass.semantic.models import installed

    return installed(places.data)


def _is_described(places: Places, graph: Artifact) -> bool:
    """Without its description no search opens it: a kill left it, or somebody took that away."""
    from cass.semantic.graph_files import read_about

    return read_about(os.path.join(places.vectors, _tier_of(graph))) is not None


def _graph_damage(places: Places, graphs: Sequence[Artifact]) -> str | None:
    if not graphs:
        return None
    from cass.status.graphs import graph_damage

    return graph_damage(places.vectors, [_tier_of(graph) for graph in graphs])


def _graph(
    places: Places, tiers: Mapping[str, SemanticCapabilityReport.Tier], graphs: Sequence[Artifact], eligible: int
) -> SemanticCapabilityReport.Tier:
    if not graphs:
        return Report.Tier()
    from cass.status.graphs import graph_report

    size_bytes = sum([graph.size_bytes for graph in graphs])
    return graph_report(places.vectors, tiers, [_tier_of(graph) for graph in graphs], size_bytes, eligible)


def _tier_of(graph: Artifact) -> str:
    return graph.name.partition("/")[0]


def _tier(
    policy: SemanticPolicy,
    places: Places,
    name: str,
    made: tuple[str, str | None] | None,
    eligible: int,
    connection: Connection | None,
) -> tuple[SemanticCapabilityReport.Tier, TierState]:
    """`made` is (embedder id, revision) of the embedder that the tier is wanted of; None where there is none."""
    if not os.path.exists(os.path.join(places.vectors, name)):
        return Report.Tier(embedder_id=made[0] if made else None), TierState()
    actions: dict[SemanticAssetManifest, InvalidationAction] = {}

    def judge(manifest: SemanticAssetManifest) -> InvalidationAction:
        actions[manifest] = _judged(policy, name, made, manifest)
        return actions[manifest]

    tier = standing(places.vectors, name, judge)
    if not isinstance(tier, Standing):
        return Report.Tier(action=_worst(actions)), TierState(damage=tier.reason if isinstance(tier, Damage) else None)
    owed_ms = newest_missing_ms(connection, name) if connection is not None else None
    found = Report.Tier(
        embedder_id=tier.usable[0].recipe.embedder_id if tier.usable else None,
        documents=tier.documents,
        coverage=min(1.0, tier.documents / eligible) if eligible else 0.0,
        covers_since_ms=_covers_since_ms(tier, owed_ms, connection is not None),
        bytes=tier.size_bytes,
        action=_worst(actions),
    )
    as_wanted = sum([one.live_texts for one in tier.usable if actions[one.asset].word == "up_to_date"])
    count = tier.count if connection is not None else 0  # of vectors without the texts nothing can be searched
    return found, TierState(count, "; ".join(tier.skipped) or None, as_wanted)


def _judged(
    policy: SemanticPolicy, name: str, made: tuple[str, str | None] | None, manifest: SemanticAssetManifest
) -> InvalidationAction:
    if name == QUALITY and not policy.wants_quality_tier:
        return InvalidationAction.Evict()  # switched off: it goes, and nothing is made in its place
    embedder_id, revision = made or (manifest.embedder_id, None)
    return manifest.invalidation(policy, embedder_id, manifest.model_revision if revision is None else revision)


def _covers_since_ms(tier: Standing, owed_ms: int | None, is_known: bool) -> int | None:
    """From here on nothing is missing: what cannot be read, or is owed up to `owed_ms`, moves the bound up.

    is_known: are the texts?  Else nothing can be said.
    """
    since_ms = tier.coverage_since_ms if is_known else None
    usable = {one.number for one in tier.usable}
    lost = [one.newest_ms for one in tier.manifest.segments if one.number not in usable]
    missing_ms = max([*lost, -1 if owed_ms is None else owed_ms], default=-1)
    return None if since_ms is None else max(since_ms, missing_ms + 1)


def _worst(of: Mapping[SemanticAssetManifest, InvalidationAction]) -> InvalidationAction | None:
    """What is to be done with the tier's files: the first that are not up to date decide."""
    actions = list(of.values())
    return next((action for action in actions if action.word != "up_to_date"), actions[0] if actions else None)
