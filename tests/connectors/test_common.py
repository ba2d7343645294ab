"""What several agents' formats share."""

from __future__ import annotations

import pytest

from cass.connectors.common import any_ms


@pytest.mark.parametrize("when", [
    1767323045678, 1767323045.678, 1767323045678000, 1767323045678000000, "1767323045678", "2026-01-02T03:04:05.678Z",
    "2026-01-02T04:04:05.678+01:00",
])  # fmt: skip
def test_a_time_of_any_unit_is_milliseconds(when):
    """Seconds, milli-, micro- and nanoseconds are told apart by their size."""
    assert any_ms(when) == 1767323045678


@pytest.mark.parametrize("when", [
    None, "", "soon", True, 0, -1, 1e300, float("nan"), float("inf"), 9 * 10**39, "9" * 40, [], {}, "²",
])  # fmt: skip
def test_what_is_no_time_is_none(when):
    """Whatever an agent wrote there."""
    assert any_ms(when) is None
