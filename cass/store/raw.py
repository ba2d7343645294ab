"""The second database, `archive.db`: agents' files byte for byte, compressed, each piece once.

Only what is about to be deleted by its agent comes here, and only `cass restore` reads it; nothing else depends on it.
A file is cut behind lines, where the line's checksum says so: what a fork or a longer version repeats is found again,
wherever it stands.  One writer, who holds the worker's lock.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from zlib import compress, crc32, decompress

from cass.disk import make_private_folder
from cass.errors import CorruptDatabase, NewerDatabase
from cass.native_sqlite import _sqlite3
from cass.records import record
from cass.store.connect import BUSY_TIMEOUT_S, uri
from cass.store.raw_size import path_of
from cass.store.refusals import SqliteErrors
from cass.store.tombstones import buried, file_key
from cass.store.writable import make_private

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from sqlite3 import Connection
    from typing import BinaryIO

VERSION = 1
PAGE_BYTES = 16_384
# Pieces of half a megabyte: xz makes a sixth of them, zlib a quarter of smaller ones (72 MB of real sessions).
LEAST_BYTES, MOST_BYTES = 1 << 18, 1 << 20
_CUT_ONE_LINE_IN = 32
KEPT_AGAIN = "move {0} with its -wal and -shm to a safe place: what the agents still have is kept again"
_ZLIB, _XZ = 0, 1
# In the header, where it changes with the transaction that removes: pages may still hold something forgotten.
_REMEMBERS = 1

_TABLES = (
    "CREATE TABLE files(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, size INTEGER NOT NULL,"
    " mtime_ns INTEGER NOT NULL, digest BLOB NOT NULL, taken_ms INTEGER NOT NULL)",
    "CREATE TABLE pieces(id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, size INTEGER NOT NULL,"
    " codec INTEGER NOT NULL, data BLOB NOT NULL)",
    "CREATE TABLE parts(file INTEGER NOT NULL, ord INTEGER NOT NULL, piece INTEGER NOT NULL,"
    " PRIMARY KEY(file, ord)) WITHOUT ROWID",
    "CREATE INDEX parts_by_piece ON parts(piece)",
)


@record
class KeptFile:
    """A file as it was when it was taken in.  `digest` is the blake2b (16 bytes) of all of it."""

    id: int
    path: str
    agent: str
    size: int
    mtime_ns: int
    digest: bytes
    taken_ms: int


class Changed(Exception):
    """The file was written to while it was read: it is taken at another time."""


class Stopped(Exception):
    """Somebody asked for it."""


class Full(Exception):
    """There is no room for it in the budget."""


class RawStore:
    """The open database.  Every method may raise SystemRefused, Busy or CorruptDatabase."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def __enter__(self) -> RawStore:
        return self

    def __exit__(self, *why: object) -> None:
        self._connection.close()

    def files(self) -> dict[str, KeptFile]:
        """All that are kept, by path."""
        with _errors(self._path):
            sql = "SELECT id, path, agent, size, mtime_ns, digest, taken_ms FROM files"
            return {row[1]: KeptFile(*row) for row in self._connection.execute(sql)}

    def used_bytes(self) -> int:
        """What the pieces take, without pages that are free again."""
        with _errors(self._path):
            pages, free = (self._number(f"PRAGMA {name}") for name in ("page_count", "freelist_count"))
        return (pages - free) * PAGE_BYTES

    def take(
        self, path: str, agent: str, budget_bytes: int, now_ms: int, stop: Callable[[], bool] = lambda: False
    ) -> KeptFile:
        """Take a file in, in the place of an earlier version of it.  `stop` is asked before each piece.

        Raises Changed, Full, or OSError for the file itself, nothing having changed; Stopped, after which it goes on
        where it stopped.
        """
        with open(path, "rb") as file, _errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                kept = self._take(file, path, agent, budget_bytes, now_ms, stop)
            except Stopped:
                self._connection.execute("COMMIT")  # its pieces are known again
                raise
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        return kept

    def _take(
        self, file: BinaryIO, path: str, agent: str, budget_bytes: int, now_ms: int, stop: Callable[[], bool]
    ) -> KeptFile:
        before = os.fstat(file.fileno())
        whole, numbers = blake2b(digest_size=16), []
        for piece in cut(file):
            if stop():
                raise Stopped
            whole.update(piece)
            numbers.append(self._piece(piece))
            if self.used_bytes() > budget_bytes:
                raise Full
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise Changed
        left = self._remove([path])
        row = (path, agent, after.st_size, after.st_mtime_ns, whole.digest(), now_ms)
        done = self._connection.execute(
            "INSERT INTO files(path, agent, size, mtime_ns, digest, taken_ms) VALUES(?,?,?,?,?,?)", row
        )
        id = int(done.lastrowid or 0)
        parts = [(id, place, number) for place, number in enumerate(numbers)]
        self._connection.executemany("INSERT INTO parts VALUES(?,?,?)", parts)
        self._drop(left)
        return KeptFile(id, *row)

    def _piece(self, data: bytes) -> int:
        """The number of a piece, stored if it is new."""
        digest = blake2b(data, digest_size=16).digest()
        row = self._connection.execute("SELECT id FROM pieces WHERE digest=?", (digest,)).fetchone()
        if row is not None:
            return int(row[0])
        codec, packed = _packed(data)
        sql = "INSERT INTO pieces(digest, size, codec, data) VALUES(?,?,?,?)"
        return int(self._connection.execute(sql, (digest, len(data), codec, packed)).lastrowid or 0)

    def read(self, kept: KeptFile) -> Iterator[bytes]:
        """The file's bytes, piece by piece.  Raises CorruptDatabase where they are not what was taken in."""
        whole = blake2b(digest_size=16)
        with _errors(self._path):
            rows = self._connection.execute(
                "SELECT p.codec, p.data FROM parts a JOIN pieces p ON p.id=a.piece WHERE a.file=? ORDER BY a.ord",
                (kept.id,),
            )
            for codec, data in rows:
                piece = _unpacked(codec, data, self._path)
                whole.update(piece)
                yield piece
        if whole.digest() != kept.digest:
            raise _damaged(self._path)

    def remove(self, paths: Iterable[str]) -> None:
        """Let go of these files."""
        with _errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            self._drop(self._remove(paths))
            self._connection.execute("COMMIT")

    def _remove(self, paths: Iterable[str]) -> set[int]:
        """The pieces that these files had."""
        left: set[int] = set()
        for path in paths:
            rows = self._connection.execute(
                "SELECT a.piece FROM files f JOIN parts a ON a.file=f.id WHERE f.path=?", (path,)
            )
            left.update([piece for (piece,) in rows])
            self._connection.execute("DELETE FROM parts WHERE file=(SELECT id FROM files WHERE path=?)", (path,))
            self._connection.execute("DELETE FROM files WHERE path=?", (path,))
        return left

    def _drop(self, pieces: Iterable[int]) -> None:
        """Delete those that no file has any more."""
        sql = "DELETE FROM pieces WHERE id=?1 AND NOT EXISTS (SELECT 1 FROM parts WHERE piece=?1)"
        self._connection.executemany(sql, [(piece,) for piece in pieces])

    def sweep(self) -> None:
        """Delete the pieces of files that were not taken in to their end.

        Where there are none, this reads two indexes: 3 ms for 12,000 pieces, which are 2 GB.
        """
        with _errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            self._drop(self._strays())
            self._connection.execute("COMMIT")

    def _strays(self) -> set[int]:
        # A DELETE with the same condition would go through the table instead.
        rows = self._connection.execute("SELECT id FROM pieces WHERE id NOT IN (SELECT piece FROM parts)")
        return {piece for (piece,) in rows}

    def forget(self, paths: Collection[str]) -> None:
        """Let go of these files and of what `sweep` does, and note that pages may remember something of it."""
        with _errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            left = self._remove(paths) | self._strays()
            self._drop(left)
            if paths or left:
                self._connection.execute(f"PRAGMA application_id={_REMEMBERS}")
            self._connection.execute("COMMIT")

    def damage(self) -> str | None:
        """What SQLite's own check finds wrong; None for a whole database."""
        with _errors(self._path):
            said: str = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        return None if said == "ok" else said

    def empty_pages(self, empty: Callable[[Connection, str], bool]) -> bool:
        """Write it anew with `empty`, so that no page remembers what was forgotten; True also where none does.

        Whoever is killed in between, or told False, leaves it to the next one who asks.
        """
        with _errors(self._path):
            if self._number("PRAGMA application_id") != _REMEMBERS:
                return True
            if not empty(self._connection, os.path.dirname(self._path)):
                return False
            self._connection.execute("PRAGMA application_id=0")
        return True

    def _number(self, sql: str) -> int:
        number: int = self._connection.execute(sql).fetchone()[0]
        return number


