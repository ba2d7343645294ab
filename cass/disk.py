"""Files that matter: locks that die with their process, replacing a file whole, private folders; and wide pipes.

The only room besides `paths.py` and `daemon/` that knows the operating system's own modules.
"""

from __future__ import annotations

import os
import stat
import sys
from errno import EINVAL

from cass.paths import at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

PRIVATE_FOLDER = 0o700
PRIVATE_FILE = 0o600
# Where a volume does not tell what is free on it, only the budget holds.
UNKNOWN_BYTES = 1 << 62


class Lock:
    """An operating-system lock on a file: gone when the process is, however it ends.

    The file says who holds it, for people; the lock itself is what counts.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give it back; twice is the same as once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *why: object) -> None:
        self.release()


def try_lock(path: str, shared: bool = False, platform: str = sys.platform, doing: str = "") -> Lock | None:
    """Take the lock at once, or give None when another process has it.  Raises OSError where it cannot be made.

    doing: what for, for those who wait; see `lock_purpose`.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), PRIVATE_FILE)
    take = _take_windows if platform == "win32" else _take_posix
    try:
        taken = take(descriptor, shared)
    except BaseException:
        os.close(descriptor)
        raise
    if not taken:
        os.close(descriptor)
        return None
    if not shared:
        _sign(descriptor, doing)
    return Lock(descriptor)


def _take_posix(descriptor: int, shared: bool) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_windows(descriptor: int, shared: bool) -> bool:
    # Windows' C runtime has no shared locks: readers there do not hold generations, deleting an open file fails.
    import msvcrt

    if shared:
        return True
    # A byte far behind the text: msvcrt's locks are mandatory, and the holder's line must stay readable.
    os.lseek(descriptor, 1 << 30, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return False
    return True


def _sign(descriptor: int, doing: str) -> None:
    """Say who holds it.  It is held without that, too: on a full disk, or where a pipe stands in its place."""
    text = f"{os.getpid()}\n{doing}\n".encode()
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, text)
        os.ftruncate(descriptor, len(text))
    except OSError:
        pass


def lock_holder(path: str) -> str | None:
    """The process id that last took the lock, as text."""
    return _signature(path)[0] or None


def held_by(path: str, platform: str = sys.platform) -> str | None:
    """The process that holds the lock now; None where nobody does, or nobody can tell.  Leaves no trace in the file."""
    holder = lock_holder(path)
    if holder is None or not holder.isdigit():
        return None
    try:
        # Windows has no shared locks, and there only a free one would be signed by this.
        lock = try_lock(path, shared=platform != "win32")
    except OSError:
        return None
    if lock is None:
        return holder
    lock.release()
    return None


def lock_purpose(path: str) -> str:
    """What for the lock was last taken; empty where that was not said."""
    return _signature(path)[1]


def _signature(path: str) -> tuple[str, str]:
    try:
        with open(path, "rb", 0, opener=regular) as file:  # as ASCII text it would load that encoding's module, 1 ms
            holder, _, doing = file.read(40).decode("ascii", "replace").partition("\n")
    except OSError:
        return "", ""
    return holder.strip(), doing.strip()


class NoFile(OSError):
    """Something stands there that is no file, such as a pipe: whoever opened it would wait for somebody to write."""


def regular(path: str, flags: int) -> int:
    """An opener for `open`, and for files that others read by their names.  Raises OSError, NoFile among them."""
    descriptor = at_once(path, flags)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # of a folder `open` itself says that it is one
        return descriptor
    os.close(descriptor)
    raise NoFile(EINVAL, "it is no file", path)


def is_text(path: str) -> bool:
    """Can `path` be written as UTF-8?  The library of the search index takes no other."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def make_private_folder(path: str) -> None:
    """The folder and its parents, those that are new readable by this user alone."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above and above != path:
        make_private_folder(above)
    try:
        os.mkdir(path, PRIVATE_FOLDER)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def write_whole(path: str, data: bytes, lasts: bool = True) -> None:
    """Put `data` at `path` in one step: readers see the old file or the new one, also after a power cut.

    lasts: False for what may be lost then; a disk that is busy holds nobody up for it.
    """
    beside = f"{path}.{os.getpid()}.new"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if lasts:
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        _forget(beside)
        raise


def clear_for_file(path: str) -> None:
    """Take away a folder or a pipe where a file of ours belongs: of what can be made anew only.  Raises OSError."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # nothing is there, or nobody can tell
    if stat.S_ISDIR(mode):
        import shutil  # loads the readers of five archive formats

        shutil.rmtree(path)
    elif not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        os.unlink(path)


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def free_bytes(path: str) -> int | None:
    """Free space for this user on the volume of `path`, or of its nearest existing parent; None if unknown."""
    while not os.path.exists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    try:
        if hasattr(os, "statvfs"):
            volume = os.statvfs(path)
            return volume.f_bavail * volume.f_frsize
        import shutil  # 8 ms, and only where nothing else tells

        return shutil.disk_usage(path).free
    except OSError:
        return None


def bytes_left(path: str) -> int:
    """The same, for who has to decide: where nobody knows, more than anything takes."""
    known = free_bytes(path)
    return UNKNOWN_BYTES if known is None else known


def folder_bytes(path: str) -> int:
    """The sizes of all files below, those that vanish meanwhile not counted."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total


def widen(pipe: IO[bytes] | None, size: int) -> None:
    """Give a pipe room for so many bytes, where the system has that to give."""
    try:
        from fcntl import F_SETPIPE_SZ, fcntl

        if pipe is not None:
            fcntl(pipe, F_SETPIPE_SZ, size)
    except (ImportError, OSError):
        return
