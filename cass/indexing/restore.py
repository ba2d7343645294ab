"""`cass restore`: put an agent's session files back where they stood, byte for byte.

The only place where anything is written outside of cass's own folders; what stands there is never replaced.
"""

from __future__ import annotations

import os

from cass.disk import PRIVATE_FILE, make_private_folder
from cass.errors import NotFound, SystemRefused
from cass.records import record
from cass.store import raw
from cass.store.family import family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

RESTORED, PRESENT, LOST = "restored", "present", "lost"


@record
class RestoredFile:
    """What became of one file.  `complete`: it is all that was ever read of it, as far as its size tells.

    taken_ms: when its bytes were taken in; None where they were not.
    """

    path: str
    state: str
    bytes: int = 0
    complete: bool = True
    taken_ms: int | None = None


def restore(connection: Connection, session: int, data: str) -> list[RestoredFile]:
    """Put the files of a session and of its subagents back; the session's own first.

    Raises NotFound where the bytes of its own file are not kept, SystemRefused where it cannot be written, and
    CorruptDatabase.  Files of subagents that are not kept are told of only.
    """
    sizes: dict[str, int] = {}
    known = family(connection, session)
    for _, path, size in known:
        if path is not None:
            sizes.setdefault(path, size)
    store = raw.open_to_read(data)
    if store is None:
        return _checked([_without_copy(path) for path in sizes], known[0][0])
    with store:
        kept = store.files()
        if next(iter(sizes), None) not in kept:
            _checked([_without_copy(path) for path in list(sizes)[:1]], known[0][0])
        return [_put_back(store, kept[path], size) if path in kept else _without_copy(path)
                for path, size in sizes.items()]  # fmt: skip


def _checked(files: list[RestoredFile], sid: str) -> list[RestoredFile]:
    if files and files[0].state == PRESENT:
        return files
    where = files[0].path if files else None
    raise NotFound("its file is not there, and its bytes were not kept", where, f"its text is here: cass show {sid}")


def _without_copy(path: str) -> RestoredFile:
    return RestoredFile(path, PRESENT if os.path.exists(path) else LOST)


def _put_back(store: raw.RawStore, kept: raw.KeptFile, size: int) -> RestoredFile:
    if os.path.lexists(kept.path):
        return RestoredFile(kept.path, PRESENT, kept.size, taken_ms=kept.taken_ms)
    try:
        _write(store, kept)
    except FileExistsError:
        return RestoredFile(kept.path, PRESENT, kept.size, taken_ms=kept.taken_ms)
    except OSError as bad:
        todo = "allow it or make room, and try again"
        raise SystemRefused(f"it cannot be written: {bad.strerror or bad}", kept.path, todo) from bad
    return RestoredFile(kept.path, RESTORED, kept.size, kept.size >= size, kept.taken_ms)


def _write(store: raw.RawStore, kept: raw.KeptFile) -> None:
    """Beside, under a name that no agent looks at, then in its place: whole or not at all, and never over another."""
    folder, name = os.path.split(kept.path)
    make_private_folder(folder)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.cass")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
            for piece in store.read(kept):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        _name(beside, kept.path)
    finally:
        try:
            os.unlink(beside)
        except FileNotFoundError:
            pass


def _name(beside: str, path: str) -> None:
    """Raises FileExistsError where something stands there by now."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(beside, path)
