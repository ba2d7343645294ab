"""The graph over a large tier: a process that stays searches by it, with the hits of the scan."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from cass.policy import DEFAULT_FAST_DIMENSION
from cass.records import replace
from cass.search.request import Freshness, Request, Results
from cass.search.warm import Warm
from cass.semantic.held_graphs import HeldGraphs
from cass.semantic.hnsw import Graph
from tests.archive import NOW_MS, Home, make_home
from tests.backfill.working import Working

if find_spec("usearch") is None:  # importing it here, before onnxruntime, would make that one crash
    pytest.skip("usearch is not installed", allow_module_level=True)
pytest.importorskip("numpy")

# Alike, and no search by words takes one for the other.
TEXT, QUESTION = "poolexhaustionabc connectionloadabc", "poolexhaustionabcdefgh connectionloadabcdefgh"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Forty texts with vectors and a graph over them; no model."""
    home = make_home(tmp_path)
    home.claude("alike", TEXT)
    home.claude("other", *[f"a recipe for lemon cake number {n}" for n in range(40)], workspace="/w/cake")
    home.index()
    working = Working(home)
    working.policy = replace(working.policy, fast_dimension=DEFAULT_FAST_DIMENSION, hnsw_min_vectors=1)
    assert working.run().tiers[0].stopped is None
    assert os.path.exists(os.path.join(home.places.vectors, "fast", "graph.data"))
    return home


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number for each question to a graph."""
    found: list[int] = []
    real = Graph.search

    def counted(self: Graph, *about: Any) -> Any:
        found.append(1)
        return real(self, *about)

    monkeypatch.setattr(Graph, "search", counted)
    return found


def ask(home: Home, warm: Warm, **wishes: Any) -> Results:
    wish = {"semantic": (("hnsw_min_vectors", 1),)} | wishes
    return warm.search(Request(QUESTION, **wish), NOW_MS, lambda: 0.0, str(home.home), Freshness())


def hits(results: Results) -> list[tuple[str, str]]:
    return [(hit.external_id, hit.match_type) for hit in results.hits]


def test_the_second_search_of_a_process_goes_through_the_graph(home: Home, searches: list[int]) -> None:
    """The first one scans, and finds the same."""
    warm = Warm(home.places, HeldGraphs(str(home.data), lambda work: work()))
    scanned, walked = ask(home, warm), ask(home, warm)
    warm.let_go()

    assert hits(scanned) == hits(walked) == [("alike", "semantic")]
    assert searches == [1]


@pytest.mark.parametrize(
    "wish", [{"semantic": (("hnsw_min_vectors", 1_000),)}, {"workspaces": ("/w/app",)}], ids=["small", "filtered"]
)
def test_what_the_graph_does_not_pay_for_is_scanned(home: Home, searches: list[int], wish: dict[str, Any]) -> None:
    warm = Warm(home.places, HeldGraphs(str(home.data), lambda work: work()))
    found = [ask(home, warm, **wish), ask(home, warm, **wish)]
    warm.let_go()

    assert [hits(each) for each in found] == [[("alike", "semantic")]] * 2
    assert searches == []


def test_a_damaged_graph_costs_nothing(home: Home, searches: list[int]) -> None:
    """The scan answers, as it did before there was one."""
    (Path(home.places.vectors) / "fast" / "graph.data").write_bytes(b"noise")
    warm = Warm(home.places, HeldGraphs(str(home.data), lambda work: work()))
    found = [ask(home, warm), ask(home, warm)]
    warm.let_go()

    assert [hits(each) for each in found] == [[("alike", "semantic")]] * 2
    assert (searches, found[1].notes) == ([], ())


def test_a_process_of_its_own_does_without(home: Home, searches: list[int]) -> None:
    """To open a graph takes it longer than a scan."""
    found = home.search(QUESTION, semantic=(("hnsw_min_vectors", 1),))

    assert (hits(found), searches) == ([("alike", "semantic")], [])
