"""What `status` says of the graphs over large tiers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cass.policy import (
    DEFAULT_FAST_DIMENSION,
    InvalidationAction,
    SemanticCapability,
    SemanticCapabilityReport,
    SemanticPolicy,
)
from cass.records import replace
from cass.semantic.embedders.hash_version import identity
from cass.semantic.manifest import FAST, QUALITY
from cass.status.semantic import report
from cass.store.connect import open_reader
from tests.archive import FIRST_MS, NOW_MS, Home, make_home
from tests.backfill.working import Working
from tests.search.tiers import backfill, install
from tests.semantic.tiny_model import HIDDEN

if any(find_spec(name) is None for name in ("usearch", "numpy", "onnxruntime")):  # the order of imports matters to them
    pytest.skip("usearch, numpy or onnxruntime is not installed", allow_module_level=True)


def said_of_the_graph(home: Home) -> SemanticCapabilityReport.Tier:
    connection = open_reader(home.places.database)
    assert connection is not None
    policy = replace(SemanticPolicy(), hnsw_min_vectors=1)
    try:
        return report(policy, home.places, connection, {}).hnsw
    finally:
        connection.close()


def thirty_texts(folder: Path, hnsw_min_vectors: int) -> tuple[Home, Working]:
    """An archive whose fast tier is large enough for a graph, and not made yet."""
    home = make_home(folder)
    home.claude("s", *[f"walrus number {number} has tusks" for number in range(30)])
    home.index()
    working = Working(home)
    policy = replace(working.policy, hnsw_min_vectors=hnsw_min_vectors, fast_dimension=DEFAULT_FAST_DIMENSION)
    working.policy = policy
    return home, working


def test_what_a_graph_holds(tmp_path: Path) -> None:
    """Whose vectors, of how many texts and since when, until more are made; what is damaged holds nothing."""
    home, working = thirty_texts(tmp_path, hnsw_min_vectors=1)
    before = said_of_the_graph(home)
    working.run(FAST)
    whole = said_of_the_graph(home)
    home.claude("later", *[f"wombat number {number} digs" for number in range(10)], start_ms=NOW_MS)
    home.index()
    working.policy = replace(working.policy, hnsw_min_vectors=1000)
    working.run(FAST)
    partly = said_of_the_graph(home)
    (home.data / "derived/vectors/fast/graph.data").write_bytes(b"")
    torn = said_of_the_graph(home)

    assert before == SemanticCapabilityReport.Tier()
    assert (whole.embedder_id, whole.documents, whole.coverage) == (identity(DEFAULT_FAST_DIMENSION)[0], 30, 1.0)
    assert (whole.covers_since_ms, whole.action) == (FIRST_MS, InvalidationAction.UpToDate())
    assert (partly.documents, partly.coverage, partly.covers_since_ms) == (30, 0.75, None)
    assert partly.action == InvalidationAction.RebuildInBackground()
    assert (torn.documents, torn.action) == (0, InvalidationAction.DiscardAndRebuild("the graph has changed bytes"))


def test_the_graph_of_the_fast_tier_is_not_the_better_ones(tmp_path: Path) -> None:
    """Both are large enough for one, and only the fast one has it."""
    home, working = thirty_texts(tmp_path, hnsw_min_vectors=0)
    assert working.run(FAST).tiers[0].graph == "built"
    install(home)
    backfill(home, QUALITY)

    def capability(hnsw_min_vectors: int) -> SemanticCapability:
        policy = replace(SemanticPolicy(), hnsw_min_vectors=hnsw_min_vectors, quality_dimension=HIDDEN)
        connection = open_reader(home.places.database)
        assert connection is not None
        return report(policy, home.places, connection, {}).capability

    # A kill before its description was written leaves one that nobody opens.
    (home.data / "derived/vectors/quality/graph.data").write_bytes(b"vectors")

    assert capability(1) == SemanticCapability.QUALITY_NO_HNSW
    assert capability(1000) == SemanticCapability.FULL_QUALITY
