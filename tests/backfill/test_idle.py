"""Since when nobody is at the machine, whatever the clocks say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.backfill.activity import last_seen_ms, stamp
from cass.backfill.idle import COMMAND, DESKTOP, TERMINAL, WAKING, Idle

HOUR_S = 3600
START_MS = 1_767_400_000_000


class Room:
    """Two clocks, and what somebody touched."""

    def __init__(self, **touched_s_ago: float) -> None:
        self.now_ms, self.now_s = START_MS, 5000.0
        self.marks = {name: START_MS - round(1000 * ago_s) for name, ago_s in touched_s_ago.items()}
        self.input_s: float | None = None
        self.is_blind = False
        self.idle = Idle(
            lambda: self.now_ms,
            lambda: self.now_s,
            lambda: dict(self.marks),
            lambda: self.input_s,
            lambda: self.is_blind,
        )

    def pass_s(self, seconds: float, asleep_s: float = 0) -> None:
        self.now_s += seconds
        self.now_ms += round(1000 * (seconds + asleep_s))

    def touch(self, name: str) -> None:
        self.marks[name] = self.now_ms

    @property
    def seen(self) -> tuple[float, str]:
        found = self.idle()
        return round(found.seconds, 3), found.source


def test_the_newest_sign_counts() -> None:
    """Of several terminals and the stamp of our own commands."""
    room = Room(**{f"{TERMINAL}/pts/0": 100, f"{TERMINAL}/pts/1": 40, COMMAND: 60})

    assert room.seen == (40, TERMINAL)
    room.pass_s(10)
    assert room.seen == (50, TERMINAL)
    room.touch(COMMAND)
    assert room.seen == (0, COMMAND)


def test_a_terminal_that_a_program_opens() -> None:
    """Nobody has typed in it; from the first key on it counts as the others do."""
    room = Room(**{f"{TERMINAL}/pts/0": 500})
    room.idle()
    room.pass_s(10)
    room.touch(f"{TERMINAL}/pts/1")

    assert room.seen == (510, TERMINAL)
    room.pass_s(10)
    room.touch(f"{TERMINAL}/pts/1")
    assert room.seen == (0, TERMINAL)


def test_a_terminal_that_is_closed() -> None:
    """Who typed in it was there, whatever the other ones say."""
    room = Room(**{f"{TERMINAL}/pts/0": 400_000, f"{TERMINAL}/pts/1": 3})
    room.idle()
    del room.marks[f"{TERMINAL}/pts/1"]
    room.pass_s(10)

    assert room.seen == (13, TERMINAL)


def test_a_desktop_that_tells_nothing() -> None:
    """An idle terminal does not show who works in other windows."""
    room = Room(terminal=500)
    room.is_blind = True

    assert not room.idle().sees_input
    room.input_s = 3
    assert room.idle().sees_input


def test_keys_and_mouse_where_the_system_tells() -> None:
    room = Room(terminal=100)
    room.input_s = 3

    assert room.seen == (3, DESKTOP)


@pytest.mark.parametrize(("marks", "sees"), [({TERMINAL: 1.0}, True), ({COMMAND: 1.0}, False), ({}, False)])
def test_a_stamp_of_ours_does_not_show_who_types(marks: dict[str, float], sees: bool) -> None:
    assert Room(**marks).idle().sees_input == sees


def test_without_any_sign_it_counts_from_its_beginning() -> None:
    room = Room()
    room.pass_s(77)

    assert room.seen == (77, "nothing")


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_set(hours: int) -> None:
    """Counts as somebody's presence for a moment; nobody waits until it has caught up."""
    room = Room(terminal=1000)
    room.idle()
    room.now_ms += hours * HOUR_S * 1000

    assert room.seen == (0, WAKING)
    room.pass_s(31)
    assert room.seen == (31, WAKING)


def test_a_mark_from_the_future() -> None:
    """A terminal that was touched before the clock was set back is as good as touched now, and grows old."""
    room = Room(terminal=-HOUR_S)

    assert room.seen == (0, TERMINAL)
    room.pass_s(45)
    assert room.seen == (45, TERMINAL)


def test_waking_up_is_a_presence() -> None:
    """The steady clock stood still while the machine slept."""
    room = Room(terminal=HOUR_S)
    room.idle()
    room.pass_s(2, asleep_s=8 * HOUR_S)

    assert room.seen == (0, WAKING)


def test_a_stamp(tmp_path: Path) -> None:
    """Made where it is missing, newer each time."""
    stamp(str(tmp_path))
    os.utime(tmp_path / "activity", (1, 1))
    before_ms = last_seen_ms(str(tmp_path))
    stamp(str(tmp_path))
    after_ms = last_seen_ms(str(tmp_path))

    assert before_ms == 1000
    assert after_ms is not None
    assert after_ms > before_ms


def test_a_stamp_without_a_folder(tmp_path: Path) -> None:
    """It makes none, and says nothing."""
    stamp(str(tmp_path / "missing"))

    assert last_seen_ms(str(tmp_path / "missing")) is None
    assert list(tmp_path.iterdir()) == []
