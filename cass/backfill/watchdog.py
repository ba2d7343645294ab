"""The end of a process whose embedder hangs: nobody else can end it, and all locks fall with it."""

from __future__ import annotations

import os
import threading

from cass import clock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# As the answer of a search whose time ran out: what was done stands.
EXIT_CODE = 8
# It looks so often before it bites.  Who comes back later than this from a look was stopped, or slept with the machine.
LOOKS = 4
LATE_S = 1.0


class Watchdog:
    """`with Watchdog(…) as alive:` call `alive()` more often than every `limit_s`; None: it never bites.

    Time in which the watchdog itself did not run does not count, and after it there is the whole limit again.

    on_hang: told first, on the watchdog's own thread · end: the end of the process · monotonic_s: what tells that.
    """

    def __init__(
        self,
        limit_s: float | None,
        on_hang: Callable[[], None],
        end: Callable[[int], object] = os._exit,
        monotonic_s: Callable[[], float] = clock.monotonic_s,
    ) -> None:
        self.limit_s = limit_s
        self._on_hang = on_hang
        self._end = end
        self._monotonic_s = monotonic_s
        self._beat = threading.Event()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Callable[[], None]:
        if self.limit_s is not None:
            look_s = self.limit_s / LOOKS
            self._thread = threading.Thread(target=self._watch, args=(look_s,), name="watchdog", daemon=True)
            self._thread.start()
        return self._beat.set

    def __exit__(self, *why: object) -> None:
        self._is_over = True
        self._beat.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, look_s: float) -> None:
        looks = 0
        while not self._is_over and looks < LOOKS:
            began_s = self._monotonic_s()
            if self._beat.wait(look_s):
                self._beat.clear()
                looks = 0
            else:
                was_away = self._monotonic_s() - began_s > look_s + max(look_s, LATE_S)
                looks = 0 if was_away else looks + 1
        if not self._is_over:
            self._bite()

    def _bite(self) -> None:
        try:
            self._on_hang()
        finally:
            self._end(EXIT_CODE)
