"""Work that a thread of its own does, while another one waits for it, or does something else."""

from __future__ import annotations

from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Begun:
    """Work that goes on from now on, also where nobody hears of it any more.

    Raises RuntimeError where the system has no thread to spare.
    """

    def __init__(self, work: Callable[[], Any]) -> None:
        self._got: list[Any] = []
        self._lost: list[BaseException] = []
        self._thread = Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            self._got.append(work())
        except BaseException as bad:  # handed to whoever asks for the result
            self._lost.append(bad)

    def ends_within(self, most_s: float) -> bool:
        """Wait for it, at most so long: is it done?"""
        self._thread.join(most_s)
        return bool(self._got or self._lost)

    def result(self) -> Any:
        """What it has made, when it is done.  Raises what it raised."""
        self._thread.join()
        if self._lost:
            raise self._lost[0]
        return self._got[0]
