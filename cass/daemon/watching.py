"""`cass index --watch`: read what agents write, as they write it, until somebody says stop.

It takes the worker's place and reads the worker's way, in short pieces with the small heap, with no model in memory.
"""

from __future__ import annotations

import gc
import os

from cass import clock
from cass.daemon.control import forget_stop, stop_asked
from cass.daemon.following import Following, best_watcher
from cass.daemon.reading import NewMessages
from cass.daemon.waiting import Signals
from cass.errors import Busy
from cass.records import record
from cass.store.worker_state import LOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cass.daemon.following import Watcher
    from cass.indexing.rules import Rules
    from cass.paths import Places

# A look at all that is known, rung or not: changes on a network's disks ring no bell.
LOOK_S = 30.0
# Somebody else is indexing, or a reading had to stop in the middle.
AGAIN_S = 1.0


@record
class Batch:
    """What was read at once.  `behind_files` go on with the next; `notes` say what went wrong."""

    at_ms: int
    took_ms: float
    files: int
    messages: int
    agents: tuple[str, ...]
    behind_files: int
    notes: tuple[str, ...]


class Watch:
    """The loop.  `report` hears of each batch, `say` what else there is to tell, `begin` of (how, files, folders)."""

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        rules: Callable[[], Rules],
        report: Callable[[Batch], None],
        say: Callable[[str], None],
        begin: Callable[[str, int, int], None] = lambda how, files, folders: None,
        make_watcher: Callable[[], Watcher] = best_watcher,
    ) -> None:
        self._places = places
        self._report = report
        self._begin = begin
        self._following = Following(places, env, rules, clock.monotonic_s, say, make_watcher)
        self._new = NewMessages(places, env, rules, clock.now_ms, clock.monotonic_s, self._following.appeared)

    def run(self) -> int:
        """Follow until a signal, or `cass worker stop`; the signal's number, or 0."""
        gc.enable()  # the command line switches it off for short lives
        forget_stop(self._places.data)
        with Signals() as signals:
            try:
                self._following.follow()
                self._begin(self._following.watcher.name, self._following.files, self._following.folders)
                while not self._is_ended(signals):
                    self._following.wait(self._round(), signals.wait, lambda: self._is_ended(signals))
            finally:
                self._following.close()
                forget_stop(self._places.data)
        return signals.number

    def _is_ended(self, signals: Signals) -> bool:
        places = self._places
        is_here = os.path.exists(os.path.join(places.data, LOCK))
        return signals.is_ended or not is_here or stop_asked(places.data, os.getpid())

    def _round(self) -> float:
        """Look, and read what is new; how long to wait for the bell."""
        try:
            return self._read() if self._new.has_new() else LOOK_S
        except Busy:
            return AGAIN_S

    def _read(self) -> float:
        started_s = clock.monotonic_s()
        self._new.read()
        took_s = clock.monotonic_s() - started_s
        self._following.has_read(took_s)
        last = self._new.last
        if last.files or last.notes:
            took_ms = round(took_s * 1000, 1)
            batch = (clock.now_ms(), took_ms, last.files, last.messages, last.agents, last.behind_files, last.notes)
            self._report(Batch(*batch))
        return AGAIN_S if last.behind_files else LOOK_S
