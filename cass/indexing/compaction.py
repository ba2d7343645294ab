"""The lexical index laid together: the same documents in one large segment instead of many.

A first run commits every two seconds, so that searches beside it find the latest days, and each commit leaves a segment
that every later search opens.  tantivy merges eight of a size and never fewer, and offers no merge by hand.  So a new
generation is filled from SQLite in so many equal parts that they merge into one.  It is filled beside the one that is
searched, without the index lock: whoever reads new lines meanwhile need not wait, and what they add is caught up in a
moment under the lock, before the new generation takes the old one's place (docs/decisions/0018).
"""

from __future__ import annotations

import json
import os

from cass.disk import try_lock, write_whole
from cass.errors import Busy, SystemRefused
from cass.indexing.feed import Feed
from cass.indexing.forget import is_pending
from cass.indexing.places import take_lock
from cass.lexical import writer as lexical_writer
from cass.lexical.schema import READER_LOCK, VERSION, current_generation, is_damage
from cass.records import record
from cass.store.connect import open_reader
from cass.store.documents import documents_since, snapshot
from cass.store.refusals import SqliteErrors
from cass.store.tombstones import count_tombstones
from cass.store.writable import open_writer
from cass.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from cass.lexical.writer import LexicalWriter
    from cass.paths import Places

# So many segments cost a search nothing that can be measured.
FEW_SEGMENTS = 4
# tantivy's own policy merges so many of about one size.
MERGED_TOGETHER = 8
# A part of more would not fit the writer's heap, and fall into several segments.
MOST_IN_A_PART, MOST_PART_BYTES = 30_000, 24 << 20
LOOK_EVERY_S = 0.25
LOCK_WAIT_S = 60.0
# In a generation that was made here.  What it could not lay together is left alone for a while.
MARK, AGAIN_MS = "compacted", 7 * 86_400_000


@record
class Compacted:
    """Segments before and after."""

    before: int
    after: int


class _GivenUp(Exception):
    """Somebody came back, or what was made would not be right any more."""


def segment_sizes(folder: str) -> list[int]:
    """Documents of each segment of a generation, the largest first; empty where nothing can be read."""
    try:
        with open(os.path.join(folder, "meta.json"), encoding="utf-8") as file:
            segments = json.load(file)["segments"]
        return sorted((int(one["max_doc"]) for one in segments), reverse=True)
    except (OSError, ValueError, KeyError, TypeError):
        return []


def would_pay(places: Places, now_ms: int, free_bytes: int | None) -> bool:
    """Are there many segments, and is what a search meets beside the largest worth writing all of it again?

    An archive is written again when it has grown by half: three times in all, however old it becomes.
    free_bytes: how much of the disk may be taken; None where nobody knows.
    """
    current = current_generation(places.lexical)
    if current is None or current[1] != VERSION:
        return False
    sizes = segment_sizes(current[0])
    if len(sizes) <= FEW_SEGMENTS or 2 * sum(sizes[1:]) < sizes[0]:
        return False
    return not _is_lately_made(current[0], now_ms) and _has_room(current[0], free_bytes)


def _is_lately_made(folder: str, now_ms: int) -> bool:
    try:
        return abs(now_ms - os.stat(os.path.join(folder, MARK)).st_mtime * 1000) < AGAIN_MS
    except OSError:
        return False


def _has_room(folder: str, free_bytes: int | None) -> bool:
    """Both generations stand for a moment, and parts beside what they are merged into."""
    try:
        with os.scandir(folder) as entries:
            return free_bytes is None or free_bytes > 3 * sum(entry.stat().st_size for entry in entries)
    except OSError:
        return False


