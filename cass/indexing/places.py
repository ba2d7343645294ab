"""The data folder as a writer needs it: locked, laid out, the database open, the lexical index in step with it."""

from __future__ import annotations

import errno
import os

from cass.clock import sleep
from cass.connectors.table import readers
from cass.disk import Lock, is_text, lock_holder, lock_purpose, make_private_folder, try_lock, write_whole
from cass.errors import Busy, SystemRefused
from cass.indexing.feed import Feed
from cass.lexical import writer as lexical_writer
from cass.store.catalog import canaries
from cass.store.connect import open_reader
from cass.store.files import seen_files
from cass.store.readers import outdated
from cass.store.sessions import workspaces
from cass.store.writable import open_writer
from cass.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.lexical.writer import LexicalWriter
    from cass.paths import Places
    from cass.store.files import Seen

# How long one that wants the lock waits for another that may hold it for long; and, where it waits that long at all,
# for a search, which lets go of it soon: after 50 ms, or after seconds where the disk is slow.
LOCK_WAIT_S = 2.0
FOR_A_SEARCH_S = 30.0
SEARCHING = "search"

README = """This folder belongs to cass (it finds what you and your coding agents said).

cass.db       the archive: everything that was ever read. The agents delete their files, this stays.
              With cass.db-wal and cass.db-shm beside it. Do not delete these while cass runs.
archive.db    files that their agents have deleted or soon will, for `cass restore`. Nothing else needs it.
derived/      made from cass.db. Delete it whenever you like: `cass index` makes it again.
forgetting    only while `cass forget` is at work, or was interrupted: the next command goes on. Do not delete it.
index.lock    says which process is writing. It may be deleted when none is.
"""
CACHEDIR_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder can be made again: cass index --rebuild\n"


class Archive:
    """What the one writer of a data folder works with.  Close it whatever happens."""

    def __init__(self, lock: Lock, store: Writer, lexical: LexicalWriter, feed: Feed, rebuilt: bool) -> None:
        self.lock = lock
        self.store = store
        self.lexical = lexical
        self.feed = feed
        self.rebuilt = rebuilt

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *why: object) -> None:
        try:
            self.lexical.close()
        finally:
            self.store.connection.close()
            self.lock.release()


def open_archive(
    places: Places,
    rebuild: bool,
    monotonic_s: Callable[[], float],
    progress: Callable[[str, int, int, int, int], None],
    doing: str = "",
) -> Archive:
    """Lock the data folder and open everything.  Raises Busy when another process is writing."""
    prepare_folder(places)
    lock = take_lock(places, monotonic_s, LOCK_WAIT_S, doing, lambda: progress("waiting for a search", 0, 0, 0, 0))
    try:
        connection = open_writer(places.database)
    except BaseException:
        lock.release()
        raise
    try:
        store = Writer(connection, places.database)
        lexical, rebuilt = _lexical(places, store, rebuild, monotonic_s, progress)
    except BaseException:
        connection.close()
        lock.release()
        raise
    return Archive(lock, store, lexical, Feed(store, lexical, monotonic_s), rebuilt)


def prepare_folder(places: Places) -> None:
    """Make the data folder, private, with a note for those who find it."""
    if not is_text(places.data):
        todo = "set CASS_DATA_DIR to a folder with another name"
        raise SystemRefused("the name of the data folder is not UTF-8 text", places.data, todo)
    try:
        make_private_folder(places.data)
        make_private_folder(places.lexical)
        _note(os.path.join(places.data, "README.txt"), README)
        _note(os.path.join(places.data, "derived", "CACHEDIR.TAG"), CACHEDIR_TAG)
    except OSError as bad:
        where, todo = places.data, "set CASS_DATA_DIR to a folder you own"
        if bad.errno in (errno.ENOSPC, errno.EDQUOT):
            todo = "make room, or set CASS_DATA_DIR to a folder on another disk"
        inside = str(bad.filename).startswith(places.data + os.sep)
        if inside and isinstance(bad, (FileExistsError, NotADirectoryError)):
            where, todo = bad.filename, "a folder of cass should be where this file is: move it away"
        what = "used" if os.path.lexists(places.data) else "made"
        raise SystemRefused(f"the data folder cannot be {what}: {bad.strerror}", where, todo) from bad


