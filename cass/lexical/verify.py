"""Is every file of the index as it was written?  tantivy notes a checksum behind each, and no search looks at it."""

from __future__ import annotations

import json
import os
import zlib

from cass.disk import NoFile, regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

# Behind the data: {"crc": …} as JSON, its length, and this number, both of four bytes.
MAGIC = 1337
TAIL_BYTES = 8
CHUNK_BYTES = 1 << 20
KINDS = (".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term")


def torn_file(folder: str) -> str | None:
    """The first file of a generation whose checksum does not fit; None when all are whole.  Raises OSError."""
    for name in sorted(os.listdir(folder)):
        if not is_whole(os.path.join(folder, name)):
            return name
    return None


def is_whole(path: str) -> bool:
    """Does this file's checksum fit?  One of another kind has none.  Raises OSError."""
    if not path.endswith(KINDS):
        return True
    try:
        with open(path, "rb", opener=regular) as file:
            data_bytes, expected = _footer(file)
            return _checksum(file, data_bytes) == expected
    except FileNotFoundError:
        return True  # merged into another segment meanwhile
    except (ValueError, KeyError, TypeError, IsADirectoryError, NoFile):
        return False


def _footer(file: BinaryIO) -> tuple[int, int]:
    """How many bytes of data stand before it, and their checksum.  Raises ValueError, KeyError or TypeError."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    tail = file.read()
    footer_bytes, magic = int.from_bytes(tail[:4], "little"), int.from_bytes(tail[4:], "little")
    if magic != MAGIC or footer_bytes + TAIL_BYTES > size:
        raise ValueError("there is no footer")
    data_bytes = size - TAIL_BYTES - footer_bytes
    file.seek(data_bytes)
    return data_bytes, int(json.loads(file.read(footer_bytes))["crc"])


def _checksum(file: BinaryIO, data_bytes: int) -> int:
    file.seek(0)
    found = 0
    while data_bytes and (chunk := file.read(min(CHUNK_BYTES, data_bytes))):
        found, data_bytes = zlib.crc32(chunk, found), data_bytes - len(chunk)
    return found
