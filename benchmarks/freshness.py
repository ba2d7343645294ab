"""How soon a line just written is found, and what looking for it costs.

    python -m benchmarks.freshness [--files 5000]

1. A line is appended to one of the session files; the very next search has to find it.
2. A search that looks for news among all files (`--refresh auto`) against one that does not (`off`).
3. The first search of all, with nothing indexed: it answers at once with what it could read.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import time
from pathlib import Path

from benchmarks.measure import Command, compare, run, table
from benchmarks.places import CACHE, cass, ensure_home, environment, installed, json_from

PARTIAL = 8  # the exit code of an answer that had to stop in the middle
PER_FILE = 130  # messages: 5,000 files make 1 GB


def append_line(path: Path, word: str) -> None:
    """Add a prompt with `word` to a Claude Code session, as the agent would."""
    *_, parent = re.findall(rb'"uuid":"([0-9a-f-]{36})"', path.read_bytes()[-65_536:])
    line = {
        "parentUuid": parent.decode(),
        "isSidechain": False,
        "cwd": "/home/dev/work/fresh",
        "sessionId": path.stem,
        "type": "user",
        "message": {"role": "user", "content": f"where did we leave {word} yesterday?"},
        "uuid": f"00000000-0000-4000-8000-{time.time_ns() % 10**12:012}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
    }
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, separators=(",", ":")) + "\n")


def found(command: Command) -> bool:
    return bool(json_from(command)["total_matches"])


def appended(bin_folder: Path, env: dict[str, str], files: list[Path], times: int = 20) -> tuple[int, list[float]]:
    """(how often the next search found the line, its milliseconds each)."""
    hits, spent = 0, []
    for number in range(times):
        word = f"zq{time.time_ns():x}{number}"
        append_line(files[number * len(files) // times], word)
        started = time.perf_counter()
        hits += found(cass("search", bin_folder, env, "search", "--json", "--mode", "lexical", word))
        spent.append((time.perf_counter() - started) * 1e3)
    return hits, sorted(spent)


def main() -> int:
    parser = argparse.ArgumentParser(description="From a line written to a line found.")
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_args()
    bin_folder, home, data = installed(), CACHE / f"home-files-{given.files}", CACHE / "data-freshness"
    ensure_home(home, given.files * PER_FILE, per_session=PER_FILE)
    shutil.rmtree(data, ignore_errors=True)
    env = environment(home, data)
    search = ["search", "--json", "--mode", "lexical", "connection", "timeout"]

    answer = CACHE / "first.json"
    first = run(cass("first search", bin_folder, env, *search, allowed=(0, PARTIAL)), stdout=str(answer))
    found_first = json.loads(answer.read_text())["total_matches"]
    sys.stdout.write(
        f"First search, nothing indexed: {first.wall_ms:.0f} ms, {first.rss_mb:.0f} MB, {found_first} messages found.\n"
    )
    run(cass("index", bin_folder, env, "index"))
    files = sorted(home.glob(".claude/projects/*/*.jsonl"))
    hits, spent = appended(bin_folder, env, files)
    sys.stdout.write(
        f"Appended lines found by the next command: {hits} of {len(spent)}, median {spent[len(spent) // 2]:.0f} ms.\n\n"
    )
    commands = [
        Command("pass", [str(bin_folder / "python"), "-c", "pass"]),
        cass("refresh off", bin_folder, env, *search, "--refresh", "off"),
        cass("refresh auto", bin_folder, env, *search, "--refresh", "auto"),
    ]
    sys.stdout.write(table(compare(commands, given.rounds), "refresh off"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
