"""What is followed while it changes: the files that are known, and the folders in which others may appear."""

from __future__ import annotations

from cass.records import record
from cass.store.files import IMPORTED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection


@record
class Known:
    """As they were when they were last read.  `files`: path → (size, mtime in ns), the most recently written first, of
    those that are not gone · `folders`: path → mtime in ns."""

    files: Mapping[str, tuple[int, int]]
    folders: Mapping[str, int]


def followed(connection: Connection) -> Known:
    """The whole tables: some 10 ms for 5,000 files."""
    files = connection.execute(
        f"SELECT path, size, mtime_ns FROM files WHERE gone=0 AND inode!={IMPORTED} ORDER BY mtime_ns DESC"
    )
    folders = connection.execute("SELECT path, mtime_ns FROM folders")
    return Known({path: (size, mtime_ns) for path, size, mtime_ns in files}, dict(folders.fetchall()))
