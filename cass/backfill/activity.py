"""The stamp "the user was here": a file in the data folder that commands for people touch.

Every such command pays for it, so it imports nothing and gives up at once where it cannot be done.
"""

from __future__ import annotations

import os

NAME = "activity"


def stamp(data_folder: str) -> None:
    """Say that somebody is here.  Without a data folder there is nobody to tell."""
    path = os.path.join(data_folder, NAME)
    try:
        os.utime(path)
    except FileNotFoundError:
        _make(path)
    except OSError:
        pass


def _make(path: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError:
        pass


def last_seen_ms(data_folder: str) -> int | None:
    """When somebody was here last; None where no stamp is."""
    try:
        return os.stat(os.path.join(data_folder, NAME)).st_mtime_ns // 1_000_000
    except OSError:
        return None
