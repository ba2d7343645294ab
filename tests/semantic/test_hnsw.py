"""The graph: as good as the scan, or not used; it never decides what can be found."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from cass.policy import SemanticArtifactKind
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget, Leave
from cass.semantic.graph_files import check_graph
from cass.semantic.graph_growth import grow_graph, publish_graph
from cass.semantic.held_graphs import HeldGraphs
from cass.semantic.hnsw import Graph, open_graph
from cass.semantic.manifest import Damage
from cass.semantic.vector_upkeep import mend
from cass.semantic.vectors import Tier
from cass.semantic.volume import Volume
from tests.semantic.shelves import MB, RECIPE, budget_of, ids_in, opened, rows, shelf_in, vector, writer_of

if find_spec("usearch") is None:  # importing it here, before onnxruntime, would make that one crash
    pytest.skip("usearch is not installed", allow_module_level=True)
pytest.importorskip("numpy")

GRAPH = SemanticArtifactKind.HNSW_ACCELERATOR


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A tier of 2,000 vectors in two segments, with a graph."""
    shelf = shelf_in(tmp_path)
    budget = budget_of(shelf, mb=2)
    writer_of(budget).append(rows(range(2_000, 0, -1)))
    assert build(budget).refused is None
    return shelf


def build(budget: Budget, goes_on: Callable[[int], bool] = lambda done: True) -> Leave:
    """A graph over the fast tier, or one that has more of it."""
    grown = grow_graph(budget.shelf, "fast", opened(budget.shelf), goes_on)
    assert grown is not None
    return publish_graph(budget, "fast", grown)


def graph_of(shelf: Shelf, full: bool = False) -> Graph:
    found = open_graph(shelf, "fast", opened(shelf), full)
    assert isinstance(found, Graph), found
    return found


def test_a_graph_finds_what_the_scan_finds(shelf: Shelf) -> None:
    """Nearly all of the best ten, with the same cosines."""
    tier, graph = opened(shelf), graph_of(shelf)
    pairs = [(tier.scan(vector(-seed), 10), graph.search(vector(-seed), 10)) for seed in range(1, 21)]
    same = [len({text for text, _, _ in scan} & {text for text, _, _ in walk}) for scan, walk in pairs]

    assert sum(same) >= 0.95 * 200
    assert pairs[0][1][0][2] == pytest.approx(pairs[0][0][0][2], abs=1e-3)
    assert graph.covered == 2_000


def test_what_came_and_went_since_is_right(shelf: Shelf) -> None:
    """New vectors are scanned, removed ones are not found, evicted segments are left out."""
    writer = writer_of(budget_of(shelf, mb=2))
    writer.append(rows(range(2_001, 2_011)))
    writer.remove({1_500})
    graph = graph_of(shelf)

    assert graph.search(vector(2_005), 1)[0][:2] == (2_005, 0)
    assert 1_500 not in [text for text, _, _ in graph.search(vector(1_500), 10)]
    shelf.remove_segments("fast", [1])
    left = ids_in(shelf)
    assert {text for text, _, _ in graph_of(shelf).search(vector(1_999), 10)} <= set(left)
    assert 0 < graph_of(shelf).covered < 2_000


def test_a_process_that_stays_has_the_graph_open_for_its_second_search(shelf: Shelf, tmp_path: Path) -> None:
    """Nobody waits for it to be opened; a new one is opened anew."""
    waiting: list[Callable[[], None]] = []
    graphs = HeldGraphs(str(tmp_path), waiting.append)
    tier = opened(shelf)

    graphs.open_beside("fast")
    assert (graphs.over("fast", tier), len(waiting)) == (None, 1)
    waiting.pop()()
    held = graphs.over("fast", tier)
    assert held is not None and held.covered == 2_000
    graphs.open_beside("fast")
    assert waiting == []

    writer_of(budget_of(shelf, mb=2)).append(rows([2_001]))
    assert build(budget_of(shelf, mb=2)).refused is None
    assert graphs.over("fast", tier) is None
    graphs.open_beside("fast")
    waiting.pop()()
    assert graphs.over("fast", tier) is not None
    graphs.let_go()
    assert graphs.over("fast", tier) is None


