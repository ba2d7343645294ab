"""Tables that hold nothing that was said: they may be lost without loss, and are made anew, empty."""

from __future__ import annotations

from cass.native_sqlite import _sqlite3
from cass.store.catalog import BROKEN, damages
from cass.store.connect import BUSY_TIMEOUT_S
from cass.store.schema import MIGRATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

BESIDE = {"events": "the worker's log", "attempts": "the list of texts that failed"}


def lost_beside(connection: Connection) -> list[str]:
    """Which of these tables are missing or damaged; [] where anything else is damaged, too.  Reads every page."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type='table'")]
    lost = [name for name in BESIDE if name not in tables]
    if damages(connection):
        lost += [name for name in tables if _is_damaged(connection, name)]
    return lost if all([name in BESIDE for name in lost]) else []


def _is_damaged(connection: Connection, table: str) -> bool:
    """An older SQLite looks at the whole database here, and so finds every table damaged."""
    try:
        return bool(connection.execute(f"PRAGMA quick_check('{table}')").fetchone()[0] != "ok")
    except BROKEN:
        return True


def make_anew(path: str, tables: list[str]) -> None:
    """Put empty ones in their place.  Raises what SQLite raises."""
    connection = _sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        for table in tables:
            try:
                _replace(connection, table)
            except BROKEN:  # its pages cannot even be given back
                connection.execute("PRAGMA writable_schema=ON")
                connection.execute("DELETE FROM sqlite_schema WHERE tbl_name=?", (table,))
                connection.execute("PRAGMA writable_schema=RESET")
                _replace(connection, table)
        if damages(connection):  # pages that belong to nobody now
            connection.execute("VACUUM")
    finally:
        connection.close()


def _replace(connection: Connection, table: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        for statement in MIGRATIONS[0]:
            if statement.startswith(f"CREATE TABLE {table}("):
                connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
