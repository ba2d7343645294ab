"""Kill `cass backfill` two hundred times while sessions arrive, then look whether a vector is missing or there twice.

    python -m benchmarks.worker_kills [--kills 200] [--messages 20000]

The archive gets its sessions in parts.  While a backfill runs, the next part is indexed, and the backfill is ended with
SIGKILL at a random moment of the time that is left to it.  Whenever an archive has all its sessions and nothing is owed
any more, its vectors are compared with those of one undisturbed run over the same archive, and the next one begins.
`--command worker` kills `cass worker run` instead.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import run
from benchmarks.places import CACHE, cass, ensure_home, environment, installed, json_from
from tests.backfill.vectors_made import Rows, is_each_once, vectors_made

# Nobody waits for the user of a benchmark to go away.
WISHES = {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "0", "CASS_WORKER_MAX_LOAD_PER_CORE": "100"}
COMMANDS = {"backfill": ("backfill", "--tier", "fast", "--quiet"), "worker": ("worker", "run")}
PARTS = 10
BUSY = 7
LOOK_S, LONGEST_S = 0.02, 60.0


class Archive:
    """A HOME that is filled part by part from another one, and its data folder."""

    def __init__(self, bin_folder: Path, source: Path, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self.bin_folder, self.source, self.home = bin_folder, source, folder / "home"
        self.data = folder / "cass"
        self.home.mkdir(parents=True)
        self.env = environment(self.home, self.data) | WISHES
        files = sorted(path for path in source.rglob("*") if path.is_file())
        self.parts = [files[start::PARTS] for start in range(PARTS)]

    def grow(self) -> None:
        """One part of the sessions more, indexed."""
        for path in self.parts.pop():
            to = self.home / path.relative_to(self.source)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)
        # A worker reads them as well, and whoever comes second is told to wait.
        index = replace(cass("index", self.bin_folder, self.env, "index", "--quiet"), allowed=(0, BUSY))
        while run(index).exit_code == BUSY:
            pass

    @property
    def vectors(self) -> Path:
        return self.data / "data" / "derived" / "vectors"

    def made(self) -> Rows:
        return vectors_made(str(self.vectors))

    def finished(self) -> float:
        """Undisturbed, from where it stands; seconds."""
        return run(cass("backfill", self.bin_folder, self.env, *COMMANDS["backfill"])).wall_ms / 1e3

    def left(self) -> int:
        """Texts that are owed."""
        semantic = json_from(cass("status", self.bin_folder, self.env, "status", "--json"))["semantic"]
        assert isinstance(semantic, dict)
        count: int = semantic["backlog"]["fast"]
        return count


def first_vectors_s(archive: Archive, command: str) -> float:
    """Seconds from the start of the command until the first vectors stand; it is killed then."""
    running = start(archive, command)
    started_s = time.monotonic()
    while not list(archive.vectors.rglob("current")) and time.monotonic() - started_s < LONGEST_S:
        time.sleep(LOOK_S)
    running.kill()
    running.communicate()
    return time.monotonic() - started_s


def start(archive: Archive, command: str) -> subprocess.Popen[bytes]:
    program = str(archive.bin_folder / "cass")
    words = [program, *COMMANDS[command]]
    return subprocess.Popen(words, env=archive.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def kill_while_working(archive: Archive, command: str, after_s: float, grows: bool) -> bool:
    """Start it, let sessions arrive if there are any, end it; False if it had ended by itself."""
    running = start(archive, command)
    started_s = time.monotonic()
    if grows:
        archive.grow()
    time.sleep(max(0.0, after_s - (time.monotonic() - started_s)))
    os.kill(running.pid, signal.SIGKILL)
    _, said = running.communicate()
    if running.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"cass {command} ended with {running.returncode}: {said.decode()}")
    return running.returncode != 0


def wrong(archive: Archive) -> list[str]:
    """What is different from one undisturbed run over the same archive."""
    archive.finished()
    disturbed = archive.made()
    shutil.rmtree(archive.vectors)
    archive.finished()
    found = [] if is_each_once(disturbed) else ["vectors that are there twice"]
    return found if disturbed == archive.made() else [*found, "other vectors than in one go"]


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 at random moments of `cass backfill`.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command", choices=COMMANDS, default="backfill")
    given = parser.parse_args()
    rng, bin_folder, source = random.Random(given.seed), installed(), CACHE / f"home-{given.messages}"
    ensure_home(source, given.messages)
    killed, rounds, bad, kept = 0, 0, set[str](), 0
    while killed < given.kills:
        archive = Archive(bin_folder, source, CACHE / "data-worker-kills")
        archive.grow()
        before, first_s = -1, first_vectors_s(archive, given.command)
        while killed < given.kills and (archive.parts or archive.left()):
            grows = bool(archive.parts) and rng.random() < 0.3
            # Opening, planning and the first writes are the delicate part.  How long that takes is the machine's to
            # say: a worker has the lowest priority.
            moment_s = rng.random() * first_s * (1 if rng.random() < 0.5 else 3)
            killed += kill_while_working(archive, given.command, moment_s, grows)
            rows = len(archive.made())
            bad |= {"vectors that were published and went"} if rows < before else set()
            kept, before = kept + (rows > 0), rows
        bad |= set(wrong(archive))
        rounds += 1
    bad |= set() if kept else {"no run got so far that it had vectors to lose"}
    sys.stdout.write(f"{killed} runs killed, {rounds} archives grown meanwhile, {kept} times with vectors to lose.\n")
    sys.stdout.write(f"Wrong afterwards: {', '.join(sorted(bad)) or 'nothing'}.\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
