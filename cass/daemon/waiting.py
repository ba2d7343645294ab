"""Waiting that ends when something happens, and signals that are noted instead of obeyed in the middle of a write."""

from __future__ import annotations

import select
import signal
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Ask files are looked at so often while nothing is done: two `stat` calls, and no signal reaches into a container.
LOOK_S = 2.0
ENDING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK")
NUDGE = "SIGCONT"


class Signals:
    """Until the end of the block signals are noted in `number`; the same one a second time is obeyed at once.

    A terminal that closes says it twice, by the kernel and by the shell: that is not somebody who insists.
    """

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        # A socket, not a pipe: Windows cannot wait for a pipe.
        self._read, self._written = socket.socketpair()
        for end in (self._read, self._written):
            end.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._written.fileno(), warn_on_full_buffer=False)
        for name in (*ENDING, NUDGE):
            number = getattr(signal, name, None)
            if number is not None:
                self._before[number] = signal.signal(number, self._noted if name in ENDING else _nothing)
        return self

    def __exit__(self, *why: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup)
        self._read.close()
        self._written.close()

    def _noted(self, number: int, frame: object) -> None:
        self.number = number
        if number != getattr(signal, "SIGHUP", None):
            signal.signal(number, signal.SIG_DFL)

    @property
    def is_ended(self) -> bool:
        return self.number != 0

    def wait(self, seconds: float, also: int | None = None) -> None:
        """Until a signal comes, or the descriptor `also` has something to read; at most so long."""
        if self.number:
            return
        descriptors: list[socket.socket | int] = [self._read] if also is None else [self._read, also]
        ready, _, _ = select.select(descriptors, [], [], max(0.0, seconds))
        if self._read in ready:
            self._drain()

    def _drain(self) -> None:
        try:
            while self._read.recv(256):
                pass
        except BlockingIOError:
            return


def _nothing(number: int, frame: object) -> None:
    """A nudge: the wait is over, and nothing else."""


def wait_for(
    seconds: float, wait: Callable[[float], None], monotonic_s: Callable[[], float], is_disturbed: Callable[[], bool]
) -> None:
    """Wait so long, in slices, or until `is_disturbed`."""
    until_s = monotonic_s() + seconds
    while not is_disturbed():
        left_s = until_s - monotonic_s()
        if left_s <= 0:
            return
        wait(min(LOOK_S, left_s))
