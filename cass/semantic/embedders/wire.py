"""What is said about texts and vectors in frames: questions, answers and errors, on either side.

A question has its texts in the head; an answer has its vectors in the tail, 32-bit floats in little-endian order, one
after another, and in the head which texts have none.
"""

from __future__ import annotations

import json
import sys
from array import array

from cass.frames import ANSWER, ASK, ERROR, HELLO, PROTOCOL, BadFrame, packed
from cass.semantic.embedders.base import (
    EmbedderError,
    EmbedderNotLoaded,
    EmbedderSchemaError,
    EmbedderTransportError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cass.semantic.embedders.base import Vector

EMBED, PING, STATS = "embed", "ping", "stats"
QUERY, BACKFILL = "query", "backfill"
SHUTTING_DOWN, BUSY, BAD_REQUEST, REFUSED, FAILED = "shutting-down", "busy", "bad-request", "refused", "failed"
# The errors of an embedder that arrive as what they were.
KINDS: dict[str, type[EmbedderError]] = {
    "not-loaded": EmbedderNotLoaded,
    "transport": EmbedderTransportError,
    "schema": EmbedderSchemaError,
}
# A frame of the longest texts, each character escaped, stays far below the most that a frame may hold.
MOST_TEXTS = 64
MOST_CHARS = 1_000_000
FLOAT_BYTES = 4
_IS_BIG_ENDIAN = sys.byteorder == "big"
# json's own functions look for options first, which takes as long as what they do.
_read, _written = json.JSONDecoder().decode, json.JSONEncoder(separators=(",", ":")).encode


def read_head(head: bytes) -> dict[str, Any]:
    """The head of a frame.  Raises BadFrame for what is no JSON object."""
    try:
        found = _read(str(head, "utf-8")) if head else {}
    except (ValueError, RecursionError) as bad:
        raise BadFrame("the head of a frame is not JSON") from bad
    if not isinstance(found, dict):
        raise BadFrame("the head of a frame is no object")
    return found


def _frame(kind: bytes, head: Mapping[str, object], tail: bytes = b"") -> bytes:
    return packed(kind, _written(head).encode(), tail)


def hello(**said: object) -> bytes:
    """The first frame of either side."""
    return _frame(HELLO, {"protocol": PROTOCOL, **said})


def question(number: int, texts: Sequence[str], purpose: str) -> bytes:
    return _frame(ASK, {"id": number, "op": EMBED, "for": purpose, "texts": texts})


def plain_question(number: int, what: str) -> bytes:
    """`ping` or `stats`."""
    return _frame(ASK, {"id": number, "op": what})


def answer(number: int, vectors: Sequence[Vector]) -> bytes:
    """The vectors of one question."""
    tail = b"".join([_bytes_of(vector) for vector in vectors])
    without = [row for row, vector in enumerate(vectors) if not vector]
    return packed(ANSWER, b'{"id":%d,"count":%d,"without":%s}' % (number, len(vectors), str(without).encode()), tail)


def plain_answer(number: int, said: Mapping[str, object]) -> bytes:
    return _frame(ANSWER, {"id": number, **said})


def error(number: int | None, kind: str, message: str, **more: object) -> bytes:
    """In an answer's place; `number` None where it is about the connection."""
    return _frame(ERROR, {"id": number, "error": kind, "message": message, **more})


def error_of(number: int, lost: Exception, status: str) -> bytes:
    """What an embedder raised.  `status` is the embedder's, and says whose fault it was."""
    kind = next((name for name, each in KINDS.items() if isinstance(lost, each)), FAILED)
    after_s, todo = getattr(lost, "retry_after_s", None), getattr(lost, "todo", None)
    message = str(lost) or type(lost).__name__
    return error(number, kind, message, retry_after_s=after_s, todo=todo, status=status)


def raised(head: Mapping[str, Any]) -> EmbedderError:
    """The error that a frame tells of."""
    kind = KINDS.get(str(head.get("error")), EmbedderError)
    after_s, todo = head.get("retry_after_s"), head.get("todo")
    return kind(
        str(head.get("message")),
        float(after_s) if isinstance(after_s, (int, float)) else None,
        todo if isinstance(todo, str) else None,
    )


def vectors_of(head: Mapping[str, Any], tail: bytes, count: int, dim: int) -> list[Vector]:
    """The vectors of an answer to `count` texts.  Raises EmbedderSchemaError where it does not fit the question."""
    said, without = head.get("count"), head.get("without")
    if said != count or not isinstance(without, list):
        raise EmbedderSchemaError(f"the embedder gave {said} vectors for {count} texts")
    empty, size = set(without), dim * FLOAT_BYTES
    if len(tail) != (count - len(empty)) * size:
        raise EmbedderSchemaError(f"the embedder gave {len(tail)} bytes for {count} vectors of {dim} floats")
    found: list[Vector] = []
    at = 0
    for row in range(count):
        vector = array("f", b"" if row in empty else tail[at : at + size])
        if _IS_BIG_ENDIAN:
            vector.byteswap()
        at += len(vector) * FLOAT_BYTES
        found.append(vector)
    return found


def _bytes_of(vector: Vector) -> bytes:
    if _IS_BIG_ENDIAN:
        vector = array("f", vector)
        vector.byteswap()
    return vector.tobytes()
