"""Which records of a Gemini chat's log are its messages: later ones replace, patch or take back earlier ones.

Holds only where they stand, so that a chat of any size can be read again message by message.
"""

from __future__ import annotations

from cass.connectors.jsonl import Line
from cass.connectors.telling import string
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@record
class Place:
    """Where a message stands: its line, and its number in that line's list if it is one of a list."""

    line: Line
    key: str | None = None
    number: int = 0


class Places:
    """All messages in order of their first appearance; false for those that were taken back or replaced."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Place, bool]] = {}
        self._rewinds = 0

    def all(self) -> list[tuple[Place, bool]]:
        """Each place, and whether its message counts."""
        return list(self._known.values())

    def add(self, value: dict[str, Any], line: Line) -> None:
        """A message, or a message anew."""
        self._known[_id(value) or f"line {line.number}"] = (Place(line), True)

    def add_list(self, values: list[Any], line: Line, key: str) -> None:
        """The messages of a list, which is a member of the line's object, or of its member `key`."""
        for number, value in enumerate(values):
            self._known[_id(value) or f"line {line.number}.{number}"] = (Place(line, key, number), True)

    def replace(self, values: list[Any], line: Line, key: str) -> None:
        """The chat is this list from now on, in its order."""
        named = {name for value in values if (name := _id(value))}
        # What has no id might be the same message once more with each such list: nothing could tell.
        self._known = {
            name: (place, False)
            for name, (place, _) in self._known.items()
            if name not in named and not name.startswith("line ")
        }
        self.add_list(values, line, key)

    def rewind(self, to: object) -> None:
        """Take back that message and all later ones; all there are, if it is unknown, as Gemini does."""
        ids = list(self._known)
        self._rewinds += 1
        live = [key for key in ids if self._known[key][1]]
        first = ids.index(to) if isinstance(to, str) and to in live else 0
        for key in ids[first:]:
            place, counts = self._known.pop(key)
            # Under another key: the same id may come again, as a new message.
            self._known[f"{key} taken back by {self._rewinds}" if counts else key] = (place, False)


def picked(value: Any, place: Place) -> object:
    """The message at its place; None where the file has changed since."""
    try:
        if place.key is None:
            return value
        return (value[place.key] if place.key else value)["messages"][place.number]
    except (LookupError, TypeError):
        return None


def _id(value: object) -> str | None:
    return string(value.get("id")) if isinstance(value, dict) else None
