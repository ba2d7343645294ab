"""Notes in the archive by those who are not its one writer: short transactions, nothing migrated, nothing created."""

from __future__ import annotations

import os

from cass.errors import CassError, SystemRefused
from cass.native_sqlite import _sqlite3
from cass.store.refusals import refused

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

    def mention(self, note: Note) -> bool:
        """As `note`, of what may be lost: nothing is raised, and what was not written is forgotten."""
        self._notes.append(note)
        try:
            if self.flush():
                return True
        except CassError:
            pass
        self._notes = [one for one in self._notes if one is not note]
        return False

    def flush(self) -> bool:
        """Is nothing left to be written?"""
        if not self._notes:
            return True
        try:
            self._write(self._opened())
        except _sqlite3.OperationalError as bad:
            if "locked" in str(bad):
                return False
            raise refused(self._path, bad) from bad
        except _sqlite3.DatabaseError as bad:
            raise refused(self._path, bad) from bad
        self._notes.clear()
        return True

    def _write(self, connection: Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        try:
            for note in self._notes:
                note(connection)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite itself ends a transaction for which the disk has no room.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _opened(self) -> Connection:
        if self._connection is None:
            if not os.path.exists(self._path):
                raise SystemRefused("the database is gone", self._path, "cass index makes it again")
            self._connection = _sqlite3.connect(self._path, timeout=WAIT_S, isolation_level=None)
            self._connection.execute("PRAGMA synchronous=NORMAL")
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
