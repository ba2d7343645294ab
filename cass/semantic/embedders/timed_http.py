"""HTTP with one time for a whole answer.

The time-outs of sockets count from byte to byte: who sends one now and then, in a header or between the chunks, would
never end.  Here each read has what is left of the time.
"""

from __future__ import annotations

import io
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from urllib.request import HTTPHandler, HTTPSHandler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any
    from urllib.request import BaseHandler, Request

    from _typeshed import WriteableBuffer


class Deadline:
    """When a request has to be over."""

    def __init__(self) -> None:
        self._ends_s = float("inf")
        self._now_s: Callable[[], float] = lambda: 0.0

    def set(self, seconds: float, now_s: Callable[[], float]) -> None:
        """From now on so long, by this clock."""
        self._ends_s, self._now_s = now_s() + seconds, now_s

    def left_s(self) -> float:
        """Raises TimeoutError when nothing is left."""
        left_s = self._ends_s - self._now_s()
        if left_s <= 0:
            raise TimeoutError("timed out")
        return left_s


def timed(deadline: Deadline) -> tuple[BaseHandler, BaseHandler]:
    """Handlers for an opener, in place of its own for http and https."""

    class Response(HTTPResponse):
        def __init__(self, sock: Any, *args: Any, **more: Any) -> None:
            super().__init__(sock, *args, **more)
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_Timed(raw, sock, deadline))

    class Plain(HTTPConnection):
        response_class = Response

    class Encrypted(HTTPSConnection):
        response_class = Response

    class Http(HTTPHandler):
        def http_open(self, request: Request) -> HTTPResponse:
            return self.do_open(Plain, request)

    class Https(HTTPSHandler):
        def https_open(self, request: Request) -> HTTPResponse:
            return self.do_open(Encrypted, request)

    return Http(), Https()


class _Timed(io.RawIOBase):
    """What a socket gives, as long as there is time."""

    def __init__(self, raw: io.RawIOBase, sock: Any, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._sock.settimeout(self._deadline.left_s())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
