"""What `cass.policy` exports, and the words in it: closed lists that people may spell in their own way."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass import policy
from cass.policy import (
    BudgetDecision,
    ModelDownloadPolicy,
    SemanticArtifactKind,
    SemanticCapability,
    SemanticMode,
    SettingSource,
)
from tests.heavy import HEAVY

REPO = Path(__file__).resolve().parents[2]

CONSTANTS = {
    "DEFAULT_FAST_TIER_EMBEDDER": "hash",
    "DEFAULT_QUALITY_TIER_EMBEDDER": "minilm",
    "DEFAULT_RERANKER": "ms-marco-minilm",
    "DEFAULT_FAST_DIMENSION": 256,
    "DEFAULT_QUALITY_DIMENSION": 384,
    "DEFAULT_QUALITY_WEIGHT": 0.7,
    "DEFAULT_MAX_REFINEMENT_DOCS": 100,
    "DEFAULT_SEMANTIC_BUDGET_MB": 500,
    "MIN_FREE_DISK_MB": 200,
    "MAX_MODEL_SIZE_MB": 300,
    "DEFAULT_MAX_BACKFILL_THREADS": 1,
    "DEFAULT_MAX_BACKFILL_RSS_MB": 256,
    "DEFAULT_IDLE_DELAY_SECONDS": 30,
    "DEFAULT_CHUNK_TIMEOUT_SECONDS": 120,
    "DEFAULT_HNSW_MIN_VECTORS": 200_000,
    "DEFAULT_SEMANTIC_WAIT_MS": 250,
    "SEMANTIC_SCHEMA_VERSION": 1,
    "CHUNKING_STRATEGY_VERSION": 1,
    "EVICTION_ORDER": ("hnsw_accelerator", "quality_vector_index", "fast_vector_index", "model_files"),
}
TYPES = {
    *("SemanticMode", "ModelDownloadPolicy", "SemanticCapability", "SemanticArtifactKind", "SettingSource"),
    *("InvalidationAction", "BudgetDecision"),
    *("SemanticPolicy", "CliSemanticOverrides", "EffectiveSetting", "EffectiveSettings"),
    *("SemanticAssetManifest", "SemanticCapabilityReport"),
}
SPELLINGS = {
    SemanticMode.HYBRID_PREFERRED: ("hybrid_preferred", "hybrid", "default", "auto"),
    SemanticMode.LEXICAL_ONLY: ("lexical_only", "lexical", "lex", "off"),
    SemanticMode.STRICT_SEMANTIC: ("strict_semantic", "strict", "semantic"),
    ModelDownloadPolicy.OPT_IN: ("opt_in", "optin", "manual"),
    ModelDownloadPolicy.BUDGET_GATED: ("budget_gated", "budget", "gated"),
    ModelDownloadPolicy.AUTOMATIC: ("automatic", "auto"),
}
FULL, NO_GRAPH, FAST, LEXICAL, DEGRADED = SemanticCapability


def test_the_contract_is_exported_and_nothing_else() -> None:
    """Every number and every type of the contract has one home, and the home holds nothing besides."""
    assert set(policy.__all__) == CONSTANTS.keys() | TYPES
    assert len(set(policy.__all__)) == len(policy.__all__)
    assert {name: getattr(policy, name) for name in CONSTANTS} == CONSTANTS
    assert all(isinstance(getattr(policy, name), type) for name in TYPES)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """What comes on first use does not make the module say yes to everything."""
    misspelt = "SemanticPolice"

    with pytest.raises(AttributeError, match=misspelt):
        getattr(policy, misspelt)


def test_the_numbers_come_without_the_answers() -> None:
    """A search reads the policy's numbers on the fast lane and waits neither for the decisions nor for `enum`."""
    code = "import sys, cass.policy; sys.stdout.write('\\n'.join(sys.modules))"
    inside = f"import sys; sys.path.insert(0, {json.dumps(str(REPO))}); {code}"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", inside], capture_output=True, text=True, check=True)

    assert set(done.stdout.split()) & {*HEAVY, "cass._policy_answers"} == set()


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (SemanticMode, ["hybrid_preferred", "lexical_only", "strict_semantic"]),
        (ModelDownloadPolicy, ["opt_in", "budget_gated", "automatic"]),
        (SettingSource, ["compiled_default", "config", "environment", "cli"]),
        (
            SemanticCapability,
            ["full_quality", "quality_no_hnsw", "fast_tier_only", "lexical_only", "degraded"],
        ),
        (SemanticArtifactKind, ["hnsw_accelerator", "quality_vector_index", "fast_vector_index", "model_files"]),
    ],
)
def test_the_lists_are_closed(words: type[SemanticMode], values: list[str]) -> None:
    """A list has the words of the contract, in its order; each is its text, and is found by it."""
    assert [word.value for word in words] == values
    assert all(words(value) is word and word == value for value, word in zip(values, words, strict=True))
    assert all(type(word) is words and type(word.value) is str for word in words)
    with pytest.raises(ValueError, match=values[0]):
        words("lucky")


