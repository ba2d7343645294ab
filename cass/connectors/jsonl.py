"""Read files of one JSON object a line, whatever stands in them, without ever holding more than one record."""

from __future__ import annotations

import json

from cass.connectors.base import SourceProblem
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Source

CHUNK_BYTES = 1 << 17
# Longer records are passed over without being loaded; the largest real line seen was under 5 MB.
MAX_RECORD_BYTES = 16 << 20

_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


@record
class Line:
    """A line without its newline.  `start` and `end` are bytes in the file; `end` is behind the newline.

    `ended` false: the file's last line has no newline yet, and may be half-written.  `data` None: over 16 MB.
    """

    number: int
    start: int
    end: int
    data: bytes | None
    ended: bool = True


def lines(source: Source) -> Iterator[Line]:
    """Give the lines of `source` from where it stands, numbers and offsets counted on from `source.resume`."""
    start = source.resume.offset if source.resume else 0
    number = source.resume.line if source.resume else 0
    rest = b""
    dropped = 0  # bytes of a record over the limit that were already thrown away
    while chunk := source.file.read(CHUNK_BYTES):
        pieces = chunk.split(b"\n")
        for piece in pieces[:-1]:
            data = rest + piece if rest else piece
            number += 1
            end = start + dropped + len(data) + 1
            yield Line(number, start, end, None if dropped or len(data) > MAX_RECORD_BYTES else data)
            start, rest, dropped = end, b"", 0
        rest += pieces[-1]
        if len(rest) > MAX_RECORD_BYTES:
            dropped += len(rest)
            rest = b""
    if rest or dropped:
        size = dropped + len(rest)
        yield Line(number + 1, start, start + size, None if dropped else rest, ended=False)


def parse(source: Source, line: Line) -> dict[str, Any] | SourceProblem | None:
    """The line's object; None for an empty line, or a half-written last one; a problem for anything else."""
    if line.data is None:
        return SourceProblem(source.path, line.number, "a record of over 16 MB was passed over")
    data = line.data.strip(b"\xef\xbb\xbf \t\r\x00") if line.number == 1 else line.data.strip(b" \t\r\x00")
    if not data:
        return None
    try:
        value = json_value(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as bad:
        if not line.ended:
            return None
        return SourceProblem(source.path, line.number, f"not JSON: {_reason(bad)}")
    if not isinstance(value, dict):
        return SourceProblem(source.path, line.number, "not a JSON object")
    return value


def json_value(text: str) -> Any:
    """What `json.loads` gives or raises, with less around the scanner."""
    value, end = None, -1
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        pass
    return value if end == len(text) else json.loads(text)


def _reason(bad: Exception) -> str:
    return "nested too deeply" if isinstance(bad, RecursionError) else str(bad)[:120]
