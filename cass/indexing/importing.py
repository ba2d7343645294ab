"""Read an export, or another archive, that somebody names: what is in it is kept, whatever becomes of the file.

It goes the way of every session file, past the same rules; but the file is nobody's to watch, a session that is not in
it is not gone, and what is stored from an agent's own files is not touched.
"""

from __future__ import annotations

import os

from cass.connectors.base import Session, SourceProblem, Surroundings
from cass.connectors.exports import NoExport, Part, parts_of
from cass.connectors.old_archive import OldArchive
from cass.errors import SystemRefused, UsageError
from cass.indexing.counting import CountingFile
from cass.indexing.discover import WHOLE, Found
from cass.indexing.ingest import FileReport, Ingest, Reading
from cass.indexing.places import open_archive
from cass.indexing.rules import Exclusion
from cass.indexing.sifting import LeftOut
from cass.records import record
from cass.store import files as store_files
from cass.store import sessions as store_sessions
from cass.store.counts import keep_counts
from cass.store.ids import session_id
from cass.store.look import keep_look
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO

    from cass.connectors.base import Checkpoint, Item, Resume
    from cass.indexing.places import Archive
    from cass.indexing.prepared import Prepared
    from cass.indexing.rules import Rules
    from cass.paths import Places
    from cass.store.skipped import Skipped

    Progress = Callable[[str, int, int, int, int], None]


@record
class ImportReport:
    """What was done with a file.  `here_already` are conversations that came from an agent's own files, or will."""

    path: str
    agents: tuple[str, ...]
    sessions_added: int
    messages_added: int
    here_already: int
    left_out: int
    problems: tuple[SourceProblem, ...]
    took_ms: float


class CountedStream:
    """A file that counts what it hands out, and shows how far it is."""

    def __init__(self, file: IO[bytes], shown: Callable[[int], None]) -> None:
        self._file = file
        self._shown = shown
        self.bytes_read = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.bytes_read += len(data)
        self._shown(self.bytes_read)
        return data

    def seek(self, offset: int, /) -> int:
        return self._file.seek(offset)


class ImportReading(Reading):
    """One pass over one part of a file."""

    imports = True

    def __init__(
        self, ingest: Ingest, part: Part, found: Found, left_out: list[Skipped], shown: Callable[[int], None]
    ) -> None:
        seen = store_files.seen_file(ingest.store, found.path)
        super().__init__(ingest, part.connector, found, seen, -1, WHOLE, None, left_out)
        self.in_parts = True
        self.here_already: set[str] = set()
        self._part = part
        self._shown = shown

    def _may_ask(self) -> bool:
        return False  # each conversation stands in one piece, and parts end between them

    def _file(self, resume: Resume | None) -> CountingFile:
        return CountedStream(self._part.open(), self._shown)  # type: ignore[return-value]

    def _items(self, file: CountingFile, resume: Resume | None) -> Iterator[Item | Prepared]:
        for item in self._read_here(file, resume):
            if type(item) is Session and self._is_another_files(item):
                self.here_already.add(item.external_id)
            if getattr(item, "session", None) in self.here_already:
                continue
            if type(item) is not Session or item.external_id not in self.here_already:
                yield item

    def _keep(self, at: Checkpoint, complete: bool) -> None:
        """Conversations end with a part: what is known of them is let go, however many there are."""
        if not complete:
            self.book.close(broken=False)
        super()._keep(at, complete)
        self.book.let_go()

    def _is_another_files(self, session: Session) -> bool:
        """Is it stored from a file of its agent?  That says more than an export does."""
        sid = session_id(self.connector.AGENT, session.parent_external_id, session.external_id)
        row = store_sessions.find_session(self.store, sid)
        if row is None or row.file is None or row.file == self.file_id:
            return False
        return not store_files.is_imported(self.store, row.file)


class Import:
    """One run of `cass import` over one file."""

    def __init__(
        self,
        places: Places,
        home: str,
        env: Mapping[str, str],
        rules: Rules,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        progress: Progress,
    ) -> None:
        self.places = places
        self.around = Surroundings(home, env)
        self.rules = rules
        self.progress = progress
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._problems: list[SourceProblem] = []
        self._here_already = 0
        self._left_out: set[str] = set()

    def run(self, path: str) -> ImportReport:
        """Do it.  Raises UsageError for what cannot be imported, Busy, SystemRefused, CorruptDatabase."""
        started_s = self._monotonic_s()
        path = os.path.abspath(path)
        with (
            SqliteErrors(self.places.database),
            open_archive(self.places, False, self._monotonic_s, self.progress) as archive,
        ):
            parts = self._parts(path, archive)
            before = store_sessions.count_sessions(archive.store), archive.store.messages
            self._read_all(archive, parts)
            sessions = store_sessions.count_sessions(archive.store) - before[0]
            messages = archive.store.messages - before[1]
        took_ms = round((self._monotonic_s() - started_s) * 1000, 1)
        agents = tuple(dict.fromkeys(part.connector.AGENT for part in parts))
        return ImportReport(
            path, agents, sessions, messages, self._here_already, len(self._left_out), tuple(self._problems), took_ms
        )

    def _parts(self, path: str, archive: Archive) -> list[Part]:
        def known(agent: str) -> frozenset[str]:
            return store_sessions.external_ids(archive.store, agent)

        todo = "give the zip file of the export, its conversations.json, or an agent_search.db"
        try:
            return parts_of(path, known)
        except NoExport as bad:
            raise UsageError(str(bad), path, todo) from bad
        except FileNotFoundError as bad:
            raise UsageError("there is no such file", path, todo) from bad
        except OSError as bad:
            raise SystemRefused(f"it cannot be read: {bad.strerror or bad}", path, "check its permissions") from bad

    def _read_all(self, archive: Archive, parts: list[Part]) -> None:
        exclusion = Exclusion(self.rules.exclude, self.around.home)
        store, feed, masked = archive.store, archive.feed, self.rules.masked
        ingest = Ingest(store, feed, self.around, self._now_ms, self._monotonic_s, exclusion=exclusion, masked=masked)
        total = sum(part.size for part in parts)
        done = 0
        try:
            for number, part in enumerate(parts):
                report = self._read(ingest, part, number, len(parts), done, total)
                self._problems += report.problems
                done += part.size
            ingest.finish()
        finally:
            archive.feed.commit()
        archive.store.begin()
        keep_look(archive.store)
        keep_counts(archive.store)
        archive.store.commit()

    def _read(self, ingest: Ingest, part: Part, number: int, count: int, done: int, total: int) -> FileReport:
        def shown(size: int) -> None:
            self.progress("reading", number, count, min(done + size, total), total)

        mtime_ns = os.stat(part.file).st_mtime_ns
        found = Found(part.connector.AGENT, part.path, part.size, mtime_ns, store_files.IMPORTED)
        left_out: list[Skipped] = []
        while True:
            reading = ImportReading(ingest, part, found, left_out, shown)
            try:
                report = reading.run()
            except LeftOut as more:
                ingest.give_up()
                left_out = more.sessions
            except OSError as bad:
                ingest.give_up()
                return FileReport("failed", problems=(SourceProblem(part.path, None, bad.strerror or str(bad)),))
            except BaseException:
                ingest.give_up()
                raise
            else:
                ingest.feed.kept()
                self._here_already += len(reading.here_already)
                if isinstance(part.connector, OldArchive):
                    self._here_already += part.connector.passed_over
                self._left_out |= reading.sieve.skipped.keys()
                return report
