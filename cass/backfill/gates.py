"""May background work begin now?  Small questions in one order; the first "not now" wins, with the time to ask again.

What a command by hand passes is the last column of `GATES`.
"""

from __future__ import annotations

from cass.clock import local_text
from cass.policy import MB
from cass.records import record
from cass.semantic.capability import floor_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.policy import SemanticPolicy

    Look = Callable[["Situation"], "Hold | None"]

# Whoever is asked again sooner would be asked in a circle.
LEAST_S = 1.0
SOON_S = 30.0
LATER_S = 60.0
MUCH_LATER_S = 600.0
# Where nothing tells whether somebody is there, so many delays are waited.
UNSEEN_DELAYS = 5
DAY_MINUTES = 1440

# Who passes a gate.
NOBODY, HAND, FORCE = "nobody", "hand", "force"

PAUSED, DISK, BUDGET, MODE, MEMORY = "paused", "disk_full", "budget_full", "lexical_only", "memory"


@record
class Hold:
    """A gate's "not now": a word for scripts, the reason for people, and what they can do about it."""

    word: str
    reason: str
    retry_in_s: float = SOON_S
    todo: str | None = None


@record
class IdleTime:
    """Since when nobody was here, and what told.  `sees_input`: something tells when keys are pressed."""

    seconds: float
    source: str
    sees_input: bool = True


@record
class MemoryPressure:
    """A share from 0 to 1, the most of it that is no pressure, and of what it is the share."""

    share: float
    most: float
    what: str


@record
class Pause:
    """Somebody asked for peace; without `until_ms` until they say otherwise."""

    until_ms: int | None = None


@record
class Manners:
    """How much work may be noticed.  quiet_hours: minutes since midnight, from and to."""

    on_battery: bool = False
    max_load_per_core: float = 0.7
    quiet_hours: tuple[int, int] | None = None


@record
class Sensors:
    """What is known of the machine, as functions; None: it does not tell.

    monotonic_s stands still while the machine sleeps, where the system lets it · local_minutes: since midnight.
    """

    now_ms: Callable[[], int]
    monotonic_s: Callable[[], float]
    load_per_core: Callable[[], float | None]
    memory_pressure: Callable[[], MemoryPressure | None]
    on_battery: Callable[[], bool | None]
    idle_s: Callable[[], IdleTime | None]
    rss_bytes: Callable[[], int]
    free_bytes: Callable[[], int]
    local_minutes: Callable[[], int]


@record
class Asked:
    """Who wants the work, and what they said meanwhile.

    other_worker: who works already, None for nobody · unread_settings: a file of settings that cannot be read, and why.
    until_ms: when it shall be over.
    """

    by_hand: bool = False
    force: bool = False
    stop: Callable[[], bool] = lambda: False
    paused: Callable[[], Pause | None] = lambda: None
    other_worker: Callable[[], str | None] = lambda: None
    unread_settings: str | None = None
    manners: Manners = Manners()
    until_ms: int | None = None


@record
class Situation:
    """All that gates look at.  used_bytes: what semantic artifacts take · waited_s: since the host began."""

    policy: SemanticPolicy
    sensors: Sensors
    asked: Asked
    used_bytes: Callable[[], int] = lambda: 0
    waited_s: Callable[[], float] = lambda: 0.0


@record
class Gate:
    """`look` gives its refusal; `passed_by`: whom it does not hold."""

    look: Look
    passed_by: str

    def holds(self, situation: Situation) -> Hold | None:
        asked = situation.asked
        if self.passed_by != NOBODY and asked.by_hand and (asked.force or self.passed_by == HAND):
            return None
        return self.look(situation)


def stop_asked(situation: Situation) -> Hold | None:
    return Hold("interrupted", "it was stopped", LEAST_S, "cass backfill goes on") if situation.asked.stop() else None


