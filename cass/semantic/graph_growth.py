"""A tier's graph made, or made longer: a part at a time, so that a worker gets there in chunks of two minutes.

Nothing is written before there is a whole graph in memory, so what interrupts that leaves the old one standing.
"""

from __future__ import annotations

import os
from zlib import crc32

from cass.policy import SemanticArtifactKind
from cass.records import record
from cass.semantic.budget import Leave
from cass.semantic.graph_files import ABOUT, DATA, MAGIC, UNFINISHED
from cass.semantic.hnsw import CONNECTIVITY, EXPANSION, ROW_BITS, Covered, Graph, OpenGraph, index_type, open_index
from cass.semantic.rereading import READ_BYTES, checksum
from cass.semantic.volume import dated_back

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.semantic.artifacts import Shelf
    from cass.semantic.budget import Budget
    from cass.semantic.segments import OpenSegment
    from cass.semantic.vectors import Tier

# Half a second of one thread: so soon a worker makes way.
ROWS_AT_A_TIME = 256
# Of more entries whose vectors are gone a graph is made anew: they take the places of others among what is looked at.
STALE_SHARE = 0.2


@record
class Grown:
    """A graph in memory, what it covers, and how many vectors of the tier that is."""

    index: Any
    covered: tuple[Covered, ...]
    count: int


def grow_graph(shelf: Shelf, name: str, tier: Tier, goes_on: Callable[[int], bool] = lambda done: True) -> Grown | None:
    """The standing graph with the vectors that it lacks, or a new one; None where there was time for none of them.

    A thousand vectors take a second: `goes_on` is asked four times in it, with how many are done.  What there is when
    it says no is a graph, too, which the next call goes on with.
    """
    segments = _of_one_length(tier)
    start = _standing(shelf, name, tier) or OpenGraph(_empty(segments[0].segment.recipe.dim), ())
    rows = dict(Graph(start.index, start.covered, tier).rows)
    before = sum(rows.values())
    for one in segments:
        number = one.segment.number
        rows[number] = _add(start.index, one, rows.get(number, 0), goes_on)
        if rows[number] < one.segment.count:
            break
    count = sum(rows.values())
    there = {one.segment.number for one in tier.segments}
    gone = [one for one in start.covered if one.number not in there]  # their entries stay, under their numbers
    covered = [_covered(one, rows[one.segment.number]) for one in segments if rows.get(one.segment.number)]
    return Grown(start.index, (*gone, *covered), count) if count > before else None


def publish_graph(budget: Budget, name: str, grown: Grown) -> Leave:
    """Write it in place of the old one, if the budget has room for it: it evicts nothing, and without room that stays.

    Raises OSError where the disk fails: then there is none, and all is scanned.
    """
    size_bytes = grown.index.serialized_length + READ_BYTES
    if graph_room(budget, name) < size_bytes:
        return Leave(refused=budget.decision(size_bytes))
    remove_graph(budget.shelf, name)
    leave = budget.make_room(SemanticArtifactKind.HNSW_ACCELERATOR, size_bytes)
    if leave.refused is None:
        _write(budget.shelf, budget.shelf.folder(name), grown)
    return leave


def graph_room(budget: Budget, name: str) -> int:
    """Bytes that a tier's graph may take, with those of the one that stands."""
    kind = SemanticArtifactKind.HNSW_ACCELERATOR
    stands = [
        one.size_bytes for one in budget.shelf.artifacts() if one.kind == kind and one.name.startswith(f"{name}/")
    ]
    return budget.left_bytes(kind) + sum(stands)


def remove_graph(shelf: Shelf, name: str) -> None:
    """Take the graph away; readers that have it open keep it."""
    for file in (ABOUT, DATA, UNFINISHED):
        shelf.volume.remove(os.path.join(shelf.folder(name), file))


def _of_one_length(tier: Tier) -> list[OpenSegment]:
    """A graph holds vectors of one length."""
    dim = tier.segments[0].segment.recipe.dim
    return [one for one in tier.segments if one.segment.recipe.dim == dim]


def _standing(shelf: Shelf, name: str, tier: Tier) -> OpenGraph | None:
    """The graph that stands, in memory; None where there is none to go on with."""
    opened = open_index(shelf, name, is_mapped=False)
    if not isinstance(opened, OpenGraph) or opened.index.ndim != tier.segments[0].segment.recipe.dim:
        return None
    rows = Graph(opened.index, opened.covered, tier).rows
    there = {one.segment.number: one for one in tier.segments}
    if any([one.number in there and one.number not in rows for one in opened.covered]):
        return None  # other rows stand under the same numbers now
    alive = sum([count - len([row for row in there[number].dead if row < count]) for number, count in rows.items()])
    return opened if len(opened.index) - alive <= STALE_SHARE * len(opened.index) else None


def _empty(dim: int) -> Any:
    return index_type()(ndim=dim, metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=EXPANSION)


def _add(index: Any, one: OpenSegment, first: int, goes_on: Callable[[int], bool]) -> int:
    """Add the rows from `first` on while there is time; before which row it ended."""
    import numpy

    every = numpy.array([row for row in one.live_rows() if row >= first], dtype=numpy.uint64)
    vectors = numpy.frombuffer(one.block, dtype=numpy.int8).reshape(-1, one.segment.recipe.dim)
    for start in range(0, len(every), ROWS_AT_A_TIME):
        if not goes_on(len(index)):
            return int(every[start])
        rows = every[start : start + ROWS_AT_A_TIME]
        index.add((one.segment.number << ROW_BITS) + rows, vectors[rows.astype(numpy.int64)], threads=1)
    return one.segment.count


def _covered(one: OpenSegment, count: int) -> Covered:
    return Covered(one.segment.number, count, one.packed(count - 1).hex())


def _write(shelf: Shelf, folder: str, grown: Grown) -> None:
    path = os.path.join(folder, UNFINISHED)
    try:
        grown.index.save(path)
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
            size = os.fstat(file.fileno()).st_size
            crc = checksum(file.fileno(), 0, size)
        os.replace(path, os.path.join(folder, DATA))
        stamp = dated_back(os.path.join(folder, DATA))
        lines = [MAGIC, f"{crc}\t{size}\t{stamp}"]
        lines += [f"{one.number}\t{one.count}\t{one.last_key}" for one in grown.covered]
        body = "\n".join(lines).encode()
        shelf.volume.replace(os.path.join(folder, ABOUT), body + f"\n{crc32(body)}".encode())
    except (OSError, RuntimeError) as bad:
        for name in (UNFINISHED, DATA):
            shelf.volume.remove(os.path.join(folder, name))  # without its description it only takes room
        raise bad if isinstance(bad, OSError) else OSError(f"the graph cannot be written: {bad}") from bad
