"""Which session files their agents are about to delete, and taking their bytes in while they are there.

An agent that deletes says so itself (`days_kept` in its connector), or shows it: where a file has vanished from a
folder that is still there, those that are as old or older may be next.  Nothing is done here while somebody indexes.
"""

from __future__ import annotations

import os

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, load
from cass.disk import try_lock
from cass.errors import CassError
from cass.indexing.discover import folder_itself
from cass.indexing.rules import added_roots
from cass.records import record
from cass.store import raw
from cass.store.connect import open_reader
from cass.store.files import known_files
from cass.store.ledger import Ledger
from cass.store.raw_size import path_of
from cass.store.refusals import SqliteErrors
from cass.store.safety import DAY_MS, SOON_DAYS, Expiring, keep_safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
    from sqlite3 import Connection

    from cass.connectors.base import Connector
    from cass.paths import Places
    from cass.store.files import KnownFile

# Whatever holds many sessions, such as a database, is not what goes with one.
LINES = ".jsonl"
NO_ROOM = "its budget is full"
NO_DISK = "the disk is nearly full"


@record
class AtRisk:
    """A file that may be deleted; `expires_ms` is None where only other files say so."""

    file: KnownFile
    expires_ms: int | None

    def is_due(self, now_ms: int) -> bool:
        return self.expires_ms is None or self.expires_ms <= now_ms + SOON_DAYS * DAY_MS


@record
class Room:
    """What keeping may take.  `free_bytes` of the disk, of which `floor_bytes` stay free."""

    budget_bytes: int
    floor_bytes: int
    free_bytes: Callable[[], int]


@record
class TakenIn:
    """What a round did.  `complete` false: it was stopped, or somebody indexes.  `full`: why nothing more is kept."""

    files: int = 0
    bytes: int = 0
    complete: bool = True
    full: str | None = None


def files_at_risk(connection: Connection, around: Surroundings, more: Sequence[str] = ()) -> list[AtRisk]:
    """Files that stand, the first to go first; those without a date last.  `more` are entries of `sources.roots`."""
    by_agent: dict[str, list[KnownFile]] = {}
    for file in known_files(connection):
        by_agent.setdefault(file.agent, []).append(file)
    found: list[AtRisk] = []
    for connector in [load(agent) for agent in AGENTS if agent.name in by_agent]:
        named = [root.path for root in (*connector.roots(around), *added_roots(connector, more, around.home))]
        files = by_agent[connector.AGENT]
        found += _of(connector, files, dict.fromkeys([*named, *_other_names(named, files)]))
    return sorted(found, key=lambda one: (one.expires_ms is None, one.expires_ms or one.file.mtime_ns))


def _other_names(roots: Iterable[str], files: Iterable[KnownFile]) -> Iterator[str]:
    """What the roots were called when files below them were read: a HOME may be a link, or have become one."""
    them = {folder_itself(root) for root in roots} - {None}
    looked_at = set(roots)
    for file in files:
        folder = os.path.dirname(file.path)
        while folder not in looked_at:
            looked_at.add(folder)
            if folder_itself(folder) in them:
                yield folder
            folder = os.path.dirname(folder)


def _of(connector: Connector, files: list[KnownFile], roots: Iterable[str]) -> list[AtRisk]:
    rule: Callable[[str], int | None] = getattr(connector, "days_kept", lambda root: None)
    found, taken = [], set[str]()
    for root in sorted(roots, key=len, reverse=True):  # a file under two of them is the inner one's
        inside = [one for one in files if one.path.startswith((root + os.sep, root + "/")) and one.path not in taken]
        if inside and os.path.isdir(root):
            found += _below(inside, rule(root))
            taken.update([one.path for one in inside])
    return found


