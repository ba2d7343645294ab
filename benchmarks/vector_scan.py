"""Time the exact scan of a tier, and try the disk budget on 50,000 messages.

The scan, in one run and in turn: opening a tier, a first scan in a fresh process, a warm scan, each beside reading the
same bytes once with a checksum, which is what a machine can do at most without looking at single numbers.  The budget:
what stands under budgets of 0 to 500 MB, with stand-ins of the sizes of the model and the graph.

    python -m benchmarks.vector_scan scan --vectors 200000
    python -m benchmarks.vector_scan budget --messages 50000
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable
from pathlib import Path

from cass.policy import MB, SemanticArtifactKind, SemanticPolicy
from cass.records import replace
from cass.semantic.artifacts import Shelf
from cass.semantic.budget import Budget
from cass.semantic.manifest import Recipe
from cass.semantic.scan import in_python, with_numkong, with_numpy
from cass.semantic.vector_writer import TierWriter
from cass.semantic.vectors import Tier

DIMS = {"fast": 256, "quality": 384}
MODEL_BYTES = 23_400_000
GRAPH_BYTES = {"fast": 405, "quality": 540}  # a vector
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
    some, done = vectors(997, DIMS[tier]), 0
    writer = TierWriter(tier, Recipe(f"bench-{DIMS[tier]}", "1", 1, 1, DIMS[tier]), budget, lambda: 0)
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


def put(path: Path, size_bytes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size_bytes))


def budgets(folder: Path, count: int) -> None:
    print("| budget MB | used | model | fast | quality | graph | fast texts | quality texts |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    full = Shelf.below(str(folder / "full"))
    put(Path(full.models) / "minilm" / "model.onnx", MODEL_BYTES)
    for tier in DIMS:
        fill(budget_of(full, 4_000), tier, count)
        put(Path(full.folder(tier)) / "graph.data", GRAPH_BYTES[tier] * count)
    for mb in (0, 1, 5, 20, 60, 150, 500):
        shutil.copytree(folder / "full", folder / str(mb))
        print(under(Shelf.below(str(folder / str(mb))), mb, count))


def under(shelf: Shelf, mb: int, count: int) -> str:
    """What stands when a full folder meets this budget and is then backfilled."""
    budget = budget_of(shelf, mb)
    budget.enforce()
    for tier in DIMS:
        if tier == "fast" or budget.usage()[SemanticArtifactKind.MODEL_FILES]:
            owed = set(range(1, count + 1)).difference(ids(shelf, tier))
            fill(budget, tier, max(owed, default=0))
    usage = budget.usage()
    assert budget.used_bytes() <= mb * MB
    sizes = [usage[kind] / MB for kind in reversed(list(usage))]
    shown = [sizes[0], sizes[1], sizes[2], sizes[3]]
    held = [f"{len(ids(shelf, tier))}" for tier in DIMS]
    return "| " + " | ".join([str(mb), f"{sum(sizes):.2f}", *[f"{size:.2f}" for size in shown], *held]) + " |"


def ids(shelf: Shelf, tier: str) -> list[int]:
    found = Tier.open(shelf.vectors, tier)
    return found.ids().tolist() if isinstance(found, Tier) else []


def main() -> int:
    parser = argparse.ArgumentParser(description="Time the exact scan, or try the disk budget.")
    parser.add_argument("what", choices=("scan", "budget"))
    parser.add_argument("--vectors", type=int, default=200_000)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.what == "scan":
            scan(Path(folder), given.vectors, given.rounds)
        else:
            budgets(Path(folder), given.messages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
