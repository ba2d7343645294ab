"""A worker that is busy when it is told to, so that somebody can measure what that costs the others.

A process of its own; `work` and `rest` come as lines on stdin, and each is answered when it is so: with a worker's
priority, the first batch may take a while to come.  It makes what is owed, as `cass backfill` does; where nothing is,
or another process does it, it embeds the newest texts again and throws the vectors away.  It ends with its stdin, and
then says what it did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from cass import clock
from cass.backfill.embedding import cut
from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.run import Backfill
from cass.daemon.manners import be_nice
from cass.daemon.spawn import PACKAGE_PARENT
from cass.disk import free_bytes
from cass.errors import Busy
from cass.paths import places
from cass.records import record, replace
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.table import SERVER, build_embedder, embedder_options, embedder_row
from cass.settings.quick import load
from cass.store.connect import open_reader
from cass.store.owed import Owed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from cass.paths import Places
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.settings.quick import Settings

WORK, REST = "work", "rest"
UNKNOWN_BYTES = 1 << 62
TEXTS, CHARS, PIECES = 64, 100_000, 8


@record
class Load:
    """What it did meanwhile: texts that were owed, and pieces that were embedded once more for nothing."""

    owed: int
    again: int
    embedder_id: str


class BusyWorker:
    """Start one; `work()` and `rest()` come back when it does; `end()` gives what it did."""

    def __init__(self, where: Places) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from cass.daemon.busy import main; main()", where.data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=PACKAGE_PARENT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([PACKAGE_PARENT, *[path for path in sys.path if path]])},
        )

    def work(self) -> None:
        self._ask(WORK)

    def rest(self) -> None:
        self._ask(REST)

    def _ask(self, word: str) -> None:
        """Raises OSError where it has died."""
        self._stdin.write(f"{word}\n")
        self._stdin.flush()
        for line in self._stdout:
            if line.strip() == word:
                return
        raise ChildProcessError("the busy worker has died")

    def end(self) -> Load | None:
        """None where it has died."""
        self._stdin.close()
        words = self._stdout.read().split("\n")[-2:-1]
        self._process.wait()
        owed, again, embedder_id = words[0].split(" ", 2) if words else ("", "", "")
        return Load(int(owed), int(again), embedder_id) if owed.isdigit() and again.isdigit() else None

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


class Orders:
    """What was said last on stdin."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._wanted, self._answered = REST, ""
        self._ended = False
        self._is_at_work = False
        self._rested_s = 0.0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            with self._changed:
                self._wanted, self._answered = line.strip(), ""
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def worked_s(self) -> float:
        """A clock that stands still while there is a rest, so that the work is not said to be slow."""
        return clock.monotonic_s() - self._rested_s

    def at_work(self, *progress: object) -> None:
        """A batch is done: from now on it may be said that there is work."""
        self._is_at_work = True

    def is_over(self) -> bool:
        """Asked between batches; comes back when the work may go on, or is over."""
        with self._changed:
            while not self._ended:
                # With the lowest priority, what is asked for first may take seconds to begin.
                if self._answered != self._wanted and (self._is_at_work or self._wanted == REST):
                    self._answered = self._wanted
                    os.write(1, f"{self._wanted}\n".encode())
                if self._wanted == WORK:
                    return False
                began_s = clock.monotonic_s()
                self._changed.wait()
                self._rested_s += clock.monotonic_s() - began_s
            return True


def main() -> None:
    """Be busy until stdin ends."""
    be_nice()
    where = places(os.environ, data_dir=sys.argv[1])
    settings, orders = load(where, os.environ), Orders()
    orders.is_over()
    owed, (again, name) = _make_owed(where, settings, orders), (0, "")
    if not owed or not orders.is_over():
        again, name = _embed_again(where, settings, orders)
    os.write(1, f"{owed} {again} {name}\n".encode())


def _make_owed(where: Places, settings: Settings, orders: Orders) -> int:
    """Texts that got their vectors; none where another process makes them."""
    policy = settings.policy()
    machine = Machine(
        clock.now_ms,
        orders.worked_s,
        lambda: free_bytes(where.data) or UNKNOWN_BYTES,
        orders.is_over,
        progress=orders.at_work,
        embedder_options=embedder_options(settings),
    )
    try:
        report = Backfill(where, BackfillRequest(policy, policy), machine).run()
    except Busy:
        return 0
    return sum([tier.texts for tier in report.tiers])


def _embed_again(where: Places, settings: Settings, orders: Orders) -> tuple[int, str]:
    """(pieces, embedder), with the best embedder that is there."""
    embedder, count = _embedder(where, settings), 0
    while True:
        before = count
        for some in _batches(where):
            embedder.embed(some)
            count += len(some)
            orders.at_work()
            if orders.is_over():
                return count, embedder.embedder_id
        if count == before:  # no texts at all
            orders.at_work()
            orders.is_over()
            return count, embedder.embedder_id


def _embedder(where: Places, settings: Settings) -> BaseEmbedder:
    policy = settings.policy()
    options = replace(
        embedder_options(settings),
        data=where.data,
        fast_dimension=policy.fast_dimension,
        threads=max(1, policy.max_backfill_threads),
    )
    name = policy.quality_tier_embedder
    if not policy.wants_quality_tier or embedder_row(name).name == SERVER:  # what is thrown away is sent to nobody
        name = policy.fast_tier_embedder
    try:
        return build_embedder(name, options)
    except EmbedderNotLoaded:
        return build_embedder(policy.fast_tier_embedder, options)


def _batches(where: Places) -> Iterator[list[str]]:
    """Pieces of texts, newest first."""
    connection = open_reader(where.database)
    if connection is None:
        return
    owed = Owed(connection, ())
    while texts := owed.take(TEXTS, CHARS):
        found = [piece for each in cut(texts) for piece in each.pieces]
        yield from [found[at : at + PIECES] for at in range(0, len(found), PIECES)]
    connection.close()
