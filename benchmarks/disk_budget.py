"""Try the disk budget on many messages with vectors of their real sizes: it must hold after every single write.

`small`: what stands under budgets of 0 to 500 MB once a folder with everything in it meets them and is backfilled, with
a stand-in for the model and real graphs.  `rounds`: a history of three times the budget, then 20 rounds of newer
messages: each evicts at most a segment a tier, and little more is written than the new vectors.

    python -m benchmarks.disk_budget small --messages 50000 [--segment-mb 32]
    python -m benchmarks.disk_budget rounds --budget-mb 60 [--segment-mb 32]

Ends with an error where something is not as it must be.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from cass.policy import MB, SemanticArtifactKind, SemanticPolicy
from cass.records import replace
from cass.semantic import budget as budget_module
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.graph_growth import grow_graph, publish_graph
from cass.semantic.hnsw import Graph, open_graph
from cass.semantic.manifest import Manifest, Recipe, read_manifest
from cass.semantic.segment_files import file_names, row_bytes
from cass.semantic.vector_writer import TierWriter
from cass.semantic.vectors import Tier
from cass.semantic.volume import Volume

DIMS = {"fast": 256, "quality": 384}
BUDGETS_MB = (0, 1, 5, 20, 60, 150, 500)
MODEL_BYTES = 23_400_000
PLENTY = 1 << 50
BATCH = 1_000
ROUNDS = 20
# What may be written beside the vectors themselves: the lists of the segments.
MOST_WRITTEN = 1.3


class Watched(Volume):
    """Adds up what lies on the disk after each write, and what was written."""

    def __init__(self, folder: Path, budget_bytes: int) -> None:
        self.folder, self.budget_bytes = folder, budget_bytes
        self.written = self.writes = self.most = 0

    def extend(self, path: str, at: int, data: bytes) -> int:
        stamp = super().extend(path, at, data)
        self._look(len(data))
        return stamp

    def replace(self, path: str, data: bytes) -> None:
        super().replace(path, data)
        self._look(len(data))

    def _look(self, size_bytes: int) -> None:
        self.writes, self.written = self.writes + 1, self.written + size_bytes
        self.most = max(self.most, used(self.folder))
        need(self.most <= self.budget_bytes, f"{self.most} bytes in a budget of {self.budget_bytes}")


def need(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"not so: {what}")


def used(folder: Path) -> int:
    """What really lies on the disk."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def vectors(dim: int) -> list[array[float]]:
    """Some vectors; a tier repeats them."""
    rng = random.Random(dim)
    return [array("f", [rng.gauss(0, 1) for _ in range(dim)]) for _ in range(997)]


VECTORS = {dim: vectors(dim) for dim in DIMS.values()}


class Tried:
    """A folder under a budget that is watched."""

    def __init__(self, folder: Path, mb: int, shares: bool) -> None:
        self.volume = Watched(folder, mb * MB)
        self.shelf = replace(Shelf.below(str(folder)), volume=self.volume)
        policy = replace(SemanticPolicy.compiled_defaults(), semantic_budget_mb=mb, hnsw_min_vectors=0)
        self.budget = Budget(policy, self.shelf, lambda: PLENTY, shares)

    def writer(self, tier: str) -> TierWriter:
        return TierWriter(tier, Recipe(f"bench-{DIMS[tier]}", "1", 1, 1, DIMS[tier]), self.budget, lambda: 0)

    def append(self, tier: str, ids: Iterable[int]) -> tuple[int, bool]:
        """Write these texts, each as old as its id: how many pieces were evicted for them, and were all let in?"""
        some = VECTORS[DIMS[tier]]
        done = self.writer(tier).append([(id, 0, id, some[id % len(some)]) for id in ids])
        return len(done.evicted), not done.refused

    def backfill(self, tier: str, newest: int) -> None:
        """Add what is owed down from `newest`, as far as it is let in."""
        owed = sorted(set(range(1, newest + 1)).difference(self.ids(tier)), reverse=True)
        for start in range(0, len(owed), BATCH):
            if not self.append(tier, owed[start : start + BATCH])[1]:
                return

    def tier(self, name: str) -> Tier | None:
        found = Tier.open(self.shelf.vectors, name)
        return found if isinstance(found, Tier) else None

    def ids(self, name: str) -> list[int]:
        tier = self.tier(name)
        return tier.ids().tolist() if tier is not None else []

    def graph(self, name: str) -> None:
        """Build it where it does not stand."""
        tier = self.tier(name)
        if tier is not None and not isinstance(open_graph(self.shelf, name, tier), Graph):
            grown = grow_graph(self.shelf, name, tier)
            assert grown is not None
            publish_graph(self.budget, name, grown)

    def files(self) -> set[str]:
        """All that lies in the folders of the tiers and that a list names, or that belongs to a graph."""
        return set(chain.from_iterable(self._named(tier) for tier in DIMS))

    def _named(self, tier: str) -> Iterator[str]:
        folder = Path(self.shelf.folder(tier))
        manifest = read_manifest(str(folder))
        if isinstance(manifest, Manifest):
            names = ["current", *chain.from_iterable(file_names(one) for one in manifest.segments)]
            yield from [f"{tier}/{name}" for name in names]
            yield from [f"{tier}/{path.name}" for path in folder.glob("graph.*")]


