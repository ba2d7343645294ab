"""The worker's loop, with a world that the test holds."""

from __future__ import annotations

from typing import Any

import pytest

from cass.backfill.gates import Hold
from cass.backfill.report import BackfillReport, Stop, TierReport, too_large
from cass.backfill.worker import NO_END, Leave, Rest, why_rest
from cass.semantic.manifest import FAST, QUALITY
from tests.backfill.worker_world import (
    ACTIVE,
    AWAY,
    DONE,
    FULL,
    HEAVY,
    IDLE_EXIT_S,
    POLL_S,
    Ticked,
    World,
    worked,
)

NIGHT_S = 10 * 3600.0


def test_it_works_without_a_pause_as_long_as_there_is_something_to_do() -> None:
    """A tick that got something done is followed by the next at once."""
    world = World(worked(), worked(), worked(), DONE)

    world.run()

    assert world.did[:4] == ["tick"] * 4
    assert world.notes[0] == ("started", "")


def test_it_leaves_when_nothing_is_owed() -> None:
    """After worker.idle_exit_s, with the model long gone, and without a second look at unchanged texts meanwhile."""
    world = World(worked(), DONE)

    left = world.run()

    assert left == Leave("nothing_owed", "nothing is owed")
    assert sum(world.waits) == IDLE_EXIT_S
    assert world.did[:3] == ["tick", "tick", "release"]
    assert world.did.count("tick") <= 6  # 30, 60, 120 … seconds apart
    assert world.notes == [("started", ""), ("stopped", "nothing is owed")]


def test_it_stays_for_a_text_that_is_tried_again() -> None:
    """Until the text's time is there, however short it would stay for nothing, and no tick comes before that."""
    failed, due = worked(texts=0, failed=1), Stop("waiting", "a text that failed waits for its next try", None, 590.0)
    world = World(failed, worked(texts=0, stopped=due), DONE, idle_exit_s=60.0)
    leave = world.run()

    assert (leave.word, world.did.count("tick")) == ("nothing_owed", 3)
    assert world.waits[:20] == [30.0] * 19 + [20.0]
    assert world.now_s == 1000 + 590 + 60


def test_whoever_asks_keeps_it() -> None:
    """The time counts from the last question."""
    world = World(DONE)
    world.asked_s = 1300.0

    world.run()

    assert world.now_s == 1300.0 + IDLE_EXIT_S


def test_at_once() -> None:
    """worker.idle_exit_s = 0 is a worker that does what is owed, and goes."""
    world = World(worked(), DONE, idle_exit_s=0.0)

    left = world.run()

    assert (left.word, world.did.count("tick")) == ("nothing_owed", 2)


def test_new_messages_are_read_before_the_model_is_loaded() -> None:
    """The index's writer and a model never stand in memory together."""
    world = World(worked(), DONE)
    world.new = True

    world.run()

    assert world.did[:3] == ["release", "read", "tick"]


@pytest.mark.parametrize(("tick", "waits"), [(DONE, 0), (ACTIVE, 4)])
def test_much_to_read(tick: Ticked, waits: int) -> None:
    """There is no rest between two pieces as long as reading gets on; with the user there, there is."""
    world = World(tick)
    world.new, world.left_to_read = True, 5
    waited: list[int] = []

    def look() -> None:
        if world.left_to_read > 0:
            waited.append(world.left_to_read)
        world.stopped = world.now_s > 2000.0

    world.while_waiting = look
    world.run()

    assert world.did.count("read") == 5
    assert len(waited) == waits


def test_new_messages_end_a_rest() -> None:
    """What arrives while nothing is owed is read at the next look, and a tick follows at once."""
    world = World(DONE)

    def arrive() -> None:
        world.new = world.now_s == 1000.0 + 3 * POLL_S

    world.while_waiting = arrive
    world.run()

    first = world.did.index("read")
    assert world.did[first - 1 : first + 2] == ["release", "read", "tick"]
    assert world.now_s == 1000.0 + 3 * POLL_S + IDLE_EXIT_S


def test_a_gate_that_holds_is_told_once() -> None:
    """A whole day at the keyboard is one event, shown with the time of the next look, and costs a look at a time."""
    world = World(ACTIVE)

    left = world.run_for(NIGHT_S)

    assert left == Leave("stopped", "it was asked to stop")
    assert [what for kind, what in world.notes if kind == "rest"] == ["you were here 3 s ago (terminal)"]
    assert set(world.waits) == {27.0}
    assert world.shown[-1] == Rest("user_active", "you were here 3 s ago (terminal)", 27.0)


def test_after_work_a_rest_is_told_again() -> None:
    """Every rest between two pieces of work is an event."""
    world = World(ACTIVE, worked(), ACTIVE, DONE)

    world.run()

    assert [kind for kind, _ in world.notes] == ["started", "rest", "rest", "stopped"]


def test_an_embedder_that_is_away_all_night() -> None:
    """It is asked again after ever longer rests, and is worth waiting for."""
    world = World(AWAY)

    world.run_for(NIGHT_S)

    assert world.did.count("tick") <= NIGHT_S / 600 + 10
    assert world.stopped


def test_what_only_the_user_can_change_is_no_reason_to_stay() -> None:
    """A full budget: the worker says so, and leaves."""
    left = World(FULL).run()

    assert left == Leave("budget_full", "the budget is full")


