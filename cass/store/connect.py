"""Open the database read-only, for those who look; its one writer is in `writable`.

`_sqlite3` is used directly: the standard wrapper imports datetime and costs a cold search 2 ms.
"""

from __future__ import annotations

import os

from cass import errors
from cass.native_sqlite import _sqlite3
from cass.store.schema import SPARED, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

BUSY_TIMEOUT_S = 5.0
# A search reads some 130 pages, each once: to touch fresh memory for each costs more than to read a few again.
SEARCH_PAGES = 16
REBUILD = "move {0} with its -wal and -shm away and run: cass index"


def open_reader(path: str, cache_pages: int | None = None) -> Connection | None:
    """A read-only connection, None where there is no database yet.

    `cache_pages`: how many pages SQLite keeps in memory; its own default is 2 MB.
    Raises NewerDatabase, CorruptDatabase or SystemRefused.  Works in a folder that may not be written.
    """
    if not is_there(path):
        return None
    opened = _try_read(path, "mode=ro") or _try_read(path, "immutable=1")
    if opened is None:
        raise _unreadable(path)
    connection, version = opened
    # A writer that was killed before its first commit leaves a file without tables: that is no archive yet.
    if version == 0:
        connection.close()
        return None
    if cache_pages is not None:
        connection.execute(f"PRAGMA cache_size={cache_pages}")
    return connection


def is_there(path: str) -> bool:
    """Is there a database?  Raises SystemRefused where nobody may look."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as bad:
        raise _out_of_reach(path, bad) from bad
    return True


def _out_of_reach(path: str, bad: OSError) -> errors.SystemRefused:
    """A folder that may not be entered, or no way there at all, is another thing than nothing indexed yet."""
    what = f"the data folder cannot be entered: {(bad.strerror or str(bad)).lower()}"
    return errors.SystemRefused(what, os.path.dirname(path), "allow it, or set CASS_DATA_DIR to a folder you own")


def _unreadable(path: str) -> errors.SystemRefused:
    if os.access(path, os.R_OK):
        return errors.SystemRefused("the database cannot be opened", path, "check the permissions of its folder")
    return errors.SystemRefused("the database may not be read", path, "check who may read this file")


def require_database(path: str, data: str) -> None:
    """Raises MissingIndex where there is no database, `data` being the folder it names, and SystemRefused."""
    if not is_there(path):
        raise _missing(data)


def _missing(data: str) -> errors.MissingIndex:
    return errors.MissingIndex("nothing is indexed yet", data, "run: cass index")


def require_reader(path: str, data: str, cache_pages: int | None = None) -> Connection:
    """The same for those who can do nothing without one.  Raises MissingIndex, too; `data` is the folder it names."""
    connection = open_reader(path, cache_pages)
    if connection is None:
        raise _missing(data)
    return connection


def _try_read(path: str, how: str) -> tuple[Connection, int] | None:
    """The connection and its schema's version, 0 for no tables.

    None where SQLite cannot open it this way: a WAL database in a read-only folder needs `immutable`.
    """
    connection: Connection | None = None
    try:
        connection = _sqlite3.connect(uri(path, how), timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True)
        version = check_version(connection, path)
        if version == 0:
            # Once more in one snapshot: the first run may be making the tables at this moment.
            connection.execute("BEGIN")
            version = check_version(connection, path)
            if version == 0:
                refuse_foreign(connection, path)
            connection.execute("COMMIT")
    except _sqlite3.OperationalError as bad:
        if connection is not None:
            connection.close()
        if "locked" in str(bad):
            raise errors.Busy("the database is locked by another program", path, "try again") from bad
        return None
    except _sqlite3.DatabaseError as bad:
        raise corrupt(path, bad) from bad
    return connection, version


def uri(path: str, how: str) -> str:
    """A database's path as SQLite takes it with options."""
    quoted = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    if os.sep == "\\":
        quoted = "/" + quoted.replace("\\", "/")
    return f"file:{quoted}?{how}"


def check_version(connection: Connection, path: str) -> int:
    """The schema's version.  Raises NewerDatabase for one that this program does not know."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise errors.NewerDatabase(
            f"the database has schema {version}, this cass knows up to {VERSION}",
            path,
            "upgrade cass (pipx upgrade cass-search), or set CASS_DATA_DIR to another folder",
        )
    return version


def corrupt(path: str, why: object, todo: str | None = None) -> errors.CorruptDatabase:
    """For the archive's database, or for another one, where `todo` says what mends that."""
    if todo is None:
        lost = str(why).partition("no such table: ")[2]
        todo = "run: cass doctor --fix" if lost in SPARED else REBUILD.format(path)
    return errors.CorruptDatabase(f"the database cannot be read: {why}", path, todo)


def lacking(key: object) -> Exception:
    """For a database whose counters are gone: an error as SQLite's own, which whoever reads it expects."""
    return _sqlite3.DatabaseError(f"its table meta has no {key}")


def refuse_foreign(connection: Connection, path: str) -> None:
    """Raises CorruptDatabase for a database without our tables that has others."""
    if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        raise corrupt(path, "it is another program's")