def test_a_graph_that_cannot_be_opened_is_left_alone(shelf: Shelf, tmp_path: Path) -> None:
    """Until it is another one: no search tries again in vain."""
    (Path(shelf.folder("fast")) / "graph.data").write_bytes(b"noise")
    waiting: list[Callable[[], None]] = []
    graphs = HeldGraphs(str(tmp_path), waiting.append)

    graphs.open_beside("fast")
    waiting[0]()
    graphs.open_beside("fast")

    assert (graphs.over("fast", opened(shelf)), len(waiting)) == (None, 1)


def test_a_graph_over_what_is_gone_is_not_asked(shelf: Shelf, tmp_path: Path) -> None:
    """Vectors of another length cannot even be compared."""
    graphs = HeldGraphs(str(tmp_path), lambda work: work())
    graphs.open_beside("fast")

    assert graphs.over("fast", opened(shelf)) is not None
    assert graphs.over("fast", Tier(opened(shelf).manifest, [], [])) is None


def test_a_graph_over_other_vectors_is_not_believed(shelf: Shelf) -> None:
    """Vectors that were made again have other rows in the same places."""
    about = {path.name: path.read_bytes() for path in Path(shelf.folder("fast")).glob("graph.*")}
    shelf.remove_all("fast")
    writer_of(budget_of(shelf, mb=2)).append(rows(range(3_000, 1_000, -1)))
    for name, data in about.items():
        (Path(shelf.folder("fast")) / name).write_bytes(data)
    graph = graph_of(shelf)

    assert graph.covered == 0
    assert graph.search(vector(2_999), 1)[0][0] == 2_999


@pytest.mark.parametrize("name", ["graph.data", "graph.about"])
@pytest.mark.parametrize("how", ["truncated", "zeroed", "flipped"])
def test_a_damaged_graph_is_not_used(shelf: Shelf, name: str, how: str) -> None:
    """A reason is said; the scan answers; mending takes it away and leaves the vectors."""
    path = Path(shelf.folder("fast")) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes({"truncated": data[:-20], "zeroed": bytes(len(data)), "flipped": data}[how])

    assert isinstance(open_graph(shelf, "fast", opened(shelf)), Damage)
    assert [one.name for one in mend(shelf, "fast")] == ["fast/graph"]
    assert open_graph(shelf, "fast", opened(shelf)) is None
    assert len(ids_in(shelf)) == 2_000


def test_a_copied_graph_is_read_whole_once(shelf: Shelf) -> None:
    """Its time says nothing until somebody has read it, and then as much as before."""
    path = Path(shelf.folder("fast")) / "graph.data"
    stamp = path.stat().st_mtime_ns
    os.utime(path)

    assert check_graph(shelf.folder("fast")) is None
    assert path.stat().st_mtime_ns == stamp


def test_a_byte_that_changes_in_silence_is_found_when_all_is_read(shelf: Shelf) -> None:
    """usearch loads it without a word; our checksum does not."""
    path = Path(shelf.folder("fast")) / "graph.data"
    was, data = path.stat(), bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert isinstance(open_graph(shelf, "fast", opened(shelf), full=True), Damage)


def test_a_graph_takes_what_room_there_is_or_none(tmp_path: Path) -> None:
    """It evicts nothing, and where it does not fit it is not written."""
    shelf = shelf_in(tmp_path)
    budget = budget_of(shelf, mb=0.25)
    writer_of(budget).append(rows(range(2_000, 0, -1)))
    before = ids_in(shelf)

    refused = build(budget).refused

    assert refused is not None
    assert (budget.usage()[GRAPH], ids_in(shelf)) == (0, before)


def test_a_longer_graph_that_does_not_fit_leaves_the_old_one(shelf: Shelf) -> None:
    """What was found by it is found by it still."""
    writer_of(budget_of(shelf, mb=2)).append(rows(range(2_001, 4_001)))
    budget = budget_of(shelf, mb=budget_of(shelf).used_bytes() / MB + 0.1)

    assert build(budget).refused is not None
    assert graph_of(shelf).covered == 2_000


def test_a_graph_goes_with_its_vectors(shelf: Shelf) -> None:
    """Nothing of it is left behind when the tier is emptied."""
    budget = budget_of(shelf, mb=2)
    assert budget.usage()[GRAPH] > 0

    writer_of(budget).remove(ids_in(shelf))

    assert budget.used_bytes() == 0


