"""How large the kept files are, for those who have no time to load what reads them."""

from __future__ import annotations

import os

NAME = "archive.db"


def path_of(data: str) -> str:
    """The second database of this data folder."""
    return os.path.join(data, NAME)


def size_bytes(data: str) -> int:
    """What it takes, its log included; 0 where there is none."""
    total = 0
    for path in (path_of(data), f"{path_of(data)}-wal"):
        try:
            total += os.stat(path).st_size
        except OSError:
            continue
    return total
