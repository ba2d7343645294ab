"""One segment: rows of signed bytes in one file, their keys in another, both mapped, both growing at their end.

A key is two numbers of 8 bytes: the text's id; the time (ms) of its newest message with the piece's number below it.
Rows stand apart from keys, so that all rows of a segment are one block for the scan, and ids are read without them.
"""

from __future__ import annotations

import mmap

from cass.policy import MB
from cass.semantic.manifest import Damage
from cass.semantic.scan import NO_COSINE, nearest
from cass.semantic.segment_files import HEADER_BYTES, KEYS, ROWS, file_bytes, used

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from cass.semantic.manifest import Segment
    from cass.semantic.scan import Engine


# The contract allows 32 MB.  Smaller ones open in 0.1 ms each, and a tier of 50,000 vectors is more than one of them.
MAX_SEGMENT_BYTES = 4 * MB
PIECE_BITS = 16
# The piece number of a text without any token: it has a row of zeros, so that it counts as done, and is never found.
NO_VECTOR = (1 << PIECE_BITS) - 1


class OpenSegment:
    """A segment that can be searched; what is published later does not change it."""

    def __init__(self, segment: Segment, rows: memoryview, keys: memoryview, dead: Sequence[int]) -> None:
        self.segment = segment
        self.block = rows  # all rows, one after the other
        self._keys = keys
        self.dead = dead
        self._last: dict[int, int] | None = None  # the last row of each text, where that is kept

    def nearest(
        self,
        query: bytes,
        k: int,
        allowed: Collection[int] | None = None,
        engine: Engine | None = None,
        first: int = 0,
        least: float = NO_COSINE,
    ) -> list[tuple[int, int, float]]:
        """The best `k` as (text id, piece, cosine), best first, none below `least`; of these texts only, if `allowed`.

        Without `allowed`, rows before `first` are not looked at.
        """
        if allowed is None:
            found = self._all(query, k, engine, first, least)
        else:
            found = self._some(query, k, allowed, engine, least)
        keyed = [(*self.key(row), cosine) for row, cosine in found]
        return [each for each in keyed if each[1] != NO_VECTOR]

    def _all(self, query: bytes, k: int, engine: Engine | None, first: int, least: float) -> list[tuple[int, float]]:
        rows, count = self.block[first * self.segment.recipe.dim :], self.segment.count - first
        dead = [place - first for place in self.dead if place >= first]
        return [(row + first, cosine) for row, cosine in nearest(rows, count, query, k, dead, engine, least)]

    def _some(
        self, query: bytes, k: int, allowed: Collection[int], engine: Engine | None, least: float
    ) -> list[tuple[int, float]]:
        places = self.places(allowed)
        if len(places) > self.segment.count // 2:
            others = set(range(self.segment.count)).difference(places)
            return nearest(self.block, self.segment.count, query, k, list(others), engine, least)
        dim, rows = self.segment.recipe.dim, self.block
        block = memoryview(b"".join([rows[place * dim : (place + 1) * dim] for place in places]))
        return [(places[row], cosine) for row, cosine in nearest(block, len(places), query, k, (), engine, least)]

    def key(self, row: int) -> tuple[int, int]:
        """(text id, piece) of a row."""
        return self._keys[2 * row], self._keys[2 * row + 1] & NO_VECTOR

    def packed(self, row: int) -> bytes:
        """The key of a row as it stands in the file."""
        return self._keys[2 * row : 2 * row + 2].tobytes()

    def time_ms(self, row: int) -> int:
        """The time of the newest message with this row's text."""
        time_ms: int = self._keys[2 * row + 1] >> PIECE_BITS
        return time_ms

    def all_ids(self) -> list[int]:
        """The text ids of all rows, dead ones too, in the order of rows."""
        ids: list[int] = self._keys[::2].tolist()
        return ids

    @property
    def keeps_places(self) -> bool:
        """Is it known where each text stands?"""
        return self._last is not None

    def keep_places(self) -> None:
        """Know where each text stands, for who asks again and again; it takes as long as to look for some once."""
        if self._last is None:
            self._last = dict(zip(self.all_ids(), range(self.segment.count), strict=True))

    def places(self, texts: Collection[int]) -> list[int]:
        """The live rows of these texts, ascending."""
        from itertools import compress

        if self._last is not None and len(texts) < len(self._last):
            found = sorted([row for text in texts for row in self._pieces(text, self._last.get(text))])
        else:
            found = list(compress(range(self.segment.count), map(texts.__contains__, self.all_ids())))
        if not self.dead:
            return found
        dead = set(self.dead)
        return [row for row in found if row not in dead]

    def _pieces(self, text: int, row: int | None) -> Iterator[int]:
        """The rows of a text, from its last one on backwards: they follow each other, newer ones behind dead ones."""
        while row is not None and row >= 0 and self._keys[2 * row] == text:
            yield row
            row -= 1

    def live_rows(self) -> list[int]:
        dead = set(self.dead)
        return [row for row in range(self.segment.count) if row not in dead]

    def row(self, row: int) -> bytes:
        """The signed bytes of one vector."""
        dim = self.segment.recipe.dim
        return bytes(self.block[row * dim : (row + 1) * dim])


def open_segment(folder: str, segment: Segment, full: bool = False) -> OpenSegment | Damage:
    """Map the segment, after looking at what tells cheaply that something is wrong; or what that is.

    Its bytes are read and compared with their checksums where a file's time is not the one that was written down, or
    if `full`.
    """

    def mapped(rows: int, keys: int, dead: bytes) -> OpenSegment | Damage:
        try:
            block, pairs = _mapped(segment, ROWS, rows), _mapped(segment, KEYS, keys)
        except OSError as bad:
            return Damage(f"{segment.number} cannot be mapped: {bad.strerror}")
        return OpenSegment(segment, block, pairs.cast("q"), _places(dead))

    return used(folder, segment, mapped, full)


def _mapped(segment: Segment, part: str, descriptor: int) -> memoryview:
    """The published bytes behind the header."""
    whole = mmap.mmap(descriptor, file_bytes(segment, part), access=mmap.ACCESS_READ)
    return memoryview(whole)[HEADER_BYTES:]


def _places(dead: bytes) -> Sequence[int]:
    """The rows that do not count."""
    if not dead:
        return ()
    from array import array  # brings collections along, 3 ms

    return array("I", dead)


def packed_key(text: int, piece: int, newest_ms: int) -> tuple[int, int]:
    """The two numbers of a key.  Raises ValueError for a piece number that does not fit."""
    if not 0 <= piece <= NO_VECTOR:
        raise ValueError(f"a text has at most {NO_VECTOR} pieces")
    return text, newest_ms << PIECE_BITS | piece


def dead_bytes(places: Iterable[int]) -> bytes:
    """The file of dead rows."""
    from array import array

    return array("I", sorted(places)).tobytes()
