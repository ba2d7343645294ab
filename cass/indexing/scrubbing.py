"""The search index without what was forgotten: the segments that remember it made again, or all of it."""

from __future__ import annotations

import os

from cass.clock import sleep
from cass.disk import try_lock
from cass.indexing.places import open_archive
from cass.lexical.purge import are_gone
from cass.lexical.schema import READER_LOCK, current_generation, generations, is_damage
from cass.lexical.writer import drop_old_generations
from cass.store.documents import documents_of, originals_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.indexing.places import Archive
    from cass.lexical.purge import Held
    from cass.lexical.writer import LexicalWriter
    from cass.paths import Places

    Progress = Callable[[str, int, int, int, int], None]

# A search holds the index for some milliseconds; whoever holds it for longer is waited for by the next command.
READERS_S = 5.0
TOGETHER = 500


def scrub_index(places: Places, monotonic_s: Callable[[], float], progress: Progress) -> str | None:
    """Do it; None when nothing is left, else why something may be.  Raises Busy, SystemRefused, CorruptDatabase."""
    if current_generation(places.lexical) is None:
        return None  # `cass index` makes a new one
    with open_archive(places, False, monotonic_s, progress) as archive:
        folder = archive.lexical.folder
        held = None if archive.rebuilt else _held(archive.lexical)
        if held is not None and held.segments:
            _make_again(archive, held)
    # Merges are over.  Files that somebody had open are deleted when they are closed: is there a moment without any?
    in_place = held is not None and are_gone(folder, held.segments)
    # And is there no generation beside it that the worker makes of what it read before?
    name = os.path.basename(folder)
    if in_place and _comes_true(lambda: _is_unread(folder) and _is_alone(places.lexical, name), monotonic_s):
        return None
    if not archive.rebuilt:
        with open_archive(places, True, monotonic_s, progress) as archive:
            folder = archive.lexical.folder
    alone = _comes_true(lambda: _is_alone(places.lexical, os.path.basename(folder)), monotonic_s)
    return None if alone else "another process still reads the search index from before"


def _is_alone(root: str, generation: str) -> bool:
    drop_old_generations(root, generation)
    return generations(root) == [generation]


def _held(lexical: LexicalWriter) -> Held | None:
    try:
        return lexical.with_remains()
    except (KeyError, TypeError):
        return None
    except BaseException as bad:
        if not is_damage(bad):
            raise
        return None


def _make_again(archive: Archive, held: Held) -> None:
    """One commit: whoever searches meanwhile has the index as it was, or as it will be."""
    lexical, connection = archive.lexical, archive.store.connection
    lexical.empty(held)
    docs = sorted(held.docs)
    for start in range(0, len(docs), TOGETHER):
        for document in documents_of(connection, originals_of(connection, docs[start : start + TOGETHER])):
            lexical.add(document)
    lexical.commit(archive.store.change)
    lexical.drop_files()


def _is_unread(folder: str) -> bool:
    lock = try_lock(os.path.join(folder, READER_LOCK))
    if lock is not None:
        lock.release()
    return lock is not None


def _comes_true(is_so: Callable[[], bool], monotonic_s: Callable[[], float]) -> bool:
    until_s = monotonic_s() + READERS_S
    while not is_so():
        if monotonic_s() >= until_s:
            return False
        sleep(0.05)
    return True
