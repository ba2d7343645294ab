"""Words, numbers and lines as they stand on a page: columns, cutting, wrapping, counts, sizes, times."""

from __future__ import annotations

from cass.clock import local_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LAST_MS = 253_402_300_799_000  # the end of the year 9999: a file that claims more is wrong
UNITS = ("bytes", "kB", "MB", "GB", "TB")


def columns(text: str) -> int:
    """How many columns a terminal needs for `text`."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(2 if east_asian_width(c) in "WF" else 0 if category(c) in ("Mn", "Me", "Cf") else 1 for c in text)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns, with … where something is missing."""
    if columns(text) <= width:
        return text
    kept = text[: max(0, width - 1)]
    while kept and columns(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…" if width > 0 else ""


def wrap(text: str, width: int) -> list[tuple[int, int]]:
    """[start, end) of the lines of `text`, none wider than `width` columns where words allow it.

    Breaks at spaces, which belong to no line; a word too long for a line is broken behind a slash, else anywhere.
    """
    lines = []
    start, last = 0, len(text.rstrip())
    while start < last:
        end = _line_end(text, start, last, max(2, width))
        lines.append((start, start + len(text[start:end].rstrip())))
        start = end
        while start < last and text[start] == " ":
            start += 1
    return lines


def fitting(text: str, width: int) -> int:
    """How many of the first characters of `text` fit into `width` columns."""
    end = min(len(text), width)
    wide = columns(text[:end])
    while wide > width:
        end -= 1
        wide -= columns(text[end])
    return end


def _line_end(text: str, start: int, last: int, width: int) -> int:
    end = start + fitting(text[start : min(last, start + width)], width)
    if end == last or text[end] == " ":
        return end
    space = text.rfind(" ", start, end)
    half = start + (end - start) // 2
    if space > half:
        return space
    # A long path on a line of its own would leave most of the line before it empty: it is broken between its parts.
    slash = max(text.rfind("/", start, end), text.rfind("\\", start, end)) + 1
    return slash if slash > half else end


def aligned(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: str = "  ") -> list[str]:
    """Rows as lines with straight columns; those in `right` end, the others begin, at the same place."""
    widths = [max(map(columns, cells)) for cells in zip(*rows, strict=True)] if rows else []
    lines = []
    for row in rows:
        cells = []
        for at, cell in enumerate(row):
            blank = " " * (widths[at] - columns(cell))
            cells.append(blank + cell if at in right else cell + blank)
        lines.append(gap.join(cells).rstrip())
    return lines


def number(count: int) -> str:
    """1234567 → 1,234,567."""
    return f"{count:,}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """1 file, 2 files."""
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def size(count: int) -> str:
    """Bytes as people read them: 820 bytes, 1.4 MB.  1 MB is 1,048,576 bytes, as in the settings."""
    amount = float(count)
    for unit in UNITS:
        if amount < 999.5 or unit == UNITS[-1]:
            break
        amount /= 1024
    return f"{amount:.1f} {unit}" if unit != UNITS[0] and amount < 99.5 else f"{amount:.0f} {unit}"


def duration(seconds: float) -> str:
    """About how long: 5 s, 3 min, 2.5 h."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def ago(ms: int | None, now_ms: int) -> str:
    """A time as briefly as it is still clear: `just now`, 5m ago, 3h ago, 2d ago, else the date."""
    if ms is None:
        return "no date"
    passed = now_ms - ms
    if passed < -MINUTE_MS or passed >= 7 * DAY_MS:
        return date(ms, "%Y-%m-%d")
    if passed < MINUTE_MS:
        return "just now"
    if passed < HOUR_MS:
        return f"{passed // MINUTE_MS}m ago"
    return f"{passed // HOUR_MS}h ago" if passed < DAY_MS else f"{passed // DAY_MS}d ago"


def date(ms: int | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """A local date and time; `no date` for None and for what no calendar has."""
    if ms is None or ms > LAST_MS:
        return "no date"
    try:
        return local_text(ms, pattern)
    except (ValueError, OverflowError, OSError):
        return "no date"


def folder_name(path: str | None) -> str:
    """The last part of a workspace's path, by which people know it."""
    if not path:
        return ""
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or path
