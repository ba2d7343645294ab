"""What following costs, and how soon a line just written can be searched, over 5,000 files.

    python -m benchmarks.watch [--files 5000] [--seconds 60] [--times 20] [--worker]

1. `cass index --watch` (or the worker) while nothing happens: processor time, as a share of a core.
2. A line is appended to one of the session files: seconds until the index itself holds it.  A search that looked at the
   files would find it at once; here none does.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.freshness import append_line
from benchmarks.measure import run
from benchmarks.places import CACHE, cass, ensure_home, environment, installed
from benchmarks.worker_rest import cpu_s

PER_FILE = 130  # messages, as in benchmarks.freshness
MOST_SHARE, MOST_S = 0.01, 2.0
SETTLED_S, LOOK_S, GIVEN_UP_S = 5.0, 0.02, 30.0
# Somebody is at the machine: the worker reads, and makes no vectors.
HELD = {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "1000000000"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--worker", action="store_true", help="measure the worker, not --watch")
    given = parser.parse_args()
    bin_folder, home, data = installed(), CACHE / f"home-files-{given.files}", CACHE / "data-watch"
    ensure_home(home, given.files * PER_FILE, per_session=PER_FILE)
    env = {**environment(home, data), **HELD}
    run(cass("index", bin_folder, env, "index"))
    words = ["worker", "run"] if given.worker else ["index", "--watch", "--json"]
    watching = subprocess.Popen([str(bin_folder / "cass"), *words], env=env, stdout=subprocess.PIPE)
    try:
        _begun(watching, given.worker)
        share = _share(watching.pid, given.seconds)
        sys.stdout.write(f"nothing happens: {share:.3%} of a core over {given.seconds:g} s\n")
        spent = _seconds(data, sorted(home.glob(".claude/projects/*/*.jsonl")), given.times)
    finally:
        watching.terminate()
        watching.wait()
    said = f"median {spent[len(spent) // 2]:.2f} s, longest {spent[-1]:.2f} s"
    sys.stdout.write(f"appended, then in the index: {len(spent)} times, {said}\n")
    return 1 if share >= MOST_SHARE or spent[-1] >= MOST_S else 0


def _begun(watching: subprocess.Popen[bytes], is_worker: bool) -> None:
    """Wait for the first run to be over, which is no part of following."""
    assert watching.stdout is not None
    if not is_worker and not watching.stdout.readline():
        raise SystemExit("it has ended")


def _share(pid: int, seconds: float) -> float:
    time.sleep(SETTLED_S)
    before_s = cpu_s(pid)
    time.sleep(seconds)
    return (cpu_s(pid) - before_s) / seconds


def _seconds(data: Path, files: list[Path], times: int) -> list[float]:
    """Shortest first; the index is asked by itself, in this process, so that no start of one is in the figure."""
    spent = []
    for number in range(times):
        word = f"zq{time.time_ns():x}{number}"
        append_line(files[number * len(files) // times], word)
        written_s = time.monotonic()
        while not _is_indexed(data, word):
            if time.monotonic() - written_s > GIVEN_UP_S:
                raise SystemExit(f"{word} cannot be searched after {GIVEN_UP_S:g} s")
            time.sleep(LOOK_S)
        spent.append(time.monotonic() - written_s)
    return sorted(spent)


def _is_indexed(data: Path, word: str) -> bool:
    from cass.lexical.schema import current_generation, open_index

    current = current_generation(str(data / "data" / "derived" / "lexical"))
    if current is None:
        return False
    index = open_index(current[0])
    return bool(index.searcher().search(index.parse_query(word, ["body"]), 1).hits)


if __name__ == "__main__":
    raise SystemExit(main())