def time_is_up(situation: Situation) -> Hold | None:
    until_ms = situation.asked.until_ms
    if until_ms is None or situation.sensors.now_ms() < until_ms:
        return None
    return Hold("until", f"it was asked for until {local_text(until_ms, '%H:%M')}", LEAST_S, "cass backfill goes on")


def pause_asked(situation: Situation) -> Hold | None:
    pause = situation.asked.paused()
    if pause is None:
        return None
    if pause.until_ms is None:
        return Hold(PAUSED, "it is paused", SOON_S, "cass worker unpause")
    left_s = (pause.until_ms - situation.sensors.now_ms()) / 1000
    return Hold(PAUSED, "it is paused for a while", left_s, "cass worker unpause") if left_s > 0 else None


def other_worker(situation: Situation) -> Hold | None:
    who = situation.asked.other_worker()
    return None if who is None else Hold("other_worker", f"{who} is at work already", SOON_S)


def unread_settings(situation: Situation) -> Hold | None:
    """A search does with the defaults; by them vectors would be dropped that the half-saved file asks for."""
    what = situation.asked.unread_settings
    return None if what is None else Hold("settings", f"settings cannot be read: {what}", SOON_S, "cass status")


def words_only(situation: Situation) -> Hold | None:
    if situation.policy.mode.should_build_semantic:
        return None
    return Hold(MODE, "the mode is lexical_only", LATER_S, "cass config set mode hybrid_preferred")


def no_threads(situation: Situation) -> Hold | None:
    if situation.policy.max_backfill_threads > 0:
        return None
    return Hold("no_threads", "max_backfill_threads is 0", LATER_S, "cass config set max_backfill_threads 1")


def user_active(situation: Situation) -> Hold | None:
    """Wait until nobody was here for the delay; where that cannot be seen, for several of them."""
    delay_s = situation.policy.idle_delay_seconds
    idle = situation.sensors.idle_s() or IdleTime(situation.waited_s(), "nothing", sees_input=False)
    if not idle.sees_input:
        return _unseen(idle, UNSEEN_DELAYS * delay_s)
    if idle.seconds >= delay_s:
        return None
    return Hold("user_active", f"you were here {idle.seconds:.0f} s ago ({idle.source})", delay_s - idle.seconds)


def _unseen(idle: IdleTime, delay_s: float) -> Hold | None:
    if idle.seconds >= delay_s:
        return None
    reason = f"nothing here tells whether you are at the machine: it waits {delay_s:.0f} s and looks at the load"
    return Hold("user_active", reason, delay_s - idle.seconds)


def machine_busy(situation: Situation) -> Hold | None:
    load, most = situation.sensors.load_per_core(), situation.asked.manners.max_load_per_core
    if load is None or load <= most:
        return None
    return Hold("machine_busy", f"the machine is busy: a load of {load:.2f} a core, over {most:g}", SOON_S)


def memory_pressure(situation: Situation) -> Hold | None:
    pressure = situation.sensors.memory_pressure()
    if pressure is None or pressure.share <= pressure.most:
        return None
    reason = f"memory is short: {pressure.what} {pressure.share:.0%}, over {pressure.most:.0%}"
    return Hold("memory_pressure", reason, SOON_S)


def on_battery(situation: Situation) -> Hold | None:
    if situation.asked.manners.on_battery or not situation.sensors.on_battery():
        return None
    return Hold("on_battery", "the machine runs on its battery", LATER_S, "cass config set worker.on_battery true")


def quiet_hours(situation: Situation) -> Hold | None:
    """From the first minute up to the last, over midnight too; equal ones are no hours."""
    if situation.asked.manners.quiet_hours is None:
        return None
    start, end = situation.asked.manners.quiet_hours
    minute = situation.sensors.local_minutes()
    if (minute - start) % DAY_MINUTES >= (end - start) % DAY_MINUTES:
        return None
    # Asked again before the end: clocks are set forward and back, too.
    left_s = min(60.0 * ((end - minute) % DAY_MINUTES), MUCH_LATER_S)
    return Hold("quiet_hours", f"these are quiet hours, until {end // 60:02}:{end % 60:02}", left_s)


