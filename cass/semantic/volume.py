"""The few ways in which vector files meet the disk, in one place, so that a test can let each of them fail."""

from __future__ import annotations

import errno
import os

from cass.disk import PRIVATE_FILE, clear_for_file, make_private_folder, write_whole

# Any later write sets the present time, which is never this: so a changed byte shows without reading the file.
BACK_NS = 1_000_000_000


def _make_room_for(path: str) -> None:
    """Make a tier's folder.  A data folder that somebody has deleted does not come back by it: raises OSError."""
    folder = os.path.dirname(path)
    data = os.path.dirname(os.path.dirname(os.path.dirname(folder)))
    if not os.path.isdir(data):
        raise FileNotFoundError(errno.ENOENT, "the data folder is gone", data)
    make_private_folder(folder)


class Volume:
    """Files that grow at their end, small files that are replaced whole, files that go."""

    def extend(self, path: str, at: int, data: bytes) -> int:
        """Put `data` at byte `at`, whatever an interrupted run left there; the file's new stamp.

        Raises OSError, and the caller takes back what was written.
        """
        _make_room_for(path)
        clear_for_file(path)
        if at == 0 and os.path.islink(path):  # to somebody's own file, or to nothing
            os.unlink(path)
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags, PRIVATE_FILE), "wb") as file:
            file.seek(at)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return dated_back(path)

    def take_back(self, path: str, size: int, stamp: int) -> None:
        """The file as it was: so large, with that stamp; gone if it was empty.

        Where that fails, the rest lies behind the published end, where nobody reads.
        """
        try:
            if size == 0:
                os.unlink(path)
                return
            os.truncate(path, size)
            os.utime(path, ns=(stamp, stamp))
        except OSError:
            pass

    def replace(self, path: str, data: bytes) -> None:
        """The file whole, in one step.  Raises OSError, the old one then untouched."""
        _make_room_for(path)
        clear_for_file(path)
        write_whole(path, data)

    def remove(self, path: str) -> bool:
        """Is it gone?  Windows keeps what a reader holds: it goes at a later try."""
        try:
            clear_for_file(path)
            os.unlink(path)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True


def dated_back(path: str) -> int:
    """Date the file back and give the time that it has now, in ns as this file system keeps it."""
    before = os.stat(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - BACK_NS))
    return os.stat(path).st_mtime_ns
