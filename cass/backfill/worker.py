"""The worker's loop: read what searches left behind, tick, rest with a reason, leave when nothing is owed.

The world is a record of functions, `Host`: a test holds all of them, and no signal, file or clock is known here.
Nothing is looked at twice without a reason: after a tick that had nothing to do, the next one comes when the signs have
changed, or after a back-off.  Every wait is of a second at least.
"""

from __future__ import annotations

from cass.backfill.report import TOO_LARGE, WAITING
from cass.backfill.upkeep import has_progress
from cass.errors import Busy, CassError, CorruptDatabase, NewerDatabase, SystemRefused
from cass.records import record
from cass.store.events import REST, STARTED, STOPPED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from cass.backfill.report import BackfillReport

    class Held(Protocol):
        """A gate's "not now"."""

        @property
        def word(self) -> str: ...
        @property
        def reason(self) -> str: ...
        @property
        def retry_in_s(self) -> float: ...

    class Ticked(Protocol):
        """What a tick says about itself."""

        @property
        def hold(self) -> Held | None: ...
        @property
        def report(self) -> BackfillReport | None: ...

    Tick = Callable[[], Ticked]

LEAST_WAIT_S = 1.0
NO_END = float("inf")
# What nobody but the user changes, or nobody at all, is looked at again after a time that doubles up to this.
LONGEST_REST_S = 600.0
# Reasons that pass only when the user does something: the worker need not stay for them.
NOTHING_OWED, PAUSED, MEMORY = "nothing_owed", "paused", "memory"
LASTING = frozenset(
    (
        NOTHING_OWED,
        "lexical_only",
        "no_threads",
        "nothing_indexed",
        "no_model",
        "other_embedder",
        "tier_off",
        "budget_full",
        TOO_LARGE,
    )
)
# Holds that are errors.
BROKEN = frozenset([kind.kind for kind in (CassError, Busy, CorruptDatabase, NewerDatabase, SystemRefused)])
# The same failure so often in a row is not going to pass.
MOST_FAILURES = 5


@record
class Wishes:
    """How often to look for new messages, and how long to stay when nothing is owed."""

    poll_s: float = 30.0
    idle_exit_s: float = 600.0


@record
class Rest:
    """Why nothing is done now, and for how long at most.  `lasting`: it is no reason to stay."""

    word: str
    reason: str
    for_s: float
    lasting: bool = False


@record
class Leave:
    """The worker is done.  `replace`: by a fresh process, because this one's memory does not come back."""

    word: str
    reason: str
    exit_code: int = 0
    replace: bool = False


@record
class Host:
    """The world.

    tick: one piece of work · has_new, read_new: what searches left behind; reading is done without a model in memory,
    and True if it found messages · release: let the model go · wait: at most so many seconds, less when somebody asks
    for something · signs: change whenever there may be something to do · pause_left_s: None without a pause, NO_END for
    one that must be taken back · asked_s: when somebody last asked for something, on the monotonic clock · show: the
    state, for `status` · note: an event; may raise · keep: what is due beside vectors; True if something was
    done; raises nothing.
    """

    tick: Tick
    has_new: Callable[[], bool]
    read_new: Callable[[], bool]
    release: Callable[[], None]
    wait: Callable[[float], None]
    signs: Callable[[], object]
    is_stopped: Callable[[], bool]
    pause_left_s: Callable[[], float | None]
    is_here: Callable[[], bool]
    asked_s: Callable[[], float]
    monotonic_s: Callable[[], float]
    show: Callable[[Rest | None], None]
    note: Callable[[str, str], None]
    keep: Callable[[], bool] = lambda: False


