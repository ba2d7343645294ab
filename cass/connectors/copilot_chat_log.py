"""Replay the log of changes that VS Code keeps of a chat since 1.109, one change a line.

`{"kind": 0, "v"}` is the whole document, `{"kind": 1, "k", "v"}` sets what stands at a path,
`{"kind": 2, "k", "v", "i"}` cuts the list there to `i` elements, if `i` is given, and appends, `{"kind": 3, "k"}`
deletes (microsoft/vscode, `objectMutationLog.ts`).  Of a request only what a reader needs is held.
"""

from __future__ import annotations

from cass.connectors.base import SourceProblem
from cass.connectors.bigjson import Part, parts
from cass.connectors.jsonl import lines, parse
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Reader, Source
    from cass.connectors.jsonl import Line

WHOLE, SET, PUSH, DELETE = range(4)

_FACTS = ("customTitle", "creationDate", "sessionId", "requests")
_REQUEST = (
    "requestId", "timestamp", "message", "variableData", "response", "result", "modelId", "isHidden",
    "shouldBeRemovedOnSend",
)  # fmt: skip
_METADATA = ("toolCallRounds", "toolCallResults")
_HEAD_BYTES = 64


def replayed(source: Source) -> Iterator[Part | SourceProblem]:
    """Give the document's members and its requests as they stand after the last change."""
    document: dict[str, Any] = {}
    for line in lines(replace(source, file=_Window(source.file, 0, source.size))):
        if line.data is None and _is_whole(source, line):
            document = {}
            yield from _streamed(source, line, document)
            continue
        change = parse(source, line)
        if isinstance(change, SourceProblem):
            yield change
        elif change and not _applied(document, change):
            yield SourceProblem(source.path, line.number, "a change of something that is not there")
    if not document:
        yield SourceProblem(source.path, None, "there is no whole document in it", torn=True)
    requests = document.pop("requests", None)
    yield from (Part((key,), value) for key, value in document.items())
    for request in requests if isinstance(requests, list) else ():
        yield Part(("requests",), request, element=True)


class _Window:
    """A part of a file, read from a place of its own whatever else is read meanwhile."""

    def __init__(self, file: Reader, start: int, end: int) -> None:
        self._file = file
        self._at = start
        self._end = end

    def read(self, size: int = -1, /) -> bytes:
        left = self._end - self._at
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left)) if left > 0 else b""
        self._at += len(data)
        return data

    def seek(self, offset: int, /) -> int:
        self._at = offset
        return offset


def _is_whole(source: Source, line: Line) -> bool:
    """A change too long for a record is passed over, but not the whole document, with all that was said."""
    head = _Window(source.file, line.start, line.end).read(_HEAD_BYTES).replace(b" ", b"")
    return head.startswith(b'{"kind":0,')


def _streamed(source: Source, line: Line, document: dict[str, Any]) -> Iterator[SourceProblem]:
    """Read a long document request by request."""
    requests: list[Any] = []
    for part in parts(replace(source, file=_Window(source.file, line.start, line.end)), ("v", "requests")):
        if isinstance(part, SourceProblem):
            yield replace(part, line=line.number)
        elif part.element:
            requests.append(_kept(part.value))
        elif len(part.key) == 2 and part.key[1] in _FACTS:
            document[part.key[1]] = part.value
    document["requests"] = requests


def _applied(document: dict[str, Any], change: dict[str, Any]) -> bool:
    """Make this change; False where its path leads nowhere."""
    kind, path, value = change.get("kind"), change.get("k"), change.get("v")
    if kind == WHOLE:
        document.clear()
        whole = value if isinstance(value, dict) else {}
        document |= {key: _value((key,), whole[key]) for key in _FACTS if key in whole}
        return True
    if kind not in (SET, PUSH, DELETE):
        return True
    if not isinstance(path, list) or not path:
        return False
    if not _is_read(path):
        return True
    holder, last = _holder(document, path), path[-1]
    if kind == PUSH:
        return _push(holder, last, _value((*path, 0), value), change.get("i"))
    return _set(holder, last, None if kind == DELETE else _value(tuple(path), value))


def _is_read(path: list[Any]) -> bool:
    """Does anybody read what stands there?"""
    return path[0] in _FACTS and (path[0] != "requests" or len(path) < 3 or path[2] in _REQUEST)


def _holder(document: Any, path: list[Any]) -> Any:
    """What holds the last member of the path."""
    holder: Any = document
    for key in path[:-1]:
        if isinstance(holder, dict) and isinstance(key, str):
            holder = holder.get(key)
        elif isinstance(holder, list) and type(key) is int and 0 <= key < len(holder):
            holder = holder[key]
        else:
            return None
    return holder


def _set(holder: Any, key: Any, value: Any) -> bool:
    if isinstance(holder, dict) and isinstance(key, str):
        holder[key] = value
    elif isinstance(holder, list) and type(key) is int and 0 <= key <= len(holder):
        holder[key : key + 1] = [value]
    else:
        return False
    return True


def _push(holder: Any, key: Any, values: Any, length: Any) -> bool:
    before = _holder(holder, [key, None]) if isinstance(holder, dict | list) else None
    if before is None and isinstance(holder, dict) and isinstance(key, str):
        before = holder[key] = []
    if not isinstance(before, list):
        return False
    if type(length) is int and length >= 0:
        del before[length:]
    before += values if isinstance(values, list) else []
    return True


def _value(path: tuple[Any, ...], value: Any) -> Any:
    """Of a value at this path what is read."""
    if path in (("requests",), ("requests", 0)):
        return [_kept(each) for each in value] if isinstance(value, list) else _kept(value)
    if len(path) == 2 and path[0] == "requests":
        return _kept(value)
    return _result(value) if len(path) == 3 and path[2] == "result" else value


def _kept(request: Any) -> Any:
    if not isinstance(request, dict):
        return request
    return {key: _result(request[key]) if key == "result" else request[key] for key in _REQUEST if key in request}


def _result(result: Any) -> Any:
    """Without the prompt as it was sent, which repeats all that was said before."""
    if not isinstance(result, dict):
        return None
    metadata = result.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kept = {key: metadata[key] for key in _METADATA if key in metadata}
    return {"errorDetails": result.get("errorDetails"), "metadata": kept}
