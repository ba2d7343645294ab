"""Linux tells when a file changes: inotify(7), by three calls of the C library.

A bell, not a ledger: events say that it is worth looking, and the look says what changed.  So nothing is lost where
events are (a full queue, a folder that was made a moment ago).  Elsewhere `polling.py` is asked the same questions.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from cass.store.look import DATABASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.store.followed import Known

# <sys/inotify.h>
MODIFY, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF, OVERFLOW, IGNORED, ONLY_FOLDERS = 0x400, 0x800, 0x4000, 0x8000, 0x0100_0000
COMES_OR_GOES = MOVED_FROM | MOVED_TO | CREATE | DELETE
WANTED = MODIFY | COMES_OR_GOES | DELETE_SELF | MOVE_SELF | ONLY_FOLDERS
# struct inotify_event: watch, mask, cookie, length of the name that follows, filled up with zeros.
EVENT = struct.Struct("iIII")
READ_BYTES = 1 << 16
# These say that the system gives no more; any other error is about one folder.
NO_MORE = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE)


class Inotify:
    """Rings when a known file is written, or something comes or goes in a known folder.

    Raises OSError where there is no inotify, or no room for one more.
    """

    name = "inotify"

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        try:
            self._add, self._remove = library.inotify_add_watch, library.inotify_rm_watch
            self.descriptor: int = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        except AttributeError as bad:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from bad
        if self.descriptor < 0:
            raise _error()
        self._watches: dict[str, int] = {}  # folder → watch; two names of one folder have the same
        self._names: dict[int, set[str]] = {}  # watch → the files that count if they are written
        self._listed: set[int] = set()  # watches of folders in which anything that comes or goes counts

    def follow(self, known: Known) -> bool:
        """Follow these files and folders, and no others; True if a folder is followed that was not.

        Raises OSError where the system allows no more watches (`max_user_watches`).
        """
        names = _by_folder(known)
        for folder in self._watches.keys() - names.keys():
            self._forget(folder)
        new = [folder for folder in names if folder not in self._watches and self._watch(folder)]
        self._names = {}
        for folder, watch in self._watches.items():
            self._names.setdefault(watch, set()).update(names[folder])
        self._listed = {watch for folder, watch in self._watches.items() if folder in known.folders}
        return bool(new)

    def _watch(self, folder: str) -> bool:
        watch: int = self._add(self.descriptor, os.fsencode(folder), WANTED)
        if watch < 0:
            bad = _error()
            if bad.errno in NO_MORE:
                raise bad
            return False  # gone, or somebody's permissions: the next full look meets the same
        self._watches[folder] = watch
        return True

    def _forget(self, folder: str) -> None:
        watch = self._watches.pop(folder)
        if watch not in self._watches.values():
            self._remove(self.descriptor, watch)

    def rang(self) -> bool:
        """Has anything that counts happened since this was asked?  An overflow counts."""
        rang = False
        while data := self._read():
            at = 0
            while at < len(data):
                watch, mask, _, length = EVENT.unpack_from(data, at)
                at += EVENT.size + length
                name = data[at - length : at].rstrip(b"\0")
                rang = self._counts(watch, mask, os.fsdecode(name)) or rang
        return rang

    def _read(self) -> bytes:
        try:
            return os.read(self.descriptor, READ_BYTES)
        except BlockingIOError:
            return b""

    def _counts(self, watch: int, mask: int, name: str) -> bool:
        if mask & IGNORED:
            # The folder is gone; one that is made in its place is followed anew.
            self._watches = {folder: one for folder, one in self._watches.items() if one != watch}
        if mask & (OVERFLOW | DELETE_SELF | MOVE_SELF):
            return True
        return name in self._names.get(watch, ()) or (watch in self._listed and bool(mask & COMES_OR_GOES))

    def close(self) -> None:
        os.close(self.descriptor)


def _by_folder(known: Known) -> dict[str, set[str]]:
    """Folder → the names of files in it that count; of databases also their write-ahead logs."""
    names: dict[str, set[str]] = {folder: set() for folder in known.folders}
    for path in known.files:
        folder, name = os.path.split(path)
        inside = names.setdefault(folder, set())
        inside.add(name)
        if name.endswith(DATABASES):
            inside.add(f"{name}-wal")
    return names


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
