"""The answers of the semantic policy, which `cass.policy` exports: closed families of records, a manifest, a report.

They stand apart because a search wants the policy's numbers only: its import is time that somebody waits.
"""

from __future__ import annotations

from cass.policy import EVICTION_ORDER, MB
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import ClassVar

    # Inside a family a member's name means the attribute, so its class is named from outside.
    from cass import _policy_answers as here  # noqa: PLW0406
    from cass.policy import SemanticCapability, SemanticMode, SemanticPolicy


class _Sum(type):
    """The type of a closed family of records: `isinstance` says yes to each of them, each is an attribute.

    `record` makes its classes anew without their bases, so inheritance alone would not tell.
    """

    def close(cls, *members: type) -> None:
        for member in members:
            setattr(cls, member.__name__, member)

    def __instancecheck__(cls, value: object) -> bool:
        return issubclass(type(value), cls)

    def __subclasscheck__(cls, other: type) -> bool:
        return other is cls or cls.__dict__.get(other.__name__) is other


class InvalidationAction(metaclass=_Sum):
    """What is to be done with a vector file.  `is_usable`: it may serve until that is done."""

    __slots__ = ()
    UpToDate: ClassVar[type[here.UpToDate]]
    RebuildInBackground: ClassVar[type[here.RebuildInBackground]]
    DiscardAndRebuild: ClassVar[type[here.DiscardAndRebuild]]
    Evict: ClassVar[type[here.Evict]]
    word: ClassVar[str]
    is_usable: ClassVar[bool]


@record
class UpToDate(InvalidationAction):
    word = "up_to_date"
    is_usable = True


@record
class RebuildInBackground(InvalidationAction):
    """Of the same vector space, so it serves until the new one stands."""

    word = "rebuild_in_background"
    is_usable = True


@record
class DiscardAndRebuild(InvalidationAction):
    reason: str

    word = "discard_and_rebuild"
    is_usable = False


@record
class Evict(InvalidationAction):
    """Not wanted any more.  Only a tick does it, and only when config or environment say so: a flag deletes nothing."""

    word = "evict"
    is_usable = False


InvalidationAction.close(UpToDate, RebuildInBackground, DiscardAndRebuild, Evict)


class BudgetDecision(metaclass=_Sum):
    """May so much be written?  `has_room`: at once.  `is_allowed`: at once, or as soon as room has been made."""

    __slots__ = ()
    Allowed: ClassVar[type[here.Allowed]]
    OverBudgetWarn: ClassVar[type[here.OverBudgetWarn]]
    DiskPressureDeny: ClassVar[type[here.DiskPressureDeny]]
    ModelTooLarge: ClassVar[type[here.ModelTooLarge]]
    word: ClassVar[str]
    is_allowed: ClassVar[bool]
    has_room: ClassVar[bool]


@record
class Allowed(BudgetDecision):
    word = "allowed"
    is_allowed = True
    has_room = True


@record
class OverBudgetWarn(BudgetDecision):
    """`used_mb` is the new total.  Not leave to stay over: see `SemanticPolicy.make_room`."""

    used_mb: float
    budget_mb: float

    word = "over_budget_warn"
    is_allowed = True
    has_room = False


@record
class DiskPressureDeny(BudgetDecision):
    """`free_mb` is what is free before the write."""

    free_mb: float
    min_required_mb: float

    word = "disk_pressure_deny"
    is_allowed = False
    has_room = False


@record
class ModelTooLarge(BudgetDecision):
    model_mb: float
    max_mb: float

    word = "model_too_large"
    is_allowed = False
    has_room = False


BudgetDecision.close(Allowed, OverBudgetWarn, DiskPressureDeny, ModelTooLarge)


@record
class SemanticAssetManifest:
    """What stands beside every vector file and says how it was made."""

    embedder_id: str
    model_revision: str
    schema_version: int
    chunking_version: int
    doc_count: int
    built_at_ms: int

    def invalidation(self, policy: SemanticPolicy, embedder_id: str, model_revision: str) -> InvalidationAction:
        """What is to be done with the file where this embedder is wanted in this revision.  The first match wins."""
        if not policy.mode.should_build_semantic:
            return InvalidationAction.Evict()
        for what, had, wanted in (
            ("semantic schema version", self.schema_version, policy.semantic_schema_version),
            ("chunking strategy version", self.chunking_version, policy.chunking_strategy_version),
            # Another embedder is another vector space, so it comes before the revision, which may serve meanwhile.
            ("embedder", self.embedder_id, embedder_id),
        ):
            if had != wanted:
                return InvalidationAction.DiscardAndRebuild(f"{what} changed ({had} → {wanted})")
        if self.model_revision != model_revision:
            return InvalidationAction.RebuildInBackground()
        return InvalidationAction.UpToDate()


@record
class SemanticCapabilityReport:
    """What `status --json` prints under `semantic`: its fields and properties carry the same names."""

    @record
    class Tier:
        """The vectors of a tier, or those in the graph over them.

        `coverage` is the share (0 to 1) of the eligible texts that is in; all messages since `covers_since_ms` are.
        """

        embedder_id: str | None = None
        documents: int = 0
        coverage: float = 0.0
        covers_since_ms: int | None = None
        bytes: int = 0
        action: InvalidationAction | None = None

        @property
        def is_earlier(self) -> bool:
            """Are some of them of an earlier model, and serve until they are made anew?"""
            return isinstance(self.action, RebuildInBackground)

    @record
    class Model:
        name: str
        bytes: int
        verified: bool

    @record
    class Usage:
        """What each kind takes, all in bytes or all in MB."""

        hnsw_accelerator: float = 0
        quality_vector_index: float = 0
        fast_vector_index: float = 0
        model_files: float = 0

        @property
        def total(self) -> float:
            return self.hnsw_accelerator + self.quality_vector_index + self.fast_vector_index + self.model_files

    @record
    class Backlog:
        """Texts that are owed to each tier, and texts given up."""

        fast: int = 0
        quality: int = 0
        dead: int = 0
        eta_s: float | None = None

    mode: SemanticMode
    capability: SemanticCapability
    next_step: str | None
    fast_tier: Tier
    quality_tier: Tier
    hnsw: Tier
    models: tuple[Model, ...]
    usage_bytes: Usage
    budget_bytes: int
    free_disk_bytes: int
    budget_decision: BudgetDecision
    backlog: Backlog

    @property
    def label(self) -> str:
        return self.capability.label

    @property
    def summary(self) -> str:
        """The capability's own, which names the model that is missing only where one is."""
        said, sign, _ = self.capability.summary.partition("; `cass models install`")
        words = (self.next_step or "").split()  # the data folder may be named between them
        if not sign or [*words[:2], *words[-1:]] == ["cass", "models", "install"]:
            # As it is to be typed here: the data folder may be named in it.
            return self.capability.summary.replace(sign[2:], f"`{self.next_step}`") if sign else said
        return f"{said}; `{self.next_step}` makes the better vectors" if self.next_step else said

    @property
    def reason(self) -> str | None:
        return self.capability.reason

    @property
    def usage_mb(self) -> Usage:
        used = self.usage_bytes
        return SemanticCapabilityReport.Usage(*[in_mb(getattr(used, kind)) for kind in EVICTION_ORDER])

    @property
    def budget_mb(self) -> float:
        return in_mb(self.budget_bytes)

    @property
    def free_disk_mb(self) -> float:
        return in_mb(self.free_disk_bytes)


def in_mb(size_bytes: float) -> float:
    """Whole where it is whole, so that 500 MB are not 500.0."""
    return size_bytes // MB if size_bytes % MB == 0 else size_bytes / MB
