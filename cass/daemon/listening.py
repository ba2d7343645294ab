"""A place where others can call: one process a path, only for this user, removed by nobody but its owner."""

from __future__ import annotations

import os
import socket
import stat

from cass.addresses import Address
from cass.disk import PRIVATE_FILE, Lock, lock_holder, make_private_folder, try_lock
from cass.errors import Busy, SystemRefused

BACKLOG = 128
OTHERS = 0o077


class Listener:
    """A listening socket.  `address` says where; a TCP port 0 has become a real one.

    lock: what makes the path ours, if the caller does not hold one of its own.
    """

    def __init__(self, found: socket.socket, address: Address, lock: Lock | None = None) -> None:
        self.socket = found
        self.address = address
        self._lock = lock
        self._id = _identity(address.path) if address.path else None

    @property
    def is_there(self) -> bool:
        """Would a caller find this socket?"""
        return not self.address.path or _identity(self.address.path) == self._id

    def close(self) -> None:
        """Nobody gets in any more.  Twice is the same as once."""
        if self.address.path and self._id is not None and self.is_there:
            _forget(self.address.path)
        self.socket.close()
        if self._lock is not None:
            self._lock.release()


def listen(address: Address) -> Listener:
    """Raises Busy where somebody listens there already, saying who, and SystemRefused."""
    try:
        if not address.path:
            return _listen_tcp(address)
        make_private_folder(os.path.dirname(address.path))
        path = f"{address.path}.lock"
        lock = try_lock(path)
        if lock is None:
            raise Busy(f"process {lock_holder(path)} listens there already", address.path, "use it, or end it first")
        return listen_alone(address, lock)
    except OSError as bad:
        raise SystemRefused(
            f"nothing can listen there: {bad.strerror or bad}", str(address), "name another place"
        ) from bad


def listen_alone(address: Address, lock: Lock | None = None) -> Listener:
    """The same where a lock says that nobody else may: a socket that a killed process left is replaced.

    Raises Busy where a stranger answers, and OSError.
    """
    path = address.path
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this system has no unix sockets")
    _make_room(path)
    found = socket.socket(socket.AF_UNIX)
    try:
        found.bind(path)
        os.chmod(path, PRIVATE_FILE)  # before it listens: nobody gets in meanwhile
        found.listen(BACKLOG)
    except BaseException:
        found.close()
        raise
    return Listener(found, address, lock)


def _make_room(path: str) -> None:
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise OSError(f"{path} is no socket")
    except FileNotFoundError:
        return
    asked = socket.socket(socket.AF_UNIX)
    try:
        asked.settimeout(1.0)
        asked.connect(path)
    except OSError:
        _forget(path)
        return
    finally:
        asked.close()
    raise Busy("another process listens there already", path, "end it first")


def _listen_tcp(address: Address) -> Listener:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    found = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    return Listener(found, Address(host=address.host, port=found.getsockname()[1]))


def private_folder(path: str) -> bool:
    """Make the folder; can nobody else look into it?  Raises OSError."""
    make_private_folder(path)
    info = os.stat(path)
    if info.st_uid == os.getuid() and info.st_mode & OTHERS:
        os.chmod(path, stat.S_IMODE(info.st_mode) & ~OTHERS)
        info = os.stat(path)
    return info.st_uid == os.getuid() and not info.st_mode & OTHERS


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_dev, info.st_ino


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
