"""Files that an older version of their agent's reader read: what is stored of them has the mistakes of that one.

`cass index` reads them anew, though nothing in them has changed; what a search reads on its way it does not.
"""

from __future__ import annotations

from cass.store.catalog import schema_version
from cass.store.files import IMPORTED
from cass.store.tombstones import buried, file_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from cass.store.writer import Writer

# The first schema with a column for it: in an archive that nobody has migrated yet every reader was the first.
SINCE = 4


def outdated(connection: Connection, readers: Mapping[str, int]) -> set[str]:
    """Paths of the files that an older reader read than `readers` has for their agent; of those that still stand.

    Not of those that hold something forgotten.  That is known again by its place, role, time and texts, and just these
    may be what another reader gives otherwise: it would come back.
    """
    reader = "reader" if schema_version(connection) >= SINCE else "1"
    rows = connection.execute(f"SELECT path, agent, {reader} FROM files WHERE gone=0 AND inode!={IMPORTED}")
    keys = {file_key(path): path for path, agent, read_by in rows if read_by < readers.get(agent, 0)}
    return set(keys.values()).difference([keys[key] for key in buried(connection, keys)])


def count_outdated(connection: Connection, readers: Mapping[str, int]) -> int:
    """How many of them wait for a `cass index`.

    None once it has been through all that it can find: what stands where nobody looks now is read when somebody does.
    """
    row = connection.execute("SELECT value FROM meta WHERE key='readers'").fetchone()
    noted = len(readers) if row is None else row[0]  # where nobody has noted any, all were at 1
    return len(outdated(connection, readers)) if noted < sum(readers.values()) else 0


def note_readers(writer: Writer, readers: Mapping[str, int]) -> None:
    """All that can be found was read by these.  Versions only grow, so their sum tells whether one of them did."""
    writer.run("INSERT OR REPLACE INTO meta VALUES('readers', ?)", sum(readers.values()))
