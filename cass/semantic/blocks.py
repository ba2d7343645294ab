"""Vectors on their way to disk: turned into signed bytes, kept together by text, added to a segment."""

from __future__ import annotations

import os
from array import array
from itertools import groupby
from zlib import crc32

from cass.records import record, replace
from cass.semantic.manifest import Segment
from cass.semantic.scan import all_to_i8
from cass.semantic.segment_files import HEADER_BYTES, KEY_BYTES, KEYS, ROWS, file_name, header, row_bytes
from cass.semantic.segments import NO_VECTOR, packed_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cass.semantic.manifest import Recipe
    from cass.semantic.volume import Volume

    Given = tuple[int, int, int, array[float]]

NEW_FILES_BYTES = 2 * HEADER_BYTES


@record
class Text:
    """All rows of one text, as bytes.  They stay in one segment, so that a text is there whole or not at all."""

    id: int
    newest_ms: int
    count: int
    rows: bytes
    keys: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.rows) + len(self.keys)


def texts_of(rows: Iterable[Given], dim: int) -> list[Text]:
    """(text id, piece, newest ms, vector) → texts.  The pieces of a text follow each other.

    A vector of length 0 belongs to a text without any token.  Raises ValueError for any other length than `dim`, for
    parts that are not finite, and for more pieces than a key can tell apart.
    """
    given = list(rows)
    for row in given:
        if len(row[3]) not in (0, dim):
            raise ValueError(f"a vector has {len(row[3])} parts, not {dim}")
    signed = all_to_i8([row[3] for row in given], dim)
    return [_text(id, list(pieces)) for id, pieces in groupby(zip(given, signed, strict=True), key=_id)]


def _id(row: tuple[Given, bytes]) -> int:
    return row[0][0]


def _text(id: int, pieces: list[tuple[Given, bytes]]) -> Text:
    keys = array("q")
    for (_, piece, newest_ms, vector), _ in pieces:
        keys.extend(packed_key(id, piece if len(vector) else NO_VECTOR, newest_ms))
    newest_ms = max([given[2] for given, _ in pieces])
    return Text(id, newest_ms, len(pieces), b"".join([signed for _, signed in pieces]), keys.tobytes())


def new_segment(number: int, recipe: Recipe, side: str) -> Segment:
    """A segment without rows."""
    nothing = dict.fromkeys(Segment.__match_args__[3:-1], 0)
    return Segment(number=number, recipe=recipe, side=side, **nothing)  # type: ignore[arg-type]


def size_bytes(segment: Segment) -> int:
    """What its published rows and keys take."""
    return segment.count * row_bytes(segment.recipe.dim)


def fitting(texts: Sequence[Text], most_bytes: int) -> int:
    """How many texts from the first on fit into so many bytes."""
    for number, text in enumerate(texts):
        most_bytes -= text.size_bytes
        if most_bytes < 0:
            return number
    return len(texts)


def add(volume: Volume, folder: str, segment: Segment, texts: Sequence[Text], now_ms: int) -> Segment:
    """Write the texts behind the segment's published rows; the segment as it is to be published.

    Raises OSError, the files then as they were.
    """
    rows = b"".join([text.rows for text in texts])
    keys = b"".join([text.keys for text in texts])
    try:
        rows_stamp = _extend(volume, folder, segment, ROWS, rows)
        keys_stamp = _extend(volume, folder, segment, KEYS, keys)
    except BaseException:
        take_back(volume, folder, segment)
        raise
    return replace(
        _counted(segment, texts),
        rows_crc=crc32(rows, segment.rows_crc),
        keys_crc=crc32(keys, segment.keys_crc),
        rows_stamp=rows_stamp,
        keys_stamp=keys_stamp,
        built_at_ms=now_ms,
    )


def _counted(segment: Segment, texts: Sequence[Text]) -> Segment:
    times = [text.newest_ms for text in texts]
    ids = [text.id for text in texts]
    if segment.count:
        times += [segment.oldest_ms, segment.newest_ms]
        ids += [segment.lowest_id, segment.highest_id]
    return replace(
        segment,
        count=segment.count + sum([text.count for text in texts]),
        texts=segment.texts + len(texts),
        oldest_ms=min(times),
        newest_ms=max(times),
        lowest_id=min(ids),
        highest_id=max(ids),
    )


def _extend(volume: Volume, folder: str, segment: Segment, part: str, data: bytes) -> int:
    path = os.path.join(folder, file_name(segment.number, part))
    if segment.count:
        return volume.extend(path, _end(segment, part), data)
    return volume.extend(path, 0, header(segment.recipe, part) + data)


def _end(segment: Segment, part: str) -> int:
    """Where the published bytes of a file end."""
    return HEADER_BYTES + segment.count * (segment.recipe.dim if part == ROWS else KEY_BYTES) if segment.count else 0


def take_back(volume: Volume, folder: str, segment: Segment) -> None:
    """The segment's files as this segment describes them: what was written behind is cut off."""
    for part, stamp in ((ROWS, segment.rows_stamp), (KEYS, segment.keys_stamp)):
        volume.take_back(os.path.join(folder, file_name(segment.number, part)), _end(segment, part), stamp)
