"""What goes wrong around the worker's loop, in a world that the test holds: a rest, or a reason to leave."""

from __future__ import annotations

import errno

import pytest

from cass.backfill.gates import Hold
from cass.backfill.worker import Leave
from cass.errors import Busy, CorruptDatabase, NewerDatabase, SystemRefused
from tests.backfill.worker_world import (
    ACTIVE,
    DONE,
    IDLE_EXIT_S,
    POLL_S,
    Ticked,
    World,
    worked,
)


@pytest.mark.parametrize(
    "bad",
    [
        Busy("the database is locked by another program"),
        SystemRefused("the disk is full"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_what_passes(bad: Exception) -> None:
    """A tick that could not be done is a rest, and the next one works."""
    world = World(bad, worked(), DONE)

    left = world.run()

    assert left.word == "nothing_owed"
    assert [kind for kind, _ in world.notes] == ["started", "rest", "stopped"]


def test_a_corrupt_database_never_makes_it_spin() -> None:
    """It says what is wrong, looks again after ever longer rests, and leaves."""
    world = World(CorruptDatabase("the database cannot be read"))

    left = world.run()

    assert left.word == "corrupt-database"
    assert world.did.count("tick") < IDLE_EXIT_S / POLL_S + 1


def test_a_newer_database_is_a_newer_programs() -> None:
    """An old worker leaves at once."""
    assert World(NewerDatabase("schema 9")).run().exit_code == 6


def test_a_bug_is_a_reason_and_not_a_traceback() -> None:
    """After five in a row it leaves, with the exit code of a bug."""
    world = World(ZeroDivisionError("division by zero"))

    left = world.run()

    assert left == Leave("bug", "ZeroDivisionError: division by zero", 9)
    assert world.did == ["tick"] * 5
    assert min(world.waits) >= 1


class Panic(BaseException):
    """What an extension raises that had a panic: no Exception."""


def test_a_panic_is_a_bug_like_any_other() -> None:
    """One of them is a rest; the worker stays, and works."""
    world = World(Panic("an index out of bounds"), worked(), DONE)

    assert world.run().word == "nothing_owed"
    assert ("rest", "Panic: an index out of bounds") in world.notes


@pytest.mark.parametrize("bad", [OSError(errno.EBADF, "Bad file descriptor"), ZeroDivisionError(), Panic("oh")])
def test_a_wait_that_fails(bad: BaseException) -> None:
    """Once is nothing; who cannot wait at all leaves before it spins."""
    once, always = World(ACTIVE), World(ACTIVE)

    def fail_once() -> None:
        if len(once.waits) == 1:
            raise bad
        once.stopped = len(once.waits) > 20

    def fail() -> None:
        raise bad

    once.while_waiting, always.while_waiting = fail_once, fail

    assert once.run().word == "stopped"
    assert always.run().exit_code == 9
    assert len(always.waits) == 5
    assert always.notes[-1][0] == "stopped"


def test_a_folder_that_vanishes() -> None:
    """Whoever deletes the data folder need not look for the worker."""
    world = World(ACTIVE)

    def vanish() -> None:
        world.here = False

    world.while_waiting = vanish

    assert world.run().word == "gone"
    assert len(world.waits) == 1


@pytest.mark.parametrize(("word", "code"), [("newer-database", 6), ("bug", 9)])
def test_errors_that_a_tick_tells(word: str, code: int) -> None:
    """A tick raises nothing: its holds with the names of errors are treated as what they are."""
    left = World(Ticked(hold=Hold(word, "why", 60.0))).run()

    assert (left.word, left.exit_code) == (word, code)


def test_an_event_log_that_fails_harms_nothing() -> None:
    """The work is the same without it."""
    world = World(worked(), ACTIVE, worked(), DONE)
    world.log_fails = True

    assert world.run().word == "nothing_owed"
