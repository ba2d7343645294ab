"""Asking a worker for something: what stands in the files, and what it means."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cass.backfill.gates import Pause
from cass.daemon.control import PAUSE, STOP, ask_look, asked_stamp, forget_stop, pause, paused, stop_asked, unpause
from cass.daemon.waiting import LOOK_S, Signals, wait_for
from cass.disk import try_lock
from cass.store.worker_state import (
    LOCK,
    STATE,
    WORKER,
    Holder,
    WorkerState,
    forget_state,
    holder_of,
    read_state,
    sign,
    write_state,
)

NOW_MS = 1_767_323_045_000
HOUR_MS = 3_600_000


def test_a_pause_with_an_end(tmp_path: Path) -> None:
    """It is over when its time is."""
    data = str(tmp_path)

    assert pause(data, NOW_MS, 7200.0) == Pause(NOW_MS + 2 * HOUR_MS)
    assert paused(data, NOW_MS + HOUR_MS) == Pause(NOW_MS + 2 * HOUR_MS)
    assert paused(data, NOW_MS + 2 * HOUR_MS) is None


def test_a_pause_without_an_end(tmp_path: Path) -> None:
    """It holds until it is taken back, whatever the clock says."""
    pause(str(tmp_path), NOW_MS)

    assert [paused(str(tmp_path), at) for at in (0, NOW_MS, NOW_MS * 2)] == [Pause()] * 3
    assert unpause(str(tmp_path))
    assert paused(str(tmp_path), NOW_MS) is None


def test_a_clock_that_is_set_back(tmp_path: Path) -> None:
    """By an hour: the pause stays.  By years: it does not last for years."""
    data = str(tmp_path)
    pause(data, NOW_MS, 7200.0)

    assert paused(data, NOW_MS - HOUR_MS) is not None
    assert paused(data, NOW_MS - 24 * 365 * HOUR_MS) is None


@pytest.mark.parametrize("text", [b"", b"\n", b"soon\n", b"1 never\n", b"\xff\xff"])
def test_a_pause_that_cannot_be_read(tmp_path: Path, text: bytes) -> None:
    """Half a file asks for nothing."""
    (tmp_path / PAUSE).write_bytes(text)

    assert paused(str(tmp_path), NOW_MS) is None


def test_a_stop_is_meant_for_one_process(tmp_path: Path) -> None:
    """The next worker is not stopped by it."""
    (tmp_path / STOP).write_text("77\n")

    assert stop_asked(str(tmp_path), 77)
    assert not stop_asked(str(tmp_path), 7)
    forget_stop(str(tmp_path))
    forget_stop(str(tmp_path))
    assert not stop_asked(str(tmp_path), 77)


def test_asking_can_be_seen(tmp_path: Path) -> None:
    """The stamp changes with every question, and its being taken back."""
    stamps = [asked_stamp(str(tmp_path))]
    pause(str(tmp_path), NOW_MS)
    stamps.append(asked_stamp(str(tmp_path)))
    unpause(str(tmp_path))
    stamps.append(asked_stamp(str(tmp_path)))

    assert stamps[0] == stamps[2] != stamps[1]


def test_a_worker_that_is_there_is_asked_to_look(tmp_path: Path) -> None:
    """Where nobody is, nothing is left behind for the next one."""
    data = str(tmp_path)
    before, nobody = asked_stamp(data), ask_look(data)
    alone = asked_stamp(data)
    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        sign(data, WORKER)
        found = ask_look(data)

    assert (nobody, alone) == (None, before)
    assert found == Holder(os.getpid(), WORKER)
    assert asked_stamp(data) != before


def test_the_lock_says_what_its_holder_is(tmp_path: Path) -> None:
    """A worker signs as one; whoever does not is `cass backfill`."""
    data = str(tmp_path)
    assert holder_of(data) is None

    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        assert holder_of(data) == Holder(os.getpid(), "backfill")
        sign(data, WORKER)
        assert holder_of(data) == Holder(os.getpid(), "worker")

    assert holder_of(data) is None


def test_the_way_of_windows(tmp_path: Path) -> None:
    """Which has no shared locks: whether one is free is told by taking it."""
    data = str(tmp_path)
    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        sign(data, WORKER)
        assert holder_of(data, "win32") == Holder(os.getpid(), "worker")

    assert holder_of(data, "win32") is None


def test_the_state_is_what_was_written(tmp_path: Path) -> None:
    """Reasons are one line, whatever stands in them; without the lock the file tells nothing."""
    data = str(tmp_path)
    state = WorkerState(os.getpid(), "resting", "embedder_failed", "away:\n\tno answer", NOW_MS, None, NOW_MS)
    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        write_state(data, state)
        said = read_state(data)

    assert said == WorkerState(os.getpid(), "resting", "embedder_failed", "away: no answer", NOW_MS, None, NOW_MS)
    assert read_state(data) is None
    forget_state(data)
    forget_state(data)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK]


@pytest.mark.parametrize("text", ["", "pid\n", "pid x\nstate running\n", "\0\0\0\n"])
def test_a_torn_state(tmp_path: Path, text: str) -> None:
    """It is as if nothing had been said."""
    (tmp_path / STATE).write_text(text)
    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        assert read_state(str(tmp_path)) is None


def test_a_state_for_which_there_is_no_room(tmp_path: Path) -> None:
    """It takes the place of the one before."""
    data = str(tmp_path)
    with try_lock(str(tmp_path / LOCK)) or pytest.fail("it is free"):
        write_state(data, WorkerState(os.getpid(), "running", "embedding", "thousands of texts", NOW_MS))
        (tmp_path / f"{STATE}.new").mkdir()  # as little can be written here as on a full disk
        write_state(data, WorkerState(os.getpid(), "resting", "disk", "it is full", NOW_MS))

        assert read_state(data) == WorkerState(os.getpid(), "resting", "disk", "it is full", NOW_MS)


def test_a_state_that_cannot_be_written(tmp_path: Path) -> None:
    """No folder, no room: nothing is said, and nothing is raised."""
    write_state(str(tmp_path / "gone"), WorkerState(1, "running"))

    assert not (tmp_path / "gone").exists()


def test_a_long_wait_looks_up_now_and_then() -> None:
    """Slices of some seconds, and not one too many."""
    now_s, waits = [0.0], []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now_s[0] += seconds

    wait_for(2 * LOOK_S + 1, wait, lambda: now_s[0], lambda: False)

    assert waits == [LOOK_S, LOOK_S, 1.0]


def test_a_wait_that_is_disturbed() -> None:
    """It ends at the next look."""
    waits: list[float] = []

    wait_for(100.0, waits.append, lambda: 0.0, lambda: len(waits) == 2)

    assert waits == [LOOK_S, LOOK_S]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_signal_ends_a_wait() -> None:
    """A nudge only ends the wait; a signal that ends is remembered, and afterwards everything is as before."""
    before = signal.getsignal(signal.SIGTERM)
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGCONT)
        signals.wait(60.0)
        assert not signals.is_ended
        os.kill(os.getpid(), signal.SIGTERM)
        signals.wait(60.0)
        assert signals.number == signal.SIGTERM
        signals.wait(60.0)

    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "insists"), [(signal.SIGTERM, True), (signal.SIGHUP, False)])
def test_a_signal_that_comes_twice(number: signal.Signals, insists: bool) -> None:
    """Somebody insists; but a terminal that closes is told of by the kernel and by the shell."""
    with Signals() as signals:
        os.kill(os.getpid(), number)
        signals.wait(60.0)

        assert signals.number == number
        assert (signal.getsignal(number) == signal.SIG_DFL) is insists
