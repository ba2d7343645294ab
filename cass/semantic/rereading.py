"""Files whose time is not the one that was written down: every byte is read, and what is as it was gets its time back.

Whoever restores a backup or moves to another machine has a folder of such files.  Read at each look they would make
`cass status` three times as slow for good; their own time is the one place to remember it for which nobody needs a
lock.
"""

from __future__ import annotations

import os
from zlib import crc32

READ_BYTES = 1 << 20


def is_as_written(path: str, descriptor: int, span: tuple[int, int], crc: int, stamp: int) -> bool:
    """Have the bytes of this span (from, to) that checksum?  Then the file is dated `stamp`, if it ends there."""
    try:
        before = os.fstat(descriptor)
        if checksum(descriptor, *span) != crc:
            return False
    except OSError:
        return False
    _date(path, descriptor, before, span[1], stamp)
    return True


def checksum(descriptor: int, start: int, end: int) -> int:
    """Of a file's bytes from `start` to `end`; of fewer where it is shorter.  Raises OSError."""
    os.lseek(descriptor, start, os.SEEK_SET)
    crc, left = 0, end - start
    while data := os.read(descriptor, min(left, READ_BYTES)):
        crc, left = crc32(data, crc), left - len(data)
    return crc


def _date(path: str, descriptor: int, before: os.stat_result, size: int, stamp: int) -> None:
    """Any later write sets the present time, so this one vouches for the bytes as it did where they were written."""
    now = os.fstat(descriptor)
    # Bytes behind those are a writer's who is at work, and gives the file another time.
    is_changing = (now.st_size, now.st_mtime_ns) != (size, before.st_mtime_ns)
    if is_changing or now.st_mtime_ns == stamp:
        return
    try:
        os.utime(descriptor if os.utime in os.supports_fd else path, ns=(now.st_atime_ns, stamp))
    except OSError:
        return  # somebody else's file, or a disk that is only read: looked at again next time
