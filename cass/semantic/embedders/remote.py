"""An embedder that asks a server which speaks OpenAI's `/v1/embeddings`: llama.cpp, Ollama, vLLM, or a hosted model.

Off as long as no URL is named; off this machine only where the settings allow it.  The server is asked for one word
before it counts as ready.  After a failure it rests, longer each time, and is asked for that word again: what it says
then tells whether the server or the texts were at fault.
"""

from __future__ import annotations

from array import array
from math import isfinite, sqrt

from cass import clock
from cass.semantic.embedders.base import (
    EmbedderError,
    EmbedderNotLoaded,
    EmbedderSchemaError,
    EmbedderTransportError,
)
from cass.semantic.embedders.remote_server import Address, Server
from cass.semantic.embedders.table import one_word, server_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from cass.semantic.embedders.base import Status, Vector
    from cass.semantic.embedders.table import RemoteOptions

MOST_TEXTS = 32
# With 1,500 characters a second a request is over in 43 s, well inside the time that one chunk of work may take.
MOST_CHARS = 64_000
CHARS_PER_S = 1_500
PROBE = "cass"
FIRST_REST_S = 5.0
LONGEST_REST_S = 600.0
# A number of an answer takes up to 25 characters; some servers put each on a line of its own.
BYTES_PER_FLOAT = 64
MOST_FLOATS = 8_192  # in a vector whose dimension is not known yet
BYTES_AROUND = 65_536
LONGEST_VERSION = 100


def address_of(options: RemoteOptions) -> Address:
    """Where texts may be sent.  Raises EmbedderNotLoaded where the settings name no such place, or forbid it."""
    address = Address(options.base_url)
    if not (address.is_loopback or options.allow):
        what = f"{address.host} is not this machine: texts go there only with remote.allow = true"
        raise EmbedderNotLoaded(what, todo="cass config set remote.allow true")
    return address


