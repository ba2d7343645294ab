"""Start a process that belongs to nobody: no terminal, no parent, no open files but its log; or become another one."""

from __future__ import annotations

import os
import sys

from cass.disk import PRIVATE_FILE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, NoReturn

    from cass.store.worker_state import Holder

PACKAGE_PARENT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What Windows calls them; Python has the names on Windows only.
DETACHED_PROCESS, NEW_GROUP, BREAKAWAY = 0x8, 0x200, 0x1000000
WINDOWS_FLAGS = (DETACHED_PROCESS | NEW_GROUP | BREAKAWAY, DETACHED_PROCESS | NEW_GROUP)
FIRST_FREE_DESCRIPTOR = 3
MOST_DESCRIPTORS = 65_536
LOOK_AGAIN_S = 0.02


def worker_command(data_dir: str | None = None) -> list[str]:
    """The command line of a worker, started from `PACKAGE_PARENT` so that this very program is found.

    A service starts in the home folder, and a `signal.py` there is not ours: -P, unless the package is found by nothing
    but the folder.
    """
    more = ["--data-dir", os.path.abspath(data_dir)] if data_dir else []
    return [*python(), "-m", "cass", "worker", "run", *more]


def python() -> list[str]:
    """What begins the command line of another process of this program."""
    found_anyway = PACKAGE_PARENT in (sys.path if sys.flags.safe_path else sys.path[1:])
    return [sys.executable, *(["-P"] if found_anyway else [])]


def start_detached(
    command: Sequence[str], log: str, env: Mapping[str, str], platform: str = sys.platform, cwd: str = PACKAGE_PARENT
) -> None:
    """Start it and forget it.  What it prints is appended to `log`.  Raises OSError where it cannot be started."""
    if platform == "win32":
        _start_windows(command, log, env, cwd)
    else:
        _start_posix(command, log, env, cwd)


def _start_posix(command: Sequence[str], log: str, env: Mapping[str, str], cwd: str) -> None:
    """Two forks: the middle one ends at once, so the second has no parent that would have to bury it."""
    middle = os.fork()
    if middle == 0:
        code = 1
        try:
            os.setsid()
            if os.fork() == 0:
                _become(command, log, env, cwd)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(middle, 0)
    if status != 0:
        raise OSError(os.waitstatus_to_exitcode(status), "the process cannot be started")


def _become(command: Sequence[str], log: str, env: Mapping[str, str], cwd: str) -> NoReturn:
    os.chdir(cwd)
    nowhere = os.open(os.devnull, os.O_RDWR)
    said = open_log(log)
    for descriptor, source in enumerate((nowhere, said, said)):
        os.dup2(source, descriptor)
    # A shell's pipe that was left open here would wait for the worker to end.
    os.closerange(FIRST_FREE_DESCRIPTOR, MOST_DESCRIPTORS)
    os.execve(command[0], list(command), dict(env))


def open_log(path: str) -> int:
    """A descriptor to append to; nowhere, where that cannot be had."""
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _start_windows(command: Sequence[str], log: str, env: Mapping[str, str], cwd: str) -> None:
    import subprocess

    said = open_log(log)
    try:
        for flags in WINDOWS_FLAGS:
            try:
                subprocess.Popen(list(command), creationflags=flags, **windows_options(said, env, cwd))
                return
            except OSError:  # not every job lets its processes go
                if flags == WINDOWS_FLAGS[-1]:
                    raise
    finally:
        os.close(said)


def windows_options(said: int, env: Mapping[str, str], cwd: str) -> dict[str, Any]:
    """How Windows starts it: nothing to read, nothing inherited but the log."""
    nothing = -3  # subprocess.DEVNULL
    return {"env": dict(env), "cwd": cwd, "stdin": nothing, "stdout": said, "stderr": said, "close_fds": True}


def replace_self(
    command: Sequence[str], env: Mapping[str, str], log: str, platform: str = sys.platform, cwd: str = PACKAGE_PARENT
) -> None:
    """Become that command, with the memory of a new process.  Windows has no such thing: a new one takes over.

    Whatever must not be inherited is closed before: locks go with their files.  Raises OSError.
    """
    if platform == "win32":
        start_detached(command, log, env, platform, cwd)
        return
    os.chdir(cwd)
    os.execve(command[0], list(command), dict(env))


def wait_until_held(
    holder: Callable[[], Holder | None],
    most_s: float,
    monotonic_s: Callable[[], float],
    sleep: Callable[[float], None],
    is_over: Callable[[], bool] = lambda: False,
) -> Holder | None:
    """Whoever has the lock as soon as somebody has; None if nobody takes it by then, or before it `is_over`."""
    until_s = monotonic_s() + most_s
    while (found := holder()) is None and monotonic_s() < until_s and not is_over():
        sleep(LOOK_AGAIN_S)
    return found
