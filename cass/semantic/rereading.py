"""Files whose time is not the one that was written down: every byte is read."""

from __future__ import annotations

import os
from zlib import crc32

READ_BYTES = 1 << 20


def is_as_written(path: str, descriptor: int, span: tuple[int, int], crc: int, stamp: int) -> bool:
    """Have the bytes of this span (from, to) that checksum?"""
    try:
        return checksum(descriptor, *span) == crc
    except OSError:
        return False


def checksum(descriptor: int, start: int, end: int) -> int:
    """Of a file's bytes from `start` to `end`; of fewer where it is shorter.  Raises OSError."""
    os.lseek(descriptor, start, os.SEEK_SET)
    crc, left = 0, end - start
    while data := os.read(descriptor, min(left, READ_BYTES)):
        crc, left = crc32(data, crc), left - len(data)
    return crc
