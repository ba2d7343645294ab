"""When to look: a bell that rings soon after an agent wrote something, and costs next to nothing while none does.

The system tells (`inotify.py`) or is asked (`polling.py`); places that do not exist yet are asked for once a second
either way.  What rings is not told: a look at everything known (`store/look.py`) takes ten milliseconds and misses
nothing.  Agents write in bursts, so a bell waits a moment, and after a reading longer the longer that took.
"""

from __future__ import annotations

import os
import sys

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, load
from cass.daemon.inotify import Inotify
from cass.daemon.polling import Polling
from cass.errors import CassError
from cass.indexing.rules import added_roots
from cass.paths import home_folder
from cass.store.connect import open_reader
from cass.store.followed import Known, followed
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    from cass.indexing.rules import Rules
    from cass.paths import Places

    class Watcher(Protocol):
        """`descriptor` can be waited for; None where one has to ask."""

        @property
        def name(self) -> str: ...
        @property
        def descriptor(self) -> int | None: ...
        def follow(self, known: Known) -> bool: ...
        def rang(self) -> bool: ...
        def close(self) -> None: ...

    Wait = Callable[[float, int | None], None]

ASK_S = 1.0
SETTLE_S = 0.2
# Of 100 ms, half a second of rest: whatever agents write all the time, about a fifth of a core.
REST_TIMES, LONGEST_REST_S = 5.0, 0.5


def best_watcher(platform: str = sys.platform) -> Watcher:
    """What the system has.  Raises OSError where it has inotify and no room for one more."""
    return Inotify() if platform == "linux" else Polling()


class Following:
    """The bell of one data folder.  `say` hears why files are polled where the system could tell."""

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        rules: Callable[[], Rules],
        monotonic_s: Callable[[], float],
        say: Callable[[str], None],
        make_watcher: Callable[[], Watcher] = best_watcher,
    ) -> None:
        self._places = places
        self._env = env
        self._rules = rules
        self._monotonic_s = monotonic_s
        self._say = say
        self._missing: list[tuple[str, str]] = []
        self._asked_s = monotonic_s()
        self._ready_s = 0.0
        self._rang = False
        self._is_stale = True  # what is followed may not be all that is known
        self.files = self.folders = 0
        try:
            self.watcher = make_watcher()
        except OSError as bad:
            self.watcher = self._fallen_back(bad)

    def wait(self, seconds: float, wait: Wait, is_disturbed: Callable[[], bool]) -> bool:
        """At most so long, less when `is_disturbed`, or when the bell rings: then True."""
        if self._is_stale:
            self._catch_up()
        until_s = self._monotonic_s() + seconds
        while not is_disturbed():
            if not self._rang:
                self._ring(self._has_rung())
            now_s = self._monotonic_s()
            if self._rang and now_s >= self._ready_s:
                self.watcher.rang()  # the burst that has ended
                self._rang, self._is_stale = False, True
                return True
            if now_s >= until_s:
                return False
            self._pause(min(until_s, self._ready_s if self._rang else until_s) - now_s, wait)
        return False

    def _catch_up(self) -> None:
        try:
            self._is_stale = False
            # What was written before it was followed rang no bell.
            self._ring(self.follow())
        except CassError:
            self._is_stale = True  # whoever looks next meets the same, and says it

    def _pause(self, seconds: float, wait: Wait) -> None:
        wait(min(ASK_S, seconds), None if self._rang else self.watcher.descriptor)

    def _ring(self, rang: bool) -> None:
        if rang and not self._rang:
            self._rang = True
            self._ready_s = max(self._ready_s, self._monotonic_s() + SETTLE_S)

    def _has_rung(self) -> bool:
        """The system is asked each time, what costs calls of `stat` once a second."""
        is_time = self._monotonic_s() >= self._asked_s + ASK_S
        if is_time:
            self._asked_s = self._monotonic_s()
        rang = (is_time or self.watcher.descriptor is not None) and self.watcher.rang()
        return rang or (is_time and bool(self.appeared()))

    def has_read(self, took_s: float) -> None:
        """Something was read: rest a little, and see what else is known now."""
        self._ready_s = self._monotonic_s() + min(REST_TIMES * took_s, LONGEST_REST_S)
        self._is_stale = True

    def appeared(self) -> tuple[tuple[str, str], ...]:
        """(path, agent) of places that were not there when the known ones were listed."""
        return tuple([place for place in self._missing if os.path.exists(place[0])])

    def follow(self) -> bool:
        """Follow all that the archive knows; True if something is followed that was not.  Without one, nothing is.

        Raises CorruptDatabase, NewerDatabase or Busy.
        """
        with SqliteErrors(self._places.database):
            connection = open_reader(self._places.database)
            if connection is None:
                self._is_stale = True
                return False
            try:
                known = followed(connection)
            finally:
                connection.close()
        self._missing = [place for place in self._roots() if not os.path.exists(place[0])]
        self.files, self.folders = len(known.files), len(known.folders)
        try:
            return self.watcher.follow(known)
        except OSError as bad:
            self.watcher.close()
            self.watcher = self._fallen_back(bad)
            return self.watcher.follow(known)

    def _roots(self) -> list[tuple[str, str]]:
        """Where sessions may be one day; what stands inside of repositories is only found by `cass index`."""
        rules, around = self._rules(), Surroundings(home_folder(self._env), self._env)
        connectors = [load(row) for row in AGENTS if rules.agents is None or row.name in rules.agents]
        return [
            (root.path, connector.AGENT)
            for connector in connectors
            for root in (*connector.roots(around), *added_roots(connector, rules.roots, around.home))
            if root.watch
        ]

    def _fallen_back(self, bad: OSError) -> Watcher:
        self._say(
            f"the system watches no more folders ({bad.strerror}): files are looked at in turn instead, old ones some"
            " seconds later; a larger fs.inotify.max_user_watches or max_user_instances mends it"
        )
        return Polling()

    def close(self) -> None:
        """Let go of what the system holds."""
        self.watcher.close()
