"""What connectors of databases share: which sessions changed since they were read, and telling only those.

A session is read again, as a whole, when its stamp is another one.  What a stamp can see is the store's to say: each
connector's docstring says it.  Stamps count seconds or milliseconds, and more may be written within the same one: a
session that was written just before it was read counts as changed once more.
"""

from __future__ import annotations

import functools
import hashlib
import os

from cass.connectors.base import Checkpoint, Session, SourceProblem
from cass.connectors.readonly_sqlite import Database, Locked, Unreadable
from cass.connectors.telling import Telling
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from cass.connectors.base import Item, Source

    Listed = Callable[[Database], Iterable["Stored"]]
    Tell = Callable[[Database, "Stored", Telling], bool]
    Parent = Callable[[Database, "Stored"], str | None]

# So much is read between two points at which a reading that was stopped goes on.
CHECKPOINT_BYTES = 2 << 20
# Stamps of whole seconds, and clocks of file systems that are behind by one.
UNSURE_MS = 2000
_UNSURE = "?"


@record
class Stored:
    """A session as its database lists it.  `stamp` changes with it, `newest_ms` is the latest time in that."""

    id: str
    stamp: str
    newest_ms: int | None = None
    parent: str | None = None
    row: tuple[Any, ...] = ()


def read_changed(source: Source, listed: Listed, tell: Tell, parent: Parent | None = None) -> Iterator[Item]:
    """Give the sessions that changed, newest first, each with all its messages.

    Of sessions without a time those come first that are listed first.  Sub-agents follow the session that they belong
    to, which is the first one's whoever started them, and count as parts of it: what is asked for there holds for them.
    `parent` is asked where the list does not tell whose sub-agent a session is.
    `listed` gives all sessions there are; `tell` tells one of them, and says whether it is still being written in ways
    that its stamp does not show.  Where a session's id is taken by another file, the ids of all sessions of this one
    get an ending.
    """
    try:
        with Database(source.path) as database:
            yield from _Reading(source, database).items(listed, tell, parent)
    except Unreadable as bad:
        yield SourceProblem(source.path, None, str(bad))
        yield Checkpoint(0, 0, {}, again=True)


class _Reading:
    def __init__(self, source: Source, database: Database) -> None:
        self.source = source
        self.database = database
        before = source.resume.state.get("sessions") if source.resume else None
        # id: (stamp, parent)
        self.seen: dict[str, tuple[str, str | None]] = {
            key: (value[0], value[1]) for key, value in (before or {}).items()
        }
        ending = (source.external_id or "").rpartition("~")
        self.ending = ending[1] + ending[2] if ending[1] else ""

    def items(self, listed: Listed, tell: Tell, parent: Parent | None) -> Iterator[Item]:
        there: dict[str, Stored] = {}
        for stored in listed(self.database):
            there.setdefault(stored.id, stored)
        yield from self._vanished([key for key in self.seen if key not in there])
        changed = [each for each in there.values() if self.seen.get(each.id, ("",))[0] != each.stamp]
        families = _Families(self.database, there, parent)
        told_bytes = self.database.taken
        for stored in families.in_order(changed):
            yield from self._session(stored, tell, families)
            if self.database.taken - told_bytes > CHECKPOINT_BYTES:
                told_bytes = self.database.taken
                yield self._checkpoint()
        yield self._checkpoint()

    def _vanished(self, keys: Iterable[str]) -> Iterator[Item]:
        for key in keys:
            _, parent = self.seen.pop(key)
            yield Session(key + self.ending, self._parent(parent), whole=True)

    def _session(self, stored: Stored, tell: Tell, families: _Families) -> Iterator[Item]:
        """All of it, or a problem: it is tried again when the file changes."""
        try:
            parent = families.head(stored)
            telling = Telling(stored.id + self.ending, self._parent(parent), whole=True)
            unsure = tell(self.database, stored, telling) or self._is_unsure(stored.newest_ms)
        except Locked:
            raise
        except Unreadable as bad:
            yield SourceProblem(self.source.path, None, f"session {stored.id}: {bad}")
            return
        items = list(telling.drained())
        if not items and stored.id in self.seen:
            items = [Session(telling.id, telling.parent, whole=True)]
        yield from items
        self.seen[stored.id] = (stored.stamp + _UNSURE * unsure, parent)

    def _is_unsure(self, newest_ms: int | None) -> bool:
        return newest_ms is not None and newest_ms + UNSURE_MS >= self.source.mtime_ms

    def _parent(self, parent: str | None) -> str | None:
        return None if parent is None else parent + self.ending

    def _checkpoint(self) -> Checkpoint:
        state = {"sessions": {key: list(value) for key, value in self.seen.items()}}
        return Checkpoint(self.database.taken, 0, state, stamped=True)


class _Families:
    """Which sessions belong to which: a sub-agent's sub-agent belongs to the session in which the user spoke."""

    def __init__(self, database: Database, there: Mapping[str, Stored], parent: Parent | None) -> None:
        self._database = database
        self._there = there
        self._parent_of = parent
        self._parents: dict[str, str | None] = {}

    def in_order(self, sessions: Iterable[Stored]) -> list[Stored]:
        """The family first that was last at work; in it the one that began, then the newest of the others."""
        heads = {stored.id: self._head_or_self(stored) for stored in sessions}
        newest_ms: dict[str, int] = {}
        for stored in sessions:
            newest_ms[heads[stored.id]] = max(newest_ms.get(heads[stored.id], 0), stored.newest_ms or 0)
        families = {head: number for number, head in enumerate(sorted(newest_ms, key=lambda head: -newest_ms[head]))}
        return sorted(
            sessions, key=lambda each: (families[heads[each.id]], heads[each.id] != each.id, -(each.newest_ms or 0))
        )

    def _head_or_self(self, stored: Stored) -> str:
        try:
            return self.head(stored) or stored.id
        except Locked:
            raise
        except Unreadable:
            return stored.id  # telling it meets the same, and says it

    def head(self, stored: Stored) -> str | None:
        """The first of those above this session; None if it is nobody's part.  Raises Unreadable."""
        above = [stored.id]
        parent = self._parent(stored)
        while parent is not None and parent not in above:
            above.append(parent)
            parent = self._parent(self._there[parent]) if parent in self._there else None
        return above[-1] if len(above) > 1 else None

    def _parent(self, stored: Stored) -> str | None:
        if self._parent_of is None:
            return stored.parent
        if stored.id not in self._parents:
            self._parents[stored.id] = self._parent_of(self._database, stored)
        return self._parents[stored.id]


def has_session(path: str, table: str, key: str) -> bool:
    """Has the database there a session of this id?  One that cannot be asked has them all.

    For agents that had files first: what their database has taken over is not read from files again.
    """
    try:
        info = os.stat(path)
    except OSError:
        return False
    try:
        return key in _sessions_in(path, table, info.st_size, info.st_mtime_ns)
    except Unreadable:
        return True


@functools.lru_cache(maxsize=4)
def _sessions_in(path: str, table: str, size: int, mtime_ns: int) -> frozenset[str]:
    with Database(path) as database:
        return frozenset(str(row[0]) for row in database.select(table, ("id",)))


def newest(*times: int | None) -> int | None:
    """The latest of these times; None where there is none."""
    return max((ms for ms in times if ms is not None), default=None)


def stamp(*values: object) -> str:
    """A stamp made of a row's values: a hash, for what is remembered of a session holds no words of it."""
    return hashlib.blake2b(repr(values).encode("utf-8", "replace"), digest_size=8).hexdigest()
