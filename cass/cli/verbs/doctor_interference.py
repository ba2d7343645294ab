"""`cass doctor --interference`: does background work slow searches down?  The same searches with and without it."""

from __future__ import annotations

import os
import subprocess
import sys

from cass import clock
from cass.daemon.busy import BusyWorker
from cass.daemon.spawn import PACKAGE_PARENT
from cass.errors import CassError, MissingIndex, SystemRefused
from cass.render import doctor_interference as shown
from cass.render.doctor_interference import Latency
from cass.render.terminal import style
from cass.store import catalog
from cass.store.connect import open_reader
from cass.store.hits import state
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.daemon.busy import Load
    from cass.paths import Places

# Blocks take turns, so that a slow moment of the machine falls on both.
BLOCKS, SEARCHES = 3, 20
WARM_UP = 3
WORDS, LONG_ENOUGH = 2, 4


def run(where: Places, options: dict[str, Any]) -> int:
    """Measure and print.  Raises MissingIndex where there is nothing to search, SystemRefused if it cannot be done."""
    asked = queries(where)
    if not asked:
        raise MissingIndex("nothing is indexed yet", where.data, "run: cass index")
    if sys.stderr.isatty() and not options["quiet"]:
        sys.stderr.write(f"cass: {2 * BLOCKS * SEARCHES} searches, half of them beside a busy worker: some seconds\n")
    without_ms, with_ms, load = _measured(where, asked)
    if load.instead and not options["quiet"]:
        sys.stderr.write(f"cass: {load.instead}; the load was {load.embedder_id}\n")
    worked = shown.Load(load.owed, load.again, load.embedder_id, load.held)
    found = shown.Interference(Latency.of(without_ms), Latency.of(with_ms), worked)
    if options["json"]:
        sys.stdout.write(shown.as_json(found))
    else:
        sys.stdout.write(shown.page(found, style(sys.stdout, options, os.environ)))
    return 0


def queries(where: Places) -> list[str]:
    """Some words each, of the newest messages that have enough of them."""
    with SqliteErrors(where.database):
        connection = open_reader(where.database)
        if connection is None:
            return []
        try:
            texts = [text for _, text in catalog.canaries(connection, state(connection).change, SEARCHES)]
        finally:
            connection.close()
    return [query for text in texts if (query := _query(text))]


def _query(text: str) -> str:
    words = [word for word in text.split() if word.isalpha() and len(word) >= LONG_ENOUGH]
    return " ".join(words[:WORDS])


def _measured(where: Places, asked: list[str]) -> tuple[list[float], list[float], Load]:
    """Milliseconds without, milliseconds with, and what the worker did."""
    worker = BusyWorker(where)
    without_ms: list[float] = []
    with_ms: list[float] = []
    try:
        _searches(where, asked, WARM_UP)
        for _ in range(BLOCKS):
            worker.rest()
            without_ms += _searches(where, asked, SEARCHES)
            worker.work()
            with_ms += _searches(where, asked, SEARCHES)
    except ChildProcessError:
        pass  # it has died, and says why where it is asked what it did
    finally:
        load = worker.end()
    if isinstance(load, str):
        what = f"the busy worker has died: {load.rstrip('.')}"
        raise SystemRefused(what, where.data, "see whether `cass backfill` works")
    return without_ms, with_ms, load


def _searches(where: Places, asked: list[str], count: int) -> list[float]:
    return [_search_ms(where, asked[number % len(asked)]) for number in range(count)]


def _search_ms(where: Places, query: str) -> float:
    """A whole process, as a person starts it.  Raises CassError where it fails."""
    argv = ["search", "--json", "--refresh", "off", "--data-dir", where.data, "--", query]
    began_s = clock.monotonic_s()
    done = subprocess.run(
        [sys.executable, "-m", "cass", *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=PACKAGE_PARENT,
        check=False,
    )
    took_ms = (clock.monotonic_s() - began_s) * 1000
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise CassError(f"a search failed with {done.returncode}: {said}", query, "run it alone: cass search")
    return took_ms