def test_every_spelling_of_the_contract_is_understood() -> None:
    """People may write the short words, in capitals, with a minus and with blanks around them."""
    for word, spellings in SPELLINGS.items():
        for text in spellings:
            assert type(word).parse(f"  {text.upper().replace('_', '-')}\n") is word


@given(st.text())
def test_what_is_no_spelling_is_none(text: str) -> None:
    """Nothing but the listed spellings means anything, the empty text least of all."""
    plain = text.strip().lower().replace("-", "_")
    for words in (SemanticMode, ModelDownloadPolicy):
        known = [word for word in words if plain in SPELLINGS[word]]
        assert words.parse(text) == (known[0] if known else None)


def test_a_mode_says_what_it_builds_and_what_it_needs() -> None:
    """Only lexical_only builds nothing; only strict_semantic may not do without."""
    assert [(mode.should_build_semantic, mode.requires_semantic) for mode in SemanticMode] == [
        (True, False),
        (False, False),
        (True, True),
    ]


def test_strict_wants_both_tiers_and_nearly_all_texts() -> None:
    """95 % of the older texts in the quality tier is enough; without that tier nothing is."""
    strict = SemanticMode.STRICT_SEMANTIC

    assert [strict.is_satisfied_by(capability, 1.0) for capability in SemanticCapability] == [True, True, *[False] * 3]
    assert (strict.is_satisfied_by(FULL, 0.95), strict.is_satisfied_by(FULL, 0.9499)) == (True, False)
    assert SemanticMode.HYBRID_PREFERRED.is_satisfied_by(DEGRADED, 0.0)
    assert SemanticMode.LEXICAL_ONLY.is_satisfied_by(LEXICAL, 0.0)


@pytest.mark.parametrize(
    ("capability", "can_search", "has_quality", "label"),
    [
        (FULL, True, True, "SEM+"),
        (NO_GRAPH, True, True, "SEM"),
        (FAST, True, False, "SEM*"),
        (LEXICAL, False, False, "LEX"),
        (SemanticCapability.degraded("vectors are torn"), False, False, "ERR"),
    ],
)
def test_a_capability_says_what_can_be_searched(
    capability: SemanticCapability, can_search: bool, has_quality: bool, label: str
) -> None:
    """Five words, told apart by what a search may use."""
    said = (capability.can_search_semantic, capability.has_quality_tier, capability.label)

    assert said == (can_search, has_quality, label)
    assert capability.summary


def test_the_summaries_tell_what_to_do() -> None:
    """Without a model the summary names the command that installs one; when broken it says why."""
    assert "cass models install" in FAST.summary
    assert SemanticCapability.degraded("vectors are torn").summary.endswith("vectors are torn")


def test_a_reason_belongs_to_one_value() -> None:
    """A degraded capability carries its own reason, copies keep it, and the bare word has none."""
    torn = SemanticCapability.degraded("torn")

    assert [one.reason for one in (torn, copy.deepcopy(torn), pickle.loads(pickle.dumps(torn)))] == ["torn"] * 3
    assert torn == DEGRADED
    assert [capability.reason for capability in SemanticCapability] == [None] * 5


def test_what_a_capability_needs() -> None:
    """A graph is never required; hashed words need no model; without meaning nothing is needed."""
    graph, quality, fast, model = SemanticArtifactKind
    needed = {
        capability: [kind for kind in SemanticArtifactKind if kind.required_for(capability)]
        for capability in SemanticCapability
    }

    assert needed == {
        FULL: [quality, fast, model],
        NO_GRAPH: [quality, fast, model],
        FAST: [fast],
        LEXICAL: [],
        DEGRADED: [quality, fast, model],
    }
    assert graph not in [kind for kinds in needed.values() for kind in kinds]


def test_the_database_and_the_lexical_index_have_no_word() -> None:
    """What must never be evicted cannot be named by what evicts."""
    assert [kind for kind in SemanticArtifactKind if "lexical" in kind or "database" in kind or "sql" in kind] == []


@pytest.mark.parametrize(
    ("download", "fetches"),
    [
        (ModelDownloadPolicy.OPT_IN, []),
        (ModelDownloadPolicy.BUDGET_GATED, [("allowed", True)]),
        (
            ModelDownloadPolicy.AUTOMATIC,
            [("allowed", False), ("allowed", True), ("over_budget_warn", False), ("over_budget_warn", True)],
        ),
    ],
)
def test_nothing_is_fetched_that_nobody_asked_for(
    download: ModelDownloadPolicy, fetches: list[tuple[str, bool]]
) -> None:
    """opt_in never fetches; budget_gated wants consent and room; automatic may make room first."""
    decisions = (
        BudgetDecision.Allowed(),
        BudgetDecision.OverBudgetWarn(540, 500),
        BudgetDecision.DiskPressureDeny(250, 200),
        BudgetDecision.ModelTooLarge(350, 300),
    )
    cases = [(decision, consented) for decision in decisions for consented in (False, True)]

    assert [(made.word, yes) for made, yes in cases if download.lets_worker_fetch(made, yes)] == fetches
