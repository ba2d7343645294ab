"""Keep out of the way: lowest priority, idle disk, a log that stays small, no folder held, no terminal."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Ways = tuple[tuple[str, Callable[[], None]], ...]

NICE = 19
LOG = "worker.log"
LOG_BYTES = 256 * 1024


def be_nice(platform: str = sys.platform) -> tuple[str, ...]:
    """Take the lowest priority for processor and disk; gives what the system granted.  Never fails."""
    return granted(WAYS.get(platform, _POSIX))


def granted(ways: Ways) -> tuple[str, ...]:
    """The names of those that could be had."""
    return tuple([name for name, take in ways if _is_granted(take)])


def _is_granted(take: Callable[[], None]) -> bool:
    try:
        take()
    except Exception:  # psutil raises its own, and a container may forbid any of it
        return False
    return True


def _nice() -> None:
    os.setpriority(os.PRIO_PROCESS, 0, NICE)


def _idle_disk() -> None:
    import psutil  # type: ignore[import-untyped]

    psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)


def _windows_processor() -> None:
    import psutil

    psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)


def _windows_disk() -> None:
    import psutil

    psutil.Process().ionice(psutil.IOPRIO_VERYLOW)


_POSIX: Ways = (("nice 19", _nice),)
WAYS: dict[str, Ways] = {
    "linux": (*_POSIX, ("idle disk", _idle_disk)),
    "win32": (("idle priority", _windows_processor), ("very low disk", _windows_disk)),
}


def leave_folders() -> None:
    """Hold no folder: it may be unmounted or deleted."""
    try:
        os.chdir(os.path.abspath(os.sep))
    except OSError:
        return


def trim_log(path: str, most_bytes: int = LOG_BYTES) -> None:
    """Keep the last half of a log that has grown too long.  All who write to it append, so this may happen any time."""
    try:
        with open(path, "r+b") as file:
            size = file.seek(0, os.SEEK_END)
            if size <= most_bytes:
                return
            file.seek(size - most_bytes // 2)
            kept = file.read().partition(b"\n")[2]
            file.seek(0)
            file.write(kept)
            file.truncate()
    except OSError:
        return
