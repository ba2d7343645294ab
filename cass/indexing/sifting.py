"""Leave sessions out before anything of them is stored.

A session is left out for its workspace, or because its user said so on a line of its own.  Either may be learned after
something of it was handed on: then the reading is undone and begins again, knowing.  So a file that has that line
anywhere is not stored in parts.
"""

from __future__ import annotations

from cass.connectors.base import Message, Session
from cass.indexing.discover import read_at
from cass.indexing.prepared import Prepared
from cass.indexing.rules import BY_MARK, MARK
from cass.store import sessions as store_sessions
from cass.store.files import place_of
from cass.store.ids import session_id
from cass.store.schema import ROLES
from cass.store.skipped import Skipped, skipped_by_name, skipped_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Set

    from cass.connectors.base import Item
    from cass.indexing.rules import Exclusion
    from cass.store.writer import Writer

_USER = ROLES.index("user")
_ASKING = (_USER, "user")
_TOLD = (Prepared, Message)
_MARK_BYTES = MARK.encode()
_SCAN_BYTES = 1 << 20


class LeftOut(Exception):
    """Something was handed on of sessions that are to be left out."""

    def __init__(self, sessions: Iterable[Skipped]) -> None:
        super().__init__()
        self.sessions = list(sessions)


class ParentComes(Exception):
    """It begins with a part of a session whose own file is still to be read, and may say that both are left out."""


class Sieve:
    """The records of one reading of one file, less those of sessions that are left out.

    `skipped`, by the agent's own ids, are left out from the start, and gain what is met.  `goes_on`: a session's
    workspace may have been told in an earlier reading.  `only_names`: the sessions stand in other files.  `coming`: as
    in `Ingest.file`.
    """

    def __init__(
        self,
        store: Writer,
        agent: str,
        exclusion: Exclusion,
        skipped: Iterable[Skipped],
        goes_on: bool,
        only_names: bool = False,
        coming: Set[str] = frozenset(),
    ) -> None:
        self._store = store
        self._agent = agent
        self._exclusion = exclusion
        self._goes_on = goes_on
        self._only_names = only_names
        self._coming = coming
        self._handed_on: dict[str, str | None] = {}  # session → parent
        self._too_late = False
        self.skipped = {one.external_id: one for one in skipped}

    def sift(self, items: Iterator[Item | Prepared]) -> Iterator[Item | Prepared]:
        """What is to be stored.  Raises ParentComes, or LeftOut with all that the rest of the file would leave out."""
        skipped = self.skipped
        for item in items:
            # Nine in ten records, for a tenth of a microsecond each.
            passes = not skipped and type(item) in _TOLD and item.role not in _ASKING  # type: ignore[union-attr]
            if passes or not self._leaves_out(item):
                yield item
            elif self._too_late:
                for more in items:
                    self._leaves_out(more)
                raise LeftOut(self.skipped.values())

    def _leaves_out(self, item: Item | Prepared) -> bool:
        kind = type(item)
        if kind is Session:
            return self._leaves_session_out(item)  # type: ignore[arg-type]
        name: str | None = getattr(item, "session", None)
        if name is None or name in self.skipped:
            return name is not None
        if (kind is Prepared or kind is Message) and item.role in _ASKING and asks(item):  # type: ignore[union-attr,arg-type]
            self._skip(name, self._handed_on.get(name), BY_MARK, None)
            return True
        return False

    def _leaves_session_out(self, session: Session) -> bool:
        name, parent = session.external_id, session.parent_external_id
        if name in self.skipped:
            return True
        why, workspace = self._why(session)
        if why is not None:
            self._skip(name, parent, why, workspace)
            return True
        self._handed_on.setdefault(name, parent)
        return False

    def _why(self, session: Session) -> tuple[str | None, str | None]:
        """(why, the workspace where that is the reason) a session is left out."""
        workspace = session.workspace or self._told_before(session)
        if self._only_names and (there := skipped_by_name(self._store, self._agent, session.external_id)) is not None:
            return there
        above = None if session.parent_external_id is None else self._above(session.parent_external_id)
        # A part of a session is left out with it, unless it has a workspace of its own.
        if above is not None and (above[0] == BY_MARK or workspace is None):
            return above
        return self._exclusion.why(workspace), workspace

    def _told_before(self, session: Session) -> str | None:
        if not self._goes_on or session.external_id in self._handed_on:
            return None
        sid = session_id(self._agent, session.parent_external_id, session.external_id)
        row = store_sessions.find_session(self._store, sid)
        return None if row is None else store_sessions.workspace_of(self._store, row)

    def _above(self, parent: str) -> tuple[str, str | None] | None:
        """Why the session that this one is a part of is left out, here or in another file."""
        if (found := self.skipped.get(parent)) is not None:
            return found.why, found.workspace
        if parent in self._handed_on:
            return None
        sid = session_id(self._agent, None, parent)
        why = skipped_session(self._store, sid)
        if why is None and self._coming and not self._handed_on and self._may_come(sid):
            raise ParentComes
        return why

    def _may_come(self, sid: str) -> bool:
        """May one of the files that are still to be read hold this session?"""
        row = store_sessions.find_session(self._store, sid)
        place = None if row is None or row.file is None else place_of(self._store, row.file)
        return place is None or place[0] in self._coming

    def _skip(self, name: str, parent: str | None, why: str, workspace: str | None) -> None:
        self.skipped[name] = Skipped(name, session_id(self._agent, parent, name), why, workspace)
        self._too_late = self._too_late or name in self._handed_on


def asks(message: Message | Prepared) -> bool:
    """Does this message of the user ask not to be kept?"""
    if type(message) is Prepared:
        texts = [part[5] for part in message.parts]
    else:
        texts = [block.text for block in message.blocks]  # type: ignore[union-attr]
    return any([MARK in text and any(line.strip() == MARK for line in text.splitlines()) for text in texts])


def may_ask(descriptor: int, start: int, size: int, read: Callable[[int, int, int], bytes] = read_at) -> bool:
    """Does the mark stand anywhere in the file's bytes from `start` on?  A search of memory, not a reading."""
    at = start
    while at < size:
        data = read(descriptor, at, min(_SCAN_BYTES, size - at))
        if not data or _MARK_BYTES in data:
            return bool(data)
        if at + len(data) >= size:
            return False
        at += max(1, len(data) - len(_MARK_BYTES) + 1)
    return False
