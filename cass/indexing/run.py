"""`cass index`: look at every agent's folders, read what is new, keep the lexical index in step.

Newest files first, so that a search beside the first run, or after Ctrl-C, already answers for the latest days.
Everything that goes wrong with one file is a problem in the report; only the database and the disk can end a run.
"""

from __future__ import annotations

import gc
import os

from cass.connectors.base import SourceProblem, Surroundings
from cass.connectors.table import AGENTS, Agent, load, readers
from cass.indexing.ahead import WORTH_BYTES, ReadAhead
from cass.indexing.discover import UNCHANGED, Found, Survey, by_known_names
from cass.indexing.ingest import READ, WAITS, FileReport, Ingest
from cass.indexing.keep import expiring_of, files_at_risk, kept_paths
from cass.indexing.order import Queue
from cass.indexing.places import SEARCHING, open_archive
from cass.indexing.rules import ALL, Exclusion, Rules
from cass.records import record
from cass.store import files as store_files
from cass.store.counts import keep_counts
from cass.store.look import keep_look
from cass.store.readers import note_readers, outdated
from cass.store.refusals import SqliteErrors
from cass.store.safety import keep_safety, safety
from cass.store.sessions import workspaces
from cass.store.skipped import skipped_workspaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.indexing.places import Archive
    from cass.paths import Places
    from cass.store.files import Seen

    Progress = Callable[[str, int, int, int, int], None]


@record
class IndexRequest:
    """What to do.  `full` reads everything again; `rebuild` fills the index from SQLite.

    `alone`: for a run before a search: without a second process, and without what only an older reader read; `brief`:
    it will be stopped soon.  `some`: agents were named, so the files of the others stay read or unread as they are.
    """

    rules: Rules = ALL
    full: bool = False
    rebuild: bool = False
    alone: bool = False
    brief: bool = False
    some: bool = False


@record
class AgentTally:
    """Files of one agent: seen, read, unchanged, failed; and bytes handed to its parser."""

    seen: int = 0
    read: int = 0
    unchanged: int = 0
    failed: int = 0
    bytes_read: int = 0


@record
class IndexReport:
    """What a run did.  `complete` false: it was stopped, the rest comes with the next run."""

    agents: Mapping[str, AgentTally]
    problems: tuple[SourceProblem, ...]
    documents: int
    rebuilt: bool
    complete: bool
    took_ms: float


