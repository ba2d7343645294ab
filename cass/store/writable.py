"""Open the database as the one writer, migrated."""

from __future__ import annotations

import os

from cass.native_sqlite import _sqlite3
from cass.store.connect import BUSY_TIMEOUT_S, check_version, refuse_foreign
from cass.store.refusals import refused
from cass.store.schema import MIGRATIONS, PAGE_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection


def open_writer(path: str) -> Connection:
    """The connection of the one process that holds the index lock: created where missing, migrated where older."""
    try:
        connection = _sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, cached_statements=256)
        version = check_version(connection, path)
        if version == 0:
            refuse_foreign(connection, path)
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode=WAL")
        # NORMAL: a power cut may lose the last transactions, never the file; they are read again.
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA journal_size_limit=67108864")
        connection.execute("PRAGMA cache_size=-24000")
        connection.execute("PRAGMA temp_store=MEMORY")
        # What is replaced or deleted is overwritten: nothing of it is left for `cass forget` to look for.
        connection.execute("PRAGMA secure_delete=ON")
        _migrate(connection, version)
    except _sqlite3.DatabaseError as bad:
        raise refused(path, bad) from bad
    make_private(path)
    return connection


def _migrate(connection: Connection, version: int) -> None:
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")


def make_private(path: str) -> None:
    """Nobody else reads what was said."""
    for name in (path, f"{path}-wal", f"{path}-shm"):
        try:
            os.chmod(name, 0o600)
        except OSError:
            continue
