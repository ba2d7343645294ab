"""What search by meaning has, may use and could do: read-only facts → the policy's own report."""

from __future__ import annotations

import os

from cass.disk import free_bytes
from cass.paths import models_folder
from cass.policy import (
    DEFAULT_QUALITY_TIER_EMBEDDER,
    DEFAULT_SEMANTIC_BUDGET_MB,
    EVICTION_ORDER,
    MB,
    BudgetDecision,
    InvalidationAction,
    SemanticArtifactKind,
    SemanticCapability,
    SemanticCapabilityReport,
)
from cass.records import replace
from cass.semantic.capability import BACKFILL, NONE_BUILT, TierState, capability_of
from cass.semantic.embedders.hash_version import identity
from cass.semantic.embedders.table import SERVER, embedder_row, is_embedder, server_id, wanted_id
from cass.semantic.manifest import FAST, QUALITY, Damage
from cass.semantic.standing import Standing, standing
from cass.semantic.usage import GRAPH, artifacts, usage_bytes
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
    from cass.semantic.embedders.table import Embedder, RemoteOptions
    from cass.semantic.models import Model
    from cass.semantic.usage import Artifact

Report = SemanticCapabilityReport
ANOTHER = f"cass config set quality_tier_embedder {DEFAULT_QUALITY_TIER_EMBEDDER}"


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
    row = embedder_row(policy.quality_tier_embedder)
    wanted = next((model for model in models if model.name in (row.name, policy.quality_tier_embedder)), None)
    refused = _refused(remote) if row.name == SERVER and remote is not None else None
    if not is_embedder(policy.quality_tier_embedder, places.data):
        refused = f"{policy.quality_tier_embedder!r} is not an embedder", ANOTHER
    eligible = eligible_texts(connection) if connection is not None else 0
    fast_id, revision = identity(policy.fast_dimension)
    fast, fast_state = _tier(policy, places, FAST, (fast_id, revision), eligible, connection)
    made = _made(policy.quality_tier_embedder, row, wanted, remote)
    quality_id = made[0] if made else row.embedder_id or None
    quality, quality_state = _tier(policy, places, QUALITY, made, eligible, connection)
    if connection is None:  # of vectors without the texts that they are of nothing can be searched
        fast_state, quality_state = replace(fast_state, vectors=0), replace(quality_state, vectors=0)
    # fastembed keeps files of its own: without loading it, vectors that it made are all that tells of them.
    by_fastembed = refused is None and quality.embedder_id == f"fastembed-{policy.quality_tier_embedder}"
    has_model = (wanted is not None and not wanted.lost) or (row.name == SERVER and refused is None) or by_fastembed
    graphs = [one for one in stands if one.name.endswith(f"/{GRAPH}")]
    damage = _unreadable(places, row.name) if wanted is None and stands else _model_damage(wanted)
    capability, next_step = capability_of(
        policy,
        fast_state,
        quality_state,
        has_model,
        any([graph.name == f"{QUALITY}/{GRAPH}" for graph in graphs]),
        has_texts=eligible > 0,
        graph_damage=_graph_damage(places, graphs),
        model_damage=refused[0] if refused else damage,
        model_todo=refused[1] if refused else None,
    )
    missing = eligible - fast_state.as_wanted, eligible - quality_state.as_wanted
    free = free_bytes(places.data) or 0
    if capability.reason == NONE_BUILT and (why := _no_room(policy, free)):
        capability, next_step = SemanticCapability.degraded(f"{NONE_BUILT}: {why[0]}"), why[1]
    return Report(
        mode=policy.mode,
        capability=capability,
        next_step=next_step,
        fast_tier=fast,
        quality_tier=quality,
        hnsw=_graph(places, {FAST: fast, QUALITY: quality}, graphs, eligible),
        models=tuple(Report.Model(model.name, model.bytes, model.looks_whole) for model in models),
        usage_bytes=Report.Usage(*[used[kind] for kind in EVICTION_ORDER]),
        budget_bytes=policy.semantic_budget_mb * MB,
        free_disk_bytes=free,
        budget_decision=policy.check_budget_bytes(0, sum(used.values()), free),
        backlog=_backlog(
            policy,
            has_model,
            connection,
            missing,
            (fast, quality),
            sum(used.values()),
            pace or {},
            _given_up(connection, {FAST: fast_id, QUALITY: quality_id}, max_attempts),
        ),
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
        floor = f"{decision.min_required_mb:,.0f} MB of the disk are to stay free"
        return f"{floor}, and {decision.free_mb:,.0f} MB are", BACKFILL
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


def _made(name: str, row: Embedder, model: Model | None, remote: RemoteOptions | None) -> tuple[str, str | None] | None:
    """(embedder id, revision) of what the quality tier is wanted of; revision None where only the embedder knows it."""
    if model is not None:
        return model.embedder_id, model.revision
    if row.name == SERVER:
        return (server_id(remote.model, remote.dimension), None) if remote is not None else None
    return (f"fastembed-{name}", None) if row.name == "fastembed" else None


def _refused(remote: RemoteOptions) -> tuple[str, str] | None:
    """Why no text may be sent to that server, and what to do about it."""
    from cass.semantic.embedders.base import EmbedderError
    from cass.semantic.embedders.remote import address_of  # loads HTTP

    try:
        address_of(remote)
    except EmbedderError as refused:
        return str(refused), refused.todo or "cass config edit cass.toml"
    return None


def _unreadable(places: Places, name: str) -> str | None:
    if not os.path.exists(models_folder(places.data)):
        return None
    from cass.semantic.models import unreadable

    return unreadable(places.data, name)


def _model_damage(model: Model | None) -> str | None:
    if model is None or model.looks_whole:
        return None
    if model.lost:
        return f"{model.lost} of the model {model.name} is not what was installed"
    return f"the files of the model {model.name} have changed since they were checked"


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
    return found, TierState(tier.count, "; ".join(tier.skipped) or None, as_wanted)


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
