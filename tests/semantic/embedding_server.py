"""A real embedding server on this machine, which does what a test tells it to, right or wrong."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIM = 3
Answer = tuple[int, dict[str, str], bytes]
# As a body: the headers promise one that never comes.
HALF_DEAD = b"half-dead"


def vector_of(text: str) -> list[float]:
    """Not of unit length, and another one for texts of another length."""
    return [float(len(text)), 2.0, -1.0]


def right(asked: dict[str, Any]) -> Any:
    """What a server answers that works."""
    rows = [{"index": index, "embedding": vector_of(text)} for index, text in enumerate(asked["input"])]
    return {"object": "list", "model": "small-v1", "data": rows}


def as_json(value: Any, code: int = 200, **headers: str) -> Answer:
    return code, headers, json.dumps(value).encode()


class EmbeddingServer:
    """`behave` turns what was asked into an answer, or None to never answer; `asked`, `paths` and `headers` came in."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.behave: Callable[[dict[str, Any]], Answer | None] = lambda asked: as_json(right(asked))
        self.over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.asked.append(body)
                server.paths.append(self.path)
                server.headers.append(dict(self.headers))
                answer = server.behave(body)
                if answer is None:
                    server.over.wait(30)
                    return
                self.send_response(answer[0])
                for name, value in answer[1].items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(answer[2])))
                self.end_headers()
                if answer[2] is HALF_DEAD:
                    server.over.wait(30)
                    return
                self.wfile.write(answer[2])

            def log_message(self, format: str, *args: object) -> None:
                """Tests are quiet."""

        return Handler

    def start(self) -> None:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.over.set()
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def running() -> Iterator[EmbeddingServer]:
    server = EmbeddingServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def dripping(first: bytes, drop: bytes) -> Iterator[str]:
    """The address of a server that says `first`, then `drop` for ever."""
    with saying(itertools.chain([first], itertools.repeat(drop))) as url:
        yield url


@contextmanager
def saying(parts: Iterable[bytes]) -> Iterator[str]:
    """The address of a server that sends these parts, each by itself, to whoever asks first, and then hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_say, args=(listening, parts), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    thread.join(10)


def _say(listening: socket.socket, parts: Iterable[bytes]) -> None:
    asking, _ = listening.accept()
    with asking, asking.makefile("rb") as question:
        asking.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        head = b"".join(iter(question.readline, b"\r\n"))
        length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.lower().startswith(b"content-l"))
        question.read(length)
        try:
            for part in parts:
                asking.sendall(part)
        except OSError:
            return  # nobody listens any more
