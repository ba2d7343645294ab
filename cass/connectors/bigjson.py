"""Read one JSON document of any size: whole while it is small, element by element when it is large.

Only the array at one key path is expected to be large: its elements are given one by one, everything else in the
objects on the way to it as plain members.  Nothing here raises for bad input; every problem is `torn`.
"""

from __future__ import annotations

import codecs
import json
import re

from cass.connectors.base import SourceProblem
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Reader, Source

# Parsed JSON takes four to eight times its size in memory: a whole document stays well under 300 MB.
WHOLE_BYTES = 32 << 20
MAX_ELEMENT_CHARS = 16 << 20
CHUNK_BYTES = 1 << 20

_BLANK = " \t\r\n\ufeff\x00"
_SPACE = re.compile(f"[{_BLANK}]*")
_BRACKET = re.compile(r'["{}\[\]]')
_QUOTE = re.compile(r'["\\]')
_SCALAR_END = re.compile(r"[,}\]]")
_DECODER = json.JSONDecoder()


@record
class Part:
    """A member of an object on the way to the array (`element` false), or one element of the array."""

    key: tuple[str, ...]
    value: Any
    element: bool = False


def parts(source: Source, array: tuple[str, ...], whole_bytes: int = WHOLE_BYTES) -> Iterator[Part | SourceProblem]:
    """Give the members and the elements of the array at `array`; `()` is a document that is itself an array.

    A document up to `whole_bytes` gives its members before its elements, a larger one all in file order.
    """
    if source.size > whole_bytes:
        yield from _streamed(source, array)
        return
    try:
        value = json.loads(source.file.read().decode("utf-8", "replace").strip(_BLANK))
    except (ValueError, RecursionError) as bad:
        yield SourceProblem(source.path, None, _reason(bad), torn=True)
        return
    yield from _walked(value, array, ())


def _walked(value: Any, array: tuple[str, ...], at: tuple[str, ...]) -> Iterator[Part]:
    if at == array and isinstance(value, list):
        yield from (Part(at, element, element=True) for element in value)
    elif isinstance(value, dict) and at == array[: len(at)] and at != array:
        inner = None
        for key, member in value.items():
            if (*at, key) == array[: len(at) + 1]:
                inner = member
            else:
                yield Part((*at, key), member)
        if inner is not None:
            yield from _walked(inner, array, array[: len(at) + 1])
    else:
        yield Part(at, value)


class _TooLarge(Exception):
    """An element went on beyond the limit."""


class _Text:
    """A window on the decoded file that grows as far as the value being read."""

    def __init__(self, file: Reader) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._buffer = ""
        self._at = 0

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            space = _SPACE.match(self._buffer, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, character: str) -> bool:
        """Step over `character` if it comes next."""
        found = self.peek() == character
        self._at += found
        return found

    def value(self) -> Any:
        """The value that starts here.  Raises `_TooLarge`, ValueError or RecursionError and stays before it."""
        self.peek()
        wanted = CHUNK_BYTES
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except ValueError:
                if len(self._buffer) - self._at > MAX_ELEMENT_CHARS:
                    raise _TooLarge from None
                if not self._more(wanted):
                    raise
                wanted *= 2  # each try parses from the start: doubling keeps the sum linear
                continue
            if end - self._at > MAX_ELEMENT_CHARS:
                raise _TooLarge
            # A number near the window's end may go on behind it: `1` of `1e+9` is one too.
            if end + 3 < len(self._buffer) or not self._more():
                self._at = end
                return value

    def skip(self) -> None:
        """Step over the value that starts here by its brackets alone, holding one chunk of it at a time."""
        if self.peek() not in '"{[':
            self._find(_SCALAR_END)
            return
        depth = 0
        while True:
            mark = self._find(_BRACKET)
            self._at += 1
            if mark == '"':
                self._skip_string()
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(mark, 0)
            if depth <= 0:
                return

    def _skip_string(self) -> None:
        while self._find(_QUOTE) == "\\":
            self._at += 2  # may point behind the window: `_more` keeps count
        self._at += 1

    def _find(self, wanted: re.Pattern[str]) -> str:
        while (found := wanted.search(self._buffer, self._at)) is None:
            self._at = max(self._at, len(self._buffer))
            if not self._more():
                raise ValueError("it ends inside a value")
        self._at = found.start()
        return found[0]

    def _more(self, size: int = 0) -> bool:
        data = self._file.read(size or CHUNK_BYTES)
        if not data:
            return False
        self._at, behind = max(0, self._at - len(self._buffer)), self._buffer[self._at :]
        self._buffer = behind + self._decode(data)
        return True


def _streamed(source: Source, array: tuple[str, ...]) -> Iterator[Part | SourceProblem]:
    text = _Text(source.file)
    try:
        for part in _values(text, array, ()):
            yield part if isinstance(part, Part) else SourceProblem(source.path, None, part, torn=True)
    except ValueError as bad:
        yield SourceProblem(source.path, None, _reason(bad), torn=True)


def _values(text: _Text, array: tuple[str, ...], at: tuple[str, ...]) -> Iterator[Part | str]:
    first = text.peek()
    if at == array and first == "[":
        yield from _elements(text, at)
    elif first == "{" and at != array and at == array[: len(at)]:
        yield from _members(text, array, at)
    elif isinstance(value := _value(text), _Unread):
        yield f"{'.'.join(at) or 'the document'}: {value.why}"
    else:
        yield Part(at, value)


def _elements(text: _Text, at: tuple[str, ...]) -> Iterator[Part | str]:
    text.take("[")
    number = 0
    while not text.take("]"):
        value = _value(text)
        if isinstance(value, _Unread):
            yield f"{'.'.join(at) or 'element'} {number}: {value.why}"
        else:
            yield Part(at, value, element=True)
        number += 1
        _comma(text, "]")


def _members(text: _Text, array: tuple[str, ...], at: tuple[str, ...]) -> Iterator[Part | str]:
    text.take("{")
    while not text.take("}"):
        key = _value(text)
        if not isinstance(key, str) or not text.take(":"):
            raise ValueError(f"no member name but {text.peek()!r}")
        yield from _values(text, array, (*at, key))
        _comma(text, "}")


def _comma(text: _Text, end: str) -> None:
    if not text.take(",") and text.peek() != end:
        raise ValueError(f"no comma but {text.peek()!r}" if text.peek() else "it ends too early")


@record
class _Unread:
    why: str


def _value(text: _Text) -> Any:
    """The next value, or an `_Unread` that was stepped over."""
    try:
        return text.value()
    except _TooLarge:
        why = "an element of over 16 MB was passed over"
    except (ValueError, RecursionError) as bad:
        why = _reason(bad)
    text.skip()
    return _Unread(why)


def _reason(bad: Exception) -> str:
    return "nested too deeply" if isinstance(bad, RecursionError) else f"not JSON: {str(bad)[:120]}"
