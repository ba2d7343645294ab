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

from cass import clock
from cass.disk import try_lock, write_whole
from cass.errors import Busy, SystemRefused
from cass.indexing.feed import Feed
from cass.indexing.forget import is_pending
from cass.indexing.places import take_lock
from cass.lexical import writer as lexical_writer
from cass.lexical.schema import READER_LOCK, VERSION, current_generation, generations, is_damage
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

    from cass.disk import Lock
    from cass.lexical.writer import LexicalWriter
    from cass.paths import Places

# So many segments cost a search nothing that can be measured.
FEW_SEGMENTS = 4
# tantivy's own policy merges so many of about one size.
MERGED_TOGETHER = 8
# A part of more would not fit the writer's heap, and fall into several segments.
MOST_IN_A_PART, MOST_PART_BYTES = 30_000, 24 << 20
# Filled only by parts of the least number of documents, where texts are long.
HEAP_BYTES = 80_000_000
# The policy takes all segments up to 16,800 documents for equally large.  Parts of which eight are no larger would
# merge with what others have merged into, and sizes come of it that never meet.
LEAST_IN_A_PART = 16_800 // MERGED_TOGETHER + 1
# A merge that is not over yet puts a file there now and then, while it is deleted: a second is enough to meet a gap.
DROP_TRIES, DROP_AGAIN_S = 100, 0.01
LOOK_EVERY_S = 0.25
LOCK_WAIT_S = 60.0
# Who adds more meanwhile than is caught up within a second would let others wait for the lock.
MOST_CAUGHT_UP = 5_000
# In a generation that was made here: how many documents it had then; 0 in one of which no other could be made.  What
# could not be laid together is left alone for a while.
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
    if len(sizes) <= FEW_SEGMENTS or 2 * sum(sizes[1:]) < sizes[0] or _was_tried(current[0], sum(sizes), now_ms):
        return False
    return os.access(places.lexical, os.W_OK) and _has_room(current[0], free_bytes)


def _was_tried(folder: str, documents: int, now_ms: int) -> bool:
    """Lately; or so that it would come out the same again, because there are hardly more documents now."""
    path = os.path.join(folder, MARK)
    try:
        if abs(now_ms - os.stat(path).st_mtime * 1000) < AGAIN_MS:
            return True
        with open(path, "rb") as file:
            return 2 * documents < 3 * int(file.read(24))
    except (OSError, ValueError):
        return False


def _mark(folder: str, documents: int) -> None:
    write_whole(os.path.join(folder, MARK), f"{documents}\n".encode())


def drop_remains(places: Places) -> None:
    """Delete generations that nobody reads any more: of a kill, or that somebody held when they were replaced.

    Raises Busy while somebody indexes, whose own may be among them.
    """
    current = current_generation(places.lexical)
    if current is None or len(generations(places.lexical)) < 2:
        return
    with take_lock(places, lambda: 0.0, 0.0):
        current = current_generation(places.lexical)
        if current is not None:
            lexical_writer.drop_old_generations(places.lexical, os.path.basename(current[0]))


def _has_room(folder: str, free_bytes: int | None) -> bool:
    """Both generations stand for a moment, and parts beside what they are merged into."""
    try:
        with os.scandir(folder) as entries:
            return free_bytes is None or free_bytes > 3 * sum(entry.stat().st_size for entry in entries)
    except OSError:
        return False


def compact(places: Places, monotonic_s: Callable[[], float], must_stop: Callable[[], bool]) -> Compacted | None:
    """Do it; None where it was given up, for which nothing is the worse.

    Raises Busy while somebody indexes, SystemRefused where the disk is full, CorruptDatabase or NewerDatabase.
    """
    with SqliteErrors(places.database):
        connection = open_reader(places.database)
        if connection is None:
            return None
        try:
            return Compaction(places, connection, monotonic_s, must_stop).run()
        finally:
            connection.close()


