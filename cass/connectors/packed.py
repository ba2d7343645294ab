"""Files of lines that their agent compresses when they have grown old: `NAME.jsonl.zst` in the place of `NAME.jsonl`.

They are read as what they were, under the plain file's name, so the session stays the one that it was.  Only the whole
of one can be read, and it has no bytes that a message could stand at.
"""

from __future__ import annotations

from cass.connectors.base import Checkpoint, Message, SourceProblem
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cass.connectors.base import Item, Source

ENDING = ".zst"
# A minute and a half of work, once.
MAX_BYTES = 256 << 20


def is_packed(path: str) -> bool:
    """Does this name say so?"""
    return path.endswith(ENDING)


def plain_path(path: str) -> str:
    """Where the file stood, or will stand, uncompressed."""
    return path.removesuffix(ENDING)


def unpacked(source: Source, read: Callable[[Source], Iterator[Item]]) -> Iterator[Item]:
    """What `read` gives of the content; what cannot be decompressed is a problem, and then nothing is gone."""
    from cass.connectors.zstd import NotZstd, decompressed  # every search that reads a line asks for the names above

    file = _Content(decompressed(source.file.read, MAX_BYTES))
    plain = replace(source, path=plain_path(source.path), file=file, resume=None)
    try:
        for item in read(plain):
            if type(item) is Message:
                item = replace(item, line=None, start=None, end=None)
            elif type(item) is SourceProblem:
                item = replace(item, path=source.path)
            if type(item) is not Checkpoint:
                yield item
    except NotZstd as bad:
        told = f"it could not be decompressed: {bad}; cass reads it once this was done: zstd -d --rm FILE"
        yield SourceProblem(source.path, None, told, torn=True)
    yield Checkpoint(source.size, 0, {}, resumable=False)


class _Content:
    """What a compressed file holds, as a file that can be read once from its start."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int = -1, /) -> bytes:
        """The next block, however long it is; the reader of lines asks for no more than what comes."""
        return next((piece for piece in self._pieces if piece), b"")

    def seek(self, offset: int, /) -> int:
        """It stands at its start until it is read."""
        raise NotImplementedError
