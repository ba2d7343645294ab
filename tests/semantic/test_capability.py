"""What a machine can do, from what stands and what the policy wants: every case, and the command that betters it."""

from __future__ import annotations

from typing import Any

import pytest

from cass.policy import SemanticCapability, SemanticMode, SemanticPolicy
from cass.records import replace
from cass.semantic.capability import TierState, capability_of

POLICY = SemanticPolicy()
FULL, NO_GRAPH = SemanticCapability.FULL_QUALITY, SemanticCapability.QUALITY_NO_HNSW
FAST_ONLY, DEGRADED = SemanticCapability.FAST_TIER_ONLY, SemanticCapability.DEGRADED
SOME, MANY = TierState(100), TierState(POLICY.hnsw_min_vectors)
TORN = TierState(50, "1.rows is cut short")
NONE = TierState()
GONE = TierState(0, "its list of files is damaged")


def asked(
    fast: TierState = SOME, quality: TierState = SOME, model: bool = True, graph: bool = False, **more: Any
) -> tuple[str, str | None, str | None]:
    policy = more.pop("policy", POLICY)
    found, todo = capability_of(policy, fast, quality, model, graph, more.pop("texts", True), **more)
    return found.value, found.reason, todo


@pytest.mark.parametrize(
    ("stands", "capability", "todo"),
    [
        ({}, FULL, None),
        ({"quality": MANY}, NO_GRAPH, "cass backfill"),
        ({"quality": MANY, "graph": True}, FULL, None),
        ({"quality": NONE}, FAST_ONLY, "cass backfill"),
        ({"quality": NONE, "model": False}, FAST_ONLY, "cass models install"),
        ({"model": False}, FAST_ONLY, "cass models install"),
        ({"policy": replace(POLICY, quality_tier_embedder="hash")}, FAST_ONLY, None),
        ({"policy": replace(POLICY, mode=SemanticMode.LEXICAL_ONLY)}, SemanticCapability.LEXICAL_ONLY, None),
    ],
)
def test_what_stands_decides(stands: dict[str, Any], capability: str, todo: str | None) -> None:
    """Where nothing is wrong there is no reason, and a command only where it would help."""
    assert asked(**stands) == (capability, None, todo)


@pytest.mark.parametrize(
    ("stands", "capability", "reason", "todo"),
    [
        ({"fast": NONE, "quality": NONE}, DEGRADED, "no vectors are built yet", "cass backfill"),
        ({"fast": NONE, "quality": NONE, "texts": False}, DEGRADED, "nothing is indexed yet", "cass index"),
        ({"fast": GONE, "quality": NONE}, DEGRADED, GONE.damage, "cass backfill"),
        ({"fast": NONE}, FULL, "no vectors of the fast tier are built yet", "cass backfill"),
        ({"fast": TORN}, FULL, TORN.damage, "cass backfill"),
        ({"quality": TORN}, FULL, TORN.damage, "cass backfill"),
        ({"quality": GONE}, FAST_ONLY, GONE.damage, "cass backfill"),
        ({"quality": MANY, "graph": True, "graph_damage": "torn"}, NO_GRAPH, "torn", "cass backfill"),
        ({"model_damage": "the model is torn"}, FULL, "the model is torn", "cass models verify"),
        ({"fast": TORN, "quality": GONE}, FAST_ONLY, f"{TORN.damage}; {GONE.damage}", "cass backfill"),
    ],
)
def test_what_is_wrong_is_said(stands: dict[str, Any], capability: str, reason: str, todo: str) -> None:
    """Also where the rest serves."""
    assert asked(**stands) == (capability, reason, todo)


def test_what_nobody_wants_is_not_complained_about() -> None:
    """A quality tier that is switched off may lie there as torn as it likes."""
    off = replace(POLICY, quality_tier_embedder="hash")

    assert asked(quality=GONE, policy=off, model_damage="torn") == (FAST_ONLY, None, None)
