"""Read objects of a git repository as they lie in its folder, loose or packed: no git is run, nothing is written.

The forms are those of git's own documentation: gitformat-pack, gitrepository-layout.  SHA-1 names only.
"""

from __future__ import annotations

import mmap
import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# A transcript is cut into pieces of 50 MB by those who write it.
MAX_OBJECT_BYTES = 64 << 20

_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_OFS_DELTA, _REF_DELTA = 6, 7
_CHUNK_BYTES = 1 << 16
_SMALL_BYTES = 1 << 16
_CACHED = 4000  # small objects: the bases that many others are told as changes of
_INDEX_START = b"\xfftOc\x00\x00\x00\x02"
_FANOUT, _NAMES = 8, 8 + 1024
_FOLDER_MODE = b"40000"


class GitDamage(Exception):
    """An object is missing, damaged or too large; `str` says which."""


class Objects:
    """The objects of one repository; `folder` is its common `.git`.  Close it."""

    def __init__(self, folder: str) -> None:
        self._places = [os.path.join(folder, "objects")]
        self._places += _alternates(self._places[0])
        self._packs: list[_Pack] | None = None
        self._cache: dict[bytes, tuple[str, bytes]] = {}

    def close(self) -> None:
        """Let go of the packs."""
        for pack in self._packs or ():
            pack.close()

    def tree_of(self, commit: str) -> dict[str, tuple[bool, bytes]]:
        """What `tree` gives of a commit's."""
        kind, data = self._object(bytes.fromhex(commit))
        if kind != "commit" or not data.startswith(b"tree ") or len(data) < 46:
            raise GitDamage(f"{commit} is not a commit")
        return self.tree(bytes.fromhex(data[5:45].decode("ascii", "replace")))

    def tree(self, name: bytes) -> dict[str, tuple[bool, bytes]]:
        """The names in a tree: (is it a folder?, the object's name)."""
        kind, data = self._object(name)
        if kind != "tree":
            raise GitDamage(f"{name.hex()} is not a tree")
        return dict(_entries(data))

    def blob(self, name: bytes) -> bytes:
        """A file's bytes."""
        kind, data = self._object(name)
        if kind != "blob":
            raise GitDamage(f"{name.hex()} is not a file")
        return data

    def _object(self, name: bytes) -> tuple[str, bytes]:
        if found := self._cache.get(name):
            return found
        try:
            found = self._loose(name) or self._packed(name)
        except (OSError, ValueError, IndexError, zlib.error, RecursionError) as bad:
            raise GitDamage(f"{name.hex()} cannot be read: {bad}") from bad
        if found is None:
            raise GitDamage(f"{name.hex()} is not in the repository")
        if len(found[1]) <= _SMALL_BYTES:
            self._cache[name] = found
            if len(self._cache) > _CACHED:
                del self._cache[next(iter(self._cache))]
        return found

    def _loose(self, name: bytes) -> tuple[str, bytes] | None:
        word = name.hex()
        for place in self._places:
            try:
                with open(os.path.join(place, word[:2], word[2:]), "rb") as file:
                    data = _inflated(iter(lambda: file.read(_CHUNK_BYTES), b""), MAX_OBJECT_BYTES + _CHUNK_BYTES)
            except FileNotFoundError:
                continue
            head, _, body = data.partition(b"\x00")
            return head.partition(b" ")[0].decode("ascii", "replace"), body
        return None

    def _packed(self, name: bytes) -> tuple[str, bytes] | None:
        if self._packs is None:
            self._packs = [pack for place in self._places for pack in _packs(place)]
        for pack in self._packs:
            if (offset := pack.offset(name)) is not None:
                return self._entry(pack, offset)
        return None

    def _entry(self, pack: _Pack, offset: int) -> tuple[str, bytes]:
        """The object at an offset; changes are applied from the last base up, however long the chain."""
        changes: list[bytes] = []
        while True:
            number, size, at = pack.head(offset)
            if size > MAX_OBJECT_BYTES:
                raise ValueError("it is over 64 MB")
            if number in _KINDS:
                kind, data = _KINDS[number], pack.data(at, size)
                break
            if number == _OFS_DELTA:
                back, at = pack.distance(at)
                changes.append(pack.data(at, size))
                offset -= back
            elif number == _REF_DELTA:
                base = pack.raw(at, 20)
                changes.append(pack.data(at + 20, size))
                if (inside := pack.offset(base)) is None:
                    kind, data = self._object(base)
                    break
                offset = inside
            else:
                raise ValueError(f"kind {number} is unknown")
        for change in reversed(changes):
            data = _changed(data, change)
        return kind, data


