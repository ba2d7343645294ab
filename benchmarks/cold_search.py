"""How long a search takes from the key press: a new process each time, nothing resident.

    python -m benchmarks.cold_search --messages 200000 [--rounds 31]

Baseline: `python -c pass` of the same virtual environment.  Beside it: `rg` over the raw files where it is
installed, and a Python script on SQLite's FTS5 doing the same work.  Last, with vectors: words alone, and by default.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.measure import Command, compare, run, table
from benchmarks.places import CACHE, REPO, cass, ensure_home, environment, installed, words_at

# From the rank of a word in the generator's list: every hundredth message holds it, or only a few do.
RANKS = {"common": (40, 55), "usual": (700, 900), "rare": (6000, 7500)}


def queries() -> dict[str, list[str]]:
    """Named queries: one word, and two words of each kind."""
    pairs = {f"two {kind} words": words_at(ranks) for kind, ranks in RANKS.items()}
    return {"one usual word": words_at([800]), **pairs}


def index_once(home: Path, data: Path, bin_folder: Path) -> dict[str, str]:
    """The environment of an index over `home`.  The run that finds nothing new leaves the pack of compiled code."""
    env = environment(home, data)
    run(cass("index", bin_folder, env, "index"))
    return env


def fts5_once(home: Path, database: Path, python: str) -> Path:
    if not database.exists():
        beside = database.with_suffix(".tmp")
        run(Command("fts5 build", [python, str(REPO / "benchmarks" / "fts5.py"), "build", str(home), str(beside)]))
        beside.rename(database)
    return database


def contenders(words: list[str], home: Path, env: dict[str, str], bin_folder: Path, database: Path) -> list[Command]:
    python = str(bin_folder / "python")
    search = ["search", "--json", "--mode", "lexical", "--refresh", "off", *words]
    listed = [
        Command("pass", [python, "-c", "pass"]),
        cass("cass", bin_folder, env, *search),
        Command("fts5", [python, str(REPO / "benchmarks" / "fts5.py"), "query", str(database), *words]),
    ]
    if shutil.which("rg"):
        look = ["rg", "-j2", "-F", "-c", "--hidden", "--no-ignore", " ".join(words), str(home)]
        listed.append(Command("rg", look, allowed=(0, 1)))
    return listed


def beside_vectors(words: list[str], env: dict[str, str], bin_folder: Path) -> list[Command]:
    """Words whose page they fill: vectors stand there, and need not be asked."""
    run(cass("backfill", bin_folder, env, "backfill", "--tier", "fast"))
    search = ["search", "--json", "--refresh", "off"]
    return [
        Command("pass", [str(bin_folder / "python"), "-c", "pass"]),
        cass("words alone", bin_folder, env, *search, "--mode", "lexical", *words),
        cass("by default", bin_folder, env, *search, *words),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="Cold search against a bare Python, FTS5 and rg.")
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=31)
    given = parser.parse_args()
    bin_folder = installed()
    home, data = CACHE / f"home-{given.messages}", CACHE / f"data-{given.messages}"
    ensure_home(home, given.messages)
    env = index_once(home, data, bin_folder)
    database = fts5_once(home, CACHE / f"fts5-{given.messages}.sqlite", str(bin_folder / "python"))
    for name, words in queries().items():
        done = compare(contenders(words, home, env, bin_folder, database), given.rounds)
        sys.stdout.write(f"\n{given.messages:,} messages, {name}: `{' '.join(words)}`\n\n{table(done, 'pass')}")
        sys.stdout.flush()
    done = compare(beside_vectors(queries()["two usual words"], env, bin_folder), given.rounds)
    sys.stdout.write(f"\n{given.messages:,} messages, two usual words, with vectors\n\n{table(done, 'pass')}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
