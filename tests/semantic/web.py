"""A web server of the tests' own, which can redirect, refuse, lie about sizes and cut connections."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Reply:
    """What is sent for a path.

    cuts: so many bytes, then the connection ends, once for each · claims: the length that is said, -1 for none
    waits: never ends · only_once: the status and headers hold for the first answer.
    """

    def __init__(
        self,
        body: bytes = b"",
        status: int = 200,
        *,
        kind: str = "application/octet-stream",
        headers: dict[str, str] | None = None,
        cuts: tuple[int, ...] = (),
        resumes: bool = True,
        claims: int | None = None,
        waits: bool = False,
        only_once: bool = False,
    ) -> None:
        self.body = body
        self.status = status
        self.headers = {"Content-Type": kind, **(headers or {})}
        self.cuts = list(cuts)
        self.resumes = resumes
        self.claims = claims
        self.waits = waits
        self.only_once = only_once

    def take(self) -> tuple[int, dict[str, str]]:
        """The status and headers of the next answer: whoever has it may ask again before it is sent whole."""
        taken = self.status, self.headers
        if self.only_once:
            self.status, self.headers = 200, {}
        return taken


class Web:
    """The server while it runs: `replies` by path, `asked` are (path, headers) in order."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"
        self.replies: dict[str, Reply] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.over = threading.Event()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


@contextmanager
def serving() -> Iterator[Web]:
    """A server on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.web = Web(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.web  # type: ignore[attr-defined]
    finally:
        server.web.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        web: Web = self.server.web  # type: ignore[attr-defined]
        web.asked.append((self.path, dict(self.headers)))
        reply = web.replies.get(self.path, Reply(b"", 404))
        start = self._start(reply)
        body = reply.body[start:]
        status, headers = reply.take()
        self.send_response(206 if start else status)
        for name, value in headers.items():
            self.send_header(name, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(reply.body) - 1}/{len(reply.body)}")
        self.send_header("ETag", '"one"')
        if reply.claims != -1:
            self.send_header("Content-Length", str(len(body) if reply.claims is None else reply.claims))
        self.end_headers()
        cut = reply.cuts.pop(0) if reply.cuts else len(body)
        self.wfile.write(body[:cut])
        if reply.waits:
            web.over.wait(20)
        self.close_connection = True

    def _start(self, reply: Reply) -> int:
        asked = self.headers.get("Range")
        fits = asked and reply.resumes and self.headers.get("If-Range") == '"one"'
        return int(asked.removeprefix("bytes=").partition("-")[0]) if asked and fits else 0

    def log_message(self, *args: Any) -> None:
        pass
