"""How fast `cass backfill` gives an archive its vectors, and what it takes in memory.

    python -m benchmarks.backfill --messages 200000
    python -m benchmarks.backfill --data FOLDER            a copy is made of the archive in this data folder
    python -m benchmarks.backfill --tier quality --model FOLDER --messages 20000   with the model of that data folder

Three runs, without a graph: everything owed, nothing owed, and one chunk of everything.  Processor seconds matter where
the machine has other work; `x read` is against reading the same texts out of the archive with nothing done to them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from benchmarks.measure import Command, Run, run
from benchmarks.places import CACHE, cass, ensure_home, environment, folder_bytes, installed

HEAD = (
    "| run | s | texts/s | messages/s | cpu s | peak MB | x read |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)
READ = "import sqlite3, sys; print(sum(1 for _ in sqlite3.connect(sys.argv[1]).execute('SELECT id, text FROM texts')))"
# 20 GB: what the archive needs, whatever its size; and no graph, which is measured by vector_scan.py.
WISHES = {"CASS_SEMANTIC_BUDGET_MB": "20000", "CASS_SEMANTIC_HNSW_MIN_VECTORS": "1000000000"}


def archive(given: argparse.Namespace, bin_folder: Path, data: Path) -> dict[str, str]:
    """The environment of an archive without vectors."""
    shutil.rmtree(data, ignore_errors=True)
    if given.data is not None:
        (data / "data").mkdir(parents=True)
        for file in given.data.glob("cass.db*"):
            shutil.copy2(file, data / "data")
        return environment(data, data)
    home = CACHE / f"home-{given.messages}"
    ensure_home(home, given.messages)
    env = environment(home, data)
    run(cass("index", bin_folder, env, "index", "--quiet"))
    return env


def main() -> int:
    parser = argparse.ArgumentParser(description="Throughput and memory of `cass backfill`.")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--tier", choices=("fast", "quality"), default="fast")
    parser.add_argument("--model", type=Path, help="a data folder in which the model is installed")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    bin_folder, data = installed(), CACHE / "data-backfill"
    env = archive(given, bin_folder, data) | WISHES
    if given.model is not None:
        shutil.copytree(given.model / "derived" / "models", data / "data" / "derived" / "models", dirs_exist_ok=True)
    sys.stdout.write(HEAD)
    read = Command("read", [str(bin_folder / "python"), "-c", READ, str(data / "data" / "cass.db")])
    report(given, cass("backfill", bin_folder, env, "backfill", "--json", "--tier", given.tier), read, data)
    return 0


def report(given: argparse.Namespace, backfill: Command, read: Command, data: Path) -> None:
    """The rows of the table; of the whole pass the round with the median time."""
    out = data / "said.json"
    rounds: list[tuple[float, Run, Run, int]] = []
    for _ in range(given.rounds):
        shutil.rmtree(data / "data" / "derived" / "vectors", ignore_errors=True)
        alone, done = run(read), run(backfill, str(out))
        rounds.append((done.wall_ms, done, alone, texts_in(given.tier, out)))
    _, whole, alone, texts = sorted(rounds, key=lambda one: one[0])[given.rounds // 2]
    messages = given.messages if given.data is None else 0
    sys.stdout.write(row("everything owed", whole, texts, messages, alone))
    sys.stdout.write(row("nothing owed", run(backfill), 0, 0, alone))
    sizes = folder_bytes(data / "data" / "derived" / "vectors")
    shutil.rmtree(data / "data" / "derived" / "vectors", ignore_errors=True)
    once = run(Command("once", [*backfill.argv, "--once"], backfill.env), str(out))
    sys.stdout.write(row("one chunk", once, texts_in(given.tier, out), 0, alone))
    sys.stdout.write(f"\n{texts:,} texts; {sizes / 1e6:.0f} MB of vectors.\n")


def texts_in(tier: str, out: Path) -> int:
    said = json.loads(out.read_bytes())["tiers"][tier]
    if said["stopped"] is not None and said["stopped"]["kind"] != "chunk_done":
        raise SystemExit(f"it stopped: {said['stopped']}")
    count: int = said["texts"]
    return count


def row(name: str, done: Run, texts: int, messages: int, read: Run) -> str:
    seconds = done.wall_ms / 1e3
    speeds = " | ".join(f"{count / seconds:,.0f}" if count else "-" for count in (texts, messages))
    ratio = f"{done.wall_ms / read.wall_ms:.1f}"
    return f"| {name} | {seconds:.2f} | {speeds} | {done.cpu_ms / 1e3:.1f} | {done.rss_mb:.0f} | {ratio} |\n"


if __name__ == "__main__":
    raise SystemExit(main())
