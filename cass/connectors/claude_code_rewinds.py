"""Which turns of a Claude Code session were left: a prompt that was written anew stands beside the old one.

Every line names its parent, but not every fork is a branch: the results of calls made side by side each name their
own call.  So only prompts count: one whose parent is that of an earlier prompt takes its place, and everything from
the earlier one on was left.  The file never goes back to a branch that was left.
"""

from __future__ import annotations

import zlib

from cass.connectors.base import Branches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Nobody goes back further; a prompt is some 30 bytes of the state that is kept with the file.
_REMEMBERED = 500


class Rewinds:
    """The prompts of the active path, and the ranges of ordinals that are off it."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        # [its parent, the last line of the conversation before it, its ordinal]; lines by the checksum of their uuid
        self.prompts: list[list[int]] = [list(prompt) for prompt in kept.get("prompts", ())]
        self.off: list[list[int]] = [list(span) for span in kept.get("off", ())]
        self.last: int = kept.get("last", 0)
        # The latest line of the conversation.  Not looked into before a prompt comes: most lines stand before none.
        self.behind: dict[str, Any] | None = None
        self.unsaid = False

    def kept(self) -> dict[str, Any]:
        """All of it as a JSON value; empty before the first line."""
        found = {"prompts": list(self.prompts), "off": [list(span) for span in self.off], "last": self._last()}
        return {key: value for key, value in found.items() if value}

    def prompt(self, value: dict[str, Any], ordinal: int) -> None:
        """A prompt that will get this ordinal; called before it is `behind`."""
        parent = value.get("parentUuid")
        # Without a parent it is the first: of this session, for a file may begin with a copy of another one.
        mark = _mark(parent if isinstance(parent, str) else f"the start of {value.get('sessionId')}")
        self._leave(mark, ordinal)
        self.prompts = [*self.prompts, [mark, self._last(), ordinal]][-_REMEMBERED:]

    def _leave(self, mark: int, ordinal: int) -> None:
        for at, (parent, before, first) in enumerate(self.prompts):
            if mark in (parent, before):
                del self.prompts[at:]
                self.off = [*(span for span in self.off if span[1] < first), [self._joined(first), ordinal]]
                self.unsaid = True
                return

    def _joined(self, first: int) -> int:
        """Where the range that ends at or behind `first` begins, if that is earlier."""
        return min([first, *(span[0] for span in self.off if span[1] >= first)])

    def _last(self) -> int:
        if self.behind is not None:
            uuid, self.behind = self.behind.get("uuid"), None
            self.last = _mark(uuid) if isinstance(uuid, str) else 0
        return self.last

    def news(self, session: str) -> list[Branches]:
        """What is to be said of the session's branches since it was last asked."""
        if not self.unsaid:
            return []
        self.unsaid = False
        return [Branches(session, tuple((first, behind) for first, behind in self.off))]


def _mark(uuid: str) -> int:
    return zlib.crc32(uuid.encode("utf-8", "replace")) or 1
