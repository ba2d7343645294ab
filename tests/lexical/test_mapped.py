"""Memory that segments are mapped into can be given back at any time."""

from __future__ import annotations

import mmap
from pathlib import Path

from cass.lexical.mapped import give_back


def test_what_was_given_back_is_read_again(tmp_path: Path) -> None:
    """The file stays mapped, and says the same."""
    path = tmp_path / "segment"
    path.write_bytes(b"quokka" * 10_000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        before = mapped[:]

        give_back(str(tmp_path))

        assert mapped[:] == before


def test_a_folder_that_nothing_maps(tmp_path: Path) -> None:
    """Nothing happens."""
    give_back(str(tmp_path))