def small(folder: Path, count: int) -> None:
    full = Tried(folder / "full", 4_000, shares=False)
    model = folder / "full" / "derived" / "models" / "minilm" / "model.onnx"
    model.parent.mkdir(parents=True)
    model.write_bytes(bytes(MODEL_BYTES))
    for tier in DIMS:
        full.backfill(tier, count)
        full.graph(tier)
    graphs = {tier: used(Path(full.shelf.folder(tier))) - _vector_bytes(full, tier) for tier in DIMS}
    print("| budget MB | used | most after a write | model | fast texts | quality texts | graphs |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for mb in BUDGETS_MB:
        shutil.copytree(folder / "full", folder / str(mb))
        tried = Tried(folder / str(mb), mb, shares=False)
        under(tried, mb, count)
        check(tried, mb, count, graphs)


def _vector_bytes(tried: Tried, tier: str) -> int:
    found = tried.tier(tier)
    return found.size_bytes if found is not None else 0


def under(tried: Tried, mb: int, count: int) -> None:
    """Meet the budget, then make what fits, as a backfill does."""
    tried.budget.enforce()
    need(used(tried.volume.folder) <= mb * MB, "the budget was met")
    has_model = tried.budget.usage()[SemanticArtifactKind.MODEL_FILES] > 0
    tiers = list(DIMS) if has_model else ["fast"]
    for tier in tiers:
        tried.backfill(tier, count)
    for tier in tiers:
        tried.graph(tier)
        need(used(tried.volume.folder) <= mb * MB, "a graph keeps to the budget")


def check(tried: Tried, mb: int, count: int, graphs: dict[str, int]) -> None:
    """Exactly what the contract allows: the model before fast vectors before quality vectors before graphs."""
    room = mb * MB
    has_model = room >= MODEL_BYTES
    room -= MODEL_BYTES if has_model else 0
    need((tried.budget.usage()[SemanticArtifactKind.MODEL_FILES] > 0) == has_model, "the model stands where it fits")
    held = {tier: tried.ids(tier) for tier in DIMS}
    for tier, dim in DIMS.items():
        fits = min(count, max(0, room) // row_bytes(dim)) if tier == "fast" or has_model else 0
        # A little is kept for writing the lists anew, and pieces have headers.
        need(fits == len(held[tier]) or 0 <= fits - len(held[tier]) <= 40_000 // dim + 50, f"{tier} fills its room")
        need(held[tier] == list(range(count - len(held[tier]) + 1, count + 1)), f"{tier} holds the newest")
        room -= len(held[tier]) * row_bytes(dim)
    standing = [tier for tier in DIMS if (Path(tried.shelf.folder(tier)) / "graph.data").exists()]
    filled = [tier for tier in DIMS if held[tier]]
    has_room = room > sum(graphs[tier] for tier in filled) + MB
    need(standing == filled if has_room else len(standing) < len(DIMS), "graphs come last")
    lie = {path.relative_to(tried.shelf.vectors).as_posix() for path in Path(tried.shelf.vectors).rglob("*.*")}
    need(lie <= tried.files(), f"nothing else lies there: {lie - tried.files()}")
    most = f"{tried.volume.most / MB:.2f}" if tried.volume.writes else "none needed"
    cells = [mb, f"{used(tried.volume.folder) / MB:.2f}", most, "yes" if has_model else "no"]
    print(f"| {' | '.join(map(str, [*cells, *map(len, held.values()), ' '.join(standing) or 'none']))} |", flush=True)


def rounds(folder: Path, mb: int) -> None:
    tried = Tried(folder, mb, shares=True)
    newest = 3 * mb * MB // sum(map(row_bytes, DIMS.values()))
    for tier in DIMS:
        tried.backfill(tier, newest)
    before = {tier: len(tried.ids(tier)) for tier in DIMS}
    tried.volume.written, most_evicted = 0, 0
    for top in range(newest + BATCH, newest + (ROUNDS + 1) * BATCH, BATCH):
        for tier in DIMS:
            evicted, let_in = tried.append(tier, range(top, top - BATCH, -1))
            need(let_in, "what is newer is let in")
            most_evicted = max(most_evicted, evicted)
    ratio = tried.volume.written / (ROUNDS * BATCH * sum(map(row_bytes, DIMS.values())))
    need(most_evicted <= 1, f"{most_evicted} segments of a tier went in one round")
    need(ratio <= MOST_WRITTEN, f"{ratio:.2f} × the new vectors were written")
    print("| tier | texts before | texts after | oldest of the newest without a hole |\n| --- | ---: | ---: | ---: |")
    for tier in DIMS:
        ids = tried.ids(tier)
        need(ids == list(range(ids[0], newest + ROUNDS * BATCH + 1)), f"{tier} covers the newest")
        print(f"| {tier} | {before[tier]} | {len(ids)} | {ids[0]} |")
    most, segment = tried.volume.most / MB, tried.budget.segment_bytes / MB
    print(f"\n{newest} messages, then {ROUNDS} × {BATCH}; segments of {segment:.1f} MB, budget {mb} MB")
    print(f"written {ratio:.3f} × the new vectors, at most {most_evicted} evicted a round, at most {most:.2f} MB used")


def main() -> int:
    parser = argparse.ArgumentParser(description="Try the disk budget on many messages.")
    parser.add_argument("what", choices=("small", "rounds"))
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--budget-mb", type=int, default=60)
    parser.add_argument("--segment-mb", type=int, help="how large a segment may grow, instead of what cass takes")
    given = parser.parse_args()
    if given.segment_mb is not None:
        budget_module.MAX_SEGMENT_BYTES = given.segment_mb * MB  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "small":
            small(Path(folder), given.messages)
        else:
            rounds(Path(folder), given.budget_mb)
    return 0


if __name__ == "__main__":
    sys.exit(main())
