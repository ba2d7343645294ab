"""Has anything changed on disk since it was read?  Two tables and `stat`, nothing else: every search asks this.

The table of files is also kept as one value, folder by folder: 5,000 rows take SQLite and Python 8 ms, the value takes
half a one.  It may be behind the table after a kill; then a look finds more changed than is, and reading finds less.

What another program writes into an SQLite database stands in its write-ahead log first: the two count as one file.
"""

from __future__ import annotations

import marshal
import os

from cass.native_sqlite import _sqlite3
from cass.records import record

# As store/files.py names it, which a search does not load; a test compares.
IMPORTED = -1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from sqlite3 import Connection

    from cass.store.writer import Writer

    # folder, names in it, their sizes, their times in ns; a database has a shelf of its own: its path, and no names
    Shelf = tuple[str, list[str], list[int], list[int]]

LOOK_S = 0.015
DATABASES = (".db", ".vscdb", ".sqlite")


@record
class Look:
    """What changed: paths of files, (folder, agent) where entries came or went.  `complete` false: time ran out."""

    files: tuple[str, ...]
    folders: tuple[tuple[str, str], ...]
    complete: bool


def look(connection: Connection, monotonic_s: Callable[[], float], budget_s: float = LOOK_S) -> Look:
    """Compare folders, then files, most recently written folders first, with what was seen; at most `budget_s`."""
    shelves = _kept(connection)
    until_s = monotonic_s() + budget_s
    folders = []
    for path, agent, mtime_ns in connection.execute("SELECT path, agent, mtime_ns FROM folders").fetchall():
        try:
            if os.stat(path).st_mtime_ns != mtime_ns:
                folders.append((path, agent))
        except OSError:
            folders.append((path, agent))
    files: list[str] = []
    for shelf in shelves:
        if monotonic_s() > until_s:
            return Look(tuple(files), tuple(folders), complete=False)
        files += _changed(*shelf)
    return Look(tuple(files), tuple(folders), complete=True)


def size_and_time(path: str, info: os.stat_result) -> tuple[int, int]:
    """A file's (size, mtime in ns); a database's together with what its write-ahead log holds."""
    if path.endswith(DATABASES):
        log = _stat(f"{path}-wal", None)
        if log is not None and log.st_size:
            return info.st_size + log.st_size, max(info.st_mtime_ns, log.st_mtime_ns)
    return info.st_size, info.st_mtime_ns


def _changed(folder: str, names: list[str], sizes: list[int], times: list[int]) -> list[str]:
    """The files of one folder that have another size or time, or are not there."""
    if not names:
        return _changed_database(folder, sizes, times)
    try:
        # Names below an open folder are found in two thirds of the time of whole paths.
        descriptor = os.open(folder, os.O_RDONLY) if os.stat in os.supports_dir_fd else None
    except OSError:
        return [os.path.join(folder, name) for name in names]
    prefix, stat = "" if descriptor is not None else folder + os.sep, os.stat
    infos: list[os.stat_result | None]
    try:
        infos = [stat(prefix + name, dir_fd=descriptor) for name in names]
    except OSError:  # one of them is gone
        infos = [_stat(prefix + name, descriptor) for name in names]
    finally:
        if descriptor is not None:
            os.close(descriptor)
    together = zip(names, infos, sizes, times, strict=True)
    return [
        os.path.join(folder, name)
        for name, info, size, mtime_ns in together
        if info is None or info.st_mtime_ns != mtime_ns or info.st_size != size
    ]


def _changed_database(path: str, sizes: list[int], times: list[int]) -> list[str]:
    info = _stat(path, None)
    if not sizes or (info is not None and size_and_time(path, info) == (sizes[0], times[0])):
        return []
    return [path]


def _stat(path: str, folder: int | None) -> os.stat_result | None:
    try:
        return os.stat(path, dir_fd=folder)
    except OSError:
        return None


def _kept(connection: Connection) -> list[Shelf]:
    try:
        row = connection.execute("SELECT shelves FROM look").fetchone()
    except _sqlite3.OperationalError:  # an archive of before this table was made
        row = None
    if row is None:
        return _shelves(connection)
    shelves: list[Shelf] = marshal.loads(row[0])
    return shelves


def _shelves(connection: Connection) -> list[Shelf]:
    """The known files by folder, the most recently written first; one that was not read to its end has size -1."""
    shelves: dict[str, Shelf] = {}
    sql = f"SELECT path, size, mtime_ns, complete FROM files WHERE gone=0 AND inode!={IMPORTED} ORDER BY mtime_ns DESC"
    for path, size, mtime_ns, complete in connection.execute(sql):
        folder, name = _place(path)
        _, names, sizes, times = shelves.setdefault(folder, (folder, [], [], []))
        names += name
        sizes.append(size if complete else -1)
        times.append(mtime_ns)
    return list(shelves.values())


def keep_look(writer: Writer, paths: Sequence[str] | None = None) -> None:
    """Bring the value up to date with the table, for all files or a few, inside a transaction of the caller's."""
    shelves = _shelves(writer.connection) if paths is None else _kept(writer.connection)
    for path in paths or ():
        _put(
            shelves, path, writer.run("SELECT size, mtime_ns, complete, gone FROM files WHERE path=?", path).fetchone()
        )
    writer.run("INSERT OR REPLACE INTO look VALUES(1, ?)", marshal.dumps(shelves))


def _put(shelves: list[Shelf], path: str, row: tuple[int, int, int, int] | None) -> None:
    """Write one file's size and time into its place, or take it out where it is gone."""
    folder, name = _place(path)
    shelf = next((shelf for shelf in shelves if shelf[0] == folder), None)
    if shelf is None:
        shelf = (folder, [], [], [])
        shelves.insert(0, shelf)
    _, names, sizes, times = shelf
    if not name or name[0] in names:
        at = names.index(name[0]) if name else 0
        del names[at : at + 1], sizes[at : at + 1], times[at : at + 1]
    if row is not None and not row[3]:
        names[:0] = name
        sizes.insert(0, row[0] if row[2] else -1)
        times.insert(0, row[1])


def _place(path: str) -> tuple[str, list[str]]:
    """The shelf a file stands on, and its name there."""
    if path.endswith(DATABASES):
        return path, []
    folder, name = os.path.split(path)
    return folder, [name]
