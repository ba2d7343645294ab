"""Workers as real processes: one at a time, stopped, paused, killed, and without a terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cass import clock
from cass.daemon.control import (
    PAUSE,
    STOP,
    ask_stop,
    pause,
    paused,
    unpause,
    wait_until_awake,
    wait_until_gone,
    wait_until_paused,
)
from cass.daemon.manners import LOG
from cass.disk import try_lock
from cass.store.worker_state import LOCK, STATE, holder_of, read_state
from tests.archive import make_home
from tests.daemon.host import REPO, Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
BUSY = 7
MANY = 60.0


@pytest.mark.parametrize("again", range(5))
def test_two_at_the_same_instant(running: Running, again: int) -> None:
    """Exactly one works; the other says that the folder is taken, and goes."""
    both = [running.start("held"), running.start("held")]
    running.until(lambda: any(each.poll() is not None for each in both))
    (other,) = [each for each in both if each.poll() is None]
    running.until(lambda: str(other.pid) in running.ticks(), other)

    assert [each.returncode for each in both if each is not other] == [BUSY]
    assert set(running.ticks()) == {str(other.pid)}
    assert running.at_work() == other.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("kind", ["busy", "held"])
def test_a_signal_ends_it(running: Running, kind: str, number: signal.Signals) -> None:
    """Working or resting: it ends by itself, leaves no state behind, and the lock is free."""
    process = running.working(kind)

    process.send_signal(number)

    assert process.wait(MANY) == 0
    assert running.at_work() is None
    assert not (running.data / STATE).exists()


def test_interrupted_at_a_terminal(running: Running) -> None:
    """Ctrl-C is 130, as for every command."""
    process = running.working("busy")

    process.send_signal(signal.SIGINT)

    assert process.wait(MANY) == 130


@pytest.mark.parametrize("kind", ["busy", "idle", "held"])
def test_asked_to_stop(running: Running, kind: str) -> None:
    """`cass worker stop` is a file and a nudge; neither is left afterwards."""
    process = running.working(kind)

    asked = ask_stop(str(running.data))

    assert asked is not None
    assert asked.pid == process.pid
    assert process.wait(MANY) == 0
    assert wait_until_gone(str(running.data), process.pid, 0.0, clock.monotonic_s, clock.sleep)
    assert not (running.data / STOP).exists()


def test_new_lines_are_read_as_they_come(running: Running, tmp_path: Path) -> None:
    """A worker that rests hears an agent write: it does not sleep until its next look."""
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus")
    home.index()
    process = running.start("stay")
    running.until(lambda: (said := read_state(str(running.data))) is not None and said.state == "resting", process)

    home.append("one", "and the narwhal?")

    running.until(lambda: home.search("narwhal").total == 1, process)


def test_killed(running: Running) -> None:
    """Nothing has to be tidied up: the lock is free, its state tells nothing, and the next one works."""
    process = running.resting("held")

    process.kill()
    process.wait()

    assert holder_of(str(running.data)) is None
    assert read_state(str(running.data)) is None
    assert running.working("held").pid == running.at_work()


def test_nobody_to_stop(running: Running) -> None:
    """A stop that nobody hears does not stop the next worker."""
    running.data.mkdir()
    assert ask_stop(str(running.data)) is None
    (running.data / STOP).write_text("1\n")

    assert running.working("held").poll() is None


def test_it_says_why_it_is_at_work(running: Running) -> None:
    """While it is: a chunk may last for minutes."""
    process = running.working("stuck")
    data = str(running.data)
    running.until(lambda: (said := read_state(data)) is not None and "nobody is here" in said.reason, process)

    said = read_state(data)
    assert said is not None
    assert (said.state, said.reason) == ("running", "vectors are made; nobody is here")


@pytest.mark.parametrize("kind", ["busy", "held"])
def test_paused_and_let_go_on(running: Running, kind: str) -> None:
    """It rests while the pause holds, and ticks again when it is taken back."""
    process = running.working(kind)
    data = str(running.data)

    pause(data, clock.now_ms())
    assert wait_until_paused(data, MANY, clock.monotonic_s, clock.sleep)
    assert (said := read_state(data)) is not None and said.word == "paused"
    before = len(running.ticks())
    assert not wait_until_awake(data, 0.0, clock.monotonic_s, clock.sleep)
    assert unpause(data)
    assert wait_until_awake(data, MANY, clock.monotonic_s, clock.sleep)

    running.until(lambda: len(running.ticks()) > before, process)
    assert paused(data, clock.now_ms()) is None
    assert not unpause(data)
    assert not (running.data / PAUSE).exists()


def test_it_leaves_by_itself(running: Running) -> None:
    """Nothing is owed, and it was told not to stay."""
    process = running.start("once")

    assert process.wait(MANY) == 0
    assert sorted(path.name for path in running.data.iterdir()) == ["worker.done", LOCK]


def test_a_data_folder_that_vanishes(running: Running) -> None:
    """It goes with its folder, and does not make it again."""
    process = running.resting("held")

    shutil.rmtree(running.data)

    assert process.wait(MANY) == 0
    assert not running.data.exists()


def test_a_data_folder_that_is_made_again(running: Running) -> None:
    """The lock in the new folder is another's: the old worker leaves it alone."""
    process = running.resting("held")
    shutil.rmtree(running.data)
    running.data.mkdir()
    with try_lock(str(running.data / LOCK)) or pytest.fail("it is free"):
        assert process.wait(MANY) == 0

    assert sorted(path.name for path in running.data.iterdir()) == [LOCK]