def compact(
    places: Places, now_ms: Callable[[], int], monotonic_s: Callable[[], float], must_stop: Callable[[], bool]
) -> Compacted | None:
    """Do it; None where it was given up, for which nothing is the worse.

    Raises SystemRefused where the disk is full, CorruptDatabase or NewerDatabase.
    """
    with SqliteErrors(places.database):
        connection = open_reader(places.database)
        if connection is None:
            return None
        try:
            return Compaction(places, connection, now_ms, monotonic_s, must_stop).run()
        finally:
            connection.close()


class Compaction:
    """One of them; `connection` only reads."""

    def __init__(
        self,
        places: Places,
        connection: Connection,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        must_stop: Callable[[], bool],
    ) -> None:
        self._places = places
        self._connection = connection
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._must_stop = must_stop
        self._look_s = monotonic_s()
        self._before = current_generation(places.lexical)

    def run(self) -> Compacted | None:
        """As `compact`."""
        if self._before is None or self._must_stop():
            return None
        before = len(segment_sizes(self._before[0]))
        lexical = lexical_writer.create_writer(self._places.lexical)
        held = try_lock(os.path.join(lexical.folder, READER_LOCK))  # or `cass index` would take it for a remainder
        is_done = False
        try:
            try:
                self._fill(lexical)
            finally:
                lexical.close()  # waits until the parts are merged
            self._look(at_once=True)
            self._replace(lexical.folder)
            is_done = True
            return Compacted(before, len(segment_sizes(lexical.folder)))
        except (_GivenUp, Busy):
            return None
        except BaseException as bad:
            # Whoever deletes what is made has a reason; a disk that refuses it is told of.
            is_gone = isinstance(bad, SystemRefused) and not os.path.isdir(lexical.folder)
            if not (is_gone or is_damage(bad)):
                raise
            return None
        finally:
            if held is not None:
                held.release()
            if not is_done:
                lexical_writer.drop_generation(lexical.folder)

    def _fill(self, lexical: LexicalWriter) -> None:
        """All documents as of now, in parts."""
        connection = self._connection
        change, documents, size_bytes = snapshot(connection)
        self._forgotten = count_tombstones(connection)
        part = part_size(documents, size_bytes)
        for count, document in enumerate(documents_since(connection, -1)):
            if count and count % part == 0:
                lexical.commit(0)
            lexical.add(document)
            self._look()
        lexical.commit(change)
        connection.rollback()

    def _look(self, at_once: bool = False) -> None:
        if at_once or self._monotonic_s() >= self._look_s:
            self._look_s = self._monotonic_s() + LOOK_EVERY_S
            if self._must_stop() or is_pending(self._places.data):
                raise _GivenUp

    def _replace(self, folder: str) -> None:
        """Under the lock: what was added meanwhile, then the new for the old; but not for what another process made."""
        places = self._places
        with take_lock(places, self._monotonic_s, LOCK_WAIT_S):
            store = Writer(open_writer(places.database), places.database)
            try:
                was_forgotten = count_tombstones(store.connection) != self._forgotten
                if was_forgotten or current_generation(places.lexical) != self._before:
                    raise _GivenUp
                lexical = lexical_writer.reopen_writer(places.lexical, folder, lexical_writer.SMALL_HEAP_BYTES)
                self._catch_up(store, lexical)
                lexical.close()
                write_whole(os.path.join(folder, MARK), f"{self._now_ms()}\n".encode())
                lexical_writer.publish(lexical)
            finally:
                store.connection.close()

    def _catch_up(self, store: Writer, lexical: LexicalWriter) -> None:
        if lexical.change < store.change:
            Feed(store, lexical, self._monotonic_s).catch_up()
            lexical.commit(store.change)


def part_size(documents: int, size_bytes: int) -> int:
    """Documents of each part, so that 1, 8, 64 … parts hold all of them and each fits the writer's heap."""
    most = min(MOST_IN_A_PART, max(1, MOST_PART_BYTES * documents // max(1, size_bytes)))
    parts = 1
    while parts * most < documents:
        parts *= MERGED_TOGETHER
    return max(1, -(-documents // parts))
