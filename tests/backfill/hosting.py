"""A worker's ticks, one at a time, with a machine and an embedder that the test holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from cass.backfill.gates import Asked
from cass.backfill.tick import Ticker, TickReport
from cass.semantic.manifest import FAST
from cass.store.events import ChunkDone, chunk_of, last_events
from tests.backfill.sensing import Machine
from tests.backfill.working import Working


class Host:
    """A worker's ticks, with a machine and an embedder that the test holds."""

    def __init__(self, working: Working, *tiers: str, **asked: Any) -> None:
        self.working = working
        self.machine = Machine(now_ms=working.now_ms)
        self.tiers = tiers or (FAST,)
        self.asked = Asked(**asked)
        self._ticker = self.ticker()

    def ticker(self, begun: Callable[[str], None] = lambda because: None) -> Ticker:
        request = self.working.request(*self.tiers)
        sensors = self.machine.sensors
        machine = self.working.made_machine(
            monotonic_s=sensors.monotonic_s, rss_bytes=sensors.rss_bytes, free_bytes=sensors.free_bytes
        )
        return Ticker(self.working.home.places, request, machine, sensors, self.asked, begun=begun)

    def tick(self) -> TickReport:
        return self._ticker.tick()

    def word(self) -> str | None:
        """Why a tick did nothing; None if it did something."""
        done = self.tick()
        if done.hold is not None:
            return done.hold.word
        assert done.report is not None
        return None if done.progress else next((t.stopped.word for t in done.report.tiers if t.stopped), "nothing_owed")


def done(tick: TickReport) -> list[int]:
    assert tick.report is not None
    return [tier.texts for tier in tick.report.tiers]


def log(working: Working) -> list[tuple[str, str]]:
    return [tuple(row) for row in working.ask("SELECT kind, what FROM events ORDER BY id")]


def chunks(working: Working) -> Iterator[ChunkDone]:
    connection = sqlite3.connect(working.home.places.database)
    found = [chunk_of(event) for event in last_events(connection, 100)]
    connection.close()
    return (one for one in reversed(found) if one is not None)