def no_progress(phase: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
    """For those who do not want to see it."""


# Rows and documents are tuples and records without cycles; looking for some among them every 700 took 4 % of the
# process that stores.
LOOK_FOR_CYCLES_EVERY = 50_000


class Run:
    """One run over all agents.  `stop` is asked between files and at checkpoints."""

    def __init__(
        self,
        places: Places,
        home: str,
        env: Mapping[str, str],
        request: IndexRequest,
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        progress: Progress = no_progress,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.places = places
        self.home = home
        self.env = env
        self.request = request
        self.progress = progress
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._stop = stop
        self._tallies: dict[str, dict[str, int]] = {}
        self._problems: list[SourceProblem] = []
        self._complete = True
        self._unread = 0
        self._claimed: dict[str, str] = {}
        self._outdated: set[str] = set()

    def run(self) -> IndexReport:
        """Do it.  Raises Busy, SystemRefused, CorruptDatabase or NewerDatabase."""
        gc.enable()  # the command line switches it off for short lives; this is a long one
        gc.set_threshold(LOOK_FOR_CYCLES_EVERY)
        started_s = self._monotonic_s()
        rebuild, doing = self.request.rebuild, SEARCHING if self.request.brief else ""
        with (
            SqliteErrors(self.places.database),
            open_archive(self.places, rebuild, self._monotonic_s, self.progress, doing) as archive,
        ):
            self._index(archive)
            return IndexReport(
                {name: AgentTally(**counts) for name, counts in self._tallies.items()},
                tuple(self._problems),
                archive.lexical.document_count(),
                archive.rebuilt,
                self._complete,
                round((self._monotonic_s() - started_s) * 1000, 1),
            )

    def _index(self, archive: Archive) -> None:
        wanted = self.request.rules.agents
        chosen = [agent for agent in AGENTS if wanted is None or agent.name in wanted]
        if not self.request.alone:
            self._outdated = outdated(archive.store.connection, readers())
        try:
            for later in (False, True):
                self._agents([agent for agent in chosen if agent.after_others is later], archive)
        finally:
            archive.feed.commit()
        self._note_safety(archive)
        self._note_unread(archive)  # after an error it stays what it was when the run began: too many, never too few
        self._note_readers(archive)

    def _note_safety(self, archive: Archive) -> None:
        """What exists only here by now, and what soon will."""
        connection = archive.store.connection
        risks = files_at_risk(connection, Surroundings(self.home, self.env), self.request.rules.roots)
        kept = kept_paths(self.places.data)
        before = safety(connection, 0)
        archive.store.begin()
        keep_safety(connection, expiring_of(risks, kept), kept, before.full, before.vain)
        archive.store.commit()

    def _note_unread(self, archive: Archive) -> None:
        if not self.request.some:
            archive.store.begin()
            archive.store.note_unread(self._unread)
            archive.store.commit()

    def _note_readers(self, archive: Archive) -> None:
        """Nothing that was found still is as an older reader took it."""
        is_whole = self._complete and not self.request.alone and not self.request.some
        if is_whole and self._outdated.isdisjoint(self._claimed):
            archive.store.begin()
            note_readers(archive.store, readers())
            archive.store.commit()

    def _agents(self, agents: Sequence[Agent], archive: Archive) -> None:
        around = Surroundings(self.home, self.env, workspaces(archive.store))
        seen = store_files.seen_files(archive.store)
        surveys = [Survey(load(agent), around, self.request.rules.roots) for agent in agents]
        work = Queue([(survey.connector, found) for survey in surveys for found in self._look(survey, seen)])
        new = sum(found.path not in seen for found in work.files)
        if new:
            self._unread += new
            self._note_unread(archive)  # at once: whoever is killed while reading has not read them all
        self._read_all(archive, around, work, seen)
        for survey in surveys:
            self._problems += survey.problems
        self._settle(archive, surveys if self._complete else (), seen, {found.path for found in work.files})

    def _look(self, survey: Survey, seen: Mapping[str, Seen]) -> list[Found]:
        agent = survey.connector.AGENT
        # A folder of `sources.roots` may be claimed by two agents: a file is the first one's.
        found = [
            one
            for one in by_known_names(survey.files(), seen)
            if self._claimed.setdefault(one.path, agent) == agent
            and (one.path not in seen or seen[one.path].agent == agent)
        ]
        self._tallies[survey.connector.AGENT] = {"seen": len(found)}
        return found

    def _read_all(
        self,
        archive: Archive,
        around: Surroundings,
        work: Queue,
        seen: Mapping[str, Seen],
    ) -> None:
        exclusion = Exclusion(self.request.rules.exclude, self.home)
        store, feed, masked = archive.store, archive.feed, self.request.rules.masked
        ingest = Ingest(store, feed, around, self._now_ms, self._monotonic_s, self._stop, exclusion, masked)
        again = {path for path, folder in skipped_workspaces(archive.store) if exclusion.why(folder) is None}
        ingest.ahead = self._ahead([found for found in work.files if found.path not in seen], around)
        if ingest.ahead is not None:
            archive.store.expect_much()
        total_bytes = sum(found.size for found in work.files)
        done = done_bytes = 0
        try:
            for connector, found in work:
                if self._stop():
                    self._complete = False
                    return
                self.progress("reading", done, len(work), done_bytes, total_bytes)
                force = self.request.full or found.path in again or found.path in self._outdated
                report = ingest.file(connector, found, seen.get(found.path), force, work.coming(found))
                if report.outcome == WAITS:
                    work.put_back((connector, found))
                    continue
                done += 1
                self._count(found.agent, report)
                self._unread -= found.path not in seen and report.finished
                if report.outcome == READ:
                    self._outdated.discard(found.path)
                self._complete = self._complete and report.finished
                done_bytes += found.size
        finally:
            if ingest.ahead is not None:
                ingest.ahead.close()
            ingest.finish()

    def _ahead(self, new: Sequence[Found], around: Surroundings) -> ReadAhead | None:
        """A second process that reads new files, where there is enough to read and a core for it."""
        if self.request.alone or not new or (os.cpu_count() or 1) < 2:
            return None
        return ReadAhead(new, around) if sum(found.size for found in new) >= WORTH_BYTES else None

    def _count(self, agent: str, report: FileReport) -> None:
        counts = self._tallies[agent]
        outcome = "unchanged" if report.outcome == UNCHANGED else report.outcome
        counts[outcome] = counts.get(outcome, 0) + 1
        counts["bytes_read"] = counts.get("bytes_read", 0) + report.bytes_read
        self._problems += report.problems

    def _settle(self, archive: Archive, whole: Sequence[Survey], seen: Mapping[str, Seen], found: set[str]) -> None:
        """Note how things stand, all at once: of agents that were read to the end also the folders and what is gone."""
        store = archive.store
        gone = [file.id for survey in whole for file in _gone(survey, seen, found)]
        store.begin()
        for survey in whole:
            store_files.save_folders(store, survey.connector.AGENT, survey.folders)
        store_files.mark_files_gone(store, gone)
        if whole:
            store.note_indexed(self._now_ms())
        keep_look(store)
        keep_counts(store)
        store.commit()


def _gone(survey: Survey, seen: Mapping[str, Seen], found: set[str]) -> list[Seen]:
    """The files that the agent has deleted."""
    agent = survey.connector.AGENT
    unreadable = {problem.path for problem in survey.problems}
    below = tuple([path.rstrip(os.sep) + os.sep for path in unreadable])
    return [
        file
        for file in seen.values()
        if file.agent == agent
        and not (file.gone or file.inode == store_files.IMPORTED)
        and file.path not in found
        and not (file.path in unreadable or file.path.startswith(below))
        # What this run was not told to look at (another HOME, a variable of the agent's) still stands there.
        and not os.path.lexists(file.path)
    ]


def plan(
    places: Places, home: str, env: Mapping[str, str], rules: Rules = ALL, full: bool = False
) -> tuple[int, int, int]:
    """(files, bytes, how many of those were never read) of what a run would read now, without reading it."""
    from cass.indexing.discover import TOUCHED, what_changed
    from cass.indexing.places import read_seen

    seen, known, older = read_seen(places)
    around = Surroundings(home, env, known)
    files = size = new = 0
    for agent in AGENTS:
        if rules.agents is not None and agent.name not in rules.agents:
            continue
        for found in by_known_names(Survey(load(agent), around, rules.roots).files(), seen):
            stored = seen.get(found.path)
            before = None if full or found.path in older else stored
            if what_changed(before, found) not in (UNCHANGED, TOUCHED):
                files += 1
                size += max(0, found.size - (before.offset if before and before.resumable else 0))
                new += max(0, found.size - (stored.size if stored else 0))
    return files, size, new
