"""The database and the index held open between searches, for whoever asks again and again.

What changed is opened anew, so an answer is never older than that of a new process.
"""

from __future__ import annotations

import os

from cass.disk import try_lock
from cass.lexical.opening import Damage
from cass.lexical.reader import open_reader
from cass.lexical.schema import CURRENT, READER_LOCK, current_generation
from cass.search.engine import Search, search
from cass.store import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from cass.disk import Lock
    from cass.lexical.reader import LexicalReader
    from cass.paths import Places
    from cass.search.request import Found, Freshness, Request, Results
    from cass.semantic.held_graphs import HeldGraphs
    from cass.semantic.held_segments import HeldSegments
    from cass.semantic.manifest import Damage as SemanticDamage
    from cass.semantic.standing import Judge
    from cass.semantic.vectors import Tier

    Opened = tuple[Connection, LexicalReader | Damage]


class Warm:
    """One data folder, held open from the first search to `let_go`.

    graphs: finds nearest vectors sooner, and now and then another one than the scan; without, answers are a new
    process's to the byte.
    """

    def __init__(self, places: Places, graphs: HeldGraphs | None = None) -> None:
        self._places = places
        self._graphs = graphs
        self._segments: HeldSegments | None = None
        self._opened: Opened | None = None
        self._lock: Lock | None = None
        self._seen: tuple[object, ...] = ()
        self._generation: str | None = None  # the folder of the one that is open

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    def search(
        self,
        request: Request,
        now_ms: int,
        monotonic_s: Callable[[], float],
        cwd: str,
        freshness: Freshness,
        after: Callable[[Search, Found], Found] | None = None,
        keep: Callable[[Search], None] = lambda looking: None,
    ) -> Results:
        """The answer of `engine.search`, which says what this raises; `keep` gets the search before it begins."""
        looking: list[Search] = []

        def make(*about: object) -> Search:
            looking.append(_Held(self._open, *about))
            looking[0].graphs, looking[0].open_tier = self._graphs, self._open_tier
            keep(looking[0])
            return looking[0]

        try:
            results = search(self._places, request, now_ms, monotonic_s, cwd, freshness, after=after, make=make)
        except BaseException:
            self.let_go()
            raise
        if isinstance(looking[0].reader, Damage):
            self.let_go()  # who mends it may leave the files' times as they are
        return results

    def let_go(self) -> None:
        """Close everything: what was replaced or forgotten can be deleted."""
        if self._opened is not None:
            self._opened[0].close()
        if self._lock is not None:
            self._lock.release()
        self._opened = self._lock = None
        for held in (self._graphs, self._segments):
            if held is not None:
                held.let_go()

    def _open_tier(self, root: str, name: str, judge: Judge | None) -> Tier | SemanticDamage | None:
        if self._segments is None:
            from cass.semantic.held_segments import HeldSegments

            self._segments = HeldSegments()
        return self._segments.tier(root, name, judge)

    def _open(self, places: Places) -> Opened:
        seen = _seen(places, self._generation)
        if self._opened is None or seen != self._seen:
            self.let_go()
            current = current_generation(places.lexical)
            self._generation = current[0] if current is not None else None
            self._seen = _seen(places, self._generation)
            self._lock = _hold(self._generation)
            self._opened = connect.require_reader(places.database, places.data), open_reader(places.lexical)
            if not isinstance(self._opened[1], Damage):
                self._opened[1].keep_recent()
        reader = self._opened[1]
        if not isinstance(reader, Damage):
            reader.notes = []  # those of the search before
        return self._opened


class _Held(Search):
    """A search over what is open already."""

    def __init__(self, opened: Callable[[Places], Opened], *about: object) -> None:
        self._held = opened
        super().__init__(*about)  # type: ignore[arg-type]

    def open(self, places: Places) -> Opened:
        return self._held(places)


def _seen(places: Places, generation: str | None) -> tuple[object, ...]:
    """What changes with the database's file, with which generation is the index's, and with that one's commits."""
    commit = os.path.join(generation, "meta.json") if generation is not None else ""
    return _identity(os.path.join(places.lexical, CURRENT)), _identity(commit), _identity(places.database)


def _identity(path: str) -> tuple[int, ...]:
    try:
        info = os.stat(path)
    except OSError:
        return (0, 0)
    return info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size


def _hold(generation: str | None) -> Lock | None:
    """Keep the generation from being deleted; None where nobody may, or somebody is deleting it."""
    try:
        return try_lock(os.path.join(generation, READER_LOCK), shared=True) if generation is not None else None
    except OSError:
        return None
