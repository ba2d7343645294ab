"""How long a hybrid answer takes in a cold process: no worker, the model opened for this one question.

    python -m benchmarks.hybrid_cold --data FOLDER [--rounds 31] [--query 'words of a question']

FOLDER is a data folder with an archive, vectors in both tiers and an installed model (`cass index`, `cass models
install`, `cass backfill`).  Beside it: the same search by words alone, with the hash tier only, and `python -c pass`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Command, compare, table
from benchmarks.places import cass, installed

QUERY = "why does the program forget what it was told after a while"  # a sentence: for keywords no model is asked
TIERS = {"lexical": ["lexical"], "fast": ["lexical", "fast"], "hybrid": ["lexical", "fast", "quality"]}


def searches(words: list[str], env: dict[str, str], bin_folder: Path) -> list[Command]:
    """The same question, asked of the words, of the hash tier too, and of the model too however long it takes."""
    ways = {
        "lexical": ["--mode", "lexical"],
        "fast": ["--mode", "hybrid", "--semantic-embedder", "hash"],
        "hybrid": ["--mode", "hybrid", "--semantic-wait", "60s"],
    }
    asked = ["search", "--json", "--refresh", "off"]
    return [cass(name, bin_folder, env, *asked, *way, *words) for name, way in ways.items()]


def check(command: Command) -> None:
    """Whoever did not take part cannot be timed."""
    done = subprocess.run(command.argv, env=dict(command.env or {}), capture_output=True, text=True, check=True)
    meta = json.loads(done.stdout)["meta"]
    if meta["answered_by"] != TIERS[command.name]:
        raise SystemExit(f"{command.name} was answered by {meta['answered_by']}: {'; '.join(meta['notes'])}")


def main() -> int:
    parser = argparse.ArgumentParser(description="A cold hybrid search against a lexical one and a bare Python.")
    parser.add_argument("--data", required=True)
    parser.add_argument("--query", default=QUERY)
    parser.add_argument("--rounds", type=int, default=31)
    given = parser.parse_args()
    bin_folder = installed()
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "CASS_DATA_DIR": given.data, "CASS_CACHE_DIR": cache}
        commands = searches(given.query.split(), env, bin_folder)
        for command in commands:
            check(command)
        python = Command("pass", [str(bin_folder / "python"), "-c", "pass"])
        sys.stdout.write(table(compare([python, *commands], given.rounds), "pass"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
