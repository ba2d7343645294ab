"""What people write for a time: `7d`, `yesterday`, `2026-01-31`, `2026-01-31T10:00`, unix seconds or milliseconds.

Dates are local and both ends are inclusive: `until:2026-01-31` includes that day's last millisecond.
"""

from __future__ import annotations

from cass import clock, errors

DAY_MS = 86_400_000
# After which the calendar repeats, weekdays and all.
DAYS_IN_400_YEARS = 146_097
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}
# Index and database hold 64-bit integers.
MOST_MS = 1 << 62
ACCEPTED = "use 7d (or 24h, 30m, 2w), yesterday, or a date such as 2026-01-31"


def parse_time(text: str, now_ms: int, end: bool, where: str) -> int:
    """UTC milliseconds; with `end` the last one that the words include.  Raises BadDate, which names `where`."""
    word = text.strip().lower()
    try:
        found = _named(word, now_ms, end)
        if found is None:
            found = _ago(word, now_ms)
        if found is None:
            found = _number(word, end)
        return _in_range(_written(word, end) if found is None else found)
    except ValueError as bad:
        raise errors.BadDate(f"{text!r} is not a time", where, ACCEPTED) from bad


def _in_range(ms: int) -> int:
    if abs(ms) > MOST_MS:
        raise ValueError(ms)
    return ms


def _named(word: str, now_ms: int, end: bool) -> int | None:
    if word == "now":
        return now_ms
    days = {"today": 0, "yesterday": 1}.get(word)
    if days is None:
        return None
    year, month, day = clock.local_date(now_ms)
    return _day(year, month, day - days, end)


def _day(year: int, month: int, day: int, end: bool) -> int:
    return clock.local_ms(year, month, day + 1) - 1 if end else clock.local_ms(year, month, day)


def _ago(word: str, now_ms: int) -> int | None:
    for unit in ("ms", "s", "m", "h", "d", "w"):
        digits = word.removesuffix(unit)
        if digits != word and digits.isdecimal():
            return now_ms - int(digits) * UNITS_MS[unit]
    return None


def _number(word: str, end: bool) -> int | None:
    """Unix seconds or milliseconds; a bare year is a date."""
    if not word.isdecimal() or len(word) < 9:
        return None
    return int(word) if len(word) > 11 else int(word) * 1000 + (999 if end else 0)


def _written(word: str, end: bool) -> int:
    date, _, rest = word.replace(" ", "t", 1).partition("t")
    fields = [int(part) for part in date.split("-")]
    if not 1 <= len(fields) <= 3 or not 1 <= fields[0] <= 9999:
        raise ValueError(word)
    year, month, day = (*fields, 1, 1)[:3]
    if not (1 <= month <= 12 and 1 <= day <= _days_in(year, month)):
        raise ValueError(word)
    if rest:
        return _moment(year, month, day, rest, end)
    if not end:
        return _local_ms(year, month, day)
    after = ((year + 1, 1, 1), (year, month + 1, 1), (year, month, day + 1))[len(fields) - 1]
    return _local_ms(*after) - 1


def _local_ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """As the clock says it; before 1970, where not every system's does, from the same day of a later cycle."""
    cycles = max(0, (1970 - year + 399) // 400)
    return clock.local_ms(year + 400 * cycles, month, day, hour, minute) - cycles * DAYS_IN_400_YEARS * DAY_MS


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _moment(year: int, month: int, day: int, clock_time: str, end: bool) -> int:
    wall, offset_ms = _zone(clock_time)
    parts = wall.split(":")
    seconds = float(parts[2]) if len(parts) > 2 else 0.0
    hour, minute = int(parts[0]), int(parts[1]) if len(parts) > 1 else 0
    if len(parts) > 3 or not (0 <= hour <= 24 and 0 <= minute < 60 and 0 <= seconds < 61):
        raise ValueError(clock_time)
    at_ms = _local_ms(year, month, day, hour, minute) + int(seconds * 1000)
    if offset_ms is not None:
        at_ms += clock.utc_offset_ms(at_ms) - offset_ms
    if not end or (len(parts) > 2 and "." in parts[2]):
        return at_ms
    return at_ms + (3_600_000, 60_000, 1000)[len(parts) - 1] - 1


def _zone(clock_time: str) -> tuple[str, int | None]:
    """The wall-clock time and what its zone is ahead of UTC in ms; None for local time."""
    if clock_time.endswith("z"):
        return clock_time[:-1], 0
    for sign in "+-":
        wall, found, zone = clock_time.partition(sign)
        if found:
            digits = zone.replace(":", "").ljust(4, "0")
            if len(digits) != 4 or not digits.isdecimal():
                raise ValueError(clock_time)
            ahead_ms = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000
            return wall, ahead_ms if sign == "+" else -ahead_ms
    return clock_time, None
