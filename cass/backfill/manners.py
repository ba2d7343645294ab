"""The settings of background work as the gates want them."""

from __future__ import annotations

from cass.backfill.gates import Manners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def manners_of(value: Callable[[str], Any]) -> Manners:
    """`value` gives the value of a setting."""
    hours = value("worker.quiet_hours")
    return Manners(value("worker.on_battery"), value("worker.max_load_per_core"), _minutes(hours) if hours else None)


def _minutes(hours: str) -> tuple[int, int]:
    """`22:00-07:00` → minutes since midnight, from and to."""
    start, end = [60 * int(time[:2]) + int(time[3:]) for time in hours.split("-")]
    return start, end
