"""What the worker does beside vectors: forget by age, keep what is about to be deleted, fetch a model where the policy
says so, lay the search index together, finish what was interrupted.

Looked for once in a while; done while nobody would notice, save what was interrupted, which goes at once.
"""

from __future__ import annotations

import os

from cass.daemon import fetching
from cass.disk import bytes_left, free_bytes
from cass.errors import Busy, CassError, SystemRefused
from cass.indexing import compaction, forget
from cass.indexing.keep import Room, TakenIn, take_in
from cass.paths import home_folder
from cass.policy import MB
from cass.settings.quick import load
from cass.status.findings import several
from cass.status.kept import why_off
from cass.store.connect import open_reader
from cass.store.events import COMPACTED, FILES_KEPT, FORGOT
from cass.store.forgetting import Selection, is_any_older
from cass.store.refusals import SqliteErrors
from cass.store.safety import DAY_MS, safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cass.daemon.fetching import Fetching
    from cass.paths import Places
    from cass.settings.quick import Settings

# Files expire by the day; a look at all of them costs some ten milliseconds.
EVERY_S = 3600.0
# Somebody came back, or indexes.
SOON_S = 120.0


class Keeping:
    """One worker's.

    note(kind, what): writes an event · is_quiet: would nobody notice? · begin(what): told what now takes a while ·
    fetching: of a model; None: never.
    """

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        is_stopped: Callable[[], bool],
        is_quiet: Callable[[], bool],
        note: Callable[[str, str], None],
        begin: Callable[[str], None] = lambda what: None,
        fetching: Fetching | None = None,
    ) -> None:
        self._places = places
        self._env = env
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._is_stopped = is_stopped
        self._is_quiet = is_quiet
        self._note = note
        self._begin = begin
        self._fetching = fetching
        self._again_s = self._finish_s = monotonic_s()

    def run(self) -> bool:
        """Do what is due; True if something was done.  What goes wrong is an event, and tried again later."""
        try:
            return self._finish() or self._round()
        except Busy:
            self._finish_s = self._again_s = self._monotonic_s() + SOON_S
        except CassError as bad:
            self._failed(str(bad))
        except OSError as bad:
            self._failed(bad.strerror or str(bad))
        return False

    def _failed(self, reason: str, kind: str = FILES_KEPT) -> None:
        self._finish_s = self._again_s = self._monotonic_s() + EVERY_S
        self._note(kind, f"it failed: {reason}")

    def _finish(self) -> bool:
        """An interrupted `cass forget`."""
        if not forget.is_pending(self._places.data) or self._monotonic_s() < self._finish_s:
            return False
        self._finish_s = self._monotonic_s() + SOON_S  # somebody may read what was there for a while
        return forget.finish(self._places, self._now_ms, self._monotonic_s, has_lock=True) is None

    def _round(self) -> bool:
        if self._monotonic_s() < self._again_s:
            return False
        if not self._is_quiet():
            self._again_s = self._monotonic_s() + SOON_S
            return False
        settings = load(self._places, self._env)
        compaction.drop_remains(self._places)
        forgot = self._forget_old(settings.whole("retention_days"))
        taken = self._take_in(settings)
        self._again_s = self._monotonic_s() + (EVERY_S if taken.complete else SOON_S)
        fetched = self._fetch()
        return self._compact(settings) or forgot or taken.files > 0 or fetched

    def _fetch(self) -> bool:
        if self._fetching is None:
            return False
        return self._fetching.fetch_if_due(self._now_ms(), self._must_stop, self._note, self._begin)

    def _compact(self, settings: Settings) -> bool:
        """Last, because it is the longest; who was disturbed tries again in an hour, not in the next short rest."""
        if not compaction.would_pay(self._places, self._now_ms(), spare_bytes(self._places, settings)):
            return False
        self._begin("the search index is laid together")
        try:
            done = compaction.compact(self._places, self._monotonic_s, self._must_stop)
        except SystemRefused as bad:
            self._failed(str(bad), COMPACTED)
            return False
        if done is not None:
            self._again_s = self._monotonic_s() + SOON_S  # those who still read the old generation let go of it soon
            self._note(COMPACTED, f"the search index: {done.before} segments before, {done.after} now")
        return done is not None

    def _forget_old(self, days: int) -> bool:
        before_ms = oldest_ms(days, self._now_ms())
        if not days or not is_older_there(self._places, before_ms):
            return False
        forget.write_wish(self._places, Selection(before_ms=before_ms), self._now_ms())
        leaving = forget.take_from_database(self._places, self._monotonic_s)
        forget.finish(self._places, self._now_ms, self._monotonic_s, has_lock=True)
        if leaving is not None:
            gone, age = several(leaving.messages, "message"), several(days, "day")
            self._note(FORGOT, f"{gone} of more than {age} ago")
        return True

    def _take_in(self, settings: Settings) -> TakenIn:
        if why_off(settings) is not None:
            return TakenIn()
        room = Room(
            settings.whole("archive.budget_mb") * MB,
            settings.whole("min_free_disk_mb") * MB,
            lambda: bytes_left(self._places.data),
        )
        home, more = home_folder(self._env), settings.names("sources.roots")
        done = take_in(self._places, self._env, home, room, self._now_ms(), self._must_stop, more)
        if done.files:
            self._note(FILES_KEPT, f"{several(done.files, 'file')}, {done.bytes} bytes, that agents would delete")
        if done.full is not None:
            self._note(FILES_KEPT, f"nothing more is kept: {done.full}")
        return done

    def _must_stop(self) -> bool:
        return self._is_stopped() or not self._is_quiet()


def oldest_ms(days: int, now_ms: int) -> int:
    """What was said earlier is older than so many days, counted in whole ones (UTC): once a day there is work."""
    return (now_ms // DAY_MS - days) * DAY_MS


def spare_bytes(places: Places, settings: Settings) -> int | None:
    """Bytes of the disk that may be taken; None where nobody knows."""
    free = free_bytes(places.data)
    return None if free is None else free - settings.whole("min_free_disk_mb") * MB


def is_older_there(places: Places, before_ms: int) -> bool:
    """Is anything stored from before that time?"""
    if not os.path.exists(places.database):
        return False
    with SqliteErrors(places.database):
        connection = open_reader(places.database)
        if connection is None:
            return False
        try:
            return is_any_older(connection, before_ms)
        finally:
            connection.close()


def is_anything_due(places: Places, env: Mapping[str, str], now_ms: int) -> bool:
    """Is there something that a worker would do beside vectors?  By what was written down of it."""
    settings = load(places, env)
    days = settings.whole("retention_days")
    if forget.is_pending(places.data) or (days and is_older_there(places, oldest_ms(days, now_ms))):
        return True
    if compaction.would_pay(places, now_ms, spare_bytes(places, settings)):
        return True
    if fetching.due(places, settings, now_ms) is not None:
        return True
    if why_off(settings) is not None:
        return False
    with SqliteErrors(places.database):
        connection = open_reader(places.database)
        if connection is None:
            return False
        known = safety(connection, now_ms)
        connection.close()
    return known.full is None and known.expiring - known.expiring_kept > known.vain
