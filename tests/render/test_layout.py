"""Words, numbers and lines as they stand on a page."""

from __future__ import annotations

import pytest

from cass.render.layout import ago, aligned, columns, counted, cut, duration, folder_name, size, wrap

DAY_MS = 86_400_000


def test_wide_characters_take_two_columns_and_marks_none():
    assert [columns(text) for text in ("abc", "日本", "e\u0301", "🎉")] == [3, 4, 1, 2]


def test_what_is_cut_says_so_and_fits():
    assert cut("a long title", 8) == "a long…"
    assert cut("日本語の題名", 7) == "日本語…"
    assert cut("fits", 4) == "fits"


def lines(text: str, width: int) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width)]


def test_lines_break_at_spaces():
    assert lines("the pool timed out again", 10) == ["the pool", "timed out", "again"]


def test_a_long_path_does_not_leave_half_a_line_empty():
    assert lines("in /a/very/long/path/of/a/file", 12) == ["in /a/very/", "long/path/", "of/a/file"]


def test_wide_text_is_wrapped_by_columns():
    assert lines("日本語日本語", 6) == ["日本語", "日本語"]


def test_nothing_has_no_lines():
    assert wrap("", 10) == wrap("   ", 10) == []


def test_columns_are_straight():
    rows = [("id", "n"), ("日本", "7"), ("abcde", "12")]

    assert aligned(rows, right=(1,)) == ["id      n", "日本    7", "abcde  12"]


@pytest.mark.parametrize(
    "passed_ms, shown",
    [
        (0, "just now"),
        (59_999, "just now"),
        (60_000, "1m ago"),
        (3_600_000, "1h ago"),
        (2 * DAY_MS, "2d ago"),
        (-1_000, "just now"),
    ],
)
def test_recent_times_are_told_by_what_has_passed(passed_ms: int, shown: str):
    assert ago(100 * DAY_MS - passed_ms, 100 * DAY_MS) == shown


def test_older_times_and_those_to_come_are_dates():
    assert ago(1_767_323_045_000, 1_767_323_045_000 + 30 * DAY_MS).startswith("2026-01-0")
    assert ago(1_767_323_045_000, 0).startswith("2026-01-0")
    assert ago(None, 0) == "no date"
    assert ago(1 << 62, 0) == "no date"


def test_amounts_are_written_for_people():
    assert [size(count) for count in (0, 999, 1024, 22_675_456, 1_250_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "21.6 MB",
        "1.2 GB",
    ]
    assert [counted(count, "file") for count in (0, 1, 1234)] == ["0 files", "1 file", "1,234 files"]
    assert [duration(seconds) for seconds in (0.2, 89, 120, 9000)] == ["1 s", "89 s", "2 min", "2.5 h"]


def test_a_workspace_is_known_by_its_last_folder():
    assert [folder_name(path) for path in ("/w/app", "/w/app/", "C:\\w\\app", "/", None)] == [
        "app",
        "app",
        "app",
        "/",
        "",
    ]
