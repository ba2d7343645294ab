"""What callers are answered about vectors: who is here, and their texts as vectors."""

from __future__ import annotations

import hmac
import os

from cass import __version__
from cass.daemon.connections import Refused
from cass.frames import ASK, PROTOCOL, BadFrame
from cass.semantic.batcher import ShuttingDown, TooBusy
from cass.semantic.embedders import wire
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.sidecar import Wanted, mismatch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cass.daemon.connections import Connection
    from cass.frames import Frame
    from cass.semantic.batcher import Batcher
    from cass.semantic.embedders.base import BaseEmbedder, Vector

    Report = Callable[[], Mapping[str, object]]

# Of one question; whoever has more asks again.
MOST_TEXTS = 4096


class EmbeddingService:
    """Answers for one embedder.  `token`: what a caller has to know, "" for nothing.

    batcher: where texts go now; asked each time, and may raise EmbedderError where there is no model.
    """

    def __init__(self, batcher: Callable[[], Batcher], token: str = "") -> None:
        self._batcher = batcher
        self._token = token
        self.answered = 0  # texts

    def welcome(self, connection: Connection, head: Mapping[str, Any]) -> bytes:
        """The answer to a hello.  Raises Refused for a caller that wants another model, or must not ask."""
        self.check_caller(head)
        try:
            embedder = self._batcher().embedder
        except EmbedderError as lost:
            raise Refused(str(lost)) from lost
        found = _who(embedder)
        wanted = Wanted(_text(head, "model"), _text(head, "revision"), _dimension(head))
        wrong = mismatch(wanted, found)
        if wrong:
            raise Refused(f"this embedder {wrong}")
        connection.told = found
        return wire.hello(
            model=found.model,
            revision=found.revision,
            dimension=found.dimension,
            max_chars=embedder.max_input_chars,
            is_loaded=embedder.is_loaded,
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

    def handle(self, connection: Connection, frame: Frame, report: Report | None = None) -> None:
        """Answer a question, now or when its vectors are made.  Raises BadFrame for what is no question.

        report: what is said of this process, if that is more than an embedder.
        """
        kind, head, _ = frame
        if kind != ASK:
            raise BadFrame("that is no question")
        asked = wire.read_head(head)
        number = asked.get("id")
        if type(number) is not int:
            raise BadFrame("a question has a number")
        op = asked.get("op")
        if op == wire.EMBED:
            self._embed(connection, number, asked)
        elif op in (wire.PING, wire.STATS):
            connection.send(wire.plain_answer(number, (report or self.report)() if op == wire.STATS else {}))
        else:
            connection.send(wire.error(number, wire.BAD_REQUEST, f"{op!r} cannot be asked for"))

    def _embed(self, connection: Connection, number: int, asked: Mapping[str, Any]) -> None:
        texts = asked.get("texts")
        if not isinstance(texts, list) or not all([isinstance(text, str) for text in texts]):
            connection.send(wire.error(number, wire.BAD_REQUEST, "texts is a list of texts"))
        elif len(texts) > MOST_TEXTS:
            connection.send(wire.error(number, wire.BAD_REQUEST, f"{MOST_TEXTS} texts at most in one question"))
        else:
            self._submit(connection, number, texts, asked.get("for") != wire.BACKFILL)

    def _submit(self, connection: Connection, number: int, texts: list[str], is_urgent: bool) -> None:
        try:
            batcher = self._batcher()
        except EmbedderError as lost:
            connection.send(wire.error_of(number, lost, "error"))
            return
        embedder = batcher.embedder
        if connection.told != _who(embedder):
            # Whoever hears that calls again, and is told who is here now.
            self._tell(connection, number, ShuttingDown("another model is in use now"), embedder)
        else:
            batcher.submit(texts, lambda found: self._tell(connection, number, found, embedder), is_urgent, True)

    def _tell(
        self, connection: Connection, number: int, found: list[Vector] | Exception, embedder: BaseEmbedder
    ) -> None:
        if isinstance(found, ShuttingDown):
            frame = wire.error(number, wire.SHUTTING_DOWN, str(found), status="ok")
        elif isinstance(found, TooBusy):
            frame = wire.error(number, wire.BUSY, str(found), retry_after_s=found.retry_after_s, status="ok")
        elif isinstance(found, Exception):
            frame = wire.error_of(number, found, embedder.status)
        else:
            self.answered += len(found)
            frame = self._frame(number, found)
        connection.send(frame)

    def _frame(self, number: int, vectors: list[Vector]) -> bytes:
        try:
            return wire.answer(number, vectors)
        except ValueError as bad:  # thousands of texts with vectors of thousands of floats
            return wire.error(number, wire.BAD_REQUEST, str(bad), status="ok")

    def report(self) -> dict[str, object]:
        """What was done so far."""
        batcher = self._batcher()
        counts, embedder = batcher.counts(), batcher.embedder
        said: dict[str, object] = {name: getattr(counts, name) for name in type(counts).__match_args__}
        return {**said, "pid": os.getpid(), "status": embedder.status, "reason": embedder.reason}


def _who(embedder: BaseEmbedder) -> Wanted:
    return Wanted(embedder.embedder_id, embedder.model_version, embedder.dim)


def _text(head: Mapping[str, Any], name: str) -> str:
    found = head.get(name)
    return found if isinstance(found, str) else ""


def _dimension(head: Mapping[str, Any]) -> int:
    """0 where none is said.  Raises Refused for what is no number: it cannot be what the vectors have."""
    found = head.get("dimension")
    if found is not None and type(found) is not int:
        raise Refused(f"{found!r:.40} is no dimension")
    return found or 0