def open_to_read(data: str) -> RawStore | None:
    """What is kept; None where nothing is.  Raises NewerDatabase, CorruptDatabase, Busy or SystemRefused.

    Works in a folder that may not be written, and makes nothing there.
    """
    path = path_of(data)
    if not os.path.exists(path):
        return None
    with _errors(path):
        try:
            opened = _opened(path, "mode=ro")
        except _sqlite3.OperationalError as bad:
            if "locked" in str(bad):
                raise
            opened = _opened(path, "immutable=1")  # a WAL database beside which nothing may be made
    if opened[1] == 0:  # a writer was killed before its first commit
        opened[0].close()
        return None
    return RawStore(opened[0], path)


def open_to_write(data: str) -> RawStore:
    """The same for its one writer, made where it is missing."""
    make_private_folder(data)
    path = path_of(data)
    with _errors(path):
        connection, version = _opened(path, "mode=rwc")
        _prepare(connection, path, version)
    return RawStore(connection, path)


def _errors(path: str) -> SqliteErrors:
    return SqliteErrors(path, KEPT_AGAIN.format(path))


def _opened(path: str, how: str) -> tuple[Connection, int]:
    """The connection and its schema's version, 0 for no tables.  Raises what SQLite does, and NewerDatabase."""
    connection = _sqlite3.connect(uri(path, how), timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True)
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise NewerDatabase("the kept files were written by a newer cass", path, "upgrade cass")
    except BaseException:
        connection.close()
        raise
    return connection, version


