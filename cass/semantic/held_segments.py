"""Segments that a process which stays keeps open between searches, with where each text stands in them.

Opening a tier of 30,000 vectors and looking through all its keys for a hundred texts takes a search as long as
scanning it.  What changed is opened anew, so that a search finds what one of a new process would.
"""

from __future__ import annotations

import os

from cass.semantic.segment_files import file_names
from cass.semantic.segments import OpenSegment, open_segment
from cass.semantic.standing import read_tier
from cass.semantic.vectors import Tier

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.manifest import Damage, Segment
    from cass.semantic.standing import Judge

    Identity = tuple[tuple[int, int, int], ...]

# Where a text stands takes 100 bytes a vector to know.  A larger tier is looked through.
MOST_KNOWN = 100_000


class HeldSegments:
    """The open segments of one folder of vectors, from the first search to `let_go`."""

    def __init__(self) -> None:
        self._held: dict[str, dict[int, tuple[Identity, OpenSegment]]] = {}

    def tier(self, root: str, name: str, judge: Judge | None = None) -> Tier | Damage | None:
        """The same as `Tier.open`.  What is not among the tier's segments any more is closed."""
        before = self._held.get(name, {})
        now: dict[int, tuple[Identity, OpenSegment]] = {}

        def use(folder: str, segment: Segment) -> OpenSegment | Damage:
            identity = _identity(folder, segment)
            held = before.get(segment.number)
            if held is not None and identity is not None and held[0] == identity and held[1].segment == segment:
                now[segment.number] = held
                return held[1]
            opened = open_segment(folder, segment)
            if identity is not None and isinstance(opened, OpenSegment):
                now[segment.number] = identity, opened
            return opened

        tier = read_tier(root, name, judge, use, Tier)
        if isinstance(tier, Tier) and tier.count <= MOST_KNOWN:
            for one in tier.segments:
                one.keep_places()
        self._held[name] = now
        return tier

    def let_go(self) -> None:
        """Close them: what was removed can leave the disk."""
        self._held = {}


def _identity(folder: str, segment: Segment) -> Identity | None:
    """What changes with the segment's files; None where one is not there."""
    try:
        files = [os.stat(os.path.join(folder, name)) for name in file_names(segment)]
    except OSError:
        return None
    return tuple([(file.st_ino, file.st_mtime_ns, file.st_size) for file in files])
