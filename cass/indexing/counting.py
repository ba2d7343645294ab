"""Count what is handed out of a session file."""

from __future__ import annotations

import os


class CountingFile:
    """A file that counts the bytes it hands out; at most `size` of them, what was there when reading began."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._left = max(0, size - start)
        self._size = size
        self.bytes_read = 0
        os.lseek(descriptor, start, os.SEEK_SET)

    def read(self, size: int = -1, /) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = os.read(self._descriptor, wanted) if wanted else b""
        while size < 0 and data and len(data) < wanted and (more := os.read(self._descriptor, wanted - len(data))):
            data += more
        self._left -= len(data)
        self.bytes_read += len(data)
        return data

    def seek(self, offset: int, /) -> int:
        self._left = max(0, self._size - offset)
        return os.lseek(self._descriptor, offset, os.SEEK_SET)
