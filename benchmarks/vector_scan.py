"""Time the exact scan of a tier and a graph over it; the disk budget on many messages is benchmarks/disk_budget.py.

In one run and in turn: opening a tier, a first scan in a fresh process, a warm scan, each beside reading the same bytes
once with a checksum, which is what a machine can do at most without looking at single numbers.

    python -m benchmarks.vector_scan scan --vectors 200000
    python -m benchmarks.vector_scan graph --vectors 200000
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path

from cass.policy import MB, SemanticPolicy
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.graph_growth import grow_graph, publish_graph
from cass.semantic.hnsw import Graph, open_graph
from cass.semantic.manifest import Recipe
from cass.semantic.scan import in_python, with_numkong, with_numpy
from cass.semantic.vector_writer import TierWriter
from cass.semantic.vectors import Tier

DIM = 256
PLENTY = 1 << 50
FIRST = """
import sys, time
started = time.perf_counter()
from array import array
from cass.semantic.vectors import Tier
loaded = time.perf_counter()
tier = Tier.open(sys.argv[1], "fast")
opened = time.perf_counter()
tier.scan(array("f", [1.0 if part % 3 else -1.0 for part in range(256)]), 100)
ended = time.perf_counter()
print((loaded - started) * 1e3, (opened - loaded) * 1e3, (ended - opened) * 1e3)
"""


def vectors(count: int, dim: int) -> list[array[float]]:
    """Some vectors; a tier repeats them."""
    rng = random.Random(dim)
    return [array("f", [rng.gauss(0, 1) for _ in range(dim)]) for _ in range(count)]


def fill(budget: Budget, tier: str, newest: int, oldest: int = 1, batch: int = 1_000) -> int:
    """Write the texts from `newest` down to `oldest` until the budget takes no more; how many."""
    some, done = vectors(997, DIM), 0
    writer = TierWriter(tier, Recipe(f"bench-{DIM}", "1", 1, 1, DIM), budget, lambda: 0)
    for top in range(newest, oldest - 1, -batch):
        ids = range(top, max(top - batch, oldest - 1), -1)
        appended = writer.append([(id, 0, id, some[id % len(some)]) for id in ids])
        done += appended.texts
        if appended.refused:
            break
    return done


def budget_of(shelf: Shelf, mb: int, shares: bool = False) -> Budget:
    policy = replace(SemanticPolicy.compiled_defaults(), semantic_budget_mb=mb, hnsw_min_vectors=0)
    return Budget(policy, shelf, lambda: PLENTY, shares)


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        found.append((time.perf_counter() - started) * 1e3)
    return found


def line(name: str, times: list[float], base_ms: float) -> str:
    middle = statistics.median(times)
    return f"| {name} | {middle:.1f} | {min(times):.1f}-{max(times):.1f} | {middle / base_ms:.2f} |"


def scan(folder: Path, count: int, rounds: int) -> None:
    shelf = Shelf.below(str(folder))
    seconds = timed(lambda: fill(budget_of(shelf, 4_000), "fast", count), 1)[0] / 1e3
    query = vectors(3, 256)[2]
    tier = Tier.open(shelf.vectors, "fast")
    assert isinstance(tier, Tier)
    allowed = set(range(1, count, 7))
    rows = [one.block for one in tier.segments]
    work: dict[str, Callable[[], object]] = {
        "checksum of the same bytes": lambda: [zlib.crc32(block) for block in rows],
        "open": lambda: Tier.open(shelf.vectors, "fast"),
        "best 10, numkong": lambda: tier.scan(query, 10, engine=with_numkong),
        "best 100, numkong": lambda: tier.scan(query, 100, engine=with_numkong),
        "best 100 of a seventh, numkong": lambda: tier.scan(query, 100, allowed, engine=with_numkong),
        "best 100, numpy": lambda: tier.scan(query, 100, engine=with_numpy),
        "all ids": tier.ids,
    }
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, one in work.items():
            times[name] += timed(one, 1)
    times["best 100, plain Python"] = timed(lambda: tier.scan(query, 100, engine=in_python), 1)
    base_ms = statistics.median(times["checksum of the same bytes"])
    print(f"{count} × 256 i8 in {len(rows)} segments, written at {count / seconds:.0f} vectors/s; {rounds} rounds\n")
    print("| what | median ms | min-max ms | x checksum |\n| --- | ---: | ---: | ---: |")
    print("\n".join(line(name, found, base_ms) for name, found in times.items()))
    first(shelf, rounds, base_ms)


def first(shelf: Shelf, rounds: int, base_ms: float) -> None:
    """Fresh processes: importing, opening, and the first scan, which meets every page for the first time."""
    runs = []
    for _ in range(rounds):
        command = [sys.executable, "-c", FIRST, shelf.vectors]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
        runs.append([float(number) for number in done.stdout.split()])
    for name, times in zip(
        ("import", "open", "first scan with numkong's import"), zip(*runs, strict=True), strict=True
    ):
        print(line(f"fresh process: {name}", list(times), base_ms))


def build(budget: Budget, tier: Tier) -> None:
    grown = grow_graph(budget.shelf, "fast", tier)
    assert grown is not None
    publish_graph(budget, "fast", grown)


def graph(folder: Path, count: int, rounds: int) -> None:
    """Recall of the best ten and time, beside the scan: of vectors in clusters, as texts are."""
    shelf = Shelf.below(str(folder))
    budget = budget_of(shelf, 4_000)
    some = clustered(count, 256)
    writer = TierWriter("fast", Recipe("bench-256", "1", 1, 1, 256), budget, lambda: 0)
    for start in range(0, count, 5_000):
        writer.append([(id, 0, id, some[id]) for id in range(start, min(start + 5_000, count))])
    tier = Tier.open(shelf.vectors, "fast")
    assert isinstance(tier, Tier)
    seconds = timed(lambda: build(budget, tier), 1)[0] / 1e3
    questions = clustered(200, 256, seed=7)
    opening = timed(lambda: open_graph(shelf, "fast", tier), rounds)
    opened = open_graph(shelf, "fast", tier)
    assert isinstance(opened, Graph)
    scanned = [[text for text, _, _ in tier.scan(question, 10)] for question in questions]
    walked = [[text for text, _, _ in opened.search(question, 10)] for question in questions]
    recall = sum(len({*one} & {*other}) for one, other in zip(scanned, walked, strict=True)) / (10 * len(questions))
    scan_ms = [timed(lambda: tier.scan(question, 10), 1)[0] for question in questions]  # noqa: B023
    walk_ms = [timed(lambda: opened.search(question, 10), 1)[0] for question in questions]  # noqa: B023
    size_bytes = os.path.getsize(os.path.join(shelf.folder("fast"), "graph.data"))
    print(
        f"{count} × 256 i8: built in {seconds:.1f} s, {size_bytes / MB:.0f} MB, recall of the best ten {recall:.3f}\n"
    )
    print("| what | median ms | min-max ms | x scan |\n| --- | ---: | ---: | ---: |")
    base_ms = statistics.median(scan_ms)
    print("\n".join([line("scan", scan_ms, base_ms), line("graph", walk_ms, base_ms), line("open", opening, base_ms)]))


def clustered(count: int, dim: int, seed: int = 1) -> list[array[float]]:
    """Vectors around a thousand middles: what is spread evenly has no neighbours to find."""
    import numpy

    middles = numpy.random.default_rng(0).standard_normal((1_000, dim))
    rng = numpy.random.default_rng(seed)
    rows = middles[rng.integers(0, len(middles), count)] + 0.7 * rng.standard_normal((count, dim))
    return [array("f", row.tobytes()) for row in rows.astype(numpy.float32)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the exact scan, or a graph.")
    parser.add_argument("what", choices=("scan", "graph"))
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "scan":
            scan(Path(folder), given.vectors, given.rounds)
        else:
            graph(Path(folder), given.vectors, given.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
