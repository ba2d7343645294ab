"""Notes in the archive by those who are not its one writer: short transactions, nothing migrated."""

from __future__ import annotations

from cass.native_sqlite import _sqlite3
from cass.store.connect import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    Note = Callable[[Connection], None]

# An indexing run holds the database for a moment at a time; what finds it locked for longer is written with the next.
WAIT_S = 2.0


class Ledger:
    """Writes notes in their order.  Those that find the database locked are kept for the next try."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: Connection | None = None
        self._notes: list[Note] = []

    def note(self, note: Note) -> bool:
        """Write it, and what is still to be written before it; False while the database is locked.

        Raises SystemRefused or CorruptDatabase.
        """
        self._notes.append(note)
        return self.flush()

    def flush(self) -> bool:
        """Is nothing left to be written?"""
        if not self._notes:
            return True
        try:
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for note in self._notes:
                    note(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except _sqlite3.OperationalError as bad:
            if "locked" in str(bad):
                return False
            raise refused(self._path, bad) from bad
        self._notes.clear()
        return True

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = _sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
