"""What was seen on disk: each file with how far it was read, each folder with its time, each problem."""

from __future__ import annotations

from cass.records import record
from cass.store.counts import TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection
    from typing import Any

    from cass.store.writer import Writer

# The `inode` of a file that was imported: nobody looks for it again, and it is never taken for deleted.
IMPORTED = -1

_COLUMNS = "id, agent, path, external_id, size, mtime_ns, inode, head, offset, line, state, resumable, complete, gone"


@record
class Seen:
    """A file as it was when it was last read.

    `head` fingerprints what was read, `state` is the connector's resume value as JSON.  `complete` false: the
    reading stopped at `offset` with more to come.  `external_id` is set when another file had the id first.
    """

    id: int
    agent: str
    path: str
    external_id: str | None
    size: int
    mtime_ns: int
    inode: int
    head: bytes | None
    offset: int
    line: int
    state: str | None
    resumable: bool
    complete: bool
    gone: bool

    @property
    def is_stamped(self) -> bool:
        """A database that is read on by what `state` says, whatever became of its bytes."""
        return self.resumable and self.head is None


def seen_files(writer: Writer, paths: Sequence[str] | None = None) -> dict[str, Seen]:
    """Known files by path: all of them, or those of `paths`."""
    if paths is not None:
        found = [seen_file(writer, path) for path in paths]
        return {seen.path: seen for seen in found if seen is not None}
    return {row[2]: _seen(row) for row in writer.run(f"SELECT {_COLUMNS} FROM files")}


def seen_file(writer: Writer, path: str) -> Seen | None:
    """One known file."""
    row = writer.run(f"SELECT {_COLUMNS} FROM files WHERE path=?", path).fetchone()
    return None if row is None else _seen(row)


def place_of(writer: Writer, file: int) -> tuple[str, bool] | None:
    """(path, gone) of a known file; one that was imported will not be read again, and counts as gone."""
    row = writer.run(f"SELECT path, gone OR inode={IMPORTED} FROM files WHERE id=?", file).fetchone()
    return None if row is None else (row[0], bool(row[1]))


def is_imported(writer: Writer, file: int) -> bool:
    """Was it named by somebody, rather than found where its agent keeps files?"""
    return bool(writer.value("SELECT inode FROM files WHERE id=?", file) == IMPORTED)


@record
class KnownFile:
    """A file and its fate.  `sessions`: how many stand in it, those without any message not counted."""

    path: str
    agent: str
    mtime_ns: int
    gone: bool
    sessions: int


def known_files(connection: Connection) -> list[KnownFile]:
    """All files that were ever read where their agents keep them."""
    sql = (
        "SELECT f.path, f.agent, f.mtime_ns, f.gone, (SELECT count(*) FROM sessions s WHERE s.file=f.id AND"
        f" {TOLD}) FROM files f WHERE f.inode!={IMPORTED}"
    )
    return [KnownFile(*row) for row in connection.execute(sql)]


def name_file(writer: Writer, file: int, external_id: str | None) -> None:
    """Read the file under another id than its name gives."""
    writer.run("UPDATE files SET external_id=? WHERE id=?", external_id, file)


def _seen(row: tuple[Any, ...]) -> Seen:
    return Seen(*row)


def add_file(writer: Writer, agent: str, path: str, external_id: str | None, now_ms: int) -> int:
    """A row for a file that is about to be read for the first time; gives its id."""
    done = writer.run(
        "INSERT INTO files(agent, path, external_id, size, mtime_ns, inode, offset, line, resumable, complete, read_ms)"
        " VALUES(?,?,?,0,0,0,0,0,0,0,?)",
        agent,
        path,
        external_id,
        now_ms,
    )
    return int(done.lastrowid)


def save_progress(
    writer: Writer,
    file: int,
    identity: tuple[int, int, int],
    head: bytes | None,
    progress: tuple[int, int, str, bool],
    complete: bool,
    now_ms: int,
    reader: int | None = None,
) -> None:
    """The watermark: `identity` is (size, mtime_ns, inode), `progress` (offset, line, state, resumable).

    `reader`: the version that read the file from its start; None where it was read on, and an older one may have begun.
    """
    writer.run(
        "UPDATE files SET size=?, mtime_ns=?, inode=?, head=?, offset=?, line=?, state=?, resumable=?,"
        " complete=?, gone=0, read_ms=?, reader=coalesce(?, reader) WHERE id=?",
        *identity,
        head,
        *progress,
        complete,
        now_ms,
        reader,
        file,
    )
    writer.note_indexed(now_ms)


def touch_file(writer: Writer, file: int, identity: tuple[int, int, int]) -> None:
    """The file has another time or inode, and the same content."""
    writer.run("UPDATE files SET size=?, mtime_ns=?, inode=?, gone=0 WHERE id=?", *identity, file)


def mark_files_gone(writer: Writer, files: Iterable[int]) -> None:
    """The agent has deleted these files; what was read stays."""
    for file in files:
        writer.run("UPDATE files SET gone=1 WHERE id=?", file)


def leave_file(writer: Writer, file: int) -> None:
    """A session of this file, which does not count any more, is another's now: as it is, it would be read anew."""
    writer.run(f"UPDATE files SET gone=1 WHERE id=? AND inode!={IMPORTED}", file)


def set_problems(
    writer: Writer, file: int, problems: Iterable[tuple[int | None, str]], keep_before: int | None
) -> None:
    """Note what could not be read.  `keep_before`: earlier problems below that line stay, None forgets them all."""
    if keep_before is None:
        writer.run("DELETE FROM problems WHERE file=?", file)
    else:
        writer.run("DELETE FROM problems WHERE file=? AND (line IS NULL OR line>?)", file, keep_before)
    for line, what in problems:
        writer.run("INSERT INTO problems VALUES(?,?,?)", file, line, what)


def save_folders(writer: Writer, agent: str, folders: dict[str, int]) -> None:
    """The folders of one agent, as they are now: those that vanished are forgotten."""
    writer.run("DELETE FROM folders WHERE agent=?", agent)
    for path, mtime_ns in folders.items():
        writer.run("INSERT OR REPLACE INTO folders VALUES(?,?,?)", path, agent, mtime_ns)
