"""What it costs to lay the index of an archive together, and what a search saves by it.

    python -m benchmarks.compaction [--messages 200000]

The archive stays laid together: whoever measures searches afterwards measures what a rested worker leaves.
Baseline of the searches: `python -c pass` of the same virtual environment; they take turns, before and after.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.cold_search import index_once
from benchmarks.measure import Command, compare, run, table
from benchmarks.places import CACHE, cass, ensure_home, installed, words_at
from cass.indexing.compaction import segment_sizes
from cass.lexical.schema import current_generation
from cass.paths import places

# Ranks in the generator's list of words: see cold_search.
WORDS = {"two usual words": (700, 900), "two common words": (40, 55), "two rare words": (6000, 7500)}
CODE = """
import os, time
from cass.indexing.compaction import compact
from cass.paths import places
compact(places(dict(os.environ)), time.monotonic, lambda: False)
"""


def segments(env: Mapping[str, str]) -> int:
    current = current_generation(places(env).lexical)
    return 0 if current is None else len(segment_sizes(current[0]))


def searches(bin_folder: Path, env: Mapping[str, str]) -> list[Command]:
    options = ("search", "--json", "--mode", "lexical", "--refresh", "off")
    base = Command("pass", [str(bin_folder / "python"), "-c", "pass"], dict(env))
    return [base, *[cass(name, bin_folder, dict(env), *options, *words_at(at)) for name, at in WORDS.items()]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    bin_folder, home = installed(), CACHE / f"home-{options.messages}"
    ensure_home(home, options.messages)
    env = index_once(home, CACHE / f"data-{options.messages}", bin_folder)
    commands = searches(bin_folder, env)
    print(f"{segments(env)} segments", flush=True)
    print(table(compare(commands, options.rounds), "pass"), flush=True)
    done = run(Command("compaction", [str(bin_folder / "python"), "-c", CODE], env))
    spent = f"{done.wall_ms / 1e3:.1f} s, {done.cpu_ms / 1e3:.1f} s of the processor, {done.rss_mb:.0f} MB"
    print(f"{spent}: {segments(env)} segments", flush=True)
    print(table(compare(commands, options.rounds), "pass"), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