class _Pack:
    """One pack with its index, both mapped."""

    def __init__(self, path: str) -> None:
        self._index = _mapped(path)
        self._pack = _mapped(path.removesuffix(".idx") + ".pack")
        if self._index[:8] != _INDEX_START or self._pack[:4] != b"PACK":
            raise ValueError("a pack of an unknown version")
        self._count = self._number(_FANOUT + 255 * 4)

    def close(self) -> None:
        self._index.close()
        self._pack.close()

    def _number(self, at: int, size: int = 4) -> int:
        return int.from_bytes(self._index[at : at + size], "big")

    def raw(self, at: int, size: int) -> bytes:
        """Bytes as they stand in the pack."""
        return self._pack[at : at + size]

    def offset(self, name: bytes) -> int | None:
        """Where the object of this name stands; None where it does not."""
        low = self._number(_FANOUT + (name[0] - 1) * 4) if name[0] else 0
        high = self._number(_FANOUT + name[0] * 4)
        while low < high:
            middle = (low + high) // 2
            there = self._index[_NAMES + middle * 20 : _NAMES + middle * 20 + 20]
            if there == name:
                return self._place(middle)
            low, high = (middle + 1, high) if there < name else (low, middle)
        return None

    def _place(self, number: int) -> int:
        small = _NAMES + self._count * 24
        offset = self._number(small + number * 4)
        if not offset & 0x80000000:
            return offset
        return self._number(small + self._count * 4 + (offset & 0x7FFFFFFF) * 8, 8)

    def head(self, at: int) -> tuple[int, int, int]:
        """(kind, size when inflated, where its bytes start)."""
        byte = self._pack[at]
        kind, size, shift = byte >> 4 & 7, byte & 15, 4
        while byte & 0x80:
            at += 1
            byte = self._pack[at]
            size |= (byte & 0x7F) << shift
            shift += 7
        return kind, size, at + 1

    def distance(self, at: int) -> tuple[int, int]:
        """(how far before this object its base stands, where its bytes start)."""
        byte = self._pack[at]
        back = byte & 0x7F
        while byte & 0x80:
            at += 1
            byte = self._pack[at]
            back = (back + 1) << 7 | byte & 0x7F
        if back <= 0:
            raise ValueError("it is a change of itself")
        return back, at + 1

    def data(self, at: int, size: int) -> bytes:
        chunks = (self._pack[start : start + _CHUNK_BYTES] for start in range(at, len(self._pack), _CHUNK_BYTES))
        data = _inflated(chunks, size)
        if len(data) != size:
            raise ValueError("it is cut off")
        return data


def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _packs(place: str) -> Iterator[_Pack]:
    folder = os.path.join(place, "pack")
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".idx"))
    except OSError:
        return
    for name in names:
        try:
            yield _Pack(os.path.join(folder, name))
        except (OSError, ValueError):  # gone meanwhile, or damaged: what it held is missed where it is needed
            continue


def _alternates(objects: str) -> list[str]:
    """The object folders that this one borrows from."""
    try:
        with open(os.path.join(objects, "info", "alternates"), encoding="utf-8", errors="replace") as file:
            words = file.read(1 << 16).split("\n")
    except (OSError, ValueError):
        return []
    return [os.path.join(objects, word) for word in words if word and not word.startswith("#")]


def _inflated(chunks: Iterator[bytes], limit: int) -> bytes:
    """The first bytes of a zlib stream, at most `limit`."""
    machine = zlib.decompressobj()
    parts: list[bytes] = []
    left = limit
    for chunk in chunks:
        while chunk and left > 0 and not machine.eof:
            parts.append(machine.decompress(chunk, left))
            left -= len(parts[-1])
            chunk = machine.unconsumed_tail
        if machine.eof or left <= 0:
            break
    return b"".join(parts)


def _entries(data: bytes) -> Iterator[tuple[str, tuple[bool, bytes]]]:
    at = 0
    while at < len(data):
        blank, end = data.index(b" ", at), data.index(b"\x00", at)
        name = data[blank + 1 : end].decode("utf-8", "replace")
        yield name, (data[at:blank] == _FOLDER_MODE, data[end + 1 : end + 21])
        at = end + 21


def _changed(base: bytes, change: bytes) -> bytes:
    """The object that this change makes of its base."""
    _, at = _size(change, 0)
    size, at = _size(change, at)
    if size > MAX_OBJECT_BYTES:
        raise ValueError("it is over 64 MB")
    parts: list[bytes] = []
    while at < len(change):
        step = change[at]
        at += 1
        if not step & 0x80:
            if not step:
                raise ValueError("a change of an unknown kind")
            parts.append(change[at : at + step])
            at += step
            continue
        start, length, at = _copy(change, step, at)
        parts.append(base[start : start + length])
    whole = b"".join(parts)
    if len(whole) != size:
        raise ValueError("a change does not fit its base")
    return whole


def _copy(change: bytes, step: int, at: int) -> tuple[int, int, int]:
    """(from where, how much, where the next step starts) of a step that copies from the base."""
    start = length = 0
    for bit in range(7):
        if step >> bit & 1:
            start, length = (
                (start | change[at] << bit * 8, length) if bit < 4 else (start, length | change[at] << (bit - 4) * 8)
            )
            at += 1
    return start, length or 0x10000, at


def _size(data: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return size, at
