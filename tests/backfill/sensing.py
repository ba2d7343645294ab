"""A machine whose every sensor the test holds."""

from __future__ import annotations

from typing import Any

from cass.backfill.gates import IdleTime, Sensors
from tests.backfill.working import MB, PLENTY

NOON = 12 * 60
CALM: dict[str, Any] = {
    "now_ms": 1_767_400_000_000,
    "monotonic_s": 1000.0,
    "load_per_core": 0.1,
    "memory_pressure": None,
    "on_battery": False,
    "idle_s": IdleTime(412, "terminal"),
    "rss_bytes": 50 * MB,
    "free_bytes": PLENTY,
    "local_minutes": NOON,
}


class Machine:
    """What the sensors say, to be changed at any time; calm to begin with."""

    def __init__(self, **says: Any) -> None:
        self.says = CALM | says

    @property
    def sensors(self) -> Sensors:
        return Sensors(**{name: self._sensor(name) for name in CALM})

    def _sensor(self, name: str) -> Any:
        return lambda: self.says[name]