def own_memory(situation: Situation) -> Hold | None:
    most_mb, rss_bytes = situation.policy.max_backfill_rss_mb, situation.sensors.rss_bytes()
    if rss_bytes <= most_mb * MB:
        return None
    todo = f"cass config set max_backfill_rss_mb {2 * most_mb or 256}"
    return Hold(MEMORY, f"it takes {rss_bytes / MB:,.0f} MB of memory, over {most_mb} MB", LATER_S, todo)


def disk_floor(situation: Situation) -> Hold | None:
    floor_mb, free_bytes = situation.policy.min_free_disk_mb, situation.sensors.free_bytes()
    if free_bytes >= floor_mb * MB:
        return None
    return Hold(DISK, floor_words(floor_mb, free_bytes / MB), LATER_S, "make room")


def over_budget(situation: Situation) -> Hold | None:
    """What stands over the budget and could not be evicted; that something new has no room is found when it is made."""
    budget_mb, used_bytes = situation.policy.semantic_budget_mb, situation.used_bytes()
    if used_bytes <= budget_mb * MB:
        return None
    reason = f"{used_bytes / MB:,.1f} MB are used of a budget of {budget_mb} MB"
    return Hold(BUDGET, reason, MUCH_LATER_S, "cass config set semantic_budget_mb MB")


GATES = (
    Gate(stop_asked, NOBODY),
    Gate(time_is_up, NOBODY),
    Gate(pause_asked, NOBODY),
    Gate(other_worker, NOBODY),
    Gate(unread_settings, NOBODY),
    Gate(words_only, NOBODY),
    Gate(no_threads, NOBODY),
    Gate(user_active, HAND),
    Gate(machine_busy, HAND),
    Gate(memory_pressure, FORCE),
    Gate(on_battery, FORCE),
    Gate(quiet_hours, HAND),
    Gate(own_memory, NOBODY),
    Gate(disk_floor, NOBODY),
    Gate(over_budget, NOBODY),
)
# Asked before and among other work than vectors: nobody and nothing is disturbed.
_DISTURBED = (pause_asked, user_active, machine_busy, memory_pressure, on_battery, quiet_hours)
QUIET = tuple([gate for gate in GATES if gate.look in _DISTURBED])
# Asked between two batches as well, several times a second.
INTERRUPTING = (stop_asked, time_is_up, pause_asked, user_active)


def first_hold(situation: Situation, gates: tuple[Gate, ...] = GATES) -> Hold | None:
    """The first refusal; None: the work may begin."""
    for gate in gates:
        hold = gate.holds(situation)
        if hold is not None:
            return hold if hold.retry_in_s >= LEAST_S else _later(hold)
    return None


def interruption(situation: Situation) -> Hold | None:
    """Why work that goes on has to stop at this moment: somebody asks, or is back."""
    return first_hold(situation, tuple([gate for gate in GATES if gate.look in INTERRUPTING]))


def _later(hold: Hold) -> Hold:
    return Hold(hold.word, hold.reason, LEAST_S, hold.todo)


def _long(seconds: float) -> str:
    """412 s, 35 min, 9 h, 3 days."""
    for most, unit_s, unit in ((600, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < most:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"


def why_it_may(situation: Situation) -> str:
    """What the gates saw when they let it pass: "you were away 412 s (terminal), mains, load 0.30 a core"."""
    if situation.asked.by_hand:
        return "you asked for it, whatever the machine does" if situation.asked.force else "you asked for it"
    sensors = situation.sensors
    idle, load, battery = sensors.idle_s(), sensors.load_per_core(), sensors.on_battery()
    away = None if idle is None else f"you were away {_long(idle.seconds)} ({idle.source})"
    power = None if battery is None else "battery" if battery else "mains"
    return ", ".join([part for part in (away, power, load is not None and f"load {load:.2f} a core") if part])
