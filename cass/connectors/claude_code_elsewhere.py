"""Titles that stand in other files: Claude Code before 2.1 began a file with summaries of older sessions in its folder.

Each names a leaf, a line of the session that it is about.
"""

from __future__ import annotations

import functools
import json
import os

from cass.connectors.common import first_line, well_formed
from cass.disk import regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_BEGINNING = b'{"type":"summary"'
# Hundreds of summaries, and not a line that only begins like one.
_MOST_BYTES = 1 << 20
# The newest files are read first, whichever folder they stand in: all folders are come back to, again and again.
_FOLDERS = 2_000


def summaries_elsewhere(path: str, mtime_ms: int) -> Mapping[str, str]:
    """By its leaf's uuid, each summary with which a file in this one's folder begins.

    Only files that are younger than this one know it: for the youngest, as it is being written, none is opened.
    """
    folder = os.path.dirname(path)
    try:
        folder_ns = os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return {}
    return _summaries(folder, folder_ns) if _youngest_ms(folder, folder_ns) > mtime_ms else {}


@functools.lru_cache(maxsize=_FOLDERS)
def _youngest_ms(folder: str, _folder_ns: int) -> int:
    """Asked once while no file comes or goes."""
    try:
        with os.scandir(folder) as entries:
            times = [entry.stat().st_mtime_ns for entry in entries if entry.name.endswith(".jsonl")]
    except OSError:
        return 0
    return max(times, default=0) // 1_000_000


@functools.lru_cache(maxsize=_FOLDERS)
def _summaries(folder: str, _folder_ns: int) -> Mapping[str, str]:
    found: dict[str, str] = {}
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".jsonl"))
    except OSError:
        return found
    for name in names:
        found.update(_beginning(os.path.join(folder, name)))
    return found


def _beginning(path: str) -> dict[str, str]:
    """The summaries of one file; none of what is no file, or cannot be read."""
    try:
        with open(path, "rb", buffering=0, opener=regular) as file:
            data = file.read(len(_BEGINNING))
            data += file.read(_MOST_BYTES) if data == _BEGINNING else b""
    except OSError:
        return {}
    return dict(pair for line in _summary_lines(data) if (pair := _titled(line)) is not None)


def _summary_lines(data: bytes) -> list[bytes]:
    found = []
    for line in data.split(b"\n"):
        if not line.startswith(_BEGINNING):
            break
        found.append(line)
    return found


def _titled(line: bytes) -> tuple[str, str] | None:
    """(leaf, title) of a line that is a summary, and whole."""
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    leaf, title = value.get("leafUuid"), value.get("summary")
    if not isinstance(leaf, str) or not isinstance(title, str):
        return None
    named = first_line(well_formed(title))
    return (leaf, named) if named else None
