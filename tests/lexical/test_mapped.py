"""Memory that segments are mapped into can be given back at any time."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest

from cass.lexical.mapped import give_back


def resident_kb(path: Path) -> int:
    """What this process has in memory of the mapped file."""
    _, _, behind = Path("/proc/self/smaps").read_text().partition(f" {path}\n")
    return int(behind.partition("Rss:")[2].split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives mapped memory back")
def test_what_was_given_back_is_read_again(tmp_path: Path) -> None:
    """The file stays mapped, and says the same; what another folder has mapped stays in memory."""
    (tmp_path / "index").mkdir()
    inside, outside = tmp_path / "index" / "segment", tmp_path / "other"
    for path in (inside, outside):
        path.write_bytes(b"quokka" * 10_000)
    with (
        inside.open("rb") as one,
        outside.open("rb") as other,
        mmap.mmap(one.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        mmap.mmap(other.fileno(), 0, access=mmap.ACCESS_READ) as left_alone,
    ):
        before = mapped[:], left_alone[:]
        assert resident_kb(inside) and resident_kb(outside)

        give_back(str(tmp_path / "index"))

        assert resident_kb(inside) == 0 < resident_kb(outside)
        assert (mapped[:], left_alone[:]) == before
