"""Tell one session to the one who stores it: what is new of it once, and its turns with their numbers."""

from __future__ import annotations

from cass.connectors.base import TITLE_NONE, Block, Message, Session
from cass.connectors.common import first_line, trim, well_formed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cass.connectors.base import Item
    from cass.connectors.jsonl import Line

_TITLE_CHARS = 2000  # of which the first line is taken


class Telling:
    """What was told of a session so far.  `out` is emptied by `drained`; nothing is told before the first turn."""

    def __init__(
        self, external_id: str, parent: str | None = None, state: Mapping[str, Any] | None = None, whole: bool = False
    ) -> None:
        state = state or {}
        self.id = external_id
        self.parent: str | None = state.get("parent", parent)
        self.out: list[Item] = []
        self.next: int = state.get("next", 0)
        self.rank: int = state.get("rank", TITLE_NONE)
        self._whole = whole
        self._facts: dict[str, str] = dict(state.get("facts", {}))
        self._new: dict[str, str] = dict(state.get("new", {}))  # of these nobody was told
        self._announced = False

    def state(self) -> dict[str, Any]:
        """What a later read of an appended file goes on with, as JSON values."""
        facts, new = dict(self._facts), dict(self._new)
        return {"next": self.next, "rank": self.rank, "facts": facts, "new": new, "parent": self.parent}

    def know(self, **facts: object) -> None:
        """Note a workspace, git_branch or model; what says nothing is ignored."""
        for key, value in facts.items():
            if (text := string(value)) and self._facts.get(key) != text:
                self._facts[key] = self._new[key] = text
        if self._new and self._announced:
            self._announce()

    def knows(self, fact: str) -> str | None:
        """What was noted last."""
        return self._facts.get(fact)

    def title(self, text: object, rank: int) -> None:
        """Call the session so, unless it has a better title."""
        if rank < self.rank or not isinstance(text, str) or not (title := first_line(trim(text, _TITLE_CHARS))):
            return
        self.rank = rank
        self._announce()
        self.out.append(Session(self.id, self.parent, well_formed(title), rank))

    def turn(
        self, role: str, ms: int | None, blocks: tuple[Block, ...], line: Line | None = None, off_path: bool = False
    ) -> None:
        """Give the next turn; one without blocks is only counted."""
        if blocks:
            self._announce()
            at = (line.number, line.start, line.end) if line else (None, None, None)
            self.out.append(Message(self.id, self.next, role, ms, blocks, at[0], at[1], at[2], off_path))
        self.next += 1

    def drained(self) -> Iterator[Item]:
        """All that waits to be told."""
        yield from self.out
        self.out.clear()

    def _announce(self) -> None:
        if self._new or not self._announced:
            whole = self._whole and not self._announced
            facts: Any = self._new
            self.out.append(Session(self.id, self.parent, whole=whole, **facts))
            self._announced, self._new = True, {}


def string(value: object) -> str | None:
    """A text that says something, fit to be stored; None for anything else."""
    return well_formed(value) if isinstance(value, str) and value.strip() else None


def spoken(kind: str, text: object) -> tuple[Block, ...]:
    """A block of this text, or none where it says nothing."""
    return (Block(kind, trim(well_formed(text))),) if isinstance(text, str) and text.strip() else ()
