"""The policy's records: defaults, flags over them, where values come from, manifests, the report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.policy import (
    BudgetDecision,
    CliSemanticOverrides,
    EffectiveSetting,
    EffectiveSettings,
    InvalidationAction,
    ModelDownloadPolicy,
    SemanticAssetManifest,
    SemanticCapability,
    SemanticCapabilityReport,
    SemanticMode,
    SemanticPolicy,
    SettingSource,
)
from cass.records import replace

MB = 1_048_576
POLICY = SemanticPolicy.compiled_defaults()
BUILT = SemanticAssetManifest("minilm-384", "rev-1", 1, 1, doc_count=12, built_at_ms=1_700_000_000_000)


def test_the_compiled_defaults() -> None:
    """Without any setting: words first, meaning where it is to be had, nothing fetched, 500 MB at most."""
    assert {name: getattr(POLICY, name) for name in SemanticPolicy.__match_args__} == {
        "mode": SemanticMode.HYBRID_PREFERRED,
        "download_policy": ModelDownloadPolicy.OPT_IN,
        "fast_tier_embedder": "hash",
        "quality_tier_embedder": "minilm",
        "reranker": "ms-marco-minilm",
        "fast_dimension": 256,
        "quality_dimension": 384,
        "quality_weight": 0.7,
        "max_refinement_docs": 100,
        "semantic_budget_mb": 500,
        "min_free_disk_mb": 200,
        "max_model_size_mb": 300,
        "max_backfill_threads": 1,
        "max_backfill_rss_mb": 256,
        "idle_delay_seconds": 30,
        "chunk_timeout_seconds": 120,
        "hnsw_min_vectors": 200_000,
        "semantic_wait_ms": 250,
        "semantic_schema_version": 1,
        "chunking_strategy_version": 1,
    }


def test_hash_as_quality_embedder_switches_that_tier_off_only() -> None:
    """It stays hybrid: the fast tier is built as before."""
    without = replace(POLICY, quality_tier_embedder="hash")

    assert (POLICY.wants_quality_tier, without.wants_quality_tier) == (True, False)
    assert without.mode.should_build_semantic
    assert not replace(POLICY, mode=SemanticMode.LEXICAL_ONLY).wants_quality_tier


@given(
    st.builds(
        CliSemanticOverrides,
        mode=st.none() | st.sampled_from(list(SemanticMode)),
        download_policy=st.none() | st.sampled_from(list(ModelDownloadPolicy)),
        fast_tier_embedder=st.none() | st.just("hash"),
        quality_tier_embedder=st.none() | st.text(),
        reranker=st.none() | st.text(),
        quality_weight=st.none() | st.floats(0, 1),
        semantic_budget_mb=st.none() | st.integers(0),
        max_backfill_threads=st.none() | st.integers(0),
        semantic_wait_ms=st.none() | st.integers(0),
    )
)
def test_flags_hold_and_the_rest_is_inherited(flags: CliSemanticOverrides) -> None:
    """Field by field: what a flag gives, zero and the empty text too, or what stood there before."""
    policy = POLICY.with_overrides(flags)

    for name in SemanticPolicy.__match_args__:
        given_value = getattr(flags, name, None)
        assert getattr(policy, name) == (getattr(POLICY, name) if given_value is None else given_value)


def test_where_settings_come_from_is_counted() -> None:
    """All four layers are in the count, those that set nothing with 0."""
    settings = EffectiveSettings(
        (
            EffectiveSetting("mode", SemanticMode.LEXICAL_ONLY, SettingSource.CLI, "--mode", flag="--semantic-mode"),
            EffectiveSetting("reranker", "ms-marco-minilm", SettingSource.COMPILED_DEFAULT),
            EffectiveSetting("fast_dimension", 256, SettingSource.COMPILED_DEFAULT, unit="floats"),
        )
    )

    assert settings.source_counts() == {"compiled_default": 2, "config": 0, "environment": 0, "cli": 1}
    assert settings.get("fast_dimension").unit == "floats"
    with pytest.raises(KeyError, match="fast_dimensions"):
        settings.get("fast_dimensions")


def test_a_setting_keeps_what_it_hides() -> None:
    """The lower layers stay readable below the one that holds."""
    hidden = EffectiveSetting.Hidden(SettingSource.COMPILED_DEFAULT, 500)
    setting = EffectiveSetting("semantic_budget_mb", 77, SettingSource.CONFIG, "semantic.toml:3", hides=(hidden,))

    assert (setting.hides[0].value, setting.hides[0].origin) == (500, None)


LEXICAL = replace(POLICY, mode=SemanticMode.LEXICAL_ONLY)
SCHEMA = replace(POLICY, semantic_schema_version=2)
CHUNKS = replace(POLICY, chunking_strategy_version=2)
ALL = replace(LEXICAL, semantic_schema_version=2, chunking_strategy_version=2)
Discard = InvalidationAction.DiscardAndRebuild


@pytest.mark.parametrize(
    ("policy", "embedder_id", "revision", "action"),
    [
        (POLICY, "minilm-384", "rev-1", InvalidationAction.UpToDate()),
        (POLICY, "minilm-384", "rev-2", InvalidationAction.RebuildInBackground()),
        (POLICY, "bge-m3-1024", "rev-1", Discard("embedder changed (minilm-384 → bge-m3-1024)")),
        (CHUNKS, "minilm-384", "rev-1", Discard("chunking strategy version changed (1 → 2)")),
        (SCHEMA, "minilm-384", "rev-1", Discard("semantic schema version changed (1 → 2)")),
        (LEXICAL, "minilm-384", "rev-1", InvalidationAction.Evict()),
        # Each rule wins over all that come after it.
        (POLICY, "bge-m3-1024", "rev-2", Discard("embedder changed (minilm-384 → bge-m3-1024)")),
        (CHUNKS, "bge-m3-1024", "rev-2", Discard("chunking strategy version changed (1 → 2)")),
        (
            replace(SCHEMA, chunking_strategy_version=2),
            "bge-m3-1024",
            "rev-2",
            Discard("semantic schema version changed (1 → 2)"),
        ),
        (ALL, "bge-m3-1024", "rev-2", InvalidationAction.Evict()),
    ],
)
def test_what_a_manifest_asks_for(
    policy: SemanticPolicy, embedder_id: str, revision: str, action: InvalidationAction
) -> None:
    """The first rule that matches says what becomes of a vector file."""
    assert BUILT.invalidation(policy, embedder_id, revision) == action


def test_only_the_same_vector_space_serves_meanwhile() -> None:
    """A new revision of the same embedder may be searched until it is replaced; anything else may not."""
    actions = (
        InvalidationAction.UpToDate(),
        InvalidationAction.RebuildInBackground(),
        Discard("embedder changed (a → b)"),
        InvalidationAction.Evict(),
    )

    assert all(isinstance(action, InvalidationAction) for action in actions)
    assert [(action.word, action.is_usable) for action in actions] == [
        ("up_to_date", True),
        ("rebuild_in_background", True),
        ("discard_and_rebuild", False),
        ("evict", False),
    ]


def test_strict_mode_changes_nothing_about_files() -> None:
    """What a file is worth does not depend on how badly it is wanted."""
    strict = replace(POLICY, mode=SemanticMode.STRICT_SEMANTIC)

    assert BUILT.invalidation(strict, "minilm-384", "rev-1") == InvalidationAction.UpToDate()


def test_the_report_has_both_megabytes_and_bytes() -> None:
    """Beside every figure in MB stands the same in bytes; whole MB are whole numbers."""
    usage = SemanticCapabilityReport.Usage(hnsw_accelerator=MB // 2, model_files=90 * MB)
    report = SemanticCapabilityReport(
        mode=SemanticMode.HYBRID_PREFERRED,
        capability=SemanticCapability.degraded("vectors are torn"),
        next_step="cass backfill",
        fast_tier=SemanticCapabilityReport.Tier("hash-256", documents=3, coverage=1.0, bytes=3072),
        quality_tier=SemanticCapabilityReport.Tier(action=InvalidationAction.Evict()),
        hnsw=SemanticCapabilityReport.Tier(),
        models=(SemanticCapabilityReport.Model("minilm", 90 * MB, verified=True),),
        usage_bytes=usage,
        budget_bytes=500 * MB,
        free_disk_bytes=1000 * MB,
        budget_decision=BudgetDecision.Allowed(),
        backlog=SemanticCapabilityReport.Backlog(quality=3),
    )

    assert report.usage_mb == SemanticCapabilityReport.Usage(hnsw_accelerator=0.5, model_files=90)
    assert (report.usage_mb.total, report.usage_bytes.total) == (90.5, 90 * MB + MB // 2)
    assert (str(report.budget_mb), str(report.free_disk_mb)) == ("500", "1000")
    assert (report.label, report.reason) == ("ERR", "vectors are torn")
    assert report.summary == report.capability.summary
