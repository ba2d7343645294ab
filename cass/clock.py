"""The only room that knows the time."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds on a clock that never goes back."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def local_ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, summer: int = -1) -> int:
    """UTC milliseconds of a local wall-clock time; days and months past their end count on.  Raises ValueError.

    summer: of an hour that comes twice the first (1) or the second one (0); -1: whichever.
    """
    try:
        return int(time.mktime((year, month, day, hour, minute, second, 0, 0, summer))) * 1000
    except OverflowError as bad:
        raise ValueError(f"no such time: {year}-{month}-{day}") from bad


def local_date(ms: int) -> tuple[int, int, int]:
    """Year, month and day of a time, on the local calendar."""
    when = time.localtime(ms / 1000)
    return when.tm_year, when.tm_mon, when.tm_mday


def local_text(ms: int, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A time as people here read it."""
    return time.strftime(pattern, time.localtime(ms / 1000))


def utc_offset_ms(ms: int) -> int:
    """What local time is ahead of UTC at that time."""
    return time.localtime(ms / 1000).tm_gmtoff * 1000
