"""In which order files are read: newest first, parts behind wholes, what only names sessions of other files last.

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
        for pair in self._work:
            coming = self._coming.setdefault(pair[1].agent, set())
            # Of what only names sessions nobody is a part.
            coming.update(() if _only_names(pair) else (pair[1].path,))

    def __iter__(self) -> Iterator[Pair]:
        names = False
        for pair in self._work:
            if not names and _only_names(pair):
                names = True
                yield from self._put_back()
            self._coming[pair[1].agent].discard(pair[1].path)
            yield pair
        yield from self._put_back()

    def _put_back(self) -> Iterator[Pair]:
        """Those that were put back so far: nothing is coming that they could wait for again."""
        later, self._later = self._later, []
        yield from later

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
