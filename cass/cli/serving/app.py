"""The requests of `cass serve`, one after another: who asks, what is asked, the answer, and how long that took.

A WSGI application: it knows no socket, and whoever calls it may do so from many threads.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from cass import __version__, clock
from cass.cli.failing import as_error, error_object
from cass.cli.serving import metrics, routes
from cass.cli.serving.archive import TookTooLong
from cass.cli.serving.guard import Refusal
from cass.errors import CassError, UsageError
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from cass.cli.lane import Invocation
    from cass.cli.serving.archive import Part
    from cass.cli.serving.guard import Guard
    from cass.cli.serving.metrics import Sample
    from cass.cli.serving.routes import Route

    Environ = Mapping[str, Any]

JSON = "application/json"
MOST_BODY_BYTES = 8 << 20
SCHEMA_VERSION = 1
# By the kind of an error; whatever else is wrong with a request is 400.
STATUS = {"not-found": 404, "bug": 500}
USAGE_EXIT = 2
UNAVAILABLE = 503
ENDING = Refusal(UNAVAILABLE, "shutting-down", "the server is ending", "ask again in a moment")
# With every answer: it is about private things, and not to be kept or guessed about.
ALWAYS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
)


@record
class Services:
    """What answers: a command's JSON · texts as vectors · the worker, woken · the parts · what else is counted.

    document: the description of it all · say: a line for the log · complain: one that is there however little is said.
    """

    command: Callable[[Invocation], str]
    embeddings: Callable[[bytes], str]
    wake: Callable[[], str]
    parts: Callable[[], tuple[Part, ...]]
    samples: Callable[[], Iterable[Sample]]
    document: Callable[[], str]
    say: Callable[[str], None]
    complain: Callable[[str], None]


@record
class Reply:
    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    def all_headers(self) -> list[tuple[str, str]]:
        return [("Content-Type", self.kind), ("Content-Length", str(len(self.body))), *ALWAYS, *self.headers]


class App:
    """Answers; while `is_ending` it only says so."""

    def __init__(self, guard: Guard, services: Services) -> None:
        self._guard = guard
        self._services = services
        self._metrics = metrics.Metrics([route.path for route in routes.ROUTES])
        self.is_ending = False

    @property
    def in_flight(self) -> int:
        return self._metrics.in_flight

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
        started_s = clock.monotonic_s()
        self._metrics.begin()
        route, status = "", 500
        try:
            route, reply = self._reply(environ)
            status = reply.status
        finally:
            took_s = clock.monotonic_s() - started_s
            self._metrics.end(route, status, took_s)
        # What was asked for is not written down: it is as private as the answer.
        self._services.say(f"{environ.get('REQUEST_METHOD')} {route or 'other'} {status} {1000 * took_s:.1f} ms")
        start_response(reply.line, reply.all_headers())
        return [] if environ.get("REQUEST_METHOD") == routes.HEAD else [reply.body]

    def _reply(self, environ: Environ) -> tuple[str, Reply]:
        """The route's path, "" for none, and the reply.  Never raises an Exception."""
        refusal = ENDING if self.is_ending else self._guard.refusal(environ)
        if refusal is not None:
            return "", _refused(refusal)
        method, path = str(environ.get("REQUEST_METHOD")), _path(environ)
        route, named, methods = routes.found(method, path)
        if route is None:
            return "", _refused(_nowhere(path, methods))
        try:
            return route.path, self._answered(route, named, environ)
        except TookTooLong as late:
            return route.path, _refused(Refusal(504, "timeout", str(late), "narrow it"))
        except CassError as bad:
            return route.path, self._failed(bad)
        except BaseException as lost:  # a panic inside an extension is no Exception
            return route.path, self._failed(as_error(lost))

    def _failed(self, error: CassError) -> Reply:
        if error.kind == "bug":
            self._services.complain(f"{error}")
        more = (("Retry-After", "1"),) if error.retryable else ()
        body = json.dumps({"error": error_object(error)}, sort_keys=True)
        return Reply(status_of(error), body.encode(), headers=more)

    def _answered(self, route: Route, named: str, environ: Environ) -> Reply:
        if route.command:
            asked = routes.invocation(route, named, str(environ.get("QUERY_STRING", "")))
            if asked.options.get("show_secrets") and not self._guard.knows_callers:
                what = "secrets are shown only where callers need a token"
                return _refused(Refusal(403, "forbidden", what, "start the server with --token-file"))
            return _json(self._services.command(asked))
        return self.OTHERS[route.path](self, environ)

    def _health(self, environ: Environ) -> Reply:
        return _json(json.dumps({"schema_version": SCHEMA_VERSION, "status": "ok", "version": __version__}))

    def _ready(self, environ: Environ) -> Reply:
        """503 only where nothing can be answered: without its model it answers by words."""
        parts = self._services.parts()
        is_ready = all([part.state == "ok" for part in parts if part.name == "archive"])
        said = {part.name: {"state": part.state, "reason": part.reason} for part in parts}
        body = json.dumps({"schema_version": SCHEMA_VERSION, "ready": is_ready, "parts": said})
        return Reply(200 if is_ready else UNAVAILABLE, body.encode())

    def _metrics_text(self, environ: Environ) -> Reply:
        return Reply(200, self._metrics.text(self._services.samples()).encode(), metrics.KIND)

    def _document(self, environ: Environ) -> Reply:
        return _json(self._services.document())

    def _embeddings(self, environ: Environ) -> Reply:
        kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if kind != JSON:
            # Pages of other sites may send forms and plain text without asking first; JSON they may not.
            return _refused(Refusal(415, "usage", f"the body is {kind or 'of no kind'}", f"send it as {JSON}"))
        return _json(self._services.embeddings(_body(environ)))

    def _index(self, environ: Environ) -> Reply:
        _body(environ)
        return _json(self._services.wake())

    OTHERS: Mapping[str, Callable[[App, Environ], Reply]] = {
        routes.HEALTH: _health,
        routes.READY: _ready,
        routes.METRICS: _metrics_text,
        routes.DOCUMENT: _document,
        routes.EMBEDDINGS: _embeddings,
        routes.INDEX: _index,
    }


