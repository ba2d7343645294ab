"""The end of a process whose embedder hangs: nobody else can end it, and all locks fall with it."""

from __future__ import annotations

import os
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# As the answer of a search whose time ran out: what was done stands.
EXIT_CODE = 8


class Watchdog:
    """`with Watchdog(…) as alive:` call `alive()` more often than every `limit_s`; None: it never bites.

    on_hang: told first, on the watchdog's own thread · end: the end of the process.
    """

    def __init__(
        self, limit_s: float | None, on_hang: Callable[[], None], end: Callable[[int], object] = os._exit
    ) -> None:
        self.limit_s = limit_s
        self._on_hang = on_hang
        self._end = end
        self._beat = threading.Event()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Callable[[], None]:
        if self.limit_s is not None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        return self._beat.set

    def __exit__(self, *why: object) -> None:
        self._is_over = True
        self._beat.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._is_over:
            if not self._beat.wait(self.limit_s):
                self._bite()
                return
            self._beat.clear()

    def _bite(self) -> None:
        try:
            self._on_hang()
        finally:
            self._end(EXIT_CODE)
