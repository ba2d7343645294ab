"""A worker that is busy when it is told to, so that somebody can measure what that costs the others.

A process of its own; `work` and `rest` come as lines on stdin, and each is answered when it is so: with a worker's
priority, the first batch may take a while to come.  It makes what is owed, as `cass backfill` does; where nothing is,
or another process does it, it embeds the newest texts again and throws the vectors away.  It ends with its stdin, and
then says what it did; if it dies, the last line of its stderr says why.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading

from cass import clock
from cass.backfill.embedding import cut
from cass.backfill.machine import BackfillRequest, Machine
from cass.backfill.run import Backfill
from cass.daemon.manners import be_nice
from cass.daemon.spawn import PACKAGE_PARENT
from cass.disk import bytes_left
from cass.errors import Busy, CassError
from cass.paths import places
from cass.records import record, replace
from cass.semantic.embedders.base import EmbedderNotLoaded
from cass.semantic.embedders.table import SERVER, build_embedder, embedder_options, embedder_row
from cass.settings.quick import load
from cass.store.connect import open_reader
from cass.store.owed import Owed
from cass.store.worker_state import holder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from cass.paths import Places
    from cass.semantic.embedders.base import BaseEmbedder
    from cass.settings.quick import Settings

WORK, REST = "work", "rest"
BETWEEN = "\t"
TEXTS, CHARS, PIECES = 64, 100_000, 8
ALWAYS_THERE = "hash"


@record
class Load:
    """What it did meanwhile: texts that were owed, and pieces that were embedded once more for nothing.

    instead: why that was not done with the model that is installed; "" where nothing is wrong · held: who makes what is
    owed already; "" for nobody.
    """

    owed: int
    again: int
    embedder_id: str
    instead: str = ""
    held: str = ""


class BusyWorker:
    """Start one; `work()` and `rest()` come back when it does; `end()` gives what it did."""

    def __init__(self, where: Places) -> None:
        # A file, not a pipe: nobody reads it before the end, and a library may have much to say.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", "from cass.daemon.busy import main; main()", where.data],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=PACKAGE_PARENT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([PACKAGE_PARENT, *[path for path in sys.path if path]])},
        )

    def work(self) -> None:
        self._ask(WORK)

    def rest(self) -> None:
        self._ask(REST)

    def _ask(self, word: str) -> None:
        """Raises ChildProcessError where it has died."""
        try:
            self._stdin.write(f"{word}\n")
            self._stdin.flush()
        except OSError as died:
            raise ChildProcessError("the busy worker has died") from died
        for line in self._stdout:
            if line.strip() == word:
                return
        raise ChildProcessError("the busy worker has died")

    def end(self) -> Load | str:
        """What it did; or why it died, in its own last words."""
        try:
            self._stdin.close()
        except OSError:
            pass  # what it was asked last, it did not hear
        told = self._stdout.read().split("\n")[-2:-1]
        code = self._process.wait()
        with self._said as said:
            said.seek(0)
            words = said.read().decode("utf-8", "replace").split("\n")
        owed, again, *names = told[0].split(BETWEEN) if told else ("", "")
        if len(names) == 3 and owed.isdigit() and again.isdigit():
            return Load(int(owed), int(again), *names)
        return next((line.strip() for line in reversed(words) if line.strip()), f"it ended with {code}")

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
    try:
        load = _work(where, Orders())
    except CassError as bad:
        raise SystemExit(str(bad)) from bad
    said = [" ".join(str(getattr(load, name)).split()) for name in Load.__match_args__]
    os.write(1, f"{BETWEEN.join(said)}\n".encode())


def _work(where: Places, orders: Orders) -> Load:
    settings = load(where, os.environ)
    orders.is_over()
    owed, held = _make_owed(where, settings, orders)
    if owed and orders.is_over():
        return Load(owed, 0, "")
    embedder, instead = _embedder(where, settings)
    return Load(owed, _embed_again(where, embedder, orders), embedder.embedder_id, instead, held)


def _make_owed(where: Places, settings: Settings, orders: Orders) -> tuple[int, str]:
    """Texts that got their vectors; none where another process has the place, and which."""
    policy = settings.policy()
    machine = Machine(
        clock.now_ms,
        orders.worked_s,
        lambda: bytes_left(where.data),
        orders.is_over,
        progress=orders.at_work,
        embedder_options=embedder_options(settings),
    )
    try:
        request = BackfillRequest(policy, policy, max_attempts=settings.whole("worker.max_attempts"))
        report = Backfill(where, request, machine).run()
    except Busy:
        holder = holder_of(where.data)
        return 0, "another process" if holder is None else f"process {holder.pid}"
    return sum([tier.texts for tier in report.tiers]), ""


def _embed_again(where: Places, embedder: BaseEmbedder, orders: Orders) -> int:
    """So many pieces."""
    count = 0
    while True:
        before = count
        for some in _batches(where):
            embedder.embed(some)
            count += len(some)
            orders.at_work()
            if orders.is_over():
                return count
        if count == before:  # no texts at all
            orders.at_work()
            orders.is_over()
            return count


def _embedder(where: Places, settings: Settings) -> tuple[BaseEmbedder, str]:
    """The best one that gets ready; and what is wrong with a better one, "" where nothing is."""
    policy = settings.policy()
    options = replace(
        embedder_options(settings),
        data=where.data,
        fast_dimension=policy.fast_dimension,
        threads=max(1, policy.max_backfill_threads),
    )
    names = [policy.quality_tier_embedder] if policy.wants_quality_tier else []
    lost = ""
    for name in [*names, policy.fast_tier_embedder]:
        if embedder_row(name).name == SERVER:  # what is thrown away is sent to nobody
            continue
        try:
            embedder = build_embedder(name, options)
        except EmbedderNotLoaded:
            continue  # it was never installed: that is no fault
        embedder.load()
        if embedder.is_loaded:
            return embedder, lost
        lost = lost or f"{name} cannot be used: {embedder.reason}"
    return build_embedder(ALWAYS_THERE, options), lost


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
