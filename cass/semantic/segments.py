"""One segment: rows of signed bytes in one file, their keys in another, both mapped, both growing at their end.

A key is two numbers of 8 bytes: the text's id; the time (ms) of its newest message with the piece's number below it.
Rows stand apart from keys, so that all rows of a segment are one block for the scan, and ids are read without them.
"""

from __future__ import annotations

import os

from cass.policy import MB
from cass.semantic.manifest import Damage
from cass.semantic.scan import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Container, Iterable, Sequence

    from cass.semantic.manifest import Recipe, Segment
    from cass.semantic.scan import Engine


# The contract allows 32 MB.  Smaller ones open in 0.1 ms each, and a tier of 50,000 vectors is more than one of them.
MAX_SEGMENT_BYTES = 4 * MB
HEADER_BYTES = 512
KEY_BYTES = 16
ROWS, KEYS, DEAD = "rows", "keys", "dead"
PIECE_BITS = 16
# The piece number of a text without any token: it has a row of zeros, so that it counts as done, and is never found.
NO_VECTOR = (1 << PIECE_BITS) - 1


def file_name(number: int, part: str) -> str:
    return f"{number}.{part}"


def dead_name(segment: Segment) -> str:
    return f"{segment.number}.{segment.dead.number}.{DEAD}"


def file_names(segment: Segment) -> list[str]:
    """The files of this segment."""
    names = [file_name(segment.number, ROWS), file_name(segment.number, KEYS)]
    return [*names, dead_name(segment)] if segment.dead.number else names


def row_bytes(dim: int) -> int:
    """What one vector takes on disk."""
    return dim + KEY_BYTES


def header(recipe: Recipe, part: str) -> bytes:
    """The first bytes of a file: all that it is, so that a file of another kind is never taken for this one."""
    fields = [f"cass vectors {part}", *[str(getattr(recipe, name)) for name in recipe.__match_args__], "i8", ""]
    text = "\n".join(fields).encode()
    if len(text) > HEADER_BYTES:
        raise ValueError("the names of the embedder and its revision are too long")
    return text.ljust(HEADER_BYTES, b"\0")


class OpenSegment:
    """A segment that can be searched; what is published later does not change it."""

    def __init__(self, segment: Segment, rows: memoryview, keys: memoryview, dead: Sequence[int]) -> None:
        self.segment = segment
        self.block = rows  # all rows, one after the other
        self._keys = keys
        self.dead = dead

    def nearest(
        self, query: bytes, k: int, allowed: Container[int] | None, engine: Engine | None, first: int = 0
    ) -> list[tuple[int, int, float]]:
        """The best `k` as (text id, piece, cosine), best first; of these texts only, if `allowed` is given.

        Without `allowed`, rows before `first` are not looked at.
        """
        found = self._all(query, k, engine, first) if allowed is None else self._some(query, k, allowed, engine)
        return [(*self.key(row), cosine) for row, cosine in found if self.key(row)[1] != NO_VECTOR]

    def _all(self, query: bytes, k: int, engine: Engine | None, first: int) -> list[tuple[int, float]]:
        rows, count = self.block[first * self.segment.recipe.dim :], self.segment.count - first
        dead = [place - first for place in self.dead if place >= first]
        return [(row + first, cosine) for row, cosine in nearest(rows, count, query, k, dead, engine)]

    def _some(self, query: bytes, k: int, allowed: Container[int], engine: Engine | None) -> list[tuple[int, float]]:
        places = self.places(allowed)
        if len(places) > self.segment.count // 2:
            others = set(range(self.segment.count)).difference(places)
            return nearest(self.block, self.segment.count, query, k, list(others), engine)
        dim, rows = self.segment.recipe.dim, self.block
        block = memoryview(b"".join([rows[place * dim : (place + 1) * dim] for place in places]))
        return [(places[row], cosine) for row, cosine in nearest(block, len(places), query, k, (), engine)]

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

    def places(self, texts: Container[int]) -> list[int]:
        """The live rows of these texts, ascending."""
        from itertools import compress

        found = list(compress(range(self.segment.count), map(texts.__contains__, self.all_ids())))
        if not self.dead:
            return found
        dead = set(self.dead)
        return [row for row in found if row not in dead]

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
    count, recipe = segment.count, segment.recipe
    rows = _mapped(folder, segment.number, ROWS, recipe, count * recipe.dim)
    keys = _mapped(folder, segment.number, KEYS, recipe, count * KEY_BYTES)
    if isinstance(rows, Damage) or isinstance(keys, Damage):
        return rows if isinstance(rows, Damage) else keys  # type: ignore[return-value]
    if full or _stamps(folder, segment) != (segment.rows_stamp, segment.keys_stamp):
        for part, data, crc in ((ROWS, rows, segment.rows_crc), (KEYS, keys, segment.keys_crc)):
            if _checksum(data) != crc:
                return Damage(f"{file_name(segment.number, part)} has changed bytes")
    dead = _dead(folder, segment)
    return dead if isinstance(dead, Damage) else OpenSegment(segment, rows, keys.cast("q"), dead)


def _mapped(folder: str, number: int, part: str, recipe: Recipe, size: int) -> memoryview | Damage:
    """The published bytes behind the header."""
    name = file_name(number, part)
    try:
        descriptor = os.open(os.path.join(folder, name), os.O_RDONLY)  # a file object takes three times as long
        try:
            if os.fstat(descriptor).st_size < HEADER_BYTES + size:
                return Damage(f"{name} is cut short")
            whole = memoryview(_map(descriptor, HEADER_BYTES + size))
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return Damage(f"{name} is missing")
    except OSError as bad:
        return Damage(f"{name} cannot be read: {bad.strerror}")
    if whole[:HEADER_BYTES] != header(recipe, part):
        return Damage(f"{name} is damaged or of another kind")
    return whole[HEADER_BYTES:]


def _checksum(data: bytes | memoryview) -> int:
    from zlib import crc32

    return crc32(data)


def _map(descriptor: int, size: int) -> mmap.mmap:
    import mmap  # in machine code of its own, as zlib is: `status` loads this module to look at file names

    return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)


def _stamps(folder: str, segment: Segment) -> tuple[int, int]:
    rows, keys = [os.stat(os.path.join(folder, name)) for name in file_names(segment)[:2]]
    return rows.st_mtime_ns, keys.st_mtime_ns


def _dead(folder: str, segment: Segment) -> Sequence[int] | Damage:
    """The places of the rows that do not count."""
    if not segment.dead.number:
        return ()
    try:
        with open(os.path.join(folder, dead_name(segment)), "rb") as file:
            data = file.read()
    except OSError:
        data = b""
    # Without this file a removed text would be found again, so the whole segment is left out.
    if len(data) != 4 * segment.dead.count or _checksum(data) != segment.dead.crc:
        return Damage(f"{dead_name(segment)} is damaged")
    from array import array  # brings collections along, 3 ms

    return array("I", data)


def packed_key(text: int, piece: int, newest_ms: int) -> tuple[int, int]:
    """The two numbers of a key.  Raises ValueError for a piece number that does not fit."""
    if not 0 <= piece <= NO_VECTOR:
        raise ValueError(f"a text has at most {NO_VECTOR} pieces")
    return text, newest_ms << PIECE_BITS | piece


def dead_bytes(places: Iterable[int]) -> bytes:
    """The file of dead rows."""
    from array import array

    return array("I", sorted(places)).tobytes()
