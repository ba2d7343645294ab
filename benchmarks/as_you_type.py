"""What each key costs while a query is typed: a process for each (`--live`), and one for all (`--stdio`).

    python -m benchmarks.as_you_type --messages 1000000 [--rounds 5]

Baseline of the processes: `python -c pass` of the same virtual environment, taking turns with them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.cold_search import index_once
from benchmarks.measure import Command, Meanwhile, Run, run
from benchmarks.places import CACHE, cass, ensure_home, installed, words_at

# Ranks in the generator's list of the words of each query: every hundredth message holds rank 40, a few hold 6000.
QUERIES = ((40, 55), (700, 900), (6000, 7500), (55, 800, 300))
LIVE = ("search", "--live", "--json")


def keys(query: str) -> Iterator[str]:
    """What stands in the line after each key."""
    return (query[:at] for at in range(1, len(query) + 1))


def typed() -> list[str]:
    """The lines of all queries, one behind the other."""
    return [line for ranks in QUERIES for line in keys(" ".join(words_at(ranks)))]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that so many of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def cold(lines: Sequence[str], rounds: int, env: Mapping[str, str], bin_folder: Path) -> str:
    """A table of processes: wall clock, processor time, and both against `pass`."""
    runs: dict[str, list[Run]] = {"pass": [], "--live": []}
    for at, line in enumerate([*lines[:2], *lines * rounds]):
        for one in (Command("pass", [str(bin_folder / "python"), "-c", "pass"], env), _search(line, env, bin_folder)):
            done = run(one)
            if at >= 2:
                runs[one.name].append(done)
    base_ms, base_cpu_ms = (statistics.median(getattr(one, of) for one in runs["pass"]) for of in ("wall_ms", "cpu_ms"))
    head = "| a process a key | median ms | p95 ms | x pass | p95 x pass | p95 cpu x pass |\n| --- |" + " ---: |" * 5
    rows = [head]
    for name, each in runs.items():
        wall, cpu = [one.wall_ms for one in each], [one.cpu_ms for one in each]
        middle, most, most_cpu = statistics.median(wall), percentile(wall, 0.95), percentile(cpu, 0.95)
        ratios = f"{middle / base_ms:.2f} | {most / base_ms:.2f} | {most_cpu / base_cpu_ms:.2f}"
        rows.append(f"| {name} | {middle:.1f} | {most:.1f} | {ratios} |")
    return "\n".join(rows)


def _search(line: str, env: Mapping[str, str], bin_folder: Path) -> Command:
    return cass("--live", bin_folder, dict(env), *LIVE, "--", line)


def warm(lines: Sequence[str], rounds: int, env: Mapping[str, str], bin_folder: Path) -> str:
    """A table of one process: from the request's last byte to the answer's, and the processor's time a request."""
    command = [str(bin_folder / "cass"), "search", "--stdio", "--live"]
    process = subprocess.Popen(command, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin and process.stdout
    took_ms: list[float] = []
    bare = Meanwhile(str(bin_folder / "python"))
    for at, line in enumerate([*lines[:2], *lines * rounds]):
        request = json.dumps({"query": line}).encode() + b"\n"
        started = time.perf_counter_ns()
        process.stdin.write(request)
        process.stdin.flush()
        answer = process.stdout.readline()
        if at >= 2:
            took_ms.append((time.perf_counter_ns() - started) / 1e6)
        if at % len(lines) == 0:
            bare.look()  # no oftener: whatever runs beside takes the caches, and the next key pays
        if b'"hits"' not in answer:
            raise SystemExit(f"{line!r} was answered by {answer[:300]!r}")
    process.stdin.close()
    _, _, usage = os.wait4(process.pid, 0)
    cpu_ms = (usage.ru_utime + usage.ru_stime) * 1e3 / len(took_ms)
    head = "| one process | median ms | p95 ms | slowest ms | cpu ms a request | MB | pass ms | p95 x pass |"
    most_ms = percentile(took_ms, 0.95)
    numbers = [f"{one:.2f}" for one in (statistics.median(took_ms), most_ms, max(took_ms), cpu_ms)]
    numbers += [f"{usage.ru_maxrss / 1000:.0f}", f"{bare.ms:.1f}", f"{most_ms / bare.ms:.2f}"]
    return f"{head}\n| --- |{' ---: |' * 7}\n| --stdio | {' | '.join(numbers)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description="What each key costs while a query is typed.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    bin_folder = installed()
    home, data = CACHE / f"home-{given.messages}", CACHE / f"data-{given.messages}"
    ensure_home(home, given.messages)
    env, lines = index_once(home, data, bin_folder), typed()
    sys.stdout.write(f"\n{given.messages:,} messages, {len(lines)} keys, {given.rounds} times\n\n")
    sys.stdout.write(f"{cold(lines, given.rounds, env, bin_folder)}\n\n")
    sys.stdout.write(f"{warm(lines, given.rounds, env, bin_folder)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
