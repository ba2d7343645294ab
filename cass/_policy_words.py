"""The words of the semantic policy, which `cass.policy` exports: closed lists without the cost of `enum`.

What must never be evicted has no word here, so no decision can name it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Self

    from cass._policy_answers import BudgetDecision


class _Words(type):
    """The type of a closed list of words: iterating gives them in the order in which they are declared."""

    def __iter__(cls) -> Iterator[Any]:
        return iter([word for word in cls.__dict__.values() if isinstance(word, cls)])


class _Word(str, metaclass=_Words):
    """One word of a closed list: a text, and equal to it.  Every name in capitals that a subclass declares is a word.

    `Mode("lexical_only")` is the word itself, any other text raises ValueError; `Mode.parse` takes what people write.
    The standard `enum` would cost every cold command the import of `re` as well.
    """

    __slots__ = ()
    _aliases: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls) -> None:
        for name in cls.__annotations__:
            if name.isupper():
                setattr(cls, name, str.__new__(cls, name.lower()))

    def __new__(cls, text: str) -> Self:
        for word in cls:
            if word == text:
                known: Self = word
                return known
        raise ValueError(f"{text!r} is not one of {', '.join(cls)}")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The word that a person meant: case, outer blanks and `-` for `_` do not matter.  None if it is none."""
        plain = text.strip().lower().replace("-", "_")
        try:
            return cls(cls._aliases.get(plain, plain))
        except ValueError:
            return None

    @property
    def value(self) -> str:
        return str(self)


class SemanticMode(_Word):
    """How much meaning a search may and must use; the words always answer."""

    __slots__ = ()
    HYBRID_PREFERRED: ClassVar[SemanticMode]
    LEXICAL_ONLY: ClassVar[SemanticMode]
    STRICT_SEMANTIC: ClassVar[SemanticMode]

    STRICT_MIN_COVERAGE = 0.95
    STRICT_MIN_AGE_MS = 600_000
    _aliases: ClassVar = {
        "hybrid": "hybrid_preferred",
        "default": "hybrid_preferred",
        "auto": "hybrid_preferred",
        "lexical": "lexical_only",
        "lex": "lexical_only",
        "off": "lexical_only",
        "strict": "strict_semantic",
        "semantic": "strict_semantic",
    }

    @property
    def should_build_semantic(self) -> bool:
        return self != SemanticMode.LEXICAL_ONLY

    @property
    def requires_semantic(self) -> bool:
        return self == SemanticMode.STRICT_SEMANTIC

    def is_satisfied_by(self, capability: SemanticCapability, quality_coverage: float) -> bool:
        """Strict asks for both tiers and for nearly all texts in the better one; the other modes take what there is.

        `quality_coverage` is the share (0 to 1) among the eligible texts inside the filters that are older than
        STRICT_MIN_AGE_MS: the worker has not had its turn with younger ones.
        """
        covers = capability.has_quality_tier and quality_coverage >= self.STRICT_MIN_COVERAGE
        return covers or not self.requires_semantic


class ModelDownloadPolicy(_Word):
    """Who may fetch a model: `cass models install` always, the worker as said here, nothing else ever."""

    __slots__ = ()
    OPT_IN: ClassVar[ModelDownloadPolicy]
    BUDGET_GATED: ClassVar[ModelDownloadPolicy]
    AUTOMATIC: ClassVar[ModelDownloadPolicy]

    _aliases: ClassVar = {
        "optin": "opt_in",
        "manual": "opt_in",
        "budget": "budget_gated",
        "gated": "budget_gated",
        "auto": "automatic",
    }

    def lets_worker_fetch(self, decision: BudgetDecision, consented: bool) -> bool:
        """May the worker fetch a pinned model?  After `OverBudgetWarn` only once room has been made."""
        if self == ModelDownloadPolicy.BUDGET_GATED:
            return consented and decision.has_room
        return self == ModelDownloadPolicy.AUTOMATIC and decision.is_allowed


