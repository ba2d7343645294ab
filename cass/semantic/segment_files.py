"""The files of a segment: their names, and whether they are as they were written, as far as that shows cheaply.

Nothing is mapped or searched here, so that whoever only tells how things stand waits for no more than this.
"""

from __future__ import annotations

import os

from cass.disk import regular
from cass.paths import at_once
from cass.semantic.manifest import Damage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from cass.semantic.manifest import Recipe, Segment

    T = TypeVar("T")
    Use = Callable[[int, int, bytes], T]

HEADER_BYTES = 512
KEY_BYTES = 16
ROWS, KEYS, DEAD = "rows", "keys", "dead"


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


def file_bytes(segment: Segment, part: str) -> int:
    """How far the published bytes of a file go."""
    return HEADER_BYTES + segment.count * (segment.recipe.dim if part == ROWS else KEY_BYTES)


def check(folder: str, segment: Segment) -> Segment | Damage:
    """The segment itself where nothing is wrong with its files, as far as that shows cheaply; or what is."""
    return used(folder, segment, lambda rows, keys, dead: segment)


def used(folder: str, segment: Segment, use: Use[T], full: bool = False) -> T | Damage:
    """What `use` makes of the descriptors of its rows and its keys, and of the bytes of its dead rows.

    Their bytes are read and compared with their checksums where a file's time is not the one that was written down, or
    if `full`.
    """
    rows = _opened(folder, segment, ROWS)
    if isinstance(rows, Damage):
        return rows
    try:
        keys = _opened(folder, segment, KEYS)
        if isinstance(keys, Damage):
            return keys
        try:
            are_dated = (rows[1], keys[1]) == (segment.rows_stamp, segment.keys_stamp)
            changed = None if are_dated and not full else _changed(folder, segment, rows[0], keys[0])
            dead = changed or _dead(folder, segment)
            return dead if isinstance(dead, Damage) else use(rows[0], keys[0], dead)
        finally:
            os.close(keys[0])
    finally:
        os.close(rows[0])


def _opened(folder: str, segment: Segment, part: str) -> tuple[int, int] | Damage:
    """(descriptor, time in ns) of the file, whose header and size are right."""
    name = file_name(segment.number, part)
    try:
        descriptor = at_once(os.path.join(folder, name), os.O_RDONLY)  # a file object takes three times as long
    except FileNotFoundError:
        return Damage(f"{name} is missing")
    except OSError as bad:
        return Damage(f"{name} cannot be read: {bad.strerror}")
    try:
        info = os.fstat(descriptor)
        if info.st_size < file_bytes(segment, part):
            wrong = "is cut short"
        elif os.read(descriptor, HEADER_BYTES) != header(segment.recipe, part):
            wrong = "is damaged or of another kind"
        else:
            return descriptor, info.st_mtime_ns
    except OSError as bad:
        wrong = f"cannot be read: {bad.strerror}"
    os.close(descriptor)
    return Damage(f"{name} {wrong}")


def _changed(folder: str, segment: Segment, rows: int, keys: int) -> Damage | None:
    """The same after a look at all bytes."""
    from cass.semantic.rereading import is_as_written  # of a folder that was copied, once

    for part, descriptor, crc, stamp in (
        (ROWS, rows, segment.rows_crc, segment.rows_stamp),
        (KEYS, keys, segment.keys_crc, segment.keys_stamp),
    ):
        name = file_name(segment.number, part)
        span = HEADER_BYTES, file_bytes(segment, part)
        if not is_as_written(os.path.join(folder, name), descriptor, span, crc, stamp):
            return Damage(f"{name} has changed bytes")
    return None


def _dead(folder: str, segment: Segment) -> bytes | Damage:
    """The places of the rows that do not count, as they stand in their file."""
    if not segment.dead.number:
        return b""
    try:
        with open(os.path.join(folder, dead_name(segment)), "rb", opener=regular) as file:
            data = file.read()
    except OSError:
        data = b""
    from zlib import crc32  # in machine code of its own: most segments have no such file

    # Without this file a removed text would be found again, so the whole segment is left out.
    if len(data) != 4 * segment.dead.count or crc32(data) != segment.dead.crc:
        return Damage(f"{dead_name(segment)} is damaged")
    return data
