"""Start two workers at the same instant, again and again; then look what one costs that has nothing to do.

    python -m benchmarks.worker_race [--times 50] [--rest 60]

Exactly one of the two must work each time.  The resting worker follows an archive with vectors; its CPU seconds are
counted over so many seconds of rest.  Exits with 1 if two ever worked, or the rest cost half a percent of a core.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.archive import Home, make_home
from tests.daemon.host import Running

MOST_SHARE = 0.005
SETTLED_S = 3.0


def main() -> int:
    args = _args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = sum(not _race(Path(folder) / str(number)) for number in range(args.times))
        share = _rest(Path(folder) / "rest", args.rest) if args.rest else 0.0
    sys.stdout.write(
        f"Two workers at the same instant, {args.times} times: {args.times - wrong} times exactly one worked.\n"
    )
    if args.rest:
        sys.stdout.write(f"A worker with nothing to do, over {args.rest:g} s: {share:.3%} of a core.\n")
    return 1 if wrong or share >= MOST_SHARE else 0


def _args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--rest", type=float, default=60.0)
    return parser.parse_args()


def _race(folder: Path) -> bool:
    """One of two goes with the exit code of "busy", the other ticks, and nobody else did."""
    running = Running(folder / "data")
    try:
        both = [running.start("held"), running.start("held")]
        running.until(lambda: any(each.poll() is not None for each in both))
        left = [each for each in both if each.poll() is None]
        if len(left) != 1:
            return False
        running.until(lambda: str(left[0].pid) in running.ticks(), left[0])
        codes = [each.returncode for each in both if each is not left[0]]
        return codes == [7] and set(running.ticks()) == {str(left[0].pid)} and running.at_work() == left[0].pid
    finally:
        running.close()


def _rest(folder: Path, seconds: float) -> float:
    """The share of a core that a worker takes that follows an archive and has nothing to do."""
    home = _archive(folder)
    running = Running(home.data)
    running.env |= home.env | {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "0", "CASS_WORKER_IDLE_EXIT_S": "600"}
    try:
        worker = running.start("stay")
        running.until(lambda: running.at_work() == worker.pid, worker)
        time.sleep(SETTLED_S)
        before_s = _cpu_s(worker.pid)
        time.sleep(seconds)
        return (_cpu_s(worker.pid) - before_s) / seconds
    finally:
        running.close()


def _archive(folder: Path) -> Home:
    home = make_home(folder)
    for number in range(200):
        home.claude(f"s{number}", *[f"walrus {number} says line {line}" for line in range(50)])
    home.index()
    home.cass("backfill", "--tier", "fast")
    return home


def _cpu_s(pid: int) -> float:
    """User and system time of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
