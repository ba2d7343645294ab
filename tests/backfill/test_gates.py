"""Every gate holds and lets go, in the contract's order, and a command by hand passes those that it may pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.backfill.gates import (
    FORCE,
    GATES,
    HAND,
    LEAST_S,
    NOBODY,
    UNSEEN_DELAYS,
    Asked,
    Gate,
    Hold,
    IdleTime,
    Manners,
    MemoryPressure,
    Pause,
    Situation,
    first_hold,
    interruption,
    why_it_may,
)
from cass.policy import SemanticMode, SemanticPolicy
from cass.records import replace
from tests.backfill.sensing import CALM, NOON, Machine
from tests.backfill.working import MB

NOW_MS = CALM["now_ms"]
POLICY = SemanticPolicy()
NIGHT = Manners(quiet_hours=(22 * 60, 7 * 60))


def situation(says: dict[str, Any] | None = None, policy: dict[str, Any] | None = None, **asked: Any) -> Situation:
    used_bytes = asked.pop("used_bytes", 0)
    machine = Machine(**(says or {}))
    return Situation(replace(POLICY, **(policy or {})), machine.sensors, Asked(**asked), lambda: used_bytes)


# word → what makes that gate hold, in the contract's order: (sensors, policy, asked).
HOLDING: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "interrupted": ({}, {}, {"stop": lambda: True}),
    "until": ({}, {}, {"until_ms": NOW_MS}),
    "paused": ({}, {}, {"paused": Pause}),
    "other_worker": ({}, {}, {"other_worker": lambda: "process 7"}),
    "settings": ({}, {}, {"unread_settings": "line 3"}),
    "lexical_only": ({}, {"mode": SemanticMode.LEXICAL_ONLY}, {}),
    "no_threads": ({}, {"max_backfill_threads": 0}, {}),
    "user_active": ({"idle_s": IdleTime(12, "terminal")}, {}, {}),
    "machine_busy": ({"load_per_core": 0.71}, {}, {}),
    "memory_pressure": ({"memory_pressure": MemoryPressure(0.11, 0.1, "waiting")}, {}, {}),
    "on_battery": ({"on_battery": True}, {}, {}),
    "quiet_hours": ({"local_minutes": 23 * 60}, {}, {"manners": NIGHT}),
    "memory": ({"rss_bytes": 257 * MB}, {}, {}),
    "disk_full": ({"free_bytes": 199 * MB}, {}, {}),
    "budget_full": ({}, {}, {"used_bytes": 501 * MB}),
}
PASSED_BY_HAND = {"user_active", "machine_busy", "quiet_hours"}
PASSED_BY_FORCE = {*PASSED_BY_HAND, "on_battery", "memory_pressure"}
every_gate = pytest.mark.parametrize("word", HOLDING)


def holding(*words: str, **asked: Any) -> Situation:
    """A situation in which these gates hold."""
    says: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for word in words:
        says |= HOLDING[word][0]
        policy |= HOLDING[word][1]
        asked |= HOLDING[word][2]
    return situation(says, policy, **asked)


def word_of(hold: Hold | None) -> str | None:
    return None if hold is None else hold.word


def test_a_calm_machine_may_work() -> None:
    assert first_hold(situation()) is None


@every_gate
def test_a_gate_holds(word: str) -> None:
    """With a reason, and never to be asked again at once."""
    hold = first_hold(holding(word))

    assert hold is not None
    assert hold.word == word
    assert hold.reason
    assert hold.retry_in_s >= LEAST_S


@given(st.sets(st.sampled_from(list(HOLDING)), min_size=1))
def test_the_first_one_wins(words: set[str]) -> None:
    """Whatever else would hold: the contract's order decides."""
    assert word_of(first_hold(holding(*words))) == next(word for word in HOLDING if word in words)


@every_gate
def test_what_a_command_by_hand_passes(word: str) -> None:
    assert (first_hold(holding(word, by_hand=True)) is None) == (word in PASSED_BY_HAND)


@every_gate
def test_what_force_passes(word: str) -> None:
    assert (first_hold(holding(word, by_hand=True, force=True)) is None) == (word in PASSED_BY_FORCE)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([NOBODY, HAND, FORCE]))), st.booleans(), st.booleans())
