"""From the bytes of a line to its object, reading as little as possible: most of a file is said twice, or is noise."""

from __future__ import annotations

import json

from cass.connectors.base import SourceProblem
from cass.connectors.jsonl import json_value, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cass.connectors.base import Source
    from cass.connectors.jsonl import Line

_HEAD_BYTES = 1000  # what stands before "type" in a progress line; the longest seen was under 500
_RESULT_KEY = b',"toolUseResult":'
_COPIES_KEY = b',"normalizedMessages":'
_decode_at = json.JSONDecoder().raw_decode


def is_chatter(data: bytes) -> bool:
    """Is this surely a line to pass over?  A third of a file is, so it is told from the bytes.

    The key is the line's own when no brace opens before it; inside a string its quotes would be escaped.
    """
    if data.startswith(b'{"type":"file-history-'):
        return True
    at = data.find(b'"type":"progress"', 0, _HEAD_BYTES)
    return at > 0 and data.find(b"{", 1, at) < 0 and b'"agent_progress"' not in data


def decoded(source: Source, line: Line) -> dict[str, Any] | SourceProblem | None:
    """The line's object; of `toolUseResult`, which repeats whole files, only what is used."""
    data = line.data
    if data and data.endswith((b"}", b"}\r")):
        value = None
        if (cut := data.find(_RESULT_KEY)) > 0:
            value = _without_result(data, cut)
        elif (cut := data.find(_COPIES_KEY)) > 0:
            value = _without_copies(data, cut)
        if value is not None:
            return _encodable(value, data[:cut])
    return whole(source, line)


def whole(source: Source, line: Line) -> dict[str, Any] | SourceProblem | None:
    """The line's object with all that is in it; None for an empty or half-written line."""
    found = parse(source, line)
    return _encodable(found, line.data) if isinstance(found, dict) and line.data else found


def _without_result(data: bytes, cut: int) -> dict[str, Any] | None:
    """The object up to its key `toolUseResult`; None unless that key is its own and all that counts stands before."""
    value = _object(data[:cut] + b"}")
    if value is None or "message" not in value or "timestamp" not in value:
        return None
    if b'"structuredPatch":[{' in data:
        value["toolUseResult"] = {
            "filePath": _value_at(data, data.find(b'"filePath":', cut), 11),
            "structuredPatch": _value_at(data, data.find(b'"structuredPatch":', cut), 18),
        }
    return value


def _without_copies(data: bytes, cut: int) -> dict[str, Any] | None:
    """A sub-agent's progress without the copies of all that it said before."""
    value = _object(data[:cut] + b"}}")
    inner = value.get("data") if value else None
    if not isinstance(inner, dict) or "message" not in inner or data.find(b'"type":"agent_progress"', cut) < 0:
        return None
    inner["type"], inner["agentId"] = "agent_progress", _value_at(data, data.rfind(b'"agentId":'), 10)
    return value


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = json_value(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _value_at(data: bytes, at: int, skip: int) -> object:
    """The JSON value `skip` bytes behind `at`; None where there is none, or `at` is negative."""
    if at < 0:
        return None
    try:
        return _decode_at(data[at + skip :].decode("utf-8", "replace"))[0]
    except (ValueError, RecursionError):
        return None


def _encodable(value: dict[str, Any], data: bytes) -> dict[str, Any]:
    """The same with lone surrogates replaced, which no database takes."""
    if b"\\u" not in data or (b"\\ud" not in data and b"\\uD" not in data):
        return value
    try:
        text = json.dumps(value, ensure_ascii=False).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
