"""What the settings say reaches the gates."""

from __future__ import annotations

from typing import Any

import pytest

from cass.backfill.gates import Manners
from cass.backfill.manners import manners_of
from cass.settings.kinds import check
from cass.settings.table import BY_KEY, default_of


def manners(**given: Any) -> Manners:
    def value(key: str) -> object:
        name = key.removeprefix("worker.")
        return check(BY_KEY[key], given[name]) if name in given else default_of(BY_KEY[key])

    return manners_of(value)


def test_the_defaults_are_those_of_the_gates() -> None:
    assert manners() == Manners()


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [("22:00-07:00", (1320, 420)), ("9:00-17:30", (540, 1050)), (" 0:05 - 23:59 ", (5, 1439)), ("", None)],
)
def test_quiet_hours(hours: str, minutes: tuple[int, int] | None) -> None:
    assert manners(quiet_hours=hours, max_load_per_core="1.5", on_battery="yes") == Manners(True, 1.5, minutes)


@pytest.mark.parametrize("hours", ["24:00-07:00", "22", "22:60-7:00", "22-7", "9:00-17:5", "night", "7-8-9", "-", 7])
def test_what_are_no_hours(hours: object) -> None:
    with pytest.raises(ValueError):
        manners(quiet_hours=hours)