class Worker:
    """The loop.  `run` gives why it left; it raises nothing."""

    def __init__(self, host: Host, wishes: Wishes) -> None:
        self.host = host
        self.wishes = wishes
        self._wanted_s = host.monotonic_s()  # the last moment at which there was a reason to be here
        self._has_worked = False
        self._has_loaded = False  # an embedder that was too large, and whose memory does not come back
        self._failures = self._vain_waits = 0
        self._has_more = False  # reading got something done, and there is more to read
        self._memory_holds = 0
        self._vain: object = None  # the signs under which a tick found nothing to do
        self._vain_ticks = 0
        self._again_s = 0.0  # when to tick under the same signs
        self._last: Rest | None = None
        self._told = ""

    def run(self) -> Leave:
        """Work until there is a reason to leave."""
        self._note(STARTED, "")
        while (leave := self._leave()) is None:
            found = self._guarded_round()
            if isinstance(found, Leave):
                leave = self._leave() or found  # who was asked to stop meanwhile is not replaced
                break
            if self.host.is_stopped():
                continue
            self._tell(found)
            if found is not None and self._leave() is None:
                leave = self._wait(max(LEAST_WAIT_S, min(found.for_s, self.wishes.poll_s)))
                if leave is not None:
                    break
        self._note(STOPPED, leave.reason)
        return leave

    def _wait(self, seconds: float) -> Leave | None:
        """What ends a wait is looked into; who cannot wait at all would spin, and leaves."""
        try:
            self.host.wait(seconds)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as bad:  # as in a round
            self._vain_waits += 1
            if self._vain_waits >= MOST_FAILURES:
                return Leave(CassError.kind, f"it cannot wait: {type(bad).__name__}: {bad}", CassError.exit_code)
            return None
        self._vain_waits = 0
        return None

    def _leave(self) -> Leave | None:
        host = self.host
        if not host.is_here():
            return Leave("gone", "the data folder is gone")
        if host.is_stopped():
            return Leave("stopped", "it was asked to stop")
        quiet_s = host.monotonic_s() - max(self._wanted_s, host.asked_s())
        if self._last is not None and self._last.lasting and quiet_s >= self.wishes.idle_exit_s:
            return Leave(self._last.word, self._last.reason)
        return None

    def _guarded_round(self) -> Rest | Leave | None:
        """One round; whatever is wrong is a reason to rest, and after a while to leave."""
        try:
            return self._round()
        except CassError as bad:
            return self._fail(bad.kind, str(bad))
        except OSError as bad:
            return self._fail(SystemRefused.kind, str(bad))
        except (KeyboardInterrupt, SystemExit):
            raise
        # The outer edge: nobody reads a traceback here, the event is what is left of it.  A panic is no Exception.
        except BaseException as bug:
            return self._fail(CassError.kind, f"{type(bug).__name__}: {bug}")

    def _fail(self, word: str, reason: str) -> Rest | Leave:
        self._failures += 1
        if word == NewerDatabase.kind:
            return Leave(word, reason, NewerDatabase.exit_code)
        if word == CassError.kind and self._failures >= MOST_FAILURES:
            return Leave(word, reason, CassError.exit_code)
        # A database that is locked is somebody's work, and passes.
        for_s = self._backed_off(self._failures)
        self._vain, self._again_s = self.host.signs(), self.host.monotonic_s() + for_s
        return Rest(word, reason, for_s, lasting=word != Busy.kind)

    def _backed_off(self, times: int) -> float:
        """Twice as long every time."""
        return min(self.wishes.poll_s * 2.0 ** min(times - 1, 10), LONGEST_REST_S)

    def _round(self) -> Rest | Leave | None:
        """Read, then one tick: None if it did something, so that there may be more."""
        host = self.host
        pause_s = host.pause_left_s()
        if pause_s is not None:
            host.release()
            self._vain = None
            # One without an end is no reason to stay: whoever takes it back can start the worker again.
            return Rest(PAUSED, "a pause was asked for", pause_s, lasting=pause_s == NO_END)
        self._read()
        if not host.is_stopped() and host.keep():
            self._wanted_s = host.monotonic_s()
        if host.is_stopped():
            return None
        signs = host.signs()
        if self._last is not None and signs == self._vain and host.monotonic_s() < self._again_s:
            return self._unchanged()
        return self._ticked(host.tick(), signs)

    def _read(self) -> None:
        """The index's writer and a model are never in memory at the same time."""
        self._has_more = False
        if self.host.has_new():
            self.host.release()
            if self.host.read_new():
                self._wanted_s = self.host.monotonic_s()
                self._has_more = self.host.has_new()

    def _unchanged(self) -> Rest:
        assert self._last is not None
        return Rest(self._last.word, self._last.reason, self._again_s - self.host.monotonic_s(), self._last.lasting)

    def _ticked(self, ticked: Ticked, signs: object) -> Rest | Leave | None:
        rest = why_rest(ticked, self.wishes.poll_s)
        if rest is not None and rest.word in BROKEN:
            return self._fail(rest.word, rest.reason)
        self._failures = 0
        if ticked.report is not None and has_progress(ticked.report):
            self._has_worked = True
            self._memory_holds = self._vain_ticks = 0
            self._wanted_s = self.host.monotonic_s()
        if rest is None or (self._has_more and ticked.hold is None):
            self._vain = None
            return None
        if rest.word == MEMORY:
            self._has_loaded = self._has_loaded or ticked.hold is None
            return self._short_of_memory(rest)
        self._memory_holds = 0
        if ticked.hold is None:
            return self._in_vain(rest, signs)
        self._vain, self._again_s = signs, self.host.monotonic_s() + rest.for_s
        return rest

    def _in_vain(self, rest: Rest, signs: object) -> Rest:
        """All gates were open and nothing came of it: not again so soon, unless something changes."""
        self._vain_ticks = self._vain_ticks + 1 if signs == self._vain else 1
        for_s = max(rest.for_s, self._backed_off(self._vain_ticks))
        self._vain, self._again_s = signs, self.host.monotonic_s() + for_s
        if rest.word in (NOTHING_OWED, WAITING):
            self.host.release()
        return Rest(rest.word, rest.reason, for_s, rest.lasting)

    def _short_of_memory(self, rest: Rest) -> Rest | Leave:
        """Rest; then without the model; then as another process, if this one has done anything that may be blamed.

        If not, the next one would be as large: only the user can change that.
        """
        self._memory_holds += 1
        if self._memory_holds == 2:
            self.host.release()
        if self._memory_holds <= 2:
            return rest
        if self._has_worked or self._has_loaded:
            return Leave(rest.word, rest.reason, replace=True)
        return Rest(rest.word, rest.reason, rest.for_s, lasting=True)

    def _tell(self, rest: Rest | None) -> None:
        """Show what is done; a rest is an event when its reason changes, and an idle look is none."""
        self._last = rest
        if rest is not None and not rest.lasting:
            self._wanted_s = self.host.monotonic_s()
        self.host.show(rest)
        word = rest.word if rest is not None else ""
        if rest is not None and word not in (self._told, NOTHING_OWED):
            self._note(REST, rest.reason)
        self._told = word

    def _note(self, kind: str, what: str) -> None:
        try:
            self.host.note(kind, what)
        except (CassError, OSError):
            pass  # a log that cannot be written harms nothing


def why_rest(ticked: Ticked, poll_s: float) -> Rest | None:
    """Why the next tick may wait; None after one that got something done."""
    hold, report = ticked.hold, ticked.report
    if hold is not None:
        return Rest(hold.word, hold.reason, hold.retry_in_s, hold.word in LASTING)
    if report is None:
        return Rest(NOTHING_OWED, "nothing is owed", poll_s, lasting=True)
    if has_progress(report):
        return None
    stops = [tier.stopped for tier in report.tiers if tier.stopped is not None]
    if not stops:
        return Rest(NOTHING_OWED, "nothing is owed", poll_s, lasting=True)
    # What passes by itself is worth staying for, whatever else is wrong.
    stop = next((each for each in stops if each.word not in LASTING), stops[0])
    return Rest(stop.word, stop.reason, stop.retry_after_s or poll_s, all(each.word in LASTING for each in stops))
