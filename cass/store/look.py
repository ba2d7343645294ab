"""Has anything changed on disk since it was read?  Two tables and `stat`, nothing else: every search asks this."""

from __future__ import annotations

import os

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

LOOK_S = 0.015
# `stat` of a file in the cache takes 1 to 2 µs; the clock is asked now and then.
CHECK_EVERY = 128


@record
class Look:
    """What changed: paths of files, (folder, agent) where entries came or went.  `complete` false: time ran out."""

    files: tuple[str, ...]
    folders: tuple[tuple[str, str], ...]
    complete: bool


def look(connection: Connection, monotonic_s: Callable[[], float], budget_s: float = LOOK_S) -> Look:
    """Compare folders, then files, most recently written first, with what was seen; at most `budget_s`."""
    until_s = monotonic_s() + budget_s
    folders = []
    for path, agent, mtime_ns in connection.execute("SELECT path, agent, mtime_ns FROM folders").fetchall():
        try:
            if os.stat(path).st_mtime_ns != mtime_ns:
                folders.append((path, agent))
        except OSError:
            folders.append((path, agent))
    files = []
    stat = os.stat
    rows = connection.execute("SELECT path, size, mtime_ns, complete FROM files WHERE gone=0 ORDER BY mtime_ns DESC")
    for number, (path, size, mtime_ns, complete) in enumerate(rows.fetchall()):
        try:
            info = stat(path)
            if info.st_size != size or info.st_mtime_ns != mtime_ns or not complete:
                files.append(path)
        except OSError:
            files.append(path)
        if number % CHECK_EVERY == 0 and monotonic_s() > until_s:
            return Look(tuple(files), tuple(folders), complete=False)
    return Look(tuple(files), tuple(folders), complete=True)
