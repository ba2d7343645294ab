"""Read one file into the database: decide what is new, what stays, what is gone.

In:  a connector's records.  Out: rows, the file's watermark, documents for the lexical index, and a tally.
A file is stored whole or not at all; one that is read for the first time, or on from where it ended, also in parts up
to its checkpoints, so that neither memory nor a kill costs more than a part of it.  Small files share a transaction of
up to a second: each touches pages all over the indexes of hashes, and one a file wrote 40 GB for 1 GB of text.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import Branches, Checkpoint, Message, Resume, Session, Source, SourceProblem
from cass.connectors.table import readers
from cass.indexing.counting import CountingFile
from cass.indexing.discover import APPENDED, TOUCHED, UNCHANGED, WHOLE, fingerprint, is_database, what_changed
from cass.indexing.forgotten import speaks
from cass.indexing.opened import IdTaken, ReadWhole
from cass.indexing.order import only_names
from cass.indexing.prepared import Prepared, ReaderDied, clean, prepare
from cass.indexing.rules import Exclusion
from cass.indexing.sessions import SessionBook
from cass.indexing.sifting import LeftOut, ParentComes, Sieve, may_ask
from cass.paths import at_once
from cass.records import record
from cass.store import files as store_files
from cass.store.sessions import sessions_in_file
from cass.store.skipped import Skipped, set_skipped, skipped_of
from cass.store.tombstones import bury, file_key, session_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Set

    from cass.connectors.base import Connector, Item, Surroundings
    from cass.indexing.ahead import ReadAhead
    from cass.indexing.discover import Found
    from cass.indexing.feed import Feed
    from cass.store.files import Seen
    from cass.store.writer import Writer

# More than is read in that time: each commit leaves the index a segment, and eight of them are put together at once.
COMMIT_BYTES = 32 << 20
COMMIT_EVERY_S = 0.9
# A shorter file has no checkpoint in it, and is stored whole.
PART_BYTES = 2 << 20
# A path's problems beyond this many are counted, not listed: a file of noise has one a line.
LISTED_PROBLEMS = 100
# Outcomes beside the words of `discover` and "failed"; who waits is to be read behind the others.
READ, WAITS = "read", "waits"


@record
class FileReport:
    """What became of one file.  `bytes_read` were handed to the connector."""

    outcome: str
    bytes_read: int = 0
    messages: int = 0
    problems: tuple[SourceProblem, ...] = ()
    finished: bool = True


class Ingest:
    """Reads files one after another.  `stop()` true ends the present one at its next checkpoint.

    `masked`: secrets are not stored.
    """

    def __init__(
        self,
        store: Writer,
        feed: Feed,
        around: Surroundings,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        stop: Callable[[], bool] = lambda: False,
        exclusion: Exclusion | None = None,
        masked: bool = False,
    ) -> None:
        self.store = store
        self.feed = feed
        self.around = around
        self.exclusion = exclusion or Exclusion((), around.home)
        self.masked = masked
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._stop = stop
        self._since_s = monotonic_s()
        self.ahead: ReadAhead | None = None

    def file(
        self, connector: Connector, found: Found, seen: Seen | None, force: bool = False, coming: Set[str] = frozenset()
    ) -> FileReport:
        """Bring one file up to date; `force` reads all of it again.  What the disk refuses becomes a problem.

        `coming`: paths that this run will look at, for which it may wait."""
        moved = force or _stands_otherwise(connector, found.path, seen)
        if not moved and what_changed(seen, found) == UNCHANGED:
            return FileReport(UNCHANGED)
        try:
            descriptor = at_once(found.path, os.O_RDONLY)
        except OSError as bad:
            return _failed(found, bad)
        try:
            change = WHOLE if moved else what_changed(seen, found, descriptor)
            if change == TOUCHED and seen is not None and self._is_source(seen):
                return self._touch(seen, found)
            if not force and seen is not None and self._is_left_out(seen, descriptor):
                return self._touch(seen, found)
            return self._read(connector, found, seen, descriptor, change, coming)
        # Of the session file: whatever our own files meet is a SystemRefused.
        except OSError as bad:
            return _failed(found, bad)
        finally:
            os.close(descriptor)

    def _is_source(self, seen: Seen) -> bool:
        """While a file was gone another one may have taken its sessions: then it is read anew."""
        return not seen.gone or bool(sessions_in_file(self.store, seen.id))

    def _is_left_out(self, seen: Seen, descriptor: int) -> bool:
        """Is all of it of workspaces that are still left out?  A database may have gained others."""
        known = skipped_of(self.store, seen.id)
        if not known or any(self.exclusion.why(one.workspace) is None for one in known):
            return False
        return not is_database(descriptor) and not sessions_in_file(self.store, seen.id)

    def _touch(self, seen: Seen, found: Found) -> FileReport:
        self.store.begin_part()
        store_files.touch_file(self.store, seen.id, found.identity)
        self.store.keep_part()
        self.commit_when_due()
        return FileReport(UNCHANGED)

    def _read(
        self, connector: Connector, found: Found, seen: Seen | None, descriptor: int, change: str, coming: Set[str]
    ) -> FileReport:
        external_id = seen.external_id if seen else None
        left_out: list[Skipped] = []
        for _ in range(4):
            reading = Reading(self, connector, found, seen, descriptor, change, external_id, left_out)
            reading.coming = coming if seen is None else frozenset()
            try:
                report = reading.run()
            except LeftOut as more:
                self.give_up()
                left_out = more.sessions
                if (stored := store_files.seen_file(self.store, found.path)) != seen:
                    seen, change = stored, what_changed(stored, found, descriptor)
            except ParentComes:
                self.give_up()
                return FileReport(WAITS, finished=False)
            except (IdTaken, ReadWhole, ReaderDied) as other:
                self.give_up()
                self.ahead = None if isinstance(other, ReaderDied) else self.ahead
                external_id = other.instead if isinstance(other, IdTaken) else external_id
                # A checkpoint may have been stored before.
                seen, change = store_files.seen_file(self.store, found.path), WHOLE
            except BaseException:
                self.give_up()
                raise
            else:
                self.feed.kept()
                return report
        return FileReport("failed", problems=(SourceProblem(found.path, None, "its sessions belong to other files"),))

    def give_up(self) -> None:
        """Undo the part under way; all of the transaction where the disk or the database has ended it."""
        if self.store.undo_part():
            self.feed.forget()
        else:
            self.feed.undone()

    @property
    def is_due(self) -> bool:
        """Has the transaction grown long or old enough to be committed?"""
        old = self._monotonic_s() - self._since_s >= COMMIT_EVERY_S
        return old or self.feed.is_full or self.store.transaction_bytes >= COMMIT_BYTES or self._stop()

    def commit_when_due(self) -> None:
        """Commit what was kept, if it is time."""
        if self.is_due:
            self.finish()

    def finish(self) -> None:
        """Commit what was kept, and hand its documents to the index."""
        if self.store.is_open:
            self.store.commit()
            self.feed.stored()
        self._since_s = self._monotonic_s()


def _stands_otherwise(connector: Connector, path: str, seen: Seen | None) -> bool:
    """Has a file beside this one changed that belongs to it?"""
    stand = getattr(connector, "stand", None)
    if stand is None or seen is None or not seen.state or (now := stand(path)) is None:
        return False
    return bool(json.loads(seen.state).get("stand") != now)


def _failed(found: Found, bad: OSError) -> FileReport:
    return FileReport("failed", problems=(SourceProblem(found.path, None, bad.strerror or str(bad)),))


class Reading:
    """One pass over one file."""

    imports = False  # from a file that is no agent's, and that may hold less than was stored
    coming: Set[str] = frozenset()

    def __init__(
        self,
        ingest: Ingest,
        connector: Connector,
        found: Found,
        seen: Seen | None,
        descriptor: int,
        change: str,
        external_id: str | None,
        left_out: list[Skipped],
    ) -> None:
        self.ingest = ingest
        self.store = ingest.store
        self.connector = connector
        self.found = found
        self.seen = seen
        self.descriptor = descriptor
        self.external_id = external_id
        self.appends = change == APPENDED and seen is not None
        # A file that is read again is compared as a whole: only then is it known what is gone.
        self.in_parts = self.appends or seen is None or (seen.size == 0 and seen.offset == 0)
        self.in_parts = self.in_parts and not self._may_ask()
        self.left_out = left_out
        self.problems: list[SourceProblem] = []
        self.problem_count = 0
        self.broken = False

    def run(self) -> FileReport:
        resume = self._resume()
        file = self._file(resume)
        self._begin()
        self.file_id = self._file_row()
        whole = resume is None and not self.imports
        self.book = SessionBook(self.store, self.ingest.feed, self.connector, self.found.path, self.file_id, whole)
        finished = True
        last: Checkpoint | None = None
        known = [] if resume is None else skipped_of(self.store, self.file_id)
        self.sieve = Sieve(
            self.store,
            self.found.agent,
            self.ingest.exclusion,
            (*known, *self.left_out),
            goes_on=not whole,
            only_names=only_names(self.connector, self.found.path),
            coming=self.coming,
        )
        for item in self._stored(self.sieve.sift(self._items(file, resume))):
            if type(item) is Prepared:
                self.book.message(item)
            elif type(item) is Message:
                self.book.message(prepare(item))
            elif type(item) is Session:
                self.book.session(item)
            elif type(item) is Branches:
                self.book.branches(item)
            elif type(item) is SourceProblem:
                self._problem(item)
            elif type(item) is Checkpoint and item.again:
                self.ingest.give_up()
                return FileReport("failed", problems=self._shown_problems())
            elif type(item) is Checkpoint:
                last = item
                if item.stamped:
                    file.bytes_read = item.offset
                if self.in_parts and file.bytes_read and self.ingest.is_due:
                    self._keep(item, complete=False)
                    if self.ingest._stop() and item.offset < self.found.size:
                        finished = False
                        break
                    self._begin()
        if finished:
            self._finish(last)
        return FileReport(READ, file.bytes_read, self.book.given, self._shown_problems(), finished)

    def _stored(self, items: Iterator[Item | Prepared]) -> Iterator[Item | Prepared]:
        if not self.ingest.masked:
            return items
        from cass.indexing.masking import masked_items

        return masked_items(items)

    def _file(self, resume: Resume | None) -> CountingFile:
        return CountingFile(self.descriptor, resume.offset if resume else 0, self.found.size)

    def _may_ask(self) -> bool:
        """Does the mark stand in what would be stored in parts?  In a database only its reader can tell."""
        start = self.seen.offset if self.appends and self.seen else 0
        if self.found.size - start < PART_BYTES or is_database(self.descriptor):
            return False
        return may_ask(self.descriptor, start, self.found.size)

    def _begin(self) -> None:
        self.store.begin_part()
        self.ingest.feed.mark()

    def _resume(self) -> Resume | None:
        if not self.appends or self.seen is None:
            return None
        return Resume(self.seen.offset, self.seen.line, json.loads(self.seen.state or "{}"))

    def _file_row(self) -> int:
        if self.seen is None:
            return store_files.add_file(
                self.store, self.found.agent, self.found.path, self.external_id, self.ingest._now_ms()
            )
        if self.external_id != self.seen.external_id:
            store_files.name_file(self.store, self.seen.id, self.external_id)
        return self.seen.id

    def _items(self, file: CountingFile, resume: Resume | None) -> Iterator[Item | Prepared]:
        ahead = self.ingest.ahead
        if ahead is None or self.seen is not None or self.external_id is not None or not ahead.has(self.found):
            yield from self._read_here(file, resume)
            return
        for item in ahead.items(self.found):
            if type(item) is Checkpoint:
                file.bytes_read = item.offset
            yield item
        file.bytes_read, self.broken = ahead.end.bytes_read, self.broken or ahead.end.broken
        if ahead.end.refused is not None:
            raise OSError(ahead.end.refused)

    def _read_here(self, file: CountingFile, resume: Resume | None) -> Iterator[Item]:
        found = self.found
        source = Source(
            found.path, file, found.size, found.mtime_ns // 1_000_000, resume, self.ingest.around, self.external_id
        )
        try:
            yield from self.connector.read(source)
        except (OSError, MemoryError):
            raise
        # A connector's own mistake must cost one file, not the history.
        except Exception as bad:
            self.broken = True
            yield SourceProblem(found.path, None, f"the reader failed: {type(bad).__name__}: {bad}")

    def _problem(self, problem: SourceProblem) -> None:
        self.problem_count += 1
        self.broken = self.broken or problem.torn
        if len(self.problems) < LISTED_PROBLEMS:
            self.problems.append(problem)

    def _finish(self, last: Checkpoint | None) -> None:
        self.book.left_out = {one.sid for one in self.sieve.skipped.values()}
        self.book.close(self.broken)
        self._keep(last or Checkpoint(0, 0, {}, resumable=False), complete=True)

    def _keep(self, at: Checkpoint, complete: bool) -> None:
        self.book.count()
        # What a reader wants to remember may hold words of a session that is left out: then nothing is remembered.
        # What is stamped holds the stamps of a database, and no words.
        if self.sieve.skipped and not at.stamped:
            at = Checkpoint(at.offset, at.line, {}, resumable=False)
        if self.book.forgotten.met:
            at = self._unspoken(at)
        head = fingerprint(self.descriptor, at.offset) if at.resumable and not at.stamped else None
        store_files.save_progress(
            self.store,
            self.file_id,
            self.found.identity,
            head,
            (at.offset, at.line, json.dumps(at.state), at.resumable),
            complete,
            self.ingest._now_ms(),
            None if self.appends else readers().get(self.found.agent),
        )
        if self.sieve.skipped or self.seen is not None:
            set_skipped(self.store, self.file_id, self.sieve.skipped.values())
        resumed_at = self.seen.line if self.appends and self.seen else None
        shown = [(problem.line, clean(problem.what) or "") for problem in self._shown_problems()]
        store_files.set_problems(self.store, self.file_id, shown, resumed_at)
        self.store.keep_part()
        self.ingest.commit_when_due()

    def _unspoken(self, at: Checkpoint) -> Checkpoint:
        """Something in this file was forgotten: a resume value that may repeat it is not kept."""
        keys = [file_key(self.found.path), *map(session_key, self.book.untitle())]
        bury(self.store, keys, self.ingest._now_ms())
        return Checkpoint(0, 0, {}, resumable=False) if speaks(at.state) and not at.stamped else at

    def _shown_problems(self) -> tuple[SourceProblem, ...]:
        more = self.problem_count - len(self.problems)
        if not more:
            return tuple(self.problems)
        return (*self.problems, SourceProblem(self.found.path, None, f"and {more} more problems"))
