"""How fast `cass index` reads, what it takes in memory and what it leaves on the disk.

    python -m benchmarks.indexing --messages 200000
    python -m benchmarks.indexing --messages 100000 --lengths real
    python -m benchmarks.indexing --home FOLDER           any HOME, for instance one of repeat_claude.py

Three runs: everything new, nothing new, and the derived files rebuilt from SQLite.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Command, Run, run
from benchmarks.places import CACHE, cass, ensure_home, environment, folder_bytes, installed, json_from

HEAD = "| run | s | MB/s of source | MB/s of text | cpu s | peak MB |\n| --- | ---: | ---: | ---: | ---: | ---: |\n"


def row(name: str, done: Run, source_bytes: int, text_bytes: int) -> str:
    seconds = done.wall_ms / 1e3
    speeds = " | ".join(f"{size / 1e6 / seconds:.1f}" if size else "-" for size in (source_bytes, text_bytes))
    return f"| {name} | {seconds:.2f} | {speeds} | {done.cpu_ms / 1e3:.1f} | {done.rss_mb:.0f} |\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Throughput, memory and disk of `cass index`.")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--lengths", choices=("short", "real"), default="short")
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    bin_folder = installed()
    home, text_bytes = given.home, 0
    if home is None:
        home = CACHE / f"home-{given.messages}{'' if given.lengths == 'short' else '-' + given.lengths}"
        text_bytes = ensure_home(home, given.messages, lengths=given.lengths)["text_bytes"]
    source_bytes = folder_bytes(home)
    data = CACHE / "data-indexing"
    shutil.rmtree(data, ignore_errors=True)
    env = environment(home, data)
    index: Command = cass("index", bin_folder, env, "index")
    with tempfile.TemporaryDirectory() as empty:  # the first run of a new installation also packs its own code
        run(cass("pack", bin_folder, environment(Path(empty), Path(empty) / "data"), "index"))
    sys.stdout.write(f"{source_bytes / 1e6:.0f} MB of source, {text_bytes / 1e6:.0f} MB of text\n\n{HEAD}")
    sys.stdout.write(row("everything new", run(index), source_bytes, text_bytes))
    sys.stdout.write(row("nothing new", run(index), 0, 0))
    rebuilt = run(cass("rebuild", bin_folder, env, "index", "--rebuild"))
    sys.stdout.write(row("rebuild from SQLite", rebuilt, 0, text_bytes))
    status = json_from(cass("status", bin_folder, env, "status", "--json"))
    sys.stdout.write(f"\nOn disk: {folder_bytes(data) / 1e6:.0f} MB in all")
    for part in ("database", "lexical"):
        held = status[part]
        sys.stdout.write(f"; {part} {held['bytes'] / 1e6:.0f} MB" if isinstance(held, dict) else "")
    sys.stdout.write(".\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