class SettingSource(_Word):
    """The layers in which a setting can stand, lowest first."""

    __slots__ = ()
    COMPILED_DEFAULT: ClassVar[SettingSource]
    CONFIG: ClassVar[SettingSource]
    ENVIRONMENT: ClassVar[SettingSource]
    CLI: ClassVar[SettingSource]


class SemanticCapability(_Word):
    """What this machine can do right now.  `degraded(reason)` is equal to DEGRADED whatever its reason."""

    __slots__ = ("_reason",)
    _reason: str
    FULL_QUALITY: ClassVar[SemanticCapability]
    QUALITY_NO_HNSW: ClassVar[SemanticCapability]
    FAST_TIER_ONLY: ClassVar[SemanticCapability]
    LEXICAL_ONLY: ClassVar[SemanticCapability]
    DEGRADED: ClassVar[SemanticCapability]

    def __new__(cls, text: str, reason: str | None = None) -> Self:
        known = super().__new__(cls, text)
        if reason is None:
            return known
        own = str.__new__(cls, known)
        own._reason = reason
        return own

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.value, self.reason)

    @classmethod
    def degraded(cls, reason: str) -> Self:
        """Wanted, but broken: why, in words that a person can act on."""
        return cls("degraded", reason)

    @property
    def reason(self) -> str | None:
        """Why it is degraded; None for all others."""
        return getattr(self, "_reason", None)

    @property
    def can_search_semantic(self) -> bool:
        return self.has_quality_tier or self == SemanticCapability.FAST_TIER_ONLY

    @property
    def has_quality_tier(self) -> bool:
        return self in (SemanticCapability.FULL_QUALITY, SemanticCapability.QUALITY_NO_HNSW)

    @property
    def label(self) -> str:
        """Three or four letters for a narrow place."""
        return _SAID_OF[self][0]

    @property
    def summary(self) -> str:
        """One sentence for a person, without a full stop."""
        said = _SAID_OF[self][1]
        return f"{said}: {self.reason}" if self.reason else said


_SAID_OF = {
    "full_quality": ("SEM+", "words and meaning, with the quality model"),
    "quality_no_hnsw": ("SEM", "words and meaning, with the quality model; a graph would make it faster"),
    "fast_tier_only": ("SEM*", "words, and meaning by hashed words only; `cass models install` adds a model"),
    "lexical_only": ("LEX", "words only, as the policy says"),
    "degraded": ("ERR", "words only, meaning is wanted but broken"),
}


class SemanticArtifactKind(_Word):
    """What may be evicted, first to go first.  What must never be evicted has no word here."""

    __slots__ = ()
    HNSW_ACCELERATOR: ClassVar[SemanticArtifactKind]
    QUALITY_VECTOR_INDEX: ClassVar[SemanticArtifactKind]
    FAST_VECTOR_INDEX: ClassVar[SemanticArtifactKind]
    MODEL_FILES: ClassVar[SemanticArtifactKind]

    def required_for(self, capability: SemanticCapability) -> bool:
        """Is this kind needed for that capability?  A degraded machine needs all but the graph, to mend."""
        if self == SemanticArtifactKind.HNSW_ACCELERATOR or capability == SemanticCapability.LEXICAL_ONLY:
            return False
        return self == SemanticArtifactKind.FAST_VECTOR_INDEX or capability != SemanticCapability.FAST_TIER_ONLY

    def may_evict(self, other: SemanticArtifactKind, is_older: bool) -> bool:
        """May a write of this kind evict something of that kind?  What goes first gives way to what goes later.

        Of its own kind only an older segment of vectors does: a graph or a model has no segments.
        """
        if other != self:
            return EVICTION_ORDER.index(other) < EVICTION_ORDER.index(self)
        return is_older and self in (SemanticArtifactKind.QUALITY_VECTOR_INDEX, SemanticArtifactKind.FAST_VECTOR_INDEX)


EVICTION_ORDER: tuple[SemanticArtifactKind, ...] = tuple(SemanticArtifactKind)
