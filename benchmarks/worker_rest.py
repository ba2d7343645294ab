"""What `cass worker run` costs while it rests: processor time over a minute, as a share of a core.

    python -m benchmarks.worker_rest [--seconds 60]

Twice: with nothing owed, and held by a gate (somebody is at the machine).  Exits with 1 if either took half a percent.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from cass.store.worker_state import RESTING, read_state
from tests.archive import REPO, Home, make_home

MOST_SHARE = 0.005
SESSIONS, LINES = 200, 50
START_S, SETTLED_S, LOOK_S = 30.0, 3.0, 0.1
# Nobody was ever away for so long: the gate holds every tick.
HELD = {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "1000000000"}
FREE = {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "0", "CASS_WORKER_MAX_LOAD_PER_CORE": "1000"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    shares = []
    with tempfile.TemporaryDirectory() as folder:
        for name, gates, backfill in (("nothing is owed", FREE, True), ("somebody is here", HELD, False)):
            home = _archive(Path(folder) / name.replace(" ", "-"), backfill)
            share, reason = _share(home, gates, seconds)
            sys.stdout.write(f"{name}: {share:.3%} of a core over {seconds:g} s ({reason})\n")
            shares.append(share)
    return 1 if max(shares) >= MOST_SHARE else 0


def _archive(folder: Path, backfill: bool) -> Home:
    home = make_home(folder)
    for number in range(SESSIONS):
        home.claude(f"s{number}", *[f"walrus {number} says line {line}" for line in range(LINES)])
    home.index()
    if backfill:
        home.cass("backfill", "--tier", "fast")
    return home


def _share(home: Home, gates: Mapping[str, str], seconds: float) -> tuple[float, str]:
    """The share of a core, and why it rested."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), **home.env, **gates}
    worker = subprocess.Popen([sys.executable, "-m", "cass", "worker", "run"], env=env, cwd=REPO)
    try:
        reason = _resting(home, worker)
        time.sleep(SETTLED_S)
        before_s = cpu_s(worker.pid)
        time.sleep(seconds)
        return (cpu_s(worker.pid) - before_s) / seconds, reason
    finally:
        worker.terminate()
        worker.wait()


def _resting(home: Home, worker: subprocess.Popen[bytes]) -> str:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and worker.poll() is None:
        said = read_state(str(home.data))
        if said is not None and said.state == RESTING:
            return said.reason
        time.sleep(LOOK_S)
    raise SystemExit("the worker does not rest")


def cpu_s(pid: int) -> float:
    """User and system time of a process, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    raise SystemExit(main())