def _prepare(connection: Connection, path: str, version: int) -> None:
    if version == 0:
        connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: this may be the only copy in the world.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA temp_store=MEMORY")
    if version == 0:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    make_private(path)


def cut(file: BinaryIO) -> Iterator[bytes]:
    """The file's bytes in pieces of LEAST_BYTES to MOST_BYTES, cut behind lines that say so themselves."""
    gathered: list[bytes] = []
    size = 0
    while line := file.readline(MOST_BYTES - size):
        gathered.append(line)
        size += len(line)
        if size >= MOST_BYTES or (size >= LEAST_BYTES and crc32(line) % _CUT_ONE_LINE_IN == 0):
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def _packed(data: bytes) -> tuple[int, bytes]:
    try:
        import lzma  # left out of some builds of Python
    except ImportError:
        return _ZLIB, compress(data, 6)
    return _XZ, lzma.compress(data, preset=1)


def _unpacked(codec: int, data: bytes, path: str) -> bytes:
    try:
        if codec == _ZLIB:
            return decompress(data)
        import lzma

        return lzma.decompress(data)
    except ImportError as bad:
        raise CorruptDatabase("this Python cannot read xz", path, "use one that has the module lzma") from bad
    except Exception as bad:  # zlib.error and LZMAError: the bytes are not what was written
        raise _damaged(path) from bad


def _damaged(path: str) -> CorruptDatabase:
    return CorruptDatabase("a kept file is damaged", path, "cass show has its text")


def buried_paths(connection: Connection, paths: Iterable[str]) -> set[str]:
    """Those of the files that hold something forgotten; `connection` is to the main database."""
    keys = {file_key(path): path for path in paths}
    return {keys[key] for key in buried(connection, keys)}
