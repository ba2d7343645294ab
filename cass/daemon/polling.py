"""Where the system does not tell what changes: look, at hot files each time and at the rest in slices.

Answers the same questions as `inotify.py`.  Hot are the files that were written last, with their folders: agents go on
with what they have begun.  At a look a second 5,000 files come round in five seconds.
"""

from __future__ import annotations

import os

from cass.store.look import size_and_time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.store.followed import Known

HOT_FILES = 100
# 1,000 calls of `stat` take one or two milliseconds.
SLICE = 1_000
GONE = (-1, -1)


class Polling:
    """Rings when a known file or folder is not as it was when it was last looked at."""

    name = "polling"
    descriptor = None

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int]] = {}
        self._folders: frozenset[str] = frozenset()
        self._hot: list[str] = []
        self._rest: list[str] = []
        self._at = 0

    def follow(self, known: Known) -> bool:
        """Follow these files and folders, and no others; True if one is followed that was not."""
        before = self._seen
        read = {**known.files, **{path: (0, mtime_ns) for path, mtime_ns in known.folders.items()}}
        self._seen = {path: before.get(path, identity) for path, identity in read.items()}
        self._folders = frozenset(known.folders)
        files = list(known.files)
        hot = files[:HOT_FILES]
        self._hot = list(dict.fromkeys([*hot, *[os.path.dirname(path) for path in hot]]))
        self._hot = [path for path in self._hot if path in read]
        self._rest = sorted(read.keys() - set(self._hot))
        return not read.keys() <= before.keys()

    def rang(self) -> bool:
        """Has any of the hot files, or of those whose turn it is, changed?"""
        turn = self._rest[self._at : self._at + SLICE]
        self._at = self._at + SLICE if self._at + SLICE < len(self._rest) else 0
        return any([self._has_changed(path) for path in (*self._hot, *turn)])

    def _has_changed(self, path: str) -> bool:
        now = self._identity(path)
        if now == self._seen[path]:
            return False
        # What cannot be read rings once, not every second.
        self._seen[path] = now
        return True

    def _identity(self, path: str) -> tuple[int, int]:
        try:
            info = os.stat(path)
        except OSError:
            return GONE
        return (0, info.st_mtime_ns) if path in self._folders else size_and_time(path, info)

    def close(self) -> None:
        """Nothing is held."""
