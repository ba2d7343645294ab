"""Kill `cass index` a hundred times, then look whether anything is missing.

    python -m benchmarks.crash [--kills 100] [--messages 20000]

An archive is killed again and again until it has all messages; then it gets one undisturbed `cass index`, is compared
with an archive that was never disturbed (sessions, messages, the answers to twenty queries), and the next one begins.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from benchmarks.measure import run
from benchmarks.places import CACHE, cass, ensure_home, environment, installed, json_from, words_at


def kill_while_indexing(bin_folder: Path, env: dict[str, str], after_s: float) -> bool:
    """Start an index, end it with SIGKILL after `after_s`; False if it had ended by itself."""
    quiet = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0o600) for fd in (1, 2)]
    program = str(bin_folder / "cass")
    pid = os.posix_spawn(program, [program, "index"], env, file_actions=quiet)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, -signal.SIGKILL):
        raise SystemExit(
            f"cass index ended with {code} after an earlier kill; see it with: HOME={env['HOME']} cass index"
        )
    return code != 0


def is_whole(bin_folder: Path, env: dict[str, str], expected: dict[str, object]) -> bool:
    """Has the archive all messages already?  Then there is nothing left to interrupt."""
    database = json_from(cass("status", bin_folder, env, "status", "--json"))["database"]
    return isinstance(database, dict) and database["messages"] == expected["messages"]


def answers(bin_folder: Path, env: dict[str, str], queries: list[str]) -> dict[str, object]:
    """All that a user could notice: counts, and ids with totals for every query."""
    status = json_from(cass("status", bin_folder, env, "status", "--json"))
    database = status["database"]
    assert isinstance(database, dict)
    seen: dict[str, object] = {"sessions": database["sessions"], "messages": database["messages"]}
    for query in queries:
        words = ["search", "--json", "--mode", "lexical", "--refresh", "off", "--sort", "newest", "-n", "50"]
        answer = json_from(cass("search", bin_folder, env, *words, "--group", "none", query))
        hits = answer["hits"]
        assert isinstance(hits, list)
        seen[query] = (answer["total_matches"], sorted(hit["id"] for hit in hits))
    return seen


def different(bin_folder: Path, torn: dict[str, str], whole: dict[str, object], queries: list[str]) -> list[str]:
    """What a user would miss, or find twice, after one more `cass index`."""
    run(cass("index", bin_folder, torn, "index"))
    got = answers(bin_folder, torn, queries)
    return [key for key in whole if whole[key] != got[key]]


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 at random moments of `cass index`.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng, bin_folder, home = random.Random(given.seed), installed(), CACHE / f"home-{given.messages}"
    ensure_home(home, given.messages)
    whole, torn = CACHE / "data-crash-whole", CACHE / "data-crash-torn"
    for folder in (whole, torn):
        shutil.rmtree(folder, ignore_errors=True)
    index_s = run(cass("index", bin_folder, environment(home, whole), "index")).wall_ms / 1e3
    queries = words_at([100 + 330 * number for number in range(20)])
    expected, env = answers(bin_folder, environment(home, whole), queries), environment(home, torn)

    killed, compared, missing = 0, 0, set[str]()
    while killed < given.kills:
        # Half of the kills fall into the first tenth: opening, creating and the first commits are the delicate part.
        moment_s = rng.random() * index_s * (0.1 if rng.random() < 0.5 else 1.0)
        if kill_while_indexing(bin_folder, env, moment_s):
            killed += 1
        if killed == given.kills or is_whole(bin_folder, env, expected):
            missing.update(different(bin_folder, env, expected, queries))
            compared += 1
            shutil.rmtree(torn)
    sys.stdout.write(f"{killed} runs killed, {compared} archives grown out of them; undisturbed {index_s:.1f} s.\n")
    sys.stdout.write(f"Different afterwards: {', '.join(sorted(missing)) or 'nothing'}.\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