def test_without_anybody_to_talk_to(running: Running) -> None:
    """Closed stdout and stderr are no reason to fail."""
    process = running.working("deaf")

    ask_stop(str(running.data))

    assert process.wait(MANY) == 0


def test_memory_that_does_not_come_back(running: Running) -> None:
    """It becomes a fresh process, under the same number, which works on."""
    process = running.start("heavy")

    running.until(lambda: (said := read_state(str(running.data))) is not None and said.word == "user_active", process)

    assert running.at_work() == process.pid
    assert set(running.ticks()) == {str(process.pid)}


@pytest.mark.parametrize("kind", ["early", "late"])
def test_a_stop_between_two_lives(running: Running, kind: str) -> None:
    """When it has just taken the lock, or is about to become a fresh process: it is heard, and it leaves."""
    assert running.start(kind).wait(MANY) == 0
    assert set(os.listdir(running.data)) <= {LOCK, LOG}


def test_status_sees_what_it_does(running: Running) -> None:
    """Who it is, that it rests, why, and when it looks again."""
    process = running.resting("held")

    said = read_state(str(running.data))

    assert said is not None
    assert (said.pid, said.state, said.word) == (process.pid, "resting", "user_active")
    assert said.reason == "you were here a moment ago"
    assert said.next_look_ms is not None
    assert 0 < said.next_look_ms - said.since_ms <= 20_000


def test_looking_at_it_keeps_nobody_out(running: Running) -> None:
    """Whoever asks for the state does not take the lock from a worker that starts."""
    process = running.start("held")
    while str(process.pid) not in running.ticks():
        holder_of(str(running.data))
        assert process.poll() is None

    assert running.at_work() == process.pid


def test_it_is_nice(running: Running) -> None:
    """The lowest priority that the system has."""
    process = running.working("held")

    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 19


def test_it_has_no_children_and_holds_no_folder(running: Running) -> None:
    """One process, in the root folder."""
    if not os.path.exists("/proc/self/cwd"):
        pytest.skip("only /proc tells")
    process = running.working("held")

    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
        assert file.read() == ""
    assert os.readlink(f"/proc/{process.pid}/cwd") == "/"


def test_it_costs_nothing_to_import(running: Running) -> None:
    """Deciding that no worker is to be started loads nothing that is heavy."""
    code = "import sys, cass.daemon.autostart; print(*sorted(m for m in sys.modules if m.startswith('cass')))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPO)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["cass", "cass.daemon", "cass.daemon.autostart"]
