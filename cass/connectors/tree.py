"""Entries that name their parent: which of them are on the path to the last one, and which were left."""

from __future__ import annotations

import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Spans = tuple[tuple[int, int], ...]

# An entry is some 17 bytes of the state that is kept with its file.  Nobody goes back further: there it starts anew.
MAX_ENTRIES = 20_000
ROOT = -1


class Tree:
    """Entries in the order of the file.  Each stands for the turns from its ordinal up to that of the next one."""

    def __init__(self, kept: Mapping[str, Any] | None = None) -> None:
        kept = kept or {}
        self._marks: list[int] = list(kept.get("marks", ()))  # checksums of the entries' ids
        self._firsts: list[int] = list(kept.get("firsts", ()))
        # Where an entry's parent is not the entry before it.
        self._parents: dict[int, int] = dict(kept.get("parents", ()))
        self._settled: Spans = _spans(kept.get("settled", ()))
        self._told: Spans = _spans(kept.get("told", ()))
        self._places = {mark: at for at, mark in enumerate(self._marks)}

    def kept(self) -> dict[str, Any]:
        """All of it as a JSON value."""
        found = {
            "marks": list(self._marks), "firsts": list(self._firsts),
            "parents": [list(pair) for pair in self._parents.items()],
            "settled": [list(span) for span in self._settled], "told": [list(span) for span in self._told],
        }  # fmt: skip
        return {key: value for key, value in found.items() if value}

    def add(self, name: object, parent: object, ordinal: int) -> None:
        """An entry whose first turn, if it has any, is `ordinal`.  Without a parent it stands at the root.

        A parent that nobody has heard of is taken for the entry before.
        """
        if not isinstance(name, str):
            return
        if len(self._marks) >= MAX_ENTRIES:
            self._settled = self._left(ordinal)
            self._marks, self._firsts, self._parents, self._places = [], [], {}, {}
        at = len(self._marks)
        above = self._places.get(_mark(parent), at - 1) if isinstance(parent, str) else ROOT
        if above != at - 1:
            self._parents[at] = above
        self._marks.append(_mark(name))
        self._firsts.append(ordinal)
        self._places[self._marks[-1]] = at

    def news(self, behind: int) -> Spans | None:
        """The ordinals that are off the path, if that has changed since it was asked last; `behind` is the next one."""
        off = self._left(behind)
        if off == self._told:
            return None
        self._told = off
        return off

    def _left(self, behind: int) -> Spans:
        if not self._parents:
            return self._settled
        on_path = self._path()
        spans = list(self._settled)
        for at, first in enumerate(self._firsts):
            end = self._firsts[at + 1] if at + 1 < len(self._firsts) else behind
            if at in on_path or first >= end:
                continue
            if spans and spans[-1][1] == first:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((first, end))
        return tuple(spans)

    def _path(self) -> set[int]:
        """The last entry and all above it."""
        at, found = len(self._marks) - 1, set[int]()
        while at >= 0 and at not in found:
            found.add(at)
            at = self._parents.get(at, at - 1)
        return found


def _mark(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "replace"))


def _spans(pairs: Any) -> Spans:
    return tuple((first, behind) for first, behind in pairs)
