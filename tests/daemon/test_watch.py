"""`cass index --watch`, as a process: what it prints, whom it refuses, how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cass.daemon.control import ask_stop
from cass.disk import try_lock
from cass.store.worker_state import LOCK, WATCH, holder_of
from tests.archive import REPO, Home, make_home
from tests.schemas.checking import faults

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
BUSY, USAGE, INTERRUPTED = 7, 2, 130


class Watching:
    """The process; whatever a test does, it is not left.  Lines are waited for, never slept for."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        """One that has begun to follow, which it says on stderr."""
        process = self.begin(*words)
        assert process.stderr is not None
        while not process.stderr.readline().startswith("Watching "):
            assert process.poll() is None
        return process

    def begin(self, *words: str) -> subprocess.Popen[str]:
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **self.home.env}
        command = [sys.executable, "-m", "cass", "index", "--watch", *words]
        process = subprocess.Popen(
            command, env=env, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    return home


@pytest.fixture
def watching(home: Home) -> Iterator[Watching]:
    watching = Watching(home)
    yield watching
    watching.close()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_what_agents_write_is_read(home: Home, watching: Watching) -> None:
    """A line for each batch; what it tells of can be searched, and Ctrl-C is 130, without a word more."""
    process = watching.start("--json")
    first = json.loads(line(process))
    home.append("one", "and the narwhal?")
    second: dict[str, Any] = json.loads(line(process))
    found = home.search("narwhal").total
    home.claude("two", "a penguin, too", "of course")
    third = json.loads(line(process))
    process.send_signal(signal.SIGINT)

    assert process.communicate() == ("", "")
    assert process.returncode == INTERRUPTED
    assert faults("index", first) + faults("index-watch", second) + faults("index-watch", third) == []
    assert (first["messages"], found, home.search("penguin").total) == (2, 1, 1)
    assert {key: second[key] for key in ("files", "messages", "agents", "behind_files", "notes")} == {
        "files": 1,
        "messages": 1,
        "agents": ["claude_code"],
        "behind_files": 0,
        "notes": [],
    }
    assert (third["files"], third["messages"]) == (1, 2)


def test_people_get_a_line(home: Home, watching: Watching) -> None:
    """After what a plain run prints."""
    process = watching.start()
    while "messages in" not in line(process):
        pass
    home.append("one", "and the narwhal?")

    assert " 1 message from 1 file (claude_code) in " in line(process)


def test_one_a_data_folder(home: Home, watching: Watching) -> None:
    """It takes the worker's place; whoever comes second is told so, and status says who is there."""
    process = watching.start()

    again = home.cass("index", "--watch")
    holder = holder_of(str(home.data))
    said = json.loads(home.cass("status", "--json").stdout)["worker"]

    assert (again.returncode, "cass worker stop" in again.stderr) == (BUSY, True)
    assert holder is not None
    assert (holder.pid, holder.what) == (process.pid, WATCH)
    assert "--watch" in said["reason"]


def test_nothing_is_forgotten_meanwhile(home: Home, watching: Watching) -> None:
    """`cass forget` says who is there, and what to do."""
    process = watching.start()

    done = home.cass("forget", "--workspace", "/w/app", "--yes")

    assert done.returncode == BUSY
    assert f"process {process.pid} is at work here" in done.stderr


def test_no_vectors_are_made_meanwhile(home: Home, watching: Watching) -> None:
    """`cass backfill` says whose place it is, and not that vectors are made."""
    process = watching.start()

    done = home.cass("backfill")

    assert done.returncode == BUSY
    assert f"process {process.pid} is cass index --watch" in done.stderr
    assert "making vectors" not in done.stderr


def test_a_plain_run_goes_before(home: Home, watching: Watching) -> None:
    """`cass index` beside it works; what it reads is followed too."""
    process = watching.start("--json")
    line(process)

    assert home.cass("index", "--full").returncode == 0
    home.append("one", "and the narwhal?")
    assert json.loads(line(process))["messages"] == 1


def test_somebody_else_is_indexing(home: Home, watching: Watching) -> None:
    """The first run is theirs, and that is said; what is new afterwards is read here."""
    home.index()
    lock = try_lock(home.places.index_lock)
    assert lock is not None
    with lock:
        process = watching.start("--json")
        home.append("one", "and the narwhal?")

    assert json.loads(line(process))["messages"] == 1


@pytest.mark.parametrize("how", ["stop", "term"])
def test_asked_to_end(home: Home, watching: Watching, how: str) -> None:
    """By `cass worker stop` or by a signal; the lock is free then."""
    process = watching.start()
    if how == "stop":
        ask_stop(str(home.data))
    else:
        process.terminate()

    process.communicate()
    assert process.returncode == (0 if how == "stop" else 128 + signal.SIGTERM)
    lock = try_lock(str(home.data / LOCK))
    assert lock is not None
    lock.release()


def test_it_is_no_dry_run(home: Home) -> None:
    assert home.cass("index", "--watch", "--dry-run").returncode == USAGE
