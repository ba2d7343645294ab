"""What people write for a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cass.errors import BadDate
from cass.query.times import parse_time

NOW_MS = 1_767_323_045_000


@pytest.fixture(autouse=True)
def _at_greenwich(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.parametrize("text", ["0001-01-01", "1600-02-29", "1900-12-31", "1969-12-31", "1970-01-01", "9999-01-01"])
def test_a_date_of_any_year_is_a_time(text: str) -> None:
    """Whoever asks for everything may say so with the first of all days."""
    expected = datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert parse_time(text, NOW_MS, False, "since") == int(expected.timestamp()) * 1000


@pytest.mark.parametrize("text", ["0000-01-01", "1900-02-29", "10000-01-01", "soon", ""])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadDate):
        parse_time(text, NOW_MS, False, "since")


def test_a_second_ends_with_its_last_millisecond() -> None:
    """Also as a number: both ends are inclusive."""
    written, number = "2026-02-12T08:19:37Z", "1770884377"
    ends = [[parse_time(text, 0, end, "--until") for end in (False, True)] for text in (written, number)]

    assert ends[0] == ends[1] == [1_770_884_377_000, 1_770_884_377_999]
