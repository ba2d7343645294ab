"""A graph over a tier's vectors: faster than the scan from some 200,000 vectors on, in a process that stays.

It is an accelerator and no more: it says which vectors it covers, the rest is scanned, and without it all is.  usearch
crashes when something is added to a mapped graph and loads changed bytes in silence, so a file is never changed, and
its checksum is ours.  `graph_growth.py` makes it.
"""

from __future__ import annotations

import os

from cass.records import record
from cass.semantic.graph_files import DATA, check_graph, read_about
from cass.semantic.manifest import Damage
from cass.semantic.scan import to_i8
from cass.semantic.silence import silence
from cass.semantic.vectors import Tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cass.semantic.artifacts import Shelf
    from cass.semantic.segments import OpenSegment

# Recall of the best 10 in 50,000 vectors of 256 bytes: .966 with 64 looked at, .977 with 128.
CONNECTIVITY = 16
EXPANSION = 128
# Half a second of one thread: so soon a worker makes way.
ROWS_AT_A_TIME = 256
ROW_BITS = 32


@record
class Covered:
    """A segment's first `count` rows are in the graph; the key of the last one tells that it is still that segment."""

    number: int
    count: int
    last_key: str


@record
class OpenGraph:
    """A graph that is mapped, and what it covers."""

    index: Any
    covered: tuple[Covered, ...]


class Graph:
    """A graph that can be asked, over the tier that was opened with it.

    rows: how many of each segment are in it, by the segment's number; what is gone or was made anew is not among them.
    """

    def __init__(self, index: Any, covered: Sequence[Covered], tier: Tier) -> None:
        self._index = index
        self._segments = {one.segment.number: one for one in tier.segments}
        self.rows = {one.number: one.count for one in covered if _is_same(self._segments.get(one.number), one)}
        self._dead = {number: frozenset(one.dead) for number, one in self._segments.items()}

    @property
    def covered(self) -> int:
        """Vectors that need not be scanned."""
        return sum(self.rows.values())

    def search(self, query: Sequence[float], k: int) -> list[tuple[int, int, float]]:
        """As `Tier.scan`, of all texts, but what the graph covers is found nearly always, not always."""
        import numpy

        signed = to_i8(query)
        matches = self._index.search(numpy.frombuffer(signed, dtype=numpy.int8), max(2 * k, EXPANSION))
        found = [
            (*self._segments[number].key(row), 1.0 - float(distance))
            for key, distance in zip(matches.keys.tolist(), matches.distances.tolist(), strict=True)
            for number, row in [(key >> ROW_BITS, key & ((1 << ROW_BITS) - 1))]
            if row < self.rows.get(number, 0) and row not in self._dead[number]
        ]
        for number, segment in self._segments.items():
            if segment.segment.recipe.dim == len(signed):
                found += segment.nearest(signed, k, first=self.rows.get(number, 0))
        return sorted(found, key=_rank)[:k]


def open_graph(shelf: Shelf, name: str, tier: Tier, full: bool = False) -> Graph | Damage | None:
    """The graph over this tier; None where there is none, the reason where it cannot be used.  See `check_graph`."""
    opened = open_index(shelf, name, full)
    return Graph(opened.index, opened.covered, tier) if isinstance(opened, OpenGraph) else opened


def open_index(shelf: Shelf, name: str, full: bool = False, is_mapped: bool = True) -> OpenGraph | Damage | None:
    """The same without its tier, which may be opened anew for each search.

    is_mapped: in its file; else it is read into memory, and something may be added.
    """
    about = read_about(shelf.folder(name))
    if about is None or isinstance(about, Damage):
        return about
    covered = [Covered(*one) for one in about[1]]
    path = os.path.join(shelf.folder(name), DATA)
    return check_graph(shelf.folder(name), full) or _restored(path, covered, is_mapped)


def _restored(path: str, covered: list[Covered], is_mapped: bool) -> OpenGraph | Damage:
    try:
        index: Any = index_type().restore(path, view=is_mapped, connectivity=CONNECTIVITY, expansion_add=EXPANSION)
    except (ImportError, RuntimeError, ValueError) as bad:
        return Damage(f"the graph cannot be opened: {bad}")
    if index is None:
        return Damage("the graph is of another version")
    index.expansion_search = EXPANSION
    return OpenGraph(index, tuple(covered))


def _is_same(one: OpenSegment | None, covered: Covered) -> bool:
    return (
        one is not None
        and one.segment.count >= covered.count
        and one.packed(covered.count - 1).hex() == covered.last_key
    )


def _rank(found: tuple[int, int, float]) -> tuple[float, int, int]:
    return -found[2], found[0], found[1]


def index_type() -> Any:
    """usearch's class.  Loaded before onnxruntime it makes that one crash; the other way round both work."""
    silence()
    try:
        import onnxruntime as onnxruntime  # type: ignore[import-untyped]
    except ImportError:
        pass
    from usearch.index import Index

    return Index