def _below(files: list[KnownFile], days: int | None) -> list[AtRisk]:
    """Of the files of one root."""
    standing = [file for file in files if not file.gone]
    if days is not None:
        return [AtRisk(file, file.mtime_ns // 1_000_000 + days * DAY_MS) for file in standing]
    # A file whose sessions stand in another one now was moved.
    vanished = [file.mtime_ns for file in files if file.gone and file.sessions]
    last = max(vanished, default=-1)
    return [AtRisk(file, None) for file in standing if file.mtime_ns <= last and file.path.endswith(LINES)]


def take_in(
    places: Places,
    env: Mapping[str, str],
    home: str,
    room: Room,
    now_ms: int,
    stop: Callable[[], bool],
    more: Sequence[str] = (),
) -> TakenIn:
    """Keep what is due and not kept yet, and write down how safe everything is.  `more` as in `files_at_risk`.

    The caller has the worker's lock.  Raises Busy, SystemRefused, CorruptDatabase.
    """
    connection = open_reader(places.database)
    if connection is None:
        return TakenIn()
    with SqliteErrors(places.database):
        risks = files_at_risk(connection, Surroundings(home, env), more)
        forgotten = raw.buried_paths(connection, [one.file.path for one in risks])
        connection.close()
    due = [one for one in risks if one.is_due(now_ms) and one.file.path not in forgotten]
    done = _take_all(places, due, room, now_ms, stop)
    note_safety(places, risks, now_ms, done)
    return done


def _take_all(places: Places, due: list[AtRisk], room: Room, now_ms: int, stop: Callable[[], bool]) -> TakenIn:
    if not due and not os.path.exists(path_of(places.data)):
        return TakenIn()
    with raw.open_to_write(places.data) as store:
        kept = store.files()
        new = [one for one in due if _has_changed(kept.get(one.file.path), one.file.path)]
        return _Taking(store, places, due, room, now_ms, stop).all(new)


def _has_changed(kept: raw.KeptFile | None, path: str) -> bool:
    """Is there a file, and is it another one than was taken in?"""
    try:
        info = os.stat(path)
    except OSError:
        return False
    return kept is None or (kept.size, kept.mtime_ns) != (info.st_size, info.st_mtime_ns)


class _Taking:
    """One round.  `due` is everything that may be deleted soon, kept or not."""

    def __init__(
        self,
        store: raw.RawStore,
        places: Places,
        due: list[AtRisk],
        room: Room,
        now_ms: int,
        stop: Callable[[], bool],
    ) -> None:
        self._store = store
        self._places = places
        self._dated = {one.file.path for one in due if one.expires_ms is not None}
        self._due = {one.file.path for one in due}
        self._room = room
        self._now_ms = now_ms
        self._stop = stop
        self._has_made_room = False

    def all(self, new: Iterable[AtRisk]) -> TakenIn:
        """One after the other, until there is no room or no time."""
        files = size = 0
        for one in new:
            if self._stop() or _is_indexing(self._places):
                return TakenIn(files, size, complete=False)
            if self._room.free_bytes() < self._room.floor_bytes + _size(one.file.path):
                return TakenIn(files, size, full=NO_DISK)
            try:
                taken = self._take(one)
            except raw.Stopped:
                return TakenIn(files, size, complete=False)
            except (raw.Changed, OSError):
                continue  # it is somebody's at this moment, or gone
            if taken is None:
                return TakenIn(files, size, full=NO_ROOM)
            files, size = files + 1, size + taken.size
        self._store.sweep()  # what was begun and is there no more, or was forgotten
        return TakenIn(files, size)

    def _take(self, one: AtRisk) -> raw.KeptFile | None:
        """None where the budget does not let it in, even without what stands elsewhere."""
        path, budget = one.file.path, self._room.budget_bytes
        try:
            return self._store.take(path, one.file.agent, budget, self._now_ms, self._stop)
        except raw.Full:
            if self._has_made_room:
                return None
        # Files with a date go before those that only may be next.
        self._make_room(self._due if one.expires_ms is None else self._dated)
        return self._take(one)

    def _make_room(self, protected: Container[str]) -> None:
        """Let go of what still stands and can be taken in again; never of what exists nowhere else."""
        self._has_made_room = True
        self._store.sweep()
        self._store.remove([path for path in self._store.files() if path not in protected and os.path.exists(path)])


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _is_indexing(places: Places) -> bool:
    lock = try_lock(places.index_lock, shared=True)
    if lock is not None:
        lock.release()
    return lock is None


def note_safety(places: Places, risks: Iterable[AtRisk], now_ms: int, done: TakenIn) -> None:
    """Write down what `status` says of it; while the database is locked, nothing is."""
    kept = kept_paths(places.data)
    expiring = expiring_of(risks, kept)
    soon = [one for one in expiring if one.expires_ms <= now_ms + SOON_DAYS * DAY_MS]
    vain = sum([one.sessions for one in soon if not one.kept]) if done.complete else 0
    ledger = Ledger(places.database)
    ledger.mention(lambda connection: keep_safety(connection, expiring, kept, done.full, vain))
    ledger.close()


def expiring_of(risks: Iterable[AtRisk], kept: Container[str]) -> list[Expiring]:
    return [
        Expiring(one.expires_ms, one.file.sessions, one.file.path in kept)
        for one in risks
        if one.expires_ms is not None and one.file.sessions
    ]


def kept_paths(data: str) -> set[str]:
    """Paths of the files whose bytes are kept; none where that cannot be told."""
    try:
        store = raw.open_to_read(data)
        if store is None:
            return set()
        with store:
            return set(store.files())
    except CassError:
        return set()  # `cass doctor` says what is wrong
