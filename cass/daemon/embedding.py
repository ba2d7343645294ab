"""What callers are answered about vectors: who is here, and their texts as vectors."""

from __future__ import annotations

import hmac
import os

from cass import __version__
from cass.daemon.connections import Refused
from cass.frames import ASK, PROTOCOL, BadFrame
from cass.semantic.batcher import ShuttingDown, TooBusy
from cass.semantic.embedders import wire
from cass.semantic.embedders.sidecar import Wanted, mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cass.daemon.connections import Connection
    from cass.frames import Frame
    from cass.semantic.batcher import Batcher
    from cass.semantic.embedders.base import Vector

# Of one question; whoever has more asks again.
MOST_TEXTS = 4096


class EmbeddingService:
    """Answers for one embedder.  `token`: what a caller has to know, "" for nothing."""

    def __init__(self, batcher: Batcher, token: str = "") -> None:
        self._batcher = batcher
        self._token = token

    def welcome(self, connection: Connection, head: Mapping[str, Any]) -> bytes:
        """The answer to a hello.  Raises Refused for a caller that wants another model, or must not ask."""
        self.check_caller(head)
        embedder = self._batcher.embedder
        found = Wanted(embedder.embedder_id, embedder.model_version, embedder.dim)
        dimension = head.get("dimension")
        wanted = Wanted(_text(head, "model"), _text(head, "revision"), dimension if type(dimension) is int else 0)
        wrong = mismatch(wanted, found)
        if wrong:
            raise Refused(f"this embedder {wrong}")
        return wire.hello(
            model=found.model,
            revision=found.revision,
            dimension=found.dimension,
            max_chars=embedder.max_input_chars,
            pid=os.getpid(),
            version=__version__,
        )

    def check_caller(self, head: Mapping[str, Any]) -> None:
        """Raises Refused."""
        if head.get("protocol") != PROTOCOL:
            raise Refused(f"this is protocol {PROTOCOL}, not {head.get('protocol')}")
        given = _text(head, "token").encode("utf-8", "replace")
        if self._token and not hmac.compare_digest(given, self._token.encode("utf-8", "replace")):
            raise Refused("the token is missing or wrong")

    def handle(self, connection: Connection, frame: Frame) -> None:
        """Answer a question, now or when its vectors are made.  Raises BadFrame for what is no question."""
        kind, head, _ = frame
        if kind != ASK:
            raise BadFrame("that is no question")
        asked = wire.read_head(head)
        number = asked.get("id")
        if type(number) is not int:
            raise BadFrame("a question has a number")
        answer = self.ANSWERS.get(str(asked.get("op")))
        if answer is None:
            connection.send(wire.error(number, wire.BAD_REQUEST, f"{asked.get('op')!r} cannot be asked for"))
        else:
            answer(self, connection, number, asked)

    def _embed(self, connection: Connection, number: int, asked: Mapping[str, Any]) -> None:
        texts = asked.get("texts")
        if not isinstance(texts, list) or not all([isinstance(text, str) for text in texts]):
            connection.send(wire.error(number, wire.BAD_REQUEST, "texts is a list of texts"))
        elif len(texts) > MOST_TEXTS:
            connection.send(wire.error(number, wire.BAD_REQUEST, f"{MOST_TEXTS} texts at most in one question"))
        else:
            is_urgent = asked.get("for") != wire.BACKFILL
            self._batcher.submit(texts, lambda found: self._tell(connection, number, found), is_urgent)

    def _tell(self, connection: Connection, number: int, found: list[Vector] | Exception) -> None:
        if isinstance(found, ShuttingDown):
            frame = wire.error(number, wire.SHUTTING_DOWN, str(found), status="ok")
        elif isinstance(found, TooBusy):
            frame = wire.error(number, wire.BUSY, str(found), retry_after_s=found.retry_after_s, status="ok")
        elif isinstance(found, Exception):
            frame = wire.error_of(number, found, self._batcher.embedder.status)
        else:
            frame = self._frame(number, found)
        connection.send(frame)

    def _frame(self, number: int, vectors: list[Vector]) -> bytes:
        try:
            return wire.answer(number, vectors)
        except ValueError as bad:  # thousands of texts with vectors of thousands of floats
            return wire.error(number, wire.BAD_REQUEST, str(bad), status="ok")

    def _ping(self, connection: Connection, number: int, asked: Mapping[str, Any]) -> None:
        connection.send(wire.plain_answer(number, {}))

    def _stats(self, connection: Connection, number: int, asked: Mapping[str, Any]) -> None:
        connection.send(wire.plain_answer(number, self.report()))

    def report(self) -> dict[str, object]:
        """What was done so far."""
        counts, embedder = self._batcher.counts(), self._batcher.embedder
        said: dict[str, object] = {name: getattr(counts, name) for name in type(counts).__match_args__}
        return {**said, "pid": os.getpid(), "status": embedder.status, "reason": embedder.reason}

    ANSWERS: Mapping[str, Callable[[EmbeddingService, Connection, int, Mapping[str, Any]], None]] = {
        wire.EMBED: _embed,
        wire.PING: _ping,
        wire.STATS: _stats,
    }


def _text(head: Mapping[str, Any], name: str) -> str:
    found = head.get(name)
    return found if isinstance(found, str) else ""