class Compaction:
    """One of them; `connection` only reads."""

    def __init__(
        self,
        places: Places,
        connection: Connection,
        monotonic_s: Callable[[], float],
        must_stop: Callable[[], bool],
    ) -> None:
        self._places = places
        self._connection = connection
        self._monotonic_s = monotonic_s
        self._must_stop = must_stop
        self._look_s = monotonic_s()
        self._before = current_generation(places.lexical)
        self._has_failed = False

    def run(self) -> Compacted | None:
        """As `compact`."""
        if self._before is None or self._must_stop():
            return None
        before = len(segment_sizes(self._before[0]))
        with take_lock(self._places, self._monotonic_s, 0.0):  # or `cass index` would take it for a remainder
            lexical = lexical_writer.create_writer(self._places.lexical, HEAP_BYTES)
            self._held = try_lock(os.path.join(lexical.folder, READER_LOCK))
        lexical.meanwhile = self._look
        try:
            self._fill(lexical)
            lexical.close()  # waits until the parts are merged
            self._look(at_once=True)
            self._replace(lexical.folder)
            return Compacted(before, len(segment_sizes(lexical.folder)))
        except (_GivenUp, Busy):
            return None
        except BaseException as bad:
            # Whoever deletes what is made has a reason; a disk that refuses it is told of.
            is_gone = not os.path.isdir(lexical.folder)
            self._has_failed = not is_gone
            if not (is_damage(bad) or (is_gone and isinstance(bad, SystemRefused))):
                raise
            return None
        finally:
            self._let_go()
            if current_generation(self._places.lexical) != (lexical.folder, VERSION):
                drop(lexical.folder)
            if self._has_failed:
                self._leave_alone()  # there is room for it again

    def _let_go(self) -> None:
        if self._held is not None:
            self._held.release()

    def _leave_alone(self) -> None:
        """What could not be done now is not tried again at once."""
        try:
            assert self._before is not None
            _mark(self._before[0], 0)
        except OSError:
            return

    def _fill(self, lexical: LexicalWriter) -> None:
        """All documents as of now, in parts."""
        connection = self._connection
        change, documents, size_bytes = snapshot(connection)
        self._forgotten = count_tombstones(connection)
        part = part_size(documents, size_bytes)
        for count, document in enumerate(documents_since(connection, -1)):
            if count and count % part == 0:
                _commit(lexical, 0)
            lexical.add(document)
            self._look()
        _commit(lexical, change)
        connection.rollback()

    def _look(self, at_once: bool = False) -> None:
        if at_once or self._monotonic_s() >= self._look_s:
            self._look_s = self._monotonic_s() + LOOK_EVERY_S
            if self._must_stop() or is_pending(self._places.data):
                raise _GivenUp

    def _replace(self, folder: str) -> None:
        """Under the lock: what was added meanwhile, then the new for the old; but not for what another process made."""
        places = self._places
        with self._lock():
            store = Writer(open_writer(places.database), places.database)
            try:
                was_forgotten = is_pending(places.data) or count_tombstones(store.connection) != self._forgotten
                if was_forgotten or current_generation(places.lexical) != self._before:
                    raise _GivenUp
                lexical = lexical_writer.reopen_writer(places.lexical, folder, lexical_writer.SMALL_HEAP_BYTES)
                lexical.meanwhile = self._look
                self._catch_up(store, lexical)
                lexical.close()
                _mark(folder, sum(segment_sizes(folder)))
                self._let_go()  # whoever searches from now on holds it; nobody deletes it while the index is locked
                lexical_writer.publish(lexical)
            finally:
                store.connection.close()

    def _lock(self) -> Lock:
        """The index lock, waited for as long as nobody comes back."""
        until_s = self._monotonic_s() + LOCK_WAIT_S
        while True:
            try:
                return take_lock(self._places, self._monotonic_s, LOOK_EVERY_S)
            except Busy:
                if self._monotonic_s() >= until_s:
                    raise
            self._look()

    def _catch_up(self, store: Writer, lexical: LexicalWriter) -> None:
        if lexical.change < store.change:
            if store.changed_since(lexical.change) > MOST_CAUGHT_UP:
                raise _GivenUp
            Feed(store, lexical, self._monotonic_s).catch_up()
            _commit(lexical, store.change)


def _commit(lexical: LexicalWriter, change: int) -> None:
    """Beside this thread, which looks meanwhile whether somebody is back."""
    lexical.start_commit(change)
    lexical.settle()


def drop(folder: str) -> None:
    """Delete what was given up; what cannot be deleted now is a remainder, for which somebody looks later."""
    for _ in range(DROP_TRIES):
        lexical_writer.drop_generation(folder)
        if not os.path.isdir(folder):
            return
        clock.sleep(DROP_AGAIN_S)


def part_size(documents: int, size_bytes: int) -> int:
    """Documents of each part, so that each fits the writer's heap and 1, 8, 64 … parts hold all of them.

    Where such parts would be too small to merge level by level, they are two to four times as many of the level below,
    and as many segments stay.
    """
    most = min(MOST_IN_A_PART, max(2 * LEAST_IN_A_PART, MOST_PART_BYTES * documents // max(1, size_bytes)))
    sizes = [max(1, -(-documents // _parts(documents, most, stay))) for stay in range(1, FEW_SEGMENTS + 1)]
    return next(size for size in sizes if size >= LEAST_IN_A_PART or MERGED_TOGETHER * size >= documents)


def _parts(documents: int, most: int, stay: int) -> int:
    """How many there are, if as many segments as `stay` are to come of them."""
    parts = stay
    while parts * most < documents:
        parts *= MERGED_TOGETHER
    return parts
