"""How long `cass show` of a long session takes to its first line, and how much memory to its last.

    python -m benchmarks.show [--messages 20000] [--rounds 31]

A HOME with one session of so many messages is made and indexed once.  Beside it: `python -c pass`, which the first line
may take 15 times of; the whole session, as text and as JSON, may take 80 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import BYTES_PER_MAXRSS, Command, compare, table
from benchmarks.places import CACHE, cass, ensure_home, environment, installed

BLOCK_BYTES = 65_536


def longest(bin_folder: Path, env: dict[str, str]) -> tuple[str, int]:
    """The id of the longest session, and its messages."""
    command = [bin_folder / "cass", "sessions", "--json", "-n", "1000"]
    listed = json.loads(subprocess.run(command, env=env, capture_output=True, check=True).stdout)["sessions"]
    found = max(listed, key=lambda each: each["messages"])
    return found["session_id"], found["messages"]


def first_line(command: Command) -> tuple[float, float, float]:
    """(milliseconds until a line can be read, CPU milliseconds and peak MB of the process, which is left at that)."""
    started = time.perf_counter_ns()
    process = subprocess.Popen(list(command.argv), env=dict(command.env or {}), stdout=subprocess.PIPE)
    assert process.stdout is not None
    text = b""
    while b"\n" not in text and (part := os.read(process.stdout.fileno(), BLOCK_BYTES)):
        text += part
    took_ms = (time.perf_counter_ns() - started) / 1e6
    process.stdout.close()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return took_ms, (usage.ru_utime + usage.ru_stime) * 1e3, usage.ru_maxrss * BYTES_PER_MAXRSS / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description="cass show of a long session against a bare Python.")
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=31)
    given = parser.parse_args()
    bin_folder = installed()
    home = CACHE / f"home-one-{given.messages}"
    ensure_home(home, given.messages, per_session=given.messages)
    env = environment(home, CACHE / f"data-one-{given.messages}")
    subprocess.run([bin_folder / "cass", "index", "--quiet"], env=env, check=True, stdout=subprocess.DEVNULL)
    sid, messages = longest(bin_folder, env)
    show, whole = (
        cass("show", bin_folder, env, "show", sid),
        cass("show --json", bin_folder, env, "show", sid, "--json"),
    )
    python = Command("pass", [str(bin_folder / "python"), "-c", "pass"])
    bare = compare([python], given.rounds)[0]
    firsts = [first_line(show) for _ in range(given.rounds + 2)][2:]
    wall_ms, cpu_ms, rss_mb = (statistics.median(values) for values in zip(*firsts, strict=True))
    sys.stdout.write(
        f"{messages} messages: first line {wall_ms:.1f} ms, {wall_ms / bare.wall_ms:.2f} x pass"
        f" ({bare.wall_ms:.1f} ms); CPU until it was left {cpu_ms:.1f} ms, {cpu_ms / bare.cpu_ms:.2f} x pass;"
        f" peak {rss_mb:.0f} MB\n\n"
    )
    sys.stdout.write(table(compare([python, show, whole], max(3, given.rounds // 5)), "pass"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
