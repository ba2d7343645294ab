"""A graph over a tier's vectors: faster than the scan from some 200,000 vectors on, in a process that stays.

It is an accelerator and no more: it says which vectors it covers, the rest is scanned, and without it all is.  usearch
crashes when something is added to a mapped graph and loads changed bytes in silence, so a graph is never changed, and
its checksum is ours.
"""

from __future__ import annotations

import os
from zlib import crc32

from cass.policy import SemanticArtifactKind
from cass.records import record
from cass.semantic.graph_files import ABOUT, DATA, MAGIC, UNFINISHED, check_graph, read_about
from cass.semantic.manifest import Damage
from cass.semantic.rereading import READ_BYTES, checksum
from cass.semantic.scan import to_i8
from cass.semantic.silence import silence
from cass.semantic.vectors import Tier
from cass.semantic.volume import dated_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from cass.semantic.artifacts import Shelf
    from cass.semantic.budget import Budget, Leave
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
    """A graph that can be asked, over the tier that was opened with it."""

    def __init__(self, index: Any, covered: Sequence[Covered], tier: Tier) -> None:
        self._index = index
        self._segments = {one.segment.number: one for one in tier.segments}
        self._covered = {one.number: one.count for one in covered if _is_same(self._segments.get(one.number), one)}
        self._dead = {number: frozenset(one.dead) for number, one in self._segments.items()}

    @property
    def covered(self) -> int:
        """Vectors that need not be scanned."""
        return sum(self._covered.values())

    def search(self, query: Sequence[float], k: int) -> list[tuple[int, int, float]]:
        """As `Tier.scan`, of all texts, but what the graph covers is found nearly always, not always."""
        import numpy

        signed = to_i8(query)
        matches = self._index.search(numpy.frombuffer(signed, dtype=numpy.int8), max(2 * k, EXPANSION))
        found = [
            (*self._segments[number].key(row), 1.0 - float(distance))
            for key, distance in zip(matches.keys.tolist(), matches.distances.tolist(), strict=True)
            for number, row in [(key >> ROW_BITS, key & ((1 << ROW_BITS) - 1))]
            if row < self._covered.get(number, 0) and row not in self._dead[number]
        ]
        for number, segment in self._segments.items():
            if segment.segment.recipe.dim == len(signed):
                found += segment.nearest(signed, k, first=self._covered.get(number, 0))
        return sorted(found, key=_rank)[:k]


def build_graph(
    budget: Budget, name: str, tier: Tier, goes_on: Callable[[int], bool] = lambda done: True
) -> Leave | None:
    """Write a graph over all vectors of a tier, if the budget has room for it: it evicts nothing, not the old graph.

    A thousand vectors take a second: `goes_on` is asked twice in it, with how many are done; None: it said no.
    Raises OSError where the disk fails, the old graph then standing.
    """
    folder = budget.shelf.folder(name)
    remove_graph(budget.shelf, name)
    index = _index_of(tier, goes_on)
    if index is None:
        return None
    leave = budget.make_room(SemanticArtifactKind.HNSW_ACCELERATOR, index.serialized_length + READ_BYTES)
    if leave.refused is None:
        _write(budget.shelf, folder, index, [_covered(one) for one in tier.segments])
    return leave


def _index_of(tier: Tier, goes_on: Callable[[int], bool]) -> Any:
    import numpy

    index_type = _index_type()

    dim = tier.segments[0].segment.recipe.dim
    index = index_type(ndim=dim, metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=EXPANSION)
    for one in [one for one in tier.segments if one.segment.recipe.dim == dim]:
        every = numpy.array(one.live_rows(), dtype=numpy.uint64)
        vectors = numpy.frombuffer(one.block, dtype=numpy.int8).reshape(-1, dim)
        for start in range(0, len(every), ROWS_AT_A_TIME):
            if not goes_on(len(index)):
                return None
            rows = every[start : start + ROWS_AT_A_TIME]
            index.add((one.segment.number << ROW_BITS) + rows, vectors[rows.astype(numpy.int64)], threads=1)
    return index


def _write(shelf: Shelf, folder: str, index: Any, covered: list[Covered]) -> None:
    path = os.path.join(folder, UNFINISHED)
    try:
        index.save(path)
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
            crc = checksum(file.fileno(), 0, size)
        os.replace(path, os.path.join(folder, DATA))
        stamp = dated_back(os.path.join(folder, DATA))
        lines = [MAGIC, f"{crc}\t{size}\t{stamp}"] + [f"{one.number}\t{one.count}\t{one.last_key}" for one in covered]
        body = "\n".join(lines).encode()
        shelf.volume.replace(os.path.join(folder, ABOUT), body + f"\n{crc32(body)}".encode())
    except (OSError, RuntimeError) as bad:
        for name in (UNFINISHED, DATA):
            shelf.volume.remove(os.path.join(folder, name))  # without its description it only takes room
        raise bad if isinstance(bad, OSError) else OSError(f"the graph cannot be written: {bad}") from bad


def open_graph(shelf: Shelf, name: str, tier: Tier, full: bool = False) -> Graph | Damage | None:
    """The graph over this tier; None where there is none, the reason where it cannot be used.  See `check_graph`."""
    opened = open_index(shelf, name, full)
    return Graph(opened.index, opened.covered, tier) if isinstance(opened, OpenGraph) else opened


def open_index(shelf: Shelf, name: str, full: bool = False) -> OpenGraph | Damage | None:
    """The same without its tier, which may be opened anew for each search."""
    about = read_about(shelf.folder(name))
    if about is None or isinstance(about, Damage):
        return about
    covered = [Covered(*one) for one in about[1]]
    return check_graph(shelf.folder(name), full) or _viewed(os.path.join(shelf.folder(name), DATA), covered)


def _viewed(path: str, covered: list[Covered]) -> OpenGraph | Damage:
    try:
        index_type = _index_type()

        index: Any = index_type.restore(path, view=True)
    except (ImportError, RuntimeError, ValueError) as bad:
        return Damage(f"the graph cannot be opened: {bad}")
    if index is None:
        return Damage("the graph is of another version")
    index.expansion_search = EXPANSION
    return OpenGraph(index, tuple(covered))


def remove_graph(shelf: Shelf, name: str) -> None:
    """Take the graph away; readers that have it open keep it."""
    for file in (ABOUT, DATA, UNFINISHED):
        shelf.volume.remove(os.path.join(shelf.folder(name), file))


def _covered(one: OpenSegment) -> Covered:
    count = one.segment.count
    return Covered(one.segment.number, count, one.packed(count - 1).hex())


def _is_same(one: OpenSegment | None, covered: Covered) -> bool:
    return (
        one is not None
        and one.segment.count >= covered.count
        and one.packed(covered.count - 1).hex() == covered.last_key
    )


def _rank(found: tuple[int, int, float]) -> tuple[float, int, int]:
    return -found[2], found[0], found[1]


def _index_type() -> Any:
    """usearch's class.  Loaded before onnxruntime it makes that one crash; the other way round both work."""
    silence()
    try:
        import onnxruntime as onnxruntime  # type: ignore[import-untyped]
    except ImportError:
        pass
    from usearch.index import Index

    return Index