def _note(path: str, text: str) -> None:
    if not os.path.exists(path):
        write_whole(path, text.encode())


def take_lock(
    places: Places,
    monotonic_s: Callable[[], float],
    wait_s: float = LOCK_WAIT_S,
    doing: str = "",
    waits: Callable[[], None] = lambda: None,
) -> Lock:
    """The index lock, waited for a little.  Raises Busy, naming the holder.

    `waits` is called while a search is waited for, which may take longer; another search does not wait for one.
    """
    since_s, is_patient = monotonic_s(), wait_s >= LOCK_WAIT_S and doing != SEARCHING
    while True:
        try:
            lock = try_lock(places.index_lock, doing=doing)
        except OSError as bad:
            raise SystemRefused(
                f"the lock cannot be taken: {bad.strerror}", places.index_lock, "see what mends it: cass doctor"
            ) from bad
        if lock is not None:
            return lock
        is_search = is_patient and lock_purpose(places.index_lock) == SEARCHING
        if monotonic_s() - since_s >= (FOR_A_SEARCH_S if is_search else wait_s):
            holder = lock_holder(places.index_lock)
            who = f"process {holder}" if holder else "another process"
            raise Busy(f"{who} is indexing", places.index_lock, "wait for it, or search meanwhile: cass search works")
        if is_search:
            waits()
        sleep(0.02)


def _lexical(
    places: Places,
    store: Writer,
    rebuild: bool,
    monotonic_s: Callable[[], float],
    progress: Callable[[str, int, int, int, int], None],
) -> tuple[LexicalWriter, bool]:
    """The index, caught up with the database; made anew where it is missing, damaged, old or ahead."""
    lexical = None
    if not rebuild:
        lexical = lexical_writer.open_writer(
            places.lexical, canaries=lambda change: canaries(store.connection, change) if change <= store.change else ()
        )
    # Ahead of the database: a power cut took SQLite's last transactions, or it is another one.
    if lexical is not None and 0 <= lexical.change <= store.change:
        _fill(lexical, store, monotonic_s, progress)
        # Those that a search still held when they were replaced, or that a kill left half made.
        lexical_writer.drop_old_generations(places.lexical, os.path.basename(lexical.folder))
        return lexical, False
    if places.has_vectors:
        from cass.indexing.strays import let_go, outnumber  # loads what makes vectors

        # Without an index nothing says how far the database was once.
        is_behind = lexical is not None and store.change < lexical.change
        if is_behind or (lexical is None and (not store.change or outnumber(places, store.connection))):
            let_go(places, store.connection)
    if lexical is not None:
        lexical.close()
    lexical = lexical_writer.create_writer(places.lexical)
    _fill(lexical, store, monotonic_s, progress)
    lexical_writer.publish(lexical)
    return lexical, store.change > 0


def _fill(
    lexical: LexicalWriter,
    store: Writer,
    monotonic_s: Callable[[], float],
    progress: Callable[[str, int, int, int, int], None],
) -> None:
    if lexical.change == store.change:
        return
    total = store.changed_since(lexical.change)

    def shown(done: int) -> None:
        progress("rebuilding", done, total, 0, 0)

    Feed(store, lexical, monotonic_s).catch_up(shown)
    lexical.commit(store.change)


def read_seen(places: Places) -> tuple[dict[str, Seen], tuple[str, ...], set[str]]:
    """What an index would find known: (files by path, workspaces, paths that an older reader read), read-only.

    Empty before the first run.
    """
    connection = open_reader(places.database)
    if connection is None:
        return {}, (), set()
    store = Writer(connection, places.database)
    known = seen_files(store), workspaces(store), outdated(connection, readers())
    connection.close()
    return known
