"""The application of `cass serve` without a socket: a test calls it as the server does."""

from __future__ import annotations

import io
import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from cass import clock
from cass.cli.serving.app import App, Services
from cass.cli.serving.archive import Archive, Around, archive_parts
from cass.cli.serving.document import text
from cass.cli.serving.embeddings import Embeddings
from cass.cli.serving.guard import Guard
from cass.daemon.warm import WarmModel
from tests.archive import Home


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The stable word of an error."""
        word: str = self.json["error"]["kind"]
        return word


class Caller:
    """Asks an application over this home's archive."""

    def __init__(self, home: Home, token: str = "", names: tuple[str, ...] = (), **flags: object) -> None:
        said = {key.replace("_", ".", 1): value for key, value in flags.items()}
        around = Around(home.places, home.env, WarmModel(str(home.data)), said)
        self.archive = Archive(around, threads=1)
        self.said: list[str] = []
        self.complained: list[str] = []
        self.services = Services(
            command=self.archive.answer,
            embeddings=Embeddings(around).answer,
            wake=lambda: "{}",
            parts=lambda: archive_parts(home.places),
            samples=lambda: (),
            document=text,
            say=self.said.append,
            complain=self.complained.append,
        )
        self.app = App(Guard(clock.monotonic_s, token, names), self.services)

    def get(self, path: str, /, _headers: dict[str, str] | None = None, **query: object) -> Answer:
        """`query`: a parameter's `_` stands for `-`."""
        pairs = {key.replace("_", "-"): value for key, value in query.items()}
        return self.ask("GET", path, urlencode(pairs, doseq=True), _headers or {})

    def post(self, path: str, body: object, kind: str = "application/json", **headers: str) -> Answer:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, "", {"CONTENT_TYPE": kind, **headers}, data)

    def ask(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes = b"") -> Answer:
        """`headers` as WSGI spells them: HTTP_ORIGIN."""
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8765",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **headers,
        }
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        parts = self.app(environ, lambda status, found: begun.append((status, found)))
        (status, found) = begun[0]
        return Answer(int(status[:3]), dict(found), b"".join(parts).decode())


def in_path(text: str) -> str:
    return quote(text, safe="")
