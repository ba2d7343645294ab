"""The semantic policy: its numbers, its words and its decisions.

In:  plain values: settings, manifests, sizes, free space.
Out: what may be built, written, downloaded and evicted, and what is to be said about it.
Pure: nothing here reads a setting, looks at a disk or removes a file.  The database and the lexical index have no name
here, so no decision can touch them.  1 MB is 1,048,576 bytes and sizes are compared in bytes.
"""

from __future__ import annotations

from cass._policy_words import (
    EVICTION_ORDER,
    ModelDownloadPolicy,
    SemanticArtifactKind,
    SemanticCapability,
    SemanticMode,
    SettingSource,
)
from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cass._policy_answers import (
        BudgetDecision,
        InvalidationAction,
        SemanticAssetManifest,
        SemanticCapabilityReport,
    )
else:

    def __getattr__(name):
        """The answers, when they are first asked for: a search, which wants numbers only, does not wait for them."""
        if name in __all__:
            from cass import _policy_answers

            return getattr(_policy_answers, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = (
    "CHUNKING_STRATEGY_VERSION",
    "DEFAULT_CHUNK_TIMEOUT_SECONDS",
    "DEFAULT_FAST_DIMENSION",
    "DEFAULT_FAST_TIER_EMBEDDER",
    "DEFAULT_HNSW_MIN_VECTORS",
    "DEFAULT_IDLE_DELAY_SECONDS",
    "DEFAULT_MAX_BACKFILL_RSS_MB",
    "DEFAULT_MAX_BACKFILL_THREADS",
    "DEFAULT_MAX_REFINEMENT_DOCS",
    "DEFAULT_QUALITY_DIMENSION",
    "DEFAULT_QUALITY_TIER_EMBEDDER",
    "DEFAULT_QUALITY_WEIGHT",
    "DEFAULT_RERANKER",
    "DEFAULT_SEMANTIC_BUDGET_MB",
    "DEFAULT_SEMANTIC_WAIT_MS",
    "EVICTION_ORDER",
    "MAX_MODEL_SIZE_MB",
    "MIN_FREE_DISK_MB",
    "SEMANTIC_SCHEMA_VERSION",
    "BudgetDecision",
    "CliSemanticOverrides",
    "EffectiveSetting",
    "EffectiveSettings",
    "InvalidationAction",
    "ModelDownloadPolicy",
    "SemanticArtifactKind",
    "SemanticAssetManifest",
    "SemanticCapability",
    "SemanticCapabilityReport",
    "SemanticMode",
    "SemanticPolicy",
    "SettingSource",
)

DEFAULT_FAST_TIER_EMBEDDER = "hash"
DEFAULT_QUALITY_TIER_EMBEDDER = "minilm"
DEFAULT_RERANKER = "ms-marco-minilm"
DEFAULT_FAST_DIMENSION = 256
DEFAULT_QUALITY_DIMENSION = 384
DEFAULT_QUALITY_WEIGHT = 0.7
DEFAULT_MAX_REFINEMENT_DOCS = 100
DEFAULT_SEMANTIC_BUDGET_MB = 500
MIN_FREE_DISK_MB = 200
MAX_MODEL_SIZE_MB = 300
DEFAULT_MAX_BACKFILL_THREADS = 1
DEFAULT_MAX_BACKFILL_RSS_MB = 256
DEFAULT_IDLE_DELAY_SECONDS = 30
DEFAULT_CHUNK_TIMEOUT_SECONDS = 120
# Up to here an exact scan of memory-mapped vectors takes 10 to 22 ms; a graph would not be felt.
DEFAULT_HNSW_MIN_VECTORS = 200_000
DEFAULT_SEMANTIC_WAIT_MS = 250
# How texts are named, stored as numbers and normalised; how they are cut.  Raised with the code that does it.
SEMANTIC_SCHEMA_VERSION = 1
CHUNKING_STRATEGY_VERSION = 1

MB = 1_048_576  # bytes


@record
class SemanticPolicy:
    """Every semantic setting, typed; without arguments as compiled in.  Who made it has checked the values."""

    @record
    class Artifact:
        """What an eviction removes: a segment of vectors, a whole graph, a whole model.

        `newest_ms` is the time of the newest message in it, None where there is none.
        """

        kind: SemanticArtifactKind
        name: str
        size_bytes: int
        newest_ms: int | None = None

    @record
    class Room:
        """What to evict, in this order, before a write; with `refused` nothing is evicted and nothing written."""

        evict: tuple[SemanticPolicy.Artifact, ...] = ()
        refused: BudgetDecision | None = None

    mode: SemanticMode = SemanticMode.HYBRID_PREFERRED
    download_policy: ModelDownloadPolicy = ModelDownloadPolicy.OPT_IN
    fast_tier_embedder: str = DEFAULT_FAST_TIER_EMBEDDER
    quality_tier_embedder: str = DEFAULT_QUALITY_TIER_EMBEDDER
    reranker: str = DEFAULT_RERANKER
    fast_dimension: int = DEFAULT_FAST_DIMENSION
    quality_dimension: int = DEFAULT_QUALITY_DIMENSION
    quality_weight: float = DEFAULT_QUALITY_WEIGHT
    max_refinement_docs: int = DEFAULT_MAX_REFINEMENT_DOCS
    semantic_budget_mb: int = DEFAULT_SEMANTIC_BUDGET_MB
    min_free_disk_mb: int = MIN_FREE_DISK_MB
    max_model_size_mb: int = MAX_MODEL_SIZE_MB
    max_backfill_threads: int = DEFAULT_MAX_BACKFILL_THREADS
    max_backfill_rss_mb: int = DEFAULT_MAX_BACKFILL_RSS_MB
    idle_delay_seconds: float = DEFAULT_IDLE_DELAY_SECONDS
    chunk_timeout_seconds: float = DEFAULT_CHUNK_TIMEOUT_SECONDS
    hnsw_min_vectors: int = DEFAULT_HNSW_MIN_VECTORS
    semantic_wait_ms: int = DEFAULT_SEMANTIC_WAIT_MS
    semantic_schema_version: int = SEMANTIC_SCHEMA_VERSION
    chunking_strategy_version: int = CHUNKING_STRATEGY_VERSION

    @staticmethod
    def compiled_defaults() -> SemanticPolicy:
        return _COMPILED

    def with_overrides(self, flags: CliSemanticOverrides) -> SemanticPolicy:
        """The policy of one command: what its flags leave None stays."""
        given = {name: getattr(flags, name) for name in flags.__match_args__}
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    @property
    def wants_quality_tier(self) -> bool:
        """`hash` as its embedder switches the quality tier off and leaves the fast one."""
        return self.mode.should_build_semantic and self.quality_tier_embedder != DEFAULT_FAST_TIER_EMBEDDER

    def check_budget(
        self, write_mb: float, used_mb: float, free_mb: float, max_model_mb: float | None = None
    ) -> BudgetDecision:
        """May so many MB be written?  `max_model_mb` for a model only: vectors and graphs have no cap of their own."""
        cap_bytes = None if max_model_mb is None else _bytes(max_model_mb)
        return self.check_budget_bytes(_bytes(write_mb), _bytes(used_mb), _bytes(free_mb), cap_bytes)

    def check_budget_bytes(
        self, write_bytes: int, used_bytes: int, free_bytes: int, max_model_bytes: int | None = None
    ) -> BudgetDecision:
        """The same to the byte; the first reason to refuse wins."""
        from cass._policy_answers import BudgetDecision, in_mb

        if max_model_bytes is not None and write_bytes > max_model_bytes:
            return BudgetDecision.ModelTooLarge(in_mb(write_bytes), in_mb(max_model_bytes))
        if max(free_bytes - write_bytes, 0) < self.min_free_disk_mb * MB:
            return BudgetDecision.DiskPressureDeny(in_mb(free_bytes), self.min_free_disk_mb)
        if used_bytes + write_bytes > self.semantic_budget_mb * MB:
            return BudgetDecision.OverBudgetWarn(in_mb(used_bytes + write_bytes), self.semantic_budget_mb)
        return BudgetDecision.Allowed()

    def make_room(
        self,
        kind: SemanticArtifactKind,
        write_bytes: int,
        artifacts: Sequence[Artifact],
        free_bytes: int,
        newest_ms: int | None = None,
    ) -> Room:
        """What a write of this kind evicts: as little as the order allows, nothing if even all of it would not do.

        `newest_ms` is the time of the newest message in what is written: older segments of its own kind give way.
        Only a full budget evicts; a model that is too large, or a full disk, is refused at once.
        """
        cap_bytes = self.max_model_size_mb * MB if kind == SemanticArtifactKind.MODEL_FILES else None
        used_bytes = _total(artifacts)

        def decide(freed_bytes: int) -> BudgetDecision:
            return self.check_budget_bytes(write_bytes, used_bytes - freed_bytes, free_bytes, cap_bytes)

        at_once = decide(0)
        if at_once.has_room or not at_once.is_allowed:
            return SemanticPolicy.Room(refused=None if at_once.has_room else at_once)
        weaker = [one for one in artifacts if kind.may_evict(one.kind, (one.newest_ms or 0) < (newest_ms or 0))]
        taken = _taken(weaker, lambda freed_bytes: decide(freed_bytes).has_room)
        has_room = decide(_total(taken)).has_room
        return SemanticPolicy.Room(taken) if has_room else SemanticPolicy.Room(refused=at_once)

    def shrink(self, artifacts: Sequence[Artifact], free_bytes: int) -> tuple[Artifact, ...]:
        """What must go, in this order, because the budget is smaller than what stands or the disk is nearly full."""
        used_bytes = _total(artifacts)

        def fits(freed_bytes: int) -> bool:
            in_budget = used_bytes - freed_bytes <= self.semantic_budget_mb * MB
            return in_budget and free_bytes + freed_bytes >= self.min_free_disk_mb * MB

        return _taken(artifacts, fits)

    def has_room_again(self, evicted_bytes: int, artifacts: Sequence[Artifact], free_bytes: int) -> bool:
        """May what was evicted for lack of room be built again?  Only if all of it fits, or it would go at once."""
        return self.check_budget_bytes(evicted_bytes, _total(artifacts), free_bytes).has_room


# Whoever shows the settings asks for it once for each of them.
_COMPILED = SemanticPolicy()


@record
class CliSemanticOverrides:
    """What the flags of one command say; None inherits."""

    mode: SemanticMode | None = None
    download_policy: ModelDownloadPolicy | None = None
    fast_tier_embedder: str | None = None
    quality_tier_embedder: str | None = None
    reranker: str | None = None
    quality_weight: float | None = None
    semantic_budget_mb: int | None = None
    max_backfill_threads: int | None = None
    semantic_wait_ms: int | None = None


@record
class EffectiveSetting:
    """A setting as it holds, and where it comes from.

    `origin` is the file with its line, the variable or the flag; None for a compiled default.  `hides` are the lower
    layers that set it too, highest first.
    """

    @record
    class Hidden:
        """What a lower layer says."""

        source: SettingSource
        value: object
        origin: str | None = None

    name: str
    value: object
    source: SettingSource
    origin: str | None = None
    env_var: str | None = None
    hides: tuple[Hidden, ...] = ()
    unit: str | None = None
    flag: str | None = None


@record
class EffectiveSettings:
    """Every setting, in the order of the table."""

    settings: tuple[EffectiveSetting, ...]

    def get(self, name: str) -> EffectiveSetting:
        """Raises KeyError for a name that is no setting."""
        for setting in self.settings:
            if setting.name == name:
                return setting
        raise KeyError(name)

    def source_counts(self) -> dict[str, int]:
        """How many settings come from each layer; all four are there."""
        sources = [setting.source.value for setting in self.settings]
        return {source.value: sources.count(source.value) for source in SettingSource}


def _bytes(mb: float) -> int:
    return round(mb * MB)


def _total(artifacts: Iterable[SemanticPolicy.Artifact]) -> int:
    return sum([artifact.size_bytes for artifact in artifacts])


def _taken(
    artifacts: Iterable[SemanticPolicy.Artifact], fits: Callable[[int], bool]
) -> tuple[SemanticPolicy.Artifact, ...]:
    """Kind by kind in the order, the oldest first, until what they free is enough; all of them if it never is."""
    taken, freed_bytes = [], 0
    for artifact in sorted(artifacts, key=_goes):
        if fits(freed_bytes):
            break
        taken.append(artifact)
        freed_bytes += artifact.size_bytes
    return tuple(taken)


def _goes(artifact: SemanticPolicy.Artifact) -> tuple[int, int, str]:
    """The sooner it goes, the smaller."""
    return EVICTION_ORDER.index(artifact.kind), artifact.newest_ms or 0, artifact.name
