"""Find the session files below the connectors' roots, and tell what became of each since it was last read.

Nothing here opens a session file but for the fingerprint of its first and last bytes.  Folders that cannot be read
are values, links that lead in circles are followed once, and only regular files count.
"""

from __future__ import annotations

import os
import stat
from hashlib import blake2b

from cass.connectors.base import SourceProblem
from cass.indexing.rules import added_roots
from cass.records import record, replace
from cass.store.look import size_and_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cass.connectors.base import Connector, Root, Surroundings
    from cass.store.files import Seen

    # device and number of the folder, and the name in it: one, by however many names the folder is reached
    Spot = tuple[int, int, str]

FINGERPRINT_BYTES = 2048
# Looking for project-local stores must not walk a whole home folder.
MAX_PROJECT_FOLDERS = 5_000

UNCHANGED, TOUCHED, APPENDED, WHOLE = "unchanged", "touched", "appended", "whole"


@record
class Found:
    """A session file on disk.  `inode` tells files apart that took each other's name.

    Of a database, size and time are those of the file and its write-ahead log together.
    """

    agent: str
    path: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def identity(self) -> tuple[int, int, int]:
        return (self.size, self.mtime_ns, self.inode)


class Survey:
    """One look over the disk for one connector: `files` yields, `folders` and `problems` fill meanwhile.

    `more` are the entries of `sources.roots`.
    """

    def __init__(self, connector: Connector, around: Surroundings, more: Sequence[str] = ()) -> None:
        self.connector = connector
        self.around = around
        self.added = added_roots(connector, more, around.home)
        self.folders: dict[str, int] = {}
        self.problems: list[SourceProblem] = []
        self._visited: set[tuple[int, int]] = set()
        self._given: set[Spot] = set()
        self._unwatched_left = MAX_PROJECT_FOLDERS

    def files(self) -> Iterator[Found]:
        """All session files of this agent, each once."""
        for root in (*self.connector.roots(self.around), *self.added):
            if self._is_text(root.path):
                yield from self._root(root)

    def _root(self, root: Root) -> Iterator[Found]:
        try:
            info = os.stat(root.path)
        except OSError as bad:
            if not isinstance(bad, (FileNotFoundError, NotADirectoryError)):
                self._problem(root.path, bad)
            return
        if stat.S_ISDIR(info.st_mode):
            yield from self._folder(root.path, info, root.depth, root)
        elif self.connector.claims(root.path) and (found := self._file(root.path, spot(root.path))):
            yield found

    def _folder(self, path: str, info: os.stat_result, depth: int, root: Root) -> Iterator[Found]:
        identity = (info.st_dev, info.st_ino)
        if not root.watch:
            self._unwatched_left -= 1
        if (identity in self._visited and root.watch) or self._unwatched_left < 0:
            return
        self._visited.add(identity)
        if root.watch and (root.watch_below or path == root.path):
            self.folders[path] = info.st_mtime_ns
        for entry in self._entries(path):
            if not self._is_text(entry.path):
                continue
            if self.connector.claims(entry.path):
                if found := self._file(entry.path, (*identity, entry.name)):
                    yield found
            elif depth > 0 and self._is_folder(entry) and self.connector.enters(entry.path):
                below = self._stat(entry.path)
                yield from self._folder(entry.path, below, depth - 1, root) if below else ()

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(path) as entries:
                # In a fixed order: of two names for one folder always the same counts.
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as bad:
            self._problem(path, bad)
            return []

    def _is_text(self, path: str) -> bool:
        """SQLite keeps names as UTF-8; a file system need not."""
        try:
            path.encode()
        except UnicodeEncodeError:
            self.problems.append(SourceProblem(path, None, "its name is not UTF-8"))
            return False
        return True

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir()
        except OSError as bad:
            self._problem(entry.path, bad)
            return False

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            return os.stat(path)
        except OSError as bad:
            self._problem(path, bad)
            return None

    def _file(self, path: str, at: Spot | None) -> Found | None:
        info = self._stat(path)
        if info is None or at is None or at in self._given:
            return None
        if not stat.S_ISREG(info.st_mode):
            if not stat.S_ISDIR(info.st_mode):
                self.problems.append(SourceProblem(path, None, "not a regular file"))
            return None
        self._given.add(at)
        return found_at(self.connector.AGENT, path, info)

    def _problem(self, path: str, bad: OSError) -> None:
        self.problems.append(SourceProblem(path, None, bad.strerror or str(bad)))