class RemoteEmbedder:
    """`warnings`: what the user should know about an otherwise working server."""

    def __init__(
        self, options: RemoteOptions, env: Mapping[str, str], now_s: Callable[[], float] = clock.monotonic_s
    ) -> None:
        self.dim = options.dimension
        self.model_version = ""
        self.max_input_chars = options.max_chars
        self.status: Status = "loading"
        self.reason: str | None = None
        self.todo: str | None = None
        self.warnings: tuple[str, ...] = ()
        self._options = options
        self._env = env
        self._now_s = now_s
        self._server: Server | None = None
        self._failures = 0
        self._rests_until_s = float("-inf")

    def __repr__(self) -> str:
        return f"RemoteEmbedder({self.embedder_id}, {self.status})"

    @property
    def embedder_id(self) -> str:
        return server_id(self._options.model, self.dim)

    @property
    def is_loaded(self) -> bool:
        return self.status == "ok"

    @property
    def fewest_texts(self) -> int:
        """Another machine's time goes on the way there, and takes no processor from who is here: whole requests."""
        return 1 if Address(self._options.base_url).is_loopback else MOST_TEXTS

    @property
    def rests_s(self) -> float:
        """How long until `load` will ask the server again."""
        return max(0.0, self._rests_until_s - self._now_s())

    def load(self) -> None:
        """Check the URL, the key, the model and the dimension with one word; never raises.

        After a failure it does nothing until `rests_s` is over.
        """
        if self.is_loaded or self.rests_s:
            return
        try:
            self._server = self._server or self._connected()
            self._probe(self._server)
        except EmbedderError as lost:
            self._rest(lost)
        else:
            self.status, self.reason, self.todo, self._failures = "ok", None, None, 0

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A unit vector a text, in their order; a blank one has an empty vector and is not sent.

        Raises EmbedderNotLoaded, EmbedderTransportError where the server is away or at fault, EmbedderSchemaError
        where it refuses or misunderstands these texts.
        """
        if not texts:
            return []
        if self._server is None or not self.is_loaded:
            raise EmbedderNotLoaded(self.reason or "the server was not asked yet", self.rests_s or None)
        vectors = [array("f")] * len(texts)
        for rows in _requests([text[: self.max_input_chars] for text in texts]):
            wanted = [texts[row][: self.max_input_chars] for row in rows]
            for row, vector in zip(rows, self._asked(self._server, wanted), strict=True):
                vectors[row] = vector
        return vectors

    def ask_once(self, text: str, timeout_s: float | None) -> Vector:
        """The vector of one short text, without the word before it: a search has no time for two requests.

        `timeout_s` None: as long as any request.  A blank text has an empty vector.  Raises EmbedderError; nothing
        rests because of it.
        """
        asked = text[: self.max_input_chars]
        if not asked.strip():
            return array("f")
        server = self._server or self._connected()
        (vector,) = _vectors(self._answer(server, [asked], timeout_s), 1, self.dim)
        return vector

    def close(self) -> None:
        """Forget the key."""
        self._server = None
        self.status = "closed"

    def _connected(self) -> Server:
        server = Server(address_of(self._options), self._options.key_env, self._env)
        self.warnings = server.warnings
        return server

    def _probe(self, server: Server) -> None:
        answer = self._answer(server, [PROBE])
        (vector,) = _vectors(answer, 1, self.dim)
        self.dim = len(vector)
        model = answer.get("model")
        self.model_version = one_word(server.masked(model))[:LONGEST_VERSION] if isinstance(model, str) else ""

    def _asked(self, server: Server, texts: list[str]) -> list[Vector]:
        try:
            return _vectors(self._answer(server, texts), len(texts), self.dim)
        except EmbedderTransportError as lost:
            self._rest(lost)
            raise
        except EmbedderSchemaError:
            self._blame(server)
            raise

    def _blame(self, server: Server) -> None:
        """Stay ready if the server still does what it could do before: then it was these texts."""
        try:
            _vectors(self._answer(server, [PROBE]), 1, self.dim)
        except EmbedderError as lost:
            self._rest(lost)

    def _answer(self, server: Server, texts: list[str], timeout_s: float | None = None) -> dict[str, Any]:
        """`timeout_s` None: as the settings say, and as long as so many characters take."""
        asked = {"model": self._options.model, "input": texts, "encoding_format": "float"}
        if timeout_s is None:
            timeout_s = max(self._options.timeout_s, sum(map(len, texts)) / CHARS_PER_S)
        most_bytes = BYTES_AROUND + len(texts) * (self.dim or MOST_FLOATS) * BYTES_PER_FLOAT
        return server.ask(asked, timeout_s, most_bytes, self._now_s)

    def _rest(self, lost: EmbedderError) -> None:
        """Five seconds, then twice as long each time up to ten minutes, or as long as the server asks for."""
        rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2**self._failures)
        rest_s = max(rest_s, min(LONGEST_REST_S, lost.retry_after_s or 0.0))
        self._failures = min(self._failures + 1, 10)
        self._rests_until_s = self._now_s() + rest_s
        self.status, self.reason, self.todo = "error", str(lost), lost.todo


def _requests(texts: Sequence[str]) -> Iterator[list[int]]:
    """The rows of each request, blank texts left out: many servers refuse them."""
    rows: list[int] = []
    chars = 0
    for row, text in enumerate(texts):
        if not text.strip():
            continue
        if rows and (len(rows) == MOST_TEXTS or chars + len(text) > MOST_CHARS):
            yield rows
            rows, chars = [], 0
        rows.append(row)
        chars += len(text)
    if rows:
        yield rows


def _vectors(answer: dict[str, Any], count: int, dim: int) -> list[Vector]:
    """The answer's vectors in the order of the texts, whatever order they came in.  `dim` 0 takes any."""
    items = answer.get("data")
    if not isinstance(items, list) or len(items) != count:
        got = len(items) if isinstance(items, list) else "no"
        raise EmbedderSchemaError(f"the server gave {got} vectors for {count} texts")
    found: dict[int, Vector] = {}
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        if type(index) is not int or not 0 <= index < count or index in found:
            raise EmbedderSchemaError("the server does not say which vector belongs to which text")
        found[index] = _unit(item.get("embedding"), dim)
    return [found[index] for index in range(count)]


def _unit(values: object, dim: int) -> Vector:
    if not isinstance(values, list) or len(values) != (dim or len(values)) or not values:
        got = f"of {len(values)} floats" if isinstance(values, list) else "that is no list"
        todo = f"cass config set remote.dimension {len(values)}" if isinstance(values, list) and values else None
        what = f"the server gave a vector {got} instead of {dim or 'one of floats'}"
        raise EmbedderSchemaError(what, todo=todo)
    try:
        numbers = [float(value) for value in values if type(value) in (float, int)]  # True is no number
        length = sqrt(sum([number * number for number in numbers]))
    except (TypeError, ValueError, OverflowError):
        length = 0.0
    if not (length and isfinite(length)) or len(numbers) != len(values):
        raise EmbedderSchemaError("the server gave a vector that has no direction: zeros, or what is no number")
    return array("f", [number / length for number in numbers])
