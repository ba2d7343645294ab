"""Where a process of ours listens: a unix socket, or a TCP port."""

from __future__ import annotations

from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

    Socket = socket.socket

UNIX, TCP = "unix://", "tcp://"
LOOPBACK = ("localhost", "::1", "0:0:0:0:0:0:0:1")
# What the system has room for in a socket's name, less what a C string needs; macOS has four bytes less than Linux.
MOST_PATH_BYTES = 103
MOST_PORT = 65_535


@record
class Address:
    """`path` of a unix socket; or, where that is empty, host and port."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{UNIX}{self.path}" if self.path else f"{TCP}{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Can only this machine reach it?"""
        return bool(self.path) or self.host in LOOPBACK or _is_ipv4_loopback(self.host)


def _is_ipv4_loopback(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all([part.isdigit() and int(part) < 256 for part in parts])


def parse(url: str) -> Address:
    """`unix:///folder/name` or `tcp://host:port`.  Raises ValueError, which says what is wrong."""
    if url.startswith(UNIX):
        path = url[len(UNIX) :]
        if not path.startswith("/") or "\0" in path:
            raise ValueError("a unix socket's path is absolute: unix:///folder/name")
        if len(path.encode("utf-8", "surrogateescape")) > MOST_PATH_BYTES:
            raise ValueError(f"a socket's path may have {MOST_PATH_BYTES} bytes")
        return Address(path=path)
    host, colon, port = url.removeprefix(TCP).rpartition(":")
    if not url.startswith(TCP) or not colon or not host or any([sign in host for sign in "@/?# "]):
        raise ValueError("write unix:///folder/name or tcp://127.0.0.1:PORT")
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) <= MOST_PORT:
        raise ValueError(f"{port!r} is no port: a number from 0 to 65535")
    return Address(host=host.removeprefix("[").removesuffix("]"), port=int(port))


def connect(address: Address, timeout_s: float | None) -> socket.socket:
    """A connection.  Raises OSError; within `timeout_s`, where that is given, also for every later call."""
    import socket  # 3 ms, for those who connect

    if not address.path:
        found = socket.create_connection((address.host, address.port), timeout_s)
        # An answer is one short write: it must not wait for another to fill a packet.
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this system has no unix sockets: use tcp://127.0.0.1:PORT")
    found = socket.socket(socket.AF_UNIX)
    try:
        found.settimeout(timeout_s)
        found.connect(address.path)
    except BaseException:
        found.close()
        raise
    return found
