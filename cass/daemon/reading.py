"""What searches left behind: new lines in known files, new files, and an index that is behind the database.

Looked for with a few calls of `stat` and one small query; read in short pieces, with the small heap of the index's
writer.  A first run is not the worker's: without a database there is nothing to follow.
"""

from __future__ import annotations

import os

from cass.errors import CassError
from cass.indexing.refresh import Refreshed, catch_up, refresh
from cass.lexical.schema import CURRENT, change_of, current_generation, is_damage, open_index
from cass.paths import home_folder
from cass.settings.hot import identities
from cass.store.connect import open_reader
from cass.store.look import Look, look
from cass.store.owed import last_change
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from sqlite3 import Connection

    from cass.indexing.rules import Rules
    from cass.paths import Places

DONE = "worker.done"
# What `DONE` keeps of the environment: never a key, nor the address of a server.
POLICY_VARIABLES = ("CASS_SEMANTIC_", "CASS_TWO_TIER_", "CASS_WORKER_MAX_ATTEMPTS")
LOOK_S = 1.0
# Reading is not held by the gates, so it is kept short; what is left comes with the next look.
READ_S = 2.0
# What reading did not change is read again after so long, twice as long each time, up to the last.
VAIN_S, LONGEST_VAIN_S = 60.0, 1800.0


class NewMessages:
    """New messages of one data folder.  `rules` are asked for before each reading: they may change meanwhile.

    `appeared` gives (folder, agent) of places that nobody has looked into yet; `last` is what the last reading did.
    """

    def __init__(
        self,
        places: Places,
        env: Mapping[str, str],
        rules: Callable[[], Rules],
        now_ms: Callable[[], int],
        monotonic_s: Callable[[], float],
        appeared: Callable[[], tuple[tuple[str, str], ...]] = lambda: (),
    ) -> None:
        self._places = places
        self._env = env
        self._rules = rules
        self._now_ms = now_ms
        self._monotonic_s = monotonic_s
        self._found = Look((), (), complete=True)
        self._change = -1
        self._indexed = (-1, -1)  # what the index holds, and of which generation's file: asked only when either moves
        self._vain: Look | None = None
        self._vain_s = 0.0
        self._again_s = 0.0
        self._appeared = appeared
        self.last = Refreshed(0)

    def has_new(self) -> bool:
        """Is there anything to read, or to hand to the index?  False where nobody can tell."""
        with SqliteErrors(self._places.database):
            connection = open_reader(self._places.database)
            if connection is None:
                return False
            try:
                return self._look(connection)
            finally:
                connection.close()

    def _look(self, connection: Connection) -> bool:
        self._change = last_change(connection)
        found = look(connection, self._monotonic_s, LOOK_S)
        self._found = Look(found.files, (*found.folders, *self._appeared()), found.complete)
        return self._is_news() or self._is_index_behind()

    def _is_news(self) -> bool:
        if not self._found.files and not self._found.folders:
            return False
        return self._found != self._vain or self._monotonic_s() >= self._again_s

    def _is_index_behind(self) -> bool:
        stamp = _stamp(os.path.join(self._places.lexical, CURRENT))
        if self._indexed != (self._change, stamp):
            if not 0 <= _index_change(self._places) < self._change:
                self._indexed = (self._change, stamp)
                return False
            return True
        return False

    def read(self) -> bool:
        """Read for a moment, then bring the index up to date; True if there are messages that were not there."""
        before, found = self._change, self._found
        self.last = Refreshed(0)
        if self._is_news():
            home = home_folder(self._env)
            self.last = refresh(
                self._places, home, self._env, found, self._now_ms, self._monotonic_s, READ_S, self._rules()
            )
        catch_up(self._places, self._monotonic_s)
        self.has_new()
        if not self.last.is_busy:
            self._note_vain(found)
        # Whatever was in the way of the index this time is given until the next change.
        self._indexed = (self._change, _stamp(os.path.join(self._places.lexical, CURRENT)))
        return self._change != before

    def _note_vain(self, before: Look) -> None:
        """The same files and folders are new as before they were read: somebody's permissions, or a file that grows."""
        if self._found != before or not (before.files or before.folders):
            self._vain, self._vain_s = None, 0.0
            return
        self._vain_s = min(max(2 * self._vain_s, VAIN_S), LONGEST_VAIN_S)
        self._vain, self._again_s = before, self._monotonic_s() + self._vain_s

    def signs(self) -> object:
        """What may mean work for a tick: the archive, the settings, the vectors and the models."""
        places = self._places
        folders = [os.path.join(places.vectors, tier) for tier in ("fast", "quality")]
        # A model comes, goes and is replaced by renaming its folder.
        paths = [*folders, *[os.path.join(each, "current") for each in folders], places.models]
        said = sorted([(name, value) for name, value in self._env.items() if name.startswith(POLICY_VARIABLES)])
        return self._change, sorted(identities(places).items()), said, [_stamp(path) for path in paths]


def note_done(data: str, signs: object) -> None:
    """Under these signs there was nothing to do but what was tried in vain: no reason to start again."""
    try:
        with open(os.path.join(data, DONE), "w", encoding="utf-8") as file:
            file.write(repr(signs))
    except OSError:
        return


def was_done(data: str, signs: object) -> bool:
    """Did a worker leave because there was nothing to do, and has nothing changed since?"""
    try:
        with open(os.path.join(data, DONE), encoding="utf-8", errors="replace") as file:
            return file.read() == repr(signs)
    except OSError:
        return False


def _index_change(places: Places) -> int:
    """Up to which change the index goes; one that is missing or damaged is `cass index`'s to mend, and says -1."""
    current = current_generation(places.lexical)
    if current is None:
        return -1
    try:
        index = open_index(current[0])
        return change_of(index, index.searcher())
    except BaseException as bad:
        if not is_damage(bad):
            raise
        return -1


def _stamp(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def readable(new: NewMessages) -> bool:
    """`has_new`, False where the archive cannot be read: the tick meets the same, and says what it is."""
    try:
        return new.has_new()
    except CassError:
        return False
