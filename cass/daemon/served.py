"""Which processes answer programs from a data folder, beside its worker: each holds a lock of its own there."""

from __future__ import annotations

import os

from cass.disk import try_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.disk import Lock
    from cass.paths import Places

HEAD, END = "serve-", ".lock"


class Presence:
    """Seen by `servers` from `show` to `close`, or until the process ends."""

    def __init__(self, where: Places) -> None:
        self._where = where
        self._path = os.path.join(where.data, f"{HEAD}{os.getpid()}{END}")
        self._lock: Lock | None = None

    def show(self) -> None:
        """Where there is an archive; to be asked again, since one may come later.  Where nobody may write, nobody
        removes anything either.
        """
        if not os.path.exists(self._where.database) or (self._lock is not None and os.path.exists(self._path)):
            return
        self._let_go()
        try:
            self._lock = try_lock(self._path)
        except OSError:
            return
        self._tidy()

    def _tidy(self) -> None:
        """Away with what killed ones have left.  One that begins just now and loses its file takes another."""
        for path in [os.path.join(self._where.data, name) for name in locks(self._where.data)]:
            if path != self._path and not _is_held(path):
                _forget(path)

    def close(self) -> None:
        """Leave nothing behind."""
        if self._lock is not None:
            self._let_go()
            _forget(self._path)

    def _let_go(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def servers(data: str) -> list[int]:
    """The process ids of those that answer from here now."""
    return [_pid(name) for name in locks(data) if _is_held(os.path.join(data, name))]


def locks(data: str) -> list[str]:
    """The names of their locks, with those that killed ones have left."""
    try:
        names = sorted(os.listdir(data))
    except OSError:
        return []
    return [name for name in names if name.startswith(HEAD) and name.endswith(END) and _pid(name)]


def _pid(name: str) -> int:
    number = name.removeprefix(HEAD).removesuffix(END)
    return int(number) if number.isascii() and number.isdigit() else 0


def _is_held(path: str) -> bool:
    try:
        lock = try_lock(path)
    except OSError:
        return False
    if lock is not None:
        lock.release()
    return lock is None


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
