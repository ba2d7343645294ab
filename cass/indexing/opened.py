"""One session while a file of it is read: what is stored of it, and what the file has given so far."""

from __future__ import annotations

from cass.indexing.prepared import place_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.indexing.prepared import Prepared
    from cass.store.sessions import SessionRow
    from cass.store.writer import MessageRow


class IdTaken(Exception):
    """Another file that still stands has this session; `instead` is the external id to read this one under."""

    def __init__(self, instead: str) -> None:
        super().__init__(instead)
        self.instead = instead


class ReadWhole(Exception):
    """The end of this file belongs to a session that another file, now deleted, was the last source of."""


class OpenSession:
    """A session that the present file has messages of.

    `begun`: messages of which the file has given only the first blocks so far, by ordinal.  `untitled`: it was
    forgotten, or much of it.  `hidden`: all of it was, and nothing new has come, so what describes it is only `held`.
    `refused`: it repeats something forgotten.
    """

    def __init__(self, row: SessionRow, agent: str, workspace: str | None) -> None:
        self.id = row.id
        self.row = row
        self.agent = agent
        self.workspace = workspace
        self.whole = False  # all its messages follow
        self.owned = False  # this file is its source
        self.untitled = self.hidden = self.refused = False
        self.held: tuple[str | None, str | None, str | None] = (None, None, None)  # workspace, branch, model
        self.moved = False  # to another workspace, its stored documents not yet
        # What is stored, loaded only where it is compared: by ordinal and by document.
        self.stored: dict[int, MessageRow] = {}
        self.by_doc: dict[int, list[MessageRow]] = {}
        self.kept: set[int] = set()
        self.begun: dict[int, tuple[MessageRow, Prepared]] = {}
        self.last_ordinal = -1  # stored before this reading
        self.given: set[int] = set()  # ordinals of this reading, where everything stored is compared
        self.next_gone = row.next_gone
        self.recount = False  # everything stored is either repeated or gone
        self.displaced = False  # messages have gone or come back: counting the added ones is not enough
        self.added = 0
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    @property
    def workspace(self) -> str | None:
        return self._workspace

    @workspace.setter
    def workspace(self, workspace: str | None) -> None:
        self._workspace = workspace
        self.workspace_id: int | None = None  # its string's, once it is asked for
        self.place = place_hash(self.agent, workspace)

    def hide(self, was_forgotten: bool) -> None:
        """Its titles are not taken, and until it has a message nothing that describes it is."""
        self.untitled = was_forgotten
        self.hidden = was_forgotten and self.row.file is None

    def hold(self, workspace: str | None, branch: str | None, model: str | None) -> None:
        """Remember what describes the session until it has a message."""
        self.held = (workspace or self.held[0], branch or self.held[1], model or self.held[2])

    def saw(self, created_ms: int | None) -> None:
        """Count a new message."""
        self.added += 1
        if created_ms is not None:
            self.first_ms = created_ms if self.first_ms is None else min(self.first_ms, created_ms)
            self.last_ms = created_ms if self.last_ms is None else max(self.last_ms, created_ms)