def test_a_graph_and_a_model_live_in_one_process() -> None:
    """Whichever is wanted first."""
    pytest.importorskip("onnxruntime")
    code = "from cass.semantic import hnsw; hnsw.index_type(); import onnxruntime; print('both')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "both\n")


def test_what_was_not_done_in_time_is_done_the_next_time(tmp_path: Path) -> None:
    """Each part is a graph over what was done, and together they are as good as one that was made at once."""
    shelf = shelf_in(tmp_path)
    budget = budget_of(shelf)
    writer_of(budget).append(rows(range(2_000, 0, -1)))
    covered = []

    while not covered or covered[-1] < 2_000:
        until = (covered or [0])[-1] + 700
        assert build(budget, lambda done, until=until: done < until).refused is None  # type: ignore[misc]
        covered.append(graph_of(shelf).covered)
    tier, graph = opened(shelf), graph_of(shelf)
    found = [{text for text, _, _ in graph.search(vector(-seed), 10)} for seed in range(20)]
    scanned = [{text for text, _, _ in tier.scan(vector(-seed), 10)} for seed in range(20)]

    assert len(covered) == 3
    assert sum(len(one & other) for one, other in zip(found, scanned, strict=True)) >= 0.95 * 200
    assert grow_graph(shelf, "fast", tier) is None


def test_what_interrupts_leaves_the_old_graph(shelf: Shelf) -> None:
    """Nothing is written before there is another one."""
    writer_of(budget_of(shelf, mb=2)).append(rows(range(2_001, 3_001)))

    assert grow_graph(shelf, "fast", opened(shelf), lambda done: False) is None
    assert graph_of(shelf).covered == 2_000


def test_a_graph_over_much_that_is_gone_is_made_anew(shelf: Shelf) -> None:
    """Its entries would take the places of others among what is looked at."""
    budget = budget_of(shelf, mb=2)
    writer = writer_of(budget)
    writer.remove(set(range(1, 301)))
    writer.append(rows([2_001]))
    first = grow_graph(shelf, "fast", opened(shelf))
    writer.remove(set(range(301, 601)))
    second = grow_graph(shelf, "fast", opened(shelf))

    assert first is not None and len(first.index) == 2_001
    assert second is not None and len(second.index) == 1_401


def test_vectors_made_again_get_a_graph_of_their_own(shelf: Shelf) -> None:
    """They stand under the numbers of others, which a graph knows already."""
    about = {path.name: path.read_bytes() for path in Path(shelf.folder("fast")).glob("graph.*")}
    shelf.remove_all("fast")
    budget = budget_of(shelf, mb=2)
    writer_of(budget).append(rows(range(3_000, 1_000, -1)))
    for name, data in about.items():
        (Path(shelf.folder("fast")) / name).write_bytes(data)

    assert build(budget).refused is None
    assert graph_of(shelf).search(vector(2_999), 1)[0][0] == 2_999


def test_vectors_of_another_length_are_not_in_it(tmp_path: Path) -> None:
    """It does not say that it covers them."""
    shelf = shelf_in(tmp_path)
    budget = budget_of(shelf)
    writer_of(budget).append(rows(range(1, 101)))
    writer_of(budget, recipe=replace(RECIPE, embedder_id="other-32", dim=32)).append(rows(range(101, 151), dim=32))

    assert build(budget).refused is None
    assert graph_of(shelf).covered == 100


def test_a_disk_that_is_full_keeps_the_vectors_without_a_graph(shelf: Shelf) -> None:
    """Whether it is full at the graph or at its description: no half graph is left, the scan answers."""
    writer_of(budget_of(shelf, mb=2)).append(rows([2_001]))

    with pytest.raises(OSError, match="No space"):
        build(budget_of(replace(shelf, volume=FullDisk()), mb=2))

    assert open_graph(shelf, "fast", opened(shelf)) is None
    assert mend(shelf, "fast") == ()
    assert list(Path(shelf.folder("fast")).glob("graph.*")) == []
    assert opened(shelf).scan(vector(17), 1)[0][0] == 17
    assert build(budget_of(shelf, mb=2)).refused is None
    assert graph_of(shelf).covered == 2_001


class FullDisk(Volume):
    """Without room for another file."""

    def replace(self, path: str, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", path)