def test_a_gate_that_is_passed_is_as_if_it_were_not_there(
    gates: list[tuple[bool, str]], by_hand: bool, force: bool
) -> None:
    """Passing more gates never holds anybody who was let through."""

    def gate(number: int, holds: bool, passed_by: str) -> Gate:
        return Gate(lambda _: Hold(str(number), "held") if holds else None, passed_by)

    made = tuple(gate(number, *each) for number, each in enumerate(gates))
    passing = {FORCE, HAND} if by_hand and force else {HAND} if by_hand else set()
    left = tuple(one for one in made if one.passed_by not in passing)

    assert first_hold(situation(by_hand=by_hand, force=force), made) == first_hold(situation(), left)


def test_how_long_a_user_is_waited_for() -> None:
    """Until the delay is over, and not a moment longer."""
    held = first_hold(situation({"idle_s": IdleTime(12, "terminal")}))

    assert held is not None
    assert (held.retry_in_s, "12 s ago (terminal)" in held.reason) == (18, True)
    assert first_hold(situation({"idle_s": IdleTime(30, "terminal")})) is None


@pytest.mark.parametrize("idle", [None, IdleTime(149, "a command of cass", sees_input=False)])
def test_where_nobody_can_be_seen(idle: IdleTime | None) -> None:
    """It says so, waits five times as long, and then relies on the load."""
    held = first_hold(situation({"idle_s": idle}))
    later = IdleTime(UNSEEN_DELAYS * 30, "nothing", sees_input=False)

    assert held is not None
    assert "nothing here tells whether you are at the machine" in held.reason
    assert first_hold(situation({"idle_s": later})) is None
    assert word_of(first_hold(situation({"idle_s": later, "load_per_core": 2.0}))) == "machine_busy"


def test_no_delay_is_no_wait() -> None:
    assert first_hold(situation({"idle_s": IdleTime(0, "terminal")}, {"idle_delay_seconds": 0})) is None


@pytest.mark.parametrize(("until_ms", "held"), [(NOW_MS + 90_000, True), (NOW_MS, False), (None, True)])
def test_a_pause_ends(until_ms: int | None, held: bool) -> None:
    """At its time, or when somebody says so."""
    hold = first_hold(situation(paused=lambda: Pause(until_ms)))

    assert (hold is not None) == held
    assert hold is None or until_ms is None or hold.retry_in_s == 90


@pytest.mark.parametrize(
    ("hours", "minute", "left_s"),
    [
        ((22 * 60, 7 * 60), 22 * 60, 600),
        ((22 * 60, 7 * 60), 6 * 60 + 58, 120),
        ((22 * 60, 7 * 60), 7 * 60, None),
        ((22 * 60, 7 * 60), NOON, None),
        ((9 * 60, 17 * 60), NOON, 600),
        ((9 * 60, 17 * 60), 8 * 60 + 59, None),
        ((NOON, NOON), NOON, None),
    ],
)
def test_quiet_hours(hours: tuple[int, int], minute: int, left_s: float | None) -> None:
    """Over midnight, too; the first minute belongs to them, the last does not."""
    hold = first_hold(situation({"local_minutes": minute}, manners=Manners(quiet_hours=hours)))

    assert (hold and hold.retry_in_s) == left_s


@pytest.mark.parametrize("sensor", ["load_per_core", "memory_pressure", "on_battery"])
def test_a_sensor_that_says_nothing_holds_nobody(sensor: str) -> None:
    assert first_hold(situation({sensor: None})) is None


def test_working_on_battery_is_a_matter_of_manners() -> None:
    assert first_hold(situation({"on_battery": True}, manners=Manners(on_battery=True))) is None


@every_gate
def test_who_interrupts_a_batch(word: str) -> None:
    """Those who ask, and the user who is back; the rest is looked at before the next chunk."""
    assert (interruption(holding(word)) is not None) == (word in ("interrupted", "until", "paused", "user_active"))


def test_why_it_may() -> None:
    """What `worker log` says about every chunk."""
    assert why_it_may(situation()) == "you were away 412 s (terminal), mains, load 0.10 a core"
    assert why_it_may(situation({"load_per_core": None, "on_battery": None, "idle_s": None})) == ""
    assert why_it_may(situation(by_hand=True)) == "you asked for it"


@pytest.mark.parametrize(
    ("seconds", "words"), [(412.0, "412 s"), (3_000.0, "50 min"), (36_000.0, "10 h"), (293_389.0, "3 days")]
)
def test_long_times_are_said_in_long_units(seconds: float, words: str) -> None:
    seen = situation({"idle_s": IdleTime(seconds, "terminal", True)})
    assert why_it_may(seen).startswith(f"you were away {words} (terminal), ")


def test_all_gates_are_tried_here() -> None:
    assert len(GATES) == len(HOLDING)
