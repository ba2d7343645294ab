"""What `status` says of the graphs over large tiers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from cass.policy import DEFAULT_FAST_DIMENSION, SemanticCapability, SemanticPolicy
from cass.records import replace
from cass.semantic.manifest import FAST, QUALITY
from cass.status.semantic import report
from cass.store.connect import open_reader
from tests.archive import make_home
from tests.backfill.working import Working
from tests.search.tiers import backfill, install
from tests.semantic.tiny_model import HIDDEN

if any(find_spec(name) is None for name in ("usearch", "numpy", "onnxruntime")):  # the order of imports matters to them
    pytest.skip("usearch, numpy or onnxruntime is not installed", allow_module_level=True)


def test_the_graph_of_the_fast_tier_is_not_the_better_ones(tmp_path: Path) -> None:
    """Both are large enough for one, and only the fast one has it."""
    home = make_home(tmp_path)
    home.claude("s", *[f"walrus number {number} has tusks" for number in range(30)])
    home.index()
    working = Working(home)
    working.policy = replace(working.policy, hnsw_min_vectors=0, fast_dimension=DEFAULT_FAST_DIMENSION)
    assert working.run(FAST).tiers[0].graph == "built"
    install(home)
    backfill(home, QUALITY)

    def capability(hnsw_min_vectors: int) -> SemanticCapability:
        policy = replace(SemanticPolicy(), hnsw_min_vectors=hnsw_min_vectors, quality_dimension=HIDDEN)
        connection = open_reader(home.places.database)
        assert connection is not None
        return report(policy, home.places, connection, {}).capability

    assert capability(1) == SemanticCapability.QUALITY_NO_HNSW
    assert capability(1000) == SemanticCapability.FULL_QUALITY
