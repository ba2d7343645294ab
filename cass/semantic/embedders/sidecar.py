"""An embedder in another process of this machine, or on another machine: `python -m cass.embedder`, or the worker.

A connection that is lost is made once more; where that fails too, or nobody answers in time, the embedder is at fault.
"""

from __future__ import annotations

import os
from threading import Lock

from cass import clock
from cass.addresses import connect, parse
from cass.frames import ANSWER, ERROR, HELLO, BadFrame, Incoming, receiver
from cass.records import record
from cass.semantic.embedders import wire
from cass.semantic.embedders.base import EmbedderError, EmbedderNotLoaded, EmbedderTransportError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from cass.addresses import Socket
    from cass.semantic.embedders.base import Status, Vector
    from cass.semantic.embedders.table import Beside

    LeftS = Callable[[], float | None]

# The variable with the word that an embedder on another machine asks for.
TOKEN = "CASS_EMBEDDER_TOKEN"
CONNECT_S = 5.0
# One chunk of background work may take two minutes.
ANSWER_S = 120.0


@record
class Wanted:
    """What the embedder has to be; what is empty or 0 may be anything."""

    model: str = ""
    revision: str = ""
    dimension: int = 0


ANYTHING = Wanted()


class SidecarEmbedder:
    """Its id, revision and dimension are known once it is loaded.

    left_s: how long it may take from now on, None for as long as it takes · purpose: `query` goes before `backfill`.
    is_warm: the model was open when it was connected to, so that an answer takes no longer than the vectors do.
    """

    def __init__(
        self,
        url: str,
        wanted: Wanted = ANYTHING,
        purpose: str = wire.BACKFILL,
        left_s: LeftS = lambda: None,
        env: Mapping[str, str] = os.environ,
    ) -> None:
        self.embedder_id = wanted.model
        self.model_version = wanted.revision
        self.dim = wanted.dimension
        self.max_input_chars = wire.MOST_CHARS
        self.status: Status = "loading"
        self.reason: str | None = None
        self.todo: str | None = None
        self.is_warm = False
        self._url = url
        self._wanted = wanted
        self._purpose = purpose
        self._left_s = left_s
        self._token = env.get(TOKEN, "")
        self._lock = Lock()
        self._socket: Socket | None = None
        self._incoming: Incoming | None = None
        self._number = 0

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    def load(self) -> None:
        """Connect, and hear who is there; never raises."""
        if self.is_loaded:
            return
        try:
            with self._lock:
                self._connect()
        except EmbedderError as lost:
            self._fail(lost)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector a text, in their order; an empty one where nothing can be read.  Raises EmbedderError."""
        if not texts:
            return []
        if not self.is_loaded:
            raise EmbedderNotLoaded(self.reason or "nobody was asked yet")
        vectors: list[Vector] = []
        with self._lock:
            for some in _frames_of([text[: self.max_input_chars] for text in texts]):
                vectors += self._asked(some)
        return vectors

    def ping(self) -> Mapping[str, Any]:
        """Is it there?  What it says of itself.  Raises EmbedderError."""
        with self._lock:
            if self._socket is None:
                self._connect()
            head, _ = self._twice(lambda number: wire.plain_question(number, wire.STATS))
        return head

    def close(self) -> None:
        """Let the connection go."""
        self._hang_up()
        self.status = "closed"

    def _asked(self, texts: list[str]) -> list[Vector]:
        try:
            head, tail = self._twice(lambda number: wire.question(number, texts, self._purpose))
            return wire.vectors_of(head, tail, len(texts), self.dim)
        except EmbedderError as lost:
            # What another process says of its own embedder is told on; without a word it is the connection's.
            if getattr(lost, "status", "error") != "ok":
                self._fail(lost)
            raise

    def _twice(self, question: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
        """The answer, over a new connection where the old one is lost.  Raises EmbedderError."""
        try:
            return self._exchange(question)
        except _Lost:
            self._hang_up()
            self._connect()
        try:
            return self._exchange(question)
        except _Lost as lost:
            self._hang_up()
            raise EmbedderTransportError(f"the embedder at {self._url} went away: {lost}") from lost

    def _exchange(self, question: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
        if self._socket is None or self._incoming is None:
            raise _Lost("not connected")
        self._number += 1
        try:
            left_s = self._until(ANSWER_S)
            self._socket.settimeout(left_s())
            self._socket.sendall(question(self._number))
            self._incoming.receive = receiver(self._socket, left_s)
            kind, head, tail = self._next()
        except TimeoutError as late:
            self._hang_up()  # its answer would be taken for the next one's
            raise EmbedderTransportError(f"the embedder at {self._url} did not answer in time") from late
        except (OSError, BadFrame) as lost:
            raise _Lost(str(lost)) from lost
        if kind == ERROR and head.get("error") == wire.SHUTTING_DOWN:
            raise _Lost("it is shutting down")
        if kind == ERROR:
            told = wire.raised(head)
            told.status = head.get("status", "ok")  # type: ignore[attr-defined]
            raise told
        if kind != ANSWER or head.get("id") != self._number:
            self._hang_up()
            raise EmbedderTransportError(f"the embedder at {self._url} answered something else")
        return head, tail

    def _next(self) -> tuple[bytes, dict[str, Any], bytes]:
        """Raises BadFrame, also at the end."""
        assert self._incoming is not None
        frame = self._incoming.next()
        if frame is None:
            raise BadFrame("it hung up")
        return frame[0], wire.read_head(frame[1]), frame[2]

    def _connect(self) -> None:
        """Connect, and say and hear who is there.  Raises EmbedderError."""
        try:
            left_s = self._until(CONNECT_S)
            self._socket = connect(parse(self._url), left_s())
            self._incoming = Incoming(receiver(self._socket, left_s))
            wanted = self._wanted
            more = {"token": self._token} if self._token else {}
            asked = {"model": wanted.model, "revision": wanted.revision, "dimension": wanted.dimension, **more}
            self._socket.sendall(wire.hello(**asked))
            kind, head, _ = self._next()
        except (OSError, BadFrame, ValueError) as lost:
            self._hang_up()
            why = str(lost) if isinstance(lost, ValueError) else _why(lost)
            raise EmbedderTransportError(f"no embedder answers at {self._url}: {why}") from lost
        if kind == ERROR:
            self._hang_up()
            raise wire.raised(head)
        self._take(kind, head)

    def _take(self, kind: bytes, head: Mapping[str, Any]) -> None:
        try:
            if kind != HELLO:
                raise ValueError
            found = Wanted(str(head["model"]), str(head["revision"]), int(head["dimension"]))
            most = int(head["max_chars"])
        except (KeyError, ValueError, TypeError):
            self._hang_up()
            raise EmbedderTransportError(f"what answers at {self._url} is no embedder") from None
        wrong = mismatch(self._wanted, found)
        if wrong:
            self._hang_up()
            raise EmbedderTransportError(f"the embedder at {self._url} {wrong}")
        self._wanted = found  # whoever answers the next call has to be the same
        self.embedder_id, self.model_version, self.dim = found.model, found.revision, found.dimension
        self.max_input_chars = min(most, wire.MOST_CHARS)
        self.is_warm = head.get("is_loaded") is True
        self.status, self.reason, self.todo = "ok", None, None

    def _until(self, most_s: float) -> Callable[[], float]:
        """Tells how much of the time is left.  Raises EmbedderTransportError when there is none to begin with."""
        left_s = self._left_s()
        if left_s is not None and left_s <= 0:
            raise EmbedderTransportError("no time was left to ask the embedder")
        end_s = clock.monotonic_s() + (most_s if left_s is None else min(left_s, most_s))
        return lambda: end_s - clock.monotonic_s()

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._incoming = None

    def _fail(self, lost: EmbedderError) -> None:
        self.status, self.reason, self.todo = "error", str(lost), lost.todo


def in_another_process(
    options: Beside,
    model: str,
    purpose: str = wire.BACKFILL,
    left_s: LeftS = lambda: None,
    env: Mapping[str, str] = os.environ,
) -> SidecarEmbedder | None:
    """The embedder there, ready to be asked; None where it does not answer and the model may as well run here.

    Raises EmbedderNotLoaded where it may not.
    """
    found = SidecarEmbedder(options.url, Wanted(model), purpose, left_s, env)
    reason, todo = None, "cass config set embedder.url unix:///folder/name"
    if not options.url:
        reason = "embedder.mode is sidecar, and embedder.url names none"
    elif not (options.allow or parse(options.url).is_private):
        reason = f"{options.url} is not this machine: texts go there only with remote.allow = true"
        todo = "cass config set remote.allow true"
    else:
        found.load()
        if found.is_loaded:
            return found
        reason, todo = found.reason, "cass config set embedder.mode auto"
    if options.mode == "sidecar":
        raise EmbedderNotLoaded(str(reason), todo=todo)
    return None


class _Lost(Exception):
    """The connection is gone, and with it what was asked."""


def mismatch(wanted: Wanted, found: Wanted) -> str | None:
    """What an embedder has that was not asked for, by name."""
    if wanted.model and wanted.model != found.model:
        return f"has the model {found.model}, not {wanted.model}"
    if wanted.dimension and wanted.dimension != found.dimension:
        return f"has vectors of {found.dimension} floats, not {wanted.dimension}"
    if wanted.revision and wanted.revision != found.revision:
        return f"has revision {found.revision} of {found.model}, not {wanted.revision}"
    return None


def _why(lost: Exception) -> str:
    return (getattr(lost, "strerror", None) or str(lost) or type(lost).__name__).lower()


def _frames_of(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many as go into one frame."""
    some: list[str] = []
    chars = 0
    for text in texts:
        if some and (len(some) == wire.MOST_TEXTS or chars + len(text) > wire.MOST_CHARS):
            yield some
            some, chars = [], 0
        some.append(text)
        chars += len(text)
    if some:
        yield some
