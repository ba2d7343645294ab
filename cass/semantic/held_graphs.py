"""Graphs that a process which stays keeps open between searches.

A cold process does without: to import usearch and to map the graph takes it longer than the scan that it would save
(50,000 vectors of 384: 7 ms to map after 150 ms of imports, against a scan of 5 ms; a search in the graph takes 1.4).
So a graph is opened beside the first search that could use one, which scans.
"""

from __future__ import annotations

import os

from cass.semantic.artifacts import Shelf
from cass.semantic.graph_files import ABOUT
from cass.semantic.hnsw import Graph, OpenGraph, open_index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.semantic.vectors import Tier

    Identity = tuple[int, int, int]


def _in_a_thread(work: Callable[[], None]) -> None:
    from threading import Thread

    Thread(target=work, name="opens a graph", daemon=True).start()


class HeldGraphs:
    """The graphs of one data folder.  What cannot be opened is left alone until it is another one.

    beside: does its argument soon, and is not waited for.
    """

    def __init__(self, data: str, beside: Callable[[Callable[[], None]], None] = _in_a_thread) -> None:
        self._shelf = Shelf.below(data)
        self._beside = beside
        self._held: dict[str, tuple[Identity, OpenGraph | None]] = {}

    def over(self, name: str, tier: Tier) -> Graph | None:
        """The graph of that tier, if it is open, the one that stands there, and covers most of what the tier has.

        None: scan, and see `open_beside`.
        """
        identity, held = self._held.get(name, (None, None))
        if held is None or identity != self._identity(name):
            return None
        graph = Graph(held.index, held.covered, tier)
        return graph if graph.covered > tier.count // 2 else None

    def open_beside(self, name: str) -> None:
        """Have it for the next search.  To be called after a scan: both of them keep an eye on who imports numpy."""
        identity = self._identity(name)
        if identity is None or self._held.get(name, (None, None))[0] == identity:
            return
        self._held[name] = identity, None

        def work() -> None:
            opened = open_index(self._shelf, name)
            if self._held.get(name) == (identity, None) and isinstance(opened, OpenGraph):
                self._held[name] = identity, opened

        self._beside(work)

    def let_go(self) -> None:
        """Close them: what was removed can leave the disk."""
        self._held = {}

    def _identity(self, name: str) -> Identity | None:
        try:
            about = os.stat(os.path.join(self._shelf.folder(name), ABOUT))
        except OSError:
            return None
        return about.st_ino, about.st_mtime_ns, about.st_size
