"""Read the few new lines that a search found on its way, and not more than fits in a moment.

Only SQLite is written: the search itself matches what the lexical index does not have yet.  When that grows long,
the index is brought up to date after the answer was printed.
"""

from __future__ import annotations

import os
import stat

from cass import clock
from cass.connectors.base import Surroundings
from cass.connectors.packed import is_packed
from cass.connectors.table import agent_row, load
from cass.disk import try_lock
from cass.errors import CassError
from cass.indexing.discover import Found, Survey, by_known_names, found_at
from cass.indexing.feed import Feed
from cass.indexing.ingest import READ, WAITS, Ingest
from cass.indexing.order import Queue
from cass.indexing.places import SEARCHING
from cass.indexing.rules import ALL, Exclusion, Rules
from cass.lexical import writer as lexical_writer
from cass.records import record
from cass.store import files as store_files
from cass.store.counts import forget_counts
from cass.store.look import keep_look
from cass.store.refusals import SqliteErrors
from cass.store.sessions import workspaces
from cass.store.writable import open_writer
from cass.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cass.connectors.table import Agent
    from cass.disk import Lock
    from cass.paths import Places
    from cass.store.files import Seen
    from cass.store.look import Look

READ_S = 0.030
# Who reads just now is often done in a moment, and then this search finds it.
TRIES, TRY_AGAIN_S = 7, 0.005
# A document that is rewritten whole has no place to stop at: one too long for the time left is the next index's.
# A short one is read even on a machine so busy that no time is left.
WHOLE_BYTES_PER_S, SHORT_BYTES = 40 << 20, 64 << 10


@record
class Refreshed:
    """`behind_files` are known to have changed and were not read to their end.

    files, messages: what was read · agents: of whom · is_busy: somebody else is indexing, and nothing was done.
    """

    behind_files: int
    notes: tuple[str, ...] = ()
    files: int = 0
    messages: int = 0
    agents: tuple[str, ...] = ()
    is_busy: bool = False


def refresh(
    places: Places,
    home: str,
    env: Mapping[str, str],
    changed: Look,
    now_ms: Callable[[], int],
    monotonic_s: Callable[[], float],
    budget_s: float = READ_S,
    rules: Rules = ALL,
) -> Refreshed:
    """Read changed files, newest first, until `budget_s` is over.  What goes wrong is a note: the search goes on."""
    until_s = monotonic_s() + budget_s
    try:
        lock = _lock(places.index_lock)
        if lock is None:
            return Refreshed(len(changed.files) + len(changed.folders), is_busy=True)
        with lock, SqliteErrors(places.database):
            store = Writer(open_writer(places.database), places.database)
            try:
                return _read(store, home, env, changed, now_ms, monotonic_s, until_s, rules)
            finally:
                store.connection.close()
    except CassError as bad:
        return Refreshed(len(changed.files), (f"new messages were not read: {bad.what}",))
    except OSError as bad:
        return Refreshed(len(changed.files), (f"new messages were not read: {bad.strerror or bad}",))


def _lock(path: str) -> Lock | None:
    for _ in range(TRIES - 1):
        lock = try_lock(path, doing=SEARCHING)
        if lock is not None:
            return lock
        clock.sleep(TRY_AGAIN_S)
    return try_lock(path, doing=SEARCHING)


def _read(
    store: Writer,
    home: str,
    env: Mapping[str, str],
    changed: Look,
    now_ms: Callable[[], int],
    monotonic_s: Callable[[], float],
    until_s: float,
    rules: Rules,
) -> Refreshed:
    around = Surroundings(home, env, workspaces(store))
    # All known files only where a folder changed: 5,000 of them take longer to load than what is new to read.
    seen = store_files.seen_files(store, None if changed.folders else changed.files)
    found_now = [*_known(store, seen, changed.files), *_new(store, around, seen, changed.folders, rules)]
    work = Queue([(load(row), found) for found in found_now if (row := _row(found.agent, rules)) is not None])

    def is_over() -> bool:
        return monotonic_s() > until_s

    def is_long(found: Found, before: Seen | None) -> bool:
        if is_packed(found.path):
            return True  # even a short one takes longer to decompress than a search may wait
        fits = max(SHORT_BYTES, WHOLE_BYTES_PER_S * (until_s - monotonic_s()))
        return before is not None and not before.resumable and found.size > fits

    exclusion = Exclusion(rules.exclude, home)
    feed = Feed(store, None, monotonic_s)
    ingest = Ingest(store, feed, around, now_ms, monotonic_s, is_over, exclusion, rules.masked)
    behind = messages = 0
    read: list[Found] = []
    for number, (connector, found) in enumerate(work):
        before = seen.get(found.path)
        if (number and is_over()) or is_long(found, before):
            behind += 1
            continue
        report = ingest.file(connector, found, before, coming=work.coming(found))
        if report.outcome == WAITS:
            work.put_back((connector, found))
            continue
        behind += not report.finished
        messages += report.messages
        if report.outcome == READ:
            read.append(found)
    ingest.finish()
    store.begin()
    keep_look(store, sorted({*changed.files, *(found.path for found in found_now)}))
    forget_counts(store)
    store.commit()
    return Refreshed(behind, (), len(read), messages, tuple(dict.fromkeys([found.agent for found in read])))


def _row(agent: str, rules: Rules) -> Agent | None:
    row = agent_row(agent)
    return None if row is None or (rules.agents is not None and row.name not in rules.agents) else row


def _known(store: Writer, seen: Mapping[str, Seen], paths: Iterable[str]) -> Iterable[Found]:
    gone = []
    for path in paths:
        before = seen.get(path)
        if before is None:
            continue  # forgotten meanwhile; what named it is brought up to date when all is read
        try:
            info = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            gone.append(before.id)
            continue
        except OSError:
            continue
        if stat.S_ISREG(info.st_mode):
            yield found_at(before.agent, path, info)
    if gone:
        store.begin()
        store_files.mark_files_gone(store, gone)
        store.commit()


def _new(
    store: Writer, around: Surroundings, seen: Mapping[str, Seen], folders: Iterable[tuple[str, str]], rules: Rules
) -> Iterable[Found]:
    """Files in folders where something came or went; the folders' new times are noted."""
    for name in dict.fromkeys(agent for _, agent in folders):
        row = agent_row(name)
        if row is None:
            continue
        survey = Survey(load(row), around, rules.roots)
        found = [each for each in by_known_names(survey.files(), seen) if each.path not in seen or seen[each.path].gone]
        if not survey.problems:
            store.begin()
            store_files.save_folders(store, name, survey.folders)
            store.commit()
        yield from found


def catch_up(places: Places, monotonic_s: Callable[[], float]) -> None:
    """Bring a usable index up to date with the database, with a small heap; anything in the way is left for later."""
    try:
        lock = try_lock(places.index_lock, doing=SEARCHING)
        if lock is None:
            return
        with lock, SqliteErrors(places.database):
            lexical = lexical_writer.open_writer(places.lexical, lexical_writer.SMALL_HEAP_BYTES)
            if lexical is None:
                return
            store = Writer(open_writer(places.database), places.database)
            if 0 <= lexical.change < store.change:
                Feed(store, lexical, monotonic_s).catch_up()
                lexical.commit(store.change)
            lexical.close()
            store.connection.close()
    except (CassError, OSError, ValueError):
        return