def is_database(descriptor: int) -> bool:
    """Is this open file SQLite's?"""
    return read_at(descriptor, 0, 16) == b"SQLite format 3\0"


def found_at(agent: str, path: str, info: os.stat_result) -> Found:
    """The file at `path`, as it is now."""
    return Found(agent, path, *size_and_time(path, info), info.st_ino)


def spot(path: str) -> Spot | None:
    """Where a file stands, or stood; None where its folder is not to be seen."""
    folder, name = os.path.split(path)
    return None if (which := folder_itself(folder)) is None else (*which, name)


def folder_itself(path: str) -> tuple[int, int] | None:
    """What is the same for all names of a folder; None where there is none to be seen."""
    try:
        info = os.stat(path or os.curdir)
    except OSError:
        return None
    return info.st_dev, info.st_ino


def by_known_names(found: Iterable[Found], seen: Mapping[str, Seen]) -> Iterator[Found]:
    """The same files, those that were read by another name of their folder under that one.

    A HOME that is a link is one today and what it leads to tomorrow: each session would be stored twice.
    """
    known: dict[Spot, str] | None = None
    for one in found:
        if one.path in seen:
            yield one
            continue
        if known is None:
            known = _by_spot(seen)
        at = spot(one.path) if known else None
        yield one if at is None else replace(one, path=known.get(at, one.path))


def _by_spot(paths: Iterable[str]) -> dict[Spot, str]:
    """The paths by where they lead now, each folder looked at once."""
    folders: dict[str, tuple[int, int] | None] = {}
    found: dict[Spot, str] = {}
    for path in paths:
        folder, name = os.path.split(path)
        if folder not in folders:
            folders[folder] = folder_itself(folder)
        if (which := folders[folder]) is not None:
            found[(*which, name)] = path
    return found


def what_changed(seen: Seen | None, found: Found, descriptor: int | None = None) -> str:
    """UNCHANGED, TOUCHED (back, or another inode: same content), APPENDED (read on from the offset) or WHOLE.

    `descriptor` is the open file; without it only what needs no look inside is told, the rest is WHOLE.
    """
    if seen is None:
        return WHOLE
    if (seen.size, seen.mtime_ns, seen.inode) == found.identity and seen.complete:
        return TOUCHED if seen.gone else UNCHANGED
    if seen.is_stamped:
        return APPENDED if seen.inode == found.inode else WHOLE
    # A shorter file may have lost a last line that was taken before its newline came.
    if found.size < seen.size or not _reads_on(seen, found, descriptor):
        return WHOLE
    if found.size != seen.size or not seen.complete:
        return APPENDED
    # The same size at another time may be an edit in the middle; another inode alone is a restored copy.
    return TOUCHED if seen.mtime_ns == found.mtime_ns else WHOLE


def _reads_on(seen: Seen, found: Found, descriptor: int | None) -> bool:
    if not seen.resumable or seen.head is None or descriptor is None or found.size < seen.offset:
        return False
    return fingerprint(descriptor, seen.offset) == seen.head


def fingerprint(descriptor: int, offset: int) -> bytes:
    """A hash of the first and the last 2 KB before `offset`: what was read still stands there."""
    size = min(FINGERPRINT_BYTES, offset)
    digest = blake2b(read_at(descriptor, 0, size), digest_size=12)
    if offset > size:
        digest.update(read_at(descriptor, offset - size, size))
    return digest.digest()


def read_at(descriptor: int, offset: int, size: int) -> bytes:
    """Bytes at an offset, the position of the file left as it was."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, size, offset)
    before = os.lseek(descriptor, 0, os.SEEK_CUR)
    os.lseek(descriptor, offset, os.SEEK_SET)
    data = os.read(descriptor, size)
    os.lseek(descriptor, before, os.SEEK_SET)
    return data
