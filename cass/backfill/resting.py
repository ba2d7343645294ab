"""The rest that a tier takes when its embedder fails: longer each time, remembered across ticks and processes."""

from __future__ import annotations

from cass.backfill.report import Stop
from cass.store.attempts import LONGEST_REST_MS, Rest, end_rest, note_rest, rest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from cass.store.ledger import Ledger

# An embedder that failed and does not say when to try again; twice as long after each failure that follows.
REST_S = 60.0
# How the reason of a rest begins whose embedder could not even be asked: once it can, the rest is over.
NOT_READY = "it did not get ready: "


class Resting:
    """The rests of one tier with one embedder."""

    def __init__(
        self, connection: Connection, ledger: Ledger, tier: str, embedder_id: str, now_ms: Callable[[], int]
    ) -> None:
        self.connection = connection
        self.ledger = ledger
        self.tier = tier
        self.embedder_id = embedder_id
        self.now_ms = now_ms

    @property
    def last(self) -> Rest | None:
        """The rest that it takes, or took before the last failure was mended."""
        return rest_of(self.connection, self.tier, self.embedder_id)

    def stop(self) -> Stop | None:
        """Why it is not its turn yet; a clock that was set back makes no rest longer."""
        rest, now_ms = self.last, self.now_ms()
        if rest is None or not rest.lasts(now_ms):
            return None
        todo = "cass backfill --force does not wait"
        return Stop("resting", f"the embedder failed: {rest.reason}", todo, (rest.until_ms - now_ms) / 1000)

    def begin(self, reason: str, retry_after_s: float | None = None) -> float:
        """The embedder failed: rest, and for how many seconds."""
        last = self.last
        failures = 1 if last is None else last.failures + 1
        after_s = min(retry_after_s or REST_S * 2.0 ** min(failures - 1, 20), LONGEST_REST_MS / 1000)
        rest = Rest(self.now_ms() + round(after_s * 1000), reason, failures)
        self.ledger.note(lambda connection: note_rest(connection, self.tier, self.embedder_id, rest))
        return after_s

    def end(self) -> None:
        """The embedder works."""
        self.ledger.note(lambda connection: end_rest(connection, self.tier, self.embedder_id))

    def end_if_ready(self) -> None:
        """The embedder can be asked again: the rest for want of that is over."""
        last = self.last
        if last is not None and last.reason.startswith(NOT_READY):
            self.end()
