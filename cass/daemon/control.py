"""Asking the worker to stop, to pause, to go on, to look for what is new: small files in the data folder, and a nudge.

A stop names the process that it is meant for, so it never stops the next one.  A pause outlives the worker, and holds
for `cass backfill` too.
"""

from __future__ import annotations

import os
import signal
import sys

from cass.backfill.gates import PAUSED, Pause
from cass.disk import write_whole
from cass.store.worker_state import WORKER, Holder, holder_of, read_state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

STOP = "worker.stop"
PAUSE = "worker.pause"
LOOK = "worker.look"
DAY_MS = 86_400_000
LOOK_AGAIN_S = 0.05


def pause(data: str, now_ms: int, length_s: float | None = None) -> Pause:
    """Ask for a pause, with or without an end.  Raises OSError."""
    wish = Pause(None if length_s is None else now_ms + round(length_s * 1000))
    write_whole(os.path.join(data, PAUSE), f"{now_ms} {wish.until_ms or ''}\n".encode())
    nudge(holder_of(data))
    return wish


def unpause(data: str) -> bool:
    """Take it back; False if there was none.  Raises OSError where the file cannot be removed."""
    try:
        os.unlink(os.path.join(data, PAUSE))
    except FileNotFoundError:
        return False
    nudge(holder_of(data))
    return True


def paused(data: str, now_ms: int) -> Pause | None:
    """The pause that holds now."""
    try:
        with open(os.path.join(data, PAUSE), encoding="ascii", errors="replace") as file:
            since, _, until = file.read(80).strip().partition(" ")
        since_ms = int(since)
        if not until:
            return Pause()
        # A clock that was set back by years does not make two hours into years.
        most_ms = int(until) - since_ms + DAY_MS
        return Pause(int(until)) if 0 < int(until) - now_ms <= most_ms else None
    except (OSError, ValueError):
        return None


def ask_stop(data: str) -> Holder | None:
    """Ask whoever makes vectors in this folder to stop within a batch; None if nobody does."""
    holder = holder_of(data)
    if holder is None:
        return None
    try:
        write_whole(os.path.join(data, STOP), f"{holder.pid}\n".encode())
    except OSError:  # a full disk: the signal says the same
        _kill(holder.pid, signal.SIGTERM)
        return holder
    nudge(holder)
    return holder


def stop_asked(data: str, pid: int) -> bool:
    """Is this process asked to stop?"""
    try:
        with open(os.path.join(data, STOP), encoding="ascii", errors="replace") as file:
            return file.read(40).strip() == str(pid)
    except OSError:
        return False


def forget_stop(data: str) -> None:
    """The ask was obeyed, or was another's."""
    try:
        os.unlink(os.path.join(data, STOP))
    except OSError:
        return


def ask_look(data: str) -> Holder | None:
    """Ask the worker to look at once what is new; None where there is none.  Raises OSError."""
    holder = holder_of(data)
    if holder is not None:
        write_whole(os.path.join(data, LOOK), f"{holder.pid}\n".encode())
        nudge(holder)
    return holder


def asked_stamp(data: str) -> tuple[int, ...]:
    """Changes whenever somebody asks for something: three looks at the disk."""
    return tuple([_stamp(os.path.join(data, name)) for name in (STOP, PAUSE, LOOK)])


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def nudge(holder: Holder | None, platform: str = sys.platform) -> None:
    """Let a worker that rests look at once, not in a moment."""
    # SIGCONT does nothing to a process that does not expect it; Windows has no such thing, and looks in a moment.
    if holder is not None and holder.what == WORKER and platform != "win32":
        _kill(holder.pid, signal.SIGCONT)


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return


def wait_until_gone(
    data: str, pid: int, most_s: float, monotonic_s: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    """Wait for the lock to be another's, or nobody's."""
    until_s = monotonic_s() + most_s
    while (holder := holder_of(data)) is not None and holder.pid == pid:
        if monotonic_s() >= until_s:
            return False
        sleep(LOOK_AGAIN_S)
    return True


def wait_until_awake(
    data: str, most_s: float, monotonic_s: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    """Wait for the worker to notice that a pause is over; True if none says any more that it is paused."""
    return _wait_while(data, lambda word: word == PAUSED, most_s, monotonic_s, sleep)


def wait_until_paused(
    data: str, most_s: float, monotonic_s: Callable[[], float], sleep: Callable[[float], None]
) -> bool:
    """Wait for the worker to notice a pause; True if none says any more that it does something else."""
    return _wait_while(data, lambda word: word != PAUSED, most_s, monotonic_s, sleep)


def _wait_while(
    data: str,
    is_so: Callable[[str], bool],
    most_s: float,
    monotonic_s: Callable[[], float],
    sleep: Callable[[float], None],
) -> bool:
    until_s = monotonic_s() + most_s
    while (said := read_state(data)) is not None and is_so(said.word):
        if monotonic_s() >= until_s:
            return False
        sleep(LOOK_AGAIN_S)
    return True
