"""A real worker over a real archive: what it makes, what it reads, what it tells."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cass.daemon.reading import NewMessages
from cass.semantic.manifest import FAST
from cass.semantic.vectors import Tier
from cass.store.connect import open_reader
from cass.store.events import last_events
from tests.archive import Home, make_home
from tests.daemon.host import Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
MANY = 60.0
LINES = 30


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    for number in range(4):
        home.claude(f"s{number}", *[f"walrus {number} says line {line}" for line in range(LINES)])
    home.index()
    return home


@pytest.fixture
def running(home: Home) -> Iterator[Running]:
    """Workers that need not wait for an idle moment."""
    running = Running(home.data)
    running.env |= home.env | {"CASS_SEMANTIC_IDLE_DELAY_SECONDS": "0"}
    yield running
    running.close()


def count(home: Home) -> int:
    tier = Tier.open(home.places.vectors, FAST)
    return tier.documents if isinstance(tier, Tier) else 0


def events(home: Home) -> list[str]:
    """The kinds of what happened, oldest first."""
    connection = open_reader(home.places.database)
    assert connection is not None
    kinds = [event.kind for event in last_events(connection, 100)]
    connection.close()
    return kinds[::-1]


def test_it_does_what_is_owed_and_leaves(home: Home, running: Running) -> None:
    """All vectors, the log of it, and nothing else left behind."""
    worker = running.start("real")

    assert worker.wait(MANY) == 0
    assert count(home) == 4 * LINES
    assert events(home) == ["started", "chunk", "rest", "stopped"]  # it rests because no model is installed
    assert running.at_work() is None


def test_it_follows_new_messages(home: Home, running: Running) -> None:
    """What was said since is read, put into the index and gets its vectors."""
    home.append("s1", "and the narwhal?", "has one tusk")
    home.claude("s9", "a penguin came, too")

    assert running.start("real").wait(MANY) == 0

    assert count(home) == 4 * LINES + 3
    assert [home.search(word).total for word in ("narwhal", "penguin")] == [1, 1]
    assert not NewMessages(home.places, home.env, None, lambda: home.now_ms, lambda: 0.0).has_new()


def test_an_event_log_that_cannot_be_written(home: Home, running: Running) -> None:
    """The vectors are the same without it."""
    connection = sqlite3.connect(home.places.database)
    connection.execute(
        "CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'database or disk is full'); END"
    )
    connection.commit()
    connection.close()

    assert running.start("real").wait(MANY) == 0

    assert count(home) == 4 * LINES
    assert events(home) == []


def test_an_archive_that_is_not_there_yet(tmp_path: Path) -> None:
    """Nothing is indexed: the worker makes no archive, and leaves."""
    empty = make_home(tmp_path)
    running = Running(empty.data)
    running.env |= empty.env

    assert running.start("real").wait(MANY) == 0
    assert not os.path.exists(empty.places.database)


def test_killed_at_any_moment(home: Home, running: Running) -> None:
    """Whatever it was doing: the next one finishes, and no text has its vector twice."""
    for _ in range(3):
        worker = running.start("real")
        while worker.poll() is None and running.at_work() is None:
            pass
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    assert running.start("real").wait(MANY) == 0

    tier = Tier.open(home.places.vectors, FAST)
    assert isinstance(tier, Tier)
    ids = tier.ids().tolist()
    assert len(ids) == len(set(ids)) == 4 * LINES


def test_two_real_ones(home: Home, running: Running) -> None:
    """One makes the vectors, the other goes."""
    codes = [worker.wait(MANY) for worker in [running.start("real"), running.start("real")]]

    assert 0 in codes
    assert set(codes) <= {0, 7}
    assert count(home) == 4 * LINES
