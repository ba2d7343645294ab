"""In which order files are read: newest first, what only names sessions of other files last, parts behind wholes.

A sub-agent's file may be newer than that of the session which started it.  What is asked for there (`rules.MARK`) holds
for both: such a file is put back until the others have been read.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Set

    from cass.connectors.base import Connector
    from cass.indexing.discover import Found

    Pair = tuple[Connector, Found]


class Queue:
    """The files of one run: each once, and once more those that were put back."""

    def __init__(self, work: Iterable[Pair]) -> None:
        # Files that take each other's ids do so in a fixed order, whatever the disk lists first.
        self._work = sorted(work, key=lambda pair: (_only_names(pair), -pair[1].mtime_ns, pair[1].path))
        self._later: list[Pair] = []
        self._coming: dict[str, set[str]] = {}
        for _, found in self._work:
            self._coming.setdefault(found.agent, set()).add(found.path)

    def __iter__(self) -> Iterator[Pair]:
        for pair in self._work:
            self._coming[pair[1].agent].discard(pair[1].path)
            yield pair
        yield from self._later

    def __len__(self) -> int:
        return len(self._work)

    @property
    def files(self) -> list[Found]:
        """All of them, in the order of the first look."""
        return [found for _, found in self._work]

    def coming(self, found: Found) -> Set[str]:
        """The files of the same agent that are still to be looked at for the first time."""
        return self._coming[found.agent]

    def put_back(self, pair: Pair) -> None:
        """Read it when the others have been read."""
        self._later.append(pair)


def _only_names(pair: Pair) -> bool:
    connector, found = pair
    return only_names(connector, found.path)


def only_names(connector: Connector, path: str) -> bool:
    """Does this file hold nothing but what sessions of other files are called?"""
    asked = getattr(connector, "only_names", None)
    return asked is not None and bool(asked(path))
