"""An embedder that is kept running."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cass import clock
from cass.daemon.supervised import ANOTHERS, ENDED, LOST, RUNNING, Supervised, embedder_command, ping
from tests.daemon import embedders

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unix sockets")
SOON_S = 30.0


@pytest.fixture
def url() -> Iterator[str]:
    with embedders.short_folder() as folder:
        yield f"unix://{folder}/e.sock"


@contextmanager
def kept(url: str, folder: Path, *more: str) -> Iterator[Supervised]:
    supervised = Supervised(url, embedder_command(url, str(folder), ("--model", "hash", *more)), lambda line: None)
    supervised.start()
    try:
        yield supervised
    finally:
        supervised.close()


def until(is_so: Callable[[], bool]) -> None:
    until_s = clock.monotonic_s() + SOON_S
    while not is_so():
        assert clock.monotonic_s() < until_s
        os.sched_yield()


def test_it_is_started_again_when_it_is_killed(url: str, tmp_path: Path) -> None:
    with kept(url, tmp_path) as supervised:
        until(lambda: supervised.now.state == RUNNING)
        first = supervised.now.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        until(lambda: supervised.now.state == LOST)
        why = supervised.now.reason
        until(lambda: supervised.now.state == RUNNING)
        second, answers = supervised.now, ping(url)

    assert why == "signal 9 ended it"
    assert (second.restarts, second.pid != first, answers) == (1, True, None)
    assert supervised.now.state == ENDED


def test_with_its_owner_it_ends(url: str, tmp_path: Path) -> None:
    """Its socket goes, too."""
    with kept(url, tmp_path) as supervised:
        until(lambda: supervised.now.state == RUNNING)

    assert ping(url) is not None
    assert not os.path.exists(url.removeprefix("unix://"))


def test_one_that_cannot_start_says_why(url: str, tmp_path: Path) -> None:
    with kept(url, tmp_path, "--dimension", "7") as supervised:
        until(lambda: supervised.now.state == LOST)
        reason = supervised.now.reason

    assert reason is not None and "not 7" in reason


def test_one_that_is_there_already_is_left_alone(url: str, tmp_path: Path) -> None:
    """It goes on when this one ends."""
    with embedders.running(embedders.real(url), str(tmp_path)) as others:
        with kept(url, tmp_path) as supervised:
            until(lambda: supervised.now.state == ANOTHERS)
        assert others.poll() is None
        assert ping(url) is None


def test_when_it_goes_one_is_started_in_its_place(url: str, tmp_path: Path) -> None:
    with embedders.running(embedders.real(url), str(tmp_path)) as others, kept(url, tmp_path) as supervised:
        until(lambda: supervised.now.state == ANOTHERS)
        others.terminate()
        until(lambda: supervised.now.state == RUNNING)

        assert ping(url) is None
