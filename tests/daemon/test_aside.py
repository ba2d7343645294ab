"""The worker's place for a moment: `cass backfill` beside workers that are real processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass import clock
from cass.daemon.aside import step_aside
from cass.daemon.control import STOP, ask_stop, pause, stop_asked, wait_until_gone
from cass.store.worker_state import read_state
from tests.archive import Home, make_home
from tests.backfill.vectors_made import vectors_made
from tests.daemon.host import Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
MANY = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An archive that owes vectors; the worker that goes on in it ends with the test."""
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    home.index()
    yield home
    holder = ask_stop(str(home.data))
    if holder is not None:
        assert wait_until_gone(str(home.data), holder.pid, MANY, clock.monotonic_s, clock.sleep)


@pytest.mark.parametrize("kind", ["held", "busy"])
@pytest.mark.parametrize("words", [(), ("--force",)])
def test_a_worker_steps_aside_and_goes_on(home: Home, running: Running, kind: str, words: tuple[str, ...]) -> None:
    """Resting or working: who asks by hand gets the vectors now, and another worker is there afterwards."""
    before = running.resting(kind) if kind == "held" else running.working(kind)

    done = home.cass("backfill", *words)

    assert done.returncode == 0
    assert f"cass: the worker, process {before.pid}, has stepped aside; it goes on after this\n" in done.stderr
    assert before.wait(MANY) == 0
    assert len(vectors_made(home.places.vectors)) == 2
    running.until(lambda: running.at_work() not in (None, before.pid))


def test_a_worker_that_is_paused(home: Home, running: Running) -> None:
    """The reason is the pause, and no work that nobody does."""
    before = running.working("held")
    pause(str(home.data), clock.now_ms(), 7200.0)
    running.until(lambda: (said := read_state(str(home.data))) is not None and said.word == "paused", before)

    done = home.cass("backfill")

    assert done.returncode == 0
    assert "it is paused for a while" in done.stdout
    running.until(lambda: running.at_work() not in (None, before.pid))


def test_a_worker_in_a_long_batch(home: Home, running: Running) -> None:
    """Whoever does not wait for the end of it takes the wish back: the worker goes on as before."""
    before = running.start("stuck")
    running.until(lambda: str(before.pid) in running.ticks(), before)

    assert step_aside(str(home.data), most_s=0.0) is None

    assert not stop_asked(str(home.data), before.pid)
    assert not (home.data / STOP).exists()
    assert running.at_work() == before.pid


def test_nobody_is_asked_to_step_aside(home: Home) -> None:
    """Where no worker is, none is started by this."""
    done = home.cass("backfill")

    assert (done.returncode, done.stderr) == (0, "")
    assert ask_stop(str(home.data)) is None
