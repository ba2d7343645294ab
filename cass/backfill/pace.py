"""How long a chunk may last, and how much of it is done without looking up: nobody who comes back waits for a batch."""

from __future__ import annotations

from cass.backfill.report import SIGNAL, TIME, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.backfill.gates import Hold

# Half of what a user who comes back may notice; a slice that takes twice as long as the one before is still in time.
SLICE_S = 0.25
FIRST_PIECES = 16
GROWS = 4


class Pace:
    """Asked between slices.  `hold` says why somebody has interrupted the chunk, None while nobody has.

    until_s: when the time of the chunk is over · interruption: asked several times a second · alive: told each time.
    """

    def __init__(
        self,
        monotonic_s: Callable[[], float],
        until_s: float,
        interruption: Callable[[], Hold | None] = lambda: None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self.monotonic_s = monotonic_s
        self.until_s = until_s
        self.hold: Hold | None = None
        self._interruption = interruption
        self._alive = alive
        self._pieces: float = FIRST_PIECES

    def interrupted(self) -> Stop | None:
        """Does somebody want it to stop at this moment?"""
        self._alive()
        self.hold = self.hold or self._interruption()
        return None if self.hold is None else stop_of(self.hold)

    def is_over(self) -> Stop | None:
        """Interrupted, or late?"""
        return self.interrupted() or (TIME if self.monotonic_s() >= self.until_s else None)

    def pieces(self, most: int) -> int:
        """So many pieces take about a slice's time, and are no more than `most`."""
        return max(1, min(most, int(self._pieces)))

    def took(self, pieces: int, seconds: float) -> None:
        """Learn from a slice."""
        fitting = self._pieces * GROWS if seconds <= 0 else pieces * SLICE_S / seconds
        self._pieces = max(1.0, min(fitting, self._pieces * GROWS, 1e9))


def stop_of(hold: Hold) -> Stop:
    """The same reason, for a tier's report."""
    return SIGNAL if hold.word == SIGNAL.word else Stop(hold.word, hold.reason, hold.todo, hold.retry_in_s)