def test_changed_signs_are_a_reason_to_look() -> None:
    """A larger budget is used at the next look, however long the rest was to be."""
    world = World(FULL, FULL, FULL, worked(), DONE)

    def change() -> None:
        world.sign = 1 if world.now_s >= 1000.0 + 4 * POLL_S else 0

    world.while_waiting = change
    world.run()

    assert world.did.count("tick") > 4
    assert world.now_s == 1000.0 + 4 * POLL_S + IDLE_EXIT_S


def test_a_pause() -> None:
    """Nothing is read and nothing is embedded, the model goes, and the end of the pause is the end of the rest."""
    world = World(worked(), DONE)
    world.pause_left_s, world.new = 7200.0, True

    def pass_by() -> None:
        world.pause_left_s = max(0.0, 8200.0 - world.now_s) or None

    world.while_waiting = pass_by
    world.run()

    assert set(world.did[: world.did.index("read") - 1]) == {"release"}
    assert world.now_s == 8200.0 + IDLE_EXIT_S


def test_a_pause_without_an_end_is_no_reason_to_stay() -> None:
    """Whoever takes it back can start the worker again."""
    world = World(worked())
    world.pause_left_s = NO_END

    assert world.run().word == "paused"
    assert "tick" not in world.did


def test_memory_that_does_not_come_back() -> None:
    """Rest, then let the model go, then become a new process, between two ticks."""
    world = World(worked(), HEAVY)

    left = world.run()

    assert left == Leave("memory", "it takes 900 MB of memory, over 400 MB", replace=True)
    assert world.did == ["tick", "tick", "tick", "release", "tick"]


def test_a_stop_in_the_tick_before_it_would_be_replaced() -> None:
    """The new process would know nothing of it, and stay."""
    world = World(worked(), HEAVY)
    tick = world.tick

    def tick_and_stop() -> Any:
        ticked = tick()
        world.stopped = world.did.count("tick") == 4
        return ticked

    world.tick = tick_and_stop  # type: ignore[method-assign]

    assert world.run() == Leave("stopped", "it was asked to stop")


def test_memory_that_was_too_much_from_the_start() -> None:
    """A new process would be as large: it does not replace itself again and again, and is no use to anybody."""
    world = World(HEAVY)

    left = world.run_for(3600.0)

    assert left == Leave("memory", "it takes 900 MB of memory, over 400 MB")


def test_a_model_that_does_not_fit() -> None:
    """Its memory does not come back by itself: the process is replaced by one that knows, for no work done."""
    world = World(worked(texts=0, stopped=Stop("memory", "it would take more than 80 MB of memory")), HEAVY)

    assert world.run().replace


def test_a_model_that_is_known_not_to_fit() -> None:
    """What fits is made; the rest is no reason to stay."""
    large = too_large("minilm-384", 80)
    world = World(worked(stopped=large), worked(texts=0, stopped=large))

    assert world.run() == Leave("too_large", "minilm-384 does not fit into 80 MB of memory")
    assert world.now_s == 1000.0 + IDLE_EXIT_S


def test_memory_that_comes_back() -> None:
    """One hold, then work: nothing was wrong."""
    world = World(worked(), HEAVY, worked(), HEAVY, worked(), DONE)

    assert world.run().word == "nothing_owed"


def test_a_stop_between_two_ticks() -> None:
    """No tick, no rest, no look after it."""
    world = World(worked())
    world.stopped = True

    assert world.run() == Leave("stopped", "it was asked to stop")
    assert world.did == []


def test_a_stop_in_a_tick() -> None:
    """The tick's own "it was stopped" is no rest that anybody has to be told of."""
    world = World(Ticked(hold=Hold("interrupted", "it was stopped", 1.0)))

    def stop() -> Any:
        world.stopped = True
        return world.ticks[0]

    world.tick = stop  # type: ignore[method-assign]

    assert world.run().word == "stopped"
    assert [kind for kind, _ in world.notes] == ["started", "stopped"]
    assert world.waits == []


def test_a_hold_in_the_middle_of_work() -> None:
    """The user came back: what was done counts, and the rest begins."""
    world = World(Ticked(ACTIVE.hold, worked().report), HEAVY)

    assert world.run().replace  # it has worked, so its memory may be to blame
    assert world.waits[0] == 27.0


def test_a_gate_is_asked_again_when_it_said() -> None:
    """Quiet hours of half a night are no reason to ask every thirty seconds; new messages are looked for meanwhile."""
    world = World(Ticked(hold=Hold("quiet_hours", "until 07:00", 300.0)))

    world.run_for(3000.0)

    assert world.did.count("tick") == 10
    assert set(world.waits) == {POLL_S}


def test_no_wait_is_shorter_than_a_second() -> None:
    """Whatever a gate says."""
    world = World(Ticked(hold=Hold("machine_busy", "busy", 0.0)))

    world.run_for(60.0)

    assert set(world.waits) == {1.0}


def test_what_passes_is_worth_staying_for_whatever_else_is_wrong() -> None:
    """No model for one tier, a server that is away for the other: the server may come back."""
    away = TierReport(FAST, stopped=Stop("embedder_failed", "away", retry_after_s=60.0))
    lacking = TierReport(QUALITY, stopped=Stop("no_model", "no model"))

    assert why_rest(Ticked(report=BackfillReport((away, lacking))), POLL_S) == Rest("embedder_failed", "away", 60.0)
