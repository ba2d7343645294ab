"""What SQLite raises, as the errors that people read."""

from __future__ import annotations

from cass import errors
from cass.native_sqlite import _sqlite3
from cass.store.connect import corrupt


def refused(path: str, bad: Exception, todo: str | None = None) -> Exception:
    """The error a person reads for what SQLite raised while writing.  `todo`: see `corrupt`."""
    text = str(bad)
    if "locked" in text:
        return errors.Busy("the database is locked by another program", path, "try again")
    if "full" in text or "disk I/O" in text:
        return errors.SystemRefused(f"the disk refused: {text}", path, "make room and try again")
    if "readonly" in text or "unable to open" in text:
        return errors.SystemRefused(f"the database cannot be written: {text}", path, "see what mends it: cass doctor")
    return corrupt(path, bad, todo)


class SqliteErrors:
    """`with SqliteErrors(path):` whatever SQLite raises inside becomes the error a person reads.

    Rows are fetched in many places, and a damaged page shows itself with any of them.
    """

    def __init__(self, path: str, todo: str | None = None) -> None:
        self._path = path
        self._todo = todo

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, bad: BaseException | None, trace: object) -> None:
        if isinstance(bad, _sqlite3.DatabaseError):
            raise refused(self._path, bad, self._todo) from bad
