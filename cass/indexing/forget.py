"""`cass forget`: remove messages from everything that cass keeps, for good.

The wish is written down first, so that whoever is interrupted finds it done by the next command.  Then everything goes
from the database in one transaction, which leaves tombstones; then, each step being the same when it is done twice, the
raw files, the vectors, the lexical index (`scrubbing.py`: a deleted document's words stay in its segment) and what the
database's pages remember.
"""

from __future__ import annotations

import json
import os
import shutil

from cass.disk import try_lock, write_whole
from cass.errors import SystemRefused
from cass.indexing.forgotten import speaks
from cass.indexing.places import LOCK_WAIT_S, take_lock
from cass.indexing.run import no_progress
from cass.indexing.scrubbing import scrub_index
from cass.records import record, replace
from cass.semantic.artifacts import Shelf
from cass.semantic.scrub import scrub as scrub_vectors
from cass.semantic.standing import KIND_OF
from cass.store import connect, writable
from cass.store.counts import keep_counts
from cass.store.forgetting import (
    Leaving,
    Selection,
    choose,
    empty_pages,
    existing_texts,
    note_forgotten,
    take_out,
    was_forgotten,
)
from cass.store.look import keep_look
from cass.store.raw import buried_paths, open_to_write
from cass.store.raw_size import path_of
from cass.store.refusals import SqliteErrors
from cass.store.safety import recount
from cass.store.worker_state import LOCK
from cass.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from cass.paths import Places

    Progress = Callable[[str, int, int, int, int], None]

# In the data folder, from the wish until nothing is left to be done; cli/edge.py knows the name, too.
MARK = "forgetting"
_WORDS = tuple(Selection.__match_args__)


@record
class Wish:
    """What somebody wants forgotten, and since when; `index_done`: the search index has been made again for it."""

    selection: Selection
    at_ms: int
    index_done: bool = False


@record
class Unfinished:
    """Why something of what was forgotten may still stand in a file; the next command tries again."""

    reason: str


def preview(places: Places, selection: Selection) -> Leaving:
    """What a wish would come to; nothing is changed."""
    connection = connect.open_reader(places.database)
    if connection is None:
        return Leaving()
    with SqliteErrors(places.database):
        try:
            return choose(connection, selection)
        finally:
            connection.close()


def write_wish(places: Places, selection: Selection, now_ms: int) -> None:
    """From here on it is going to be done.  Ids and times only.  Raises SystemRefused."""
    try:
        _write(places, Wish(selection, now_ms))
    except OSError as bad:
        todo = "make room or allow it, and try again: nothing was forgotten"
        raise SystemRefused(f"the wish cannot be written: {bad.strerror}", places.data, todo) from bad


def _write(places: Places, wish: Wish) -> None:
    said = {name: getattr(wish.selection, name) for name in _WORDS}
    said |= {"at_ms": wish.at_ms, "index_done": wish.index_done}
    write_whole(os.path.join(places.data, MARK), json.dumps(said).encode())


def is_pending(data: str) -> bool:
    """Is there a wish that is not done to its end?"""
    return os.path.exists(os.path.join(data, MARK))


def _read(places: Places) -> Wish | None:
    """None for what is not readable."""
    try:
        with open(os.path.join(places.data, MARK), "rb") as file:
            said = json.load(file)
        fields: dict[str, Any] = {name: _tuples(said[name]) for name in _WORDS}
        return Wish(Selection(**fields), int(said["at_ms"]), said["index_done"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _tuples(value: object) -> object:
    return tuple([_tuples(each) for each in value]) if isinstance(value, list) else value


def take_from_database(places: Places, monotonic_s: Callable[[], float], wait_s: float = LOCK_WAIT_S) -> Leaving | None:
    """Do the wish as far as the database goes; None if that was done before.  Raises Busy, SystemRefused, …"""
    wish = _read(places)
    if wish is None or not os.path.exists(places.database):
        return None
    with take_lock(places, monotonic_s, wait_s), SqliteErrors(places.database):
        store = Writer(writable.open_writer(places.database), places.database)
        try:
            return None if was_forgotten(store, wish.at_ms) else _take_out(store, wish.selection, wish.at_ms)
        finally:
            store.connection.close()


def _take_out(store: Writer, selection: Selection, at_ms: int) -> Leaving:
    store.begin()
    leaving = choose(store.connection, selection)
    take_out(store, lambda state: speaks(json.loads(state)), at_ms)
    note_forgotten(store, at_ms)
    keep_look(store)
    store.commit()
    # Afterwards: counts are those of a change number, which a commit writes down.
    store.begin()
    keep_counts(store)
    recount(store.connection)
    store.commit()
    return leaving


def finish(
    places: Places,
    now_ms: Callable[[], int],
    monotonic_s: Callable[[], float],
    progress: Progress = no_progress,
    has_lock: bool = False,
) -> Unfinished | None:
    """Do what is left of the wish; None when nothing of it stands anywhere any more.

    `has_lock`: the caller has the worker's lock.  Raises Busy, SystemRefused, CorruptDatabase.
    """
    lock = None if has_lock else try_lock(os.path.join(places.data, LOCK))
    if lock is None and not has_lock:
        return Unfinished("the worker is at work, which finishes it")
    try:
        take_from_database(places, monotonic_s)
        return _scrub(places, now_ms, monotonic_s, progress)
    finally:
        if lock is not None:
            lock.release()


def _scrub(
    places: Places, now_ms: Callable[[], int], monotonic_s: Callable[[], float], progress: Progress
) -> Unfinished | None:
    shutil.rmtree(places.renderings, ignore_errors=True)  # any of them may hold some of it, and all can be made again
    if os.path.exists(places.database):
        _scrub_vectors(places, now_ms)
        wish = _read(places)
        unfinished = _scrub_files(places)
        if unfinished is None and not (wish and wish.index_done):
            reason = scrub_index(places, monotonic_s, progress)
            unfinished = None if reason is None else Unfinished(reason)
        if unfinished is None:
            if wish is not None:
                _write(places, replace(wish, index_done=True))
            unfinished = _scrub_database(places, monotonic_s)
        if unfinished is not None:
            return unfinished
    try:
        os.unlink(os.path.join(places.data, MARK))
    except FileNotFoundError:
        pass
    return None


def _scrub_vectors(places: Places, now_ms: Callable[[], int]) -> None:
    if not places.has_vectors:
        return
    connection = connect.open_reader(places.database)
    if connection is None:
        return
    with SqliteErrors(places.database):
        is_kept = existing_texts(connection)
        connection.close()
    for tier in KIND_OF:
        scrub_vectors(Shelf.below(places.data), tier, is_kept, now_ms)


def _scrub_files(places: Places) -> Unfinished | None:
    """The agents' files that held some of it are not kept, nor are pieces of such a file that was not taken whole."""
    connection = connect.open_reader(places.database)
    if connection is None or not os.path.exists(path_of(places.data)):
        return None
    with open_to_write(places.data) as store, SqliteErrors(places.database):
        gone = buried_paths(connection, store.files())
        connection.close()
        store.forget(gone)
        if not store.empty_pages(empty_pages):
            return Unfinished("another process still reads the kept files")
    return None


def _scrub_database(places: Places, monotonic_s: Callable[[], float]) -> Unfinished | None:
    with take_lock(places, monotonic_s), SqliteErrors(places.database):
        connection = writable.open_writer(places.database)
        try:
            emptied = empty_pages(connection, places.data)
        finally:
            connection.close()
    return None if emptied else Unfinished("another process still reads the database as it was before")