def status_of(error: CassError) -> int:
    """The HTTP status that says it: the caller's fault, nothing there, or ours and perhaps not for ever."""
    return STATUS.get(error.kind, 400 if error.exit_code == USAGE_EXIT else UNAVAILABLE)


def unread(status: int, what: str) -> Reply:
    """For a request that the server itself refused: too large, or none that can be read."""
    todo = "send less" if status in (413, 431) else "send a request as HTTP/1.1 has it"
    kind = "bug" if status == 500 else "usage"
    return _refused(Refusal(status, kind, f"the request was not read: {what}", todo))


def _json(text: str) -> Reply:
    return Reply(200, text.encode("utf-8", "replace"))


def _refused(refusal: Refusal) -> Reply:
    error = {
        "kind": refusal.kind,
        "message": refusal.what,
        "where": None,
        "hint": refusal.todo,
        "retryable": refusal.status in (429, UNAVAILABLE, 504),
    }
    return Reply(refusal.status, json.dumps({"error": error}, sort_keys=True).encode(), headers=refusal.headers)


def _nowhere(path: str, methods: tuple[str, ...]) -> Refusal:
    if methods:
        allowed = (("Allow", ", ".join(methods)),)
        return Refusal(405, "method-not-allowed", "this is not asked so", f"use {' or '.join(methods)}", allowed)
    return Refusal(404, "not-found", f"there is nothing at {path[:200]!r}", f"see {routes.DOCUMENT}")


def _path(environ: Environ) -> str:
    """As the client meant it: WSGI hands on its bytes as Latin-1."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")


def _body(environ: Environ) -> bytes:
    """All of it.  Raises UsageError for one that is too long; the server refuses most of these before they are read."""
    body: bytes = environ["wsgi.input"].read(MOST_BODY_BYTES + 1)
    if len(body) > MOST_BODY_BYTES:
        raise UsageError(f"the body has more than {MOST_BODY_BYTES >> 20} MB", None, "send less")
    return body
