"""OpenCode's sessions as they were kept before its database: each message and each part of one a file of its own.

The session's own file is the one that is claimed; it changes with every prompt.  What changes beside it, the end of an
answer above all, is told by the session's latest message.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import Checkpoint, Session, SourceProblem
from cass.connectors.common import any_ms
from cass.connectors.databases import has_session
from cass.connectors.opencode_text import Transcript, taken_back_from
from cass.connectors.telling import Telling, string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source

# A part holds a tool's whole output; longer ones are passed over.
MAX_FILE_BYTES = 16 << 20


def is_session(path: str) -> bool:
    """`storage/session/PROJECT/ses_….json`, or `session/info/ses_….json` in the first versions."""
    folder, name = os.path.split(path)
    above = os.path.basename(os.path.dirname(folder))
    return name.startswith("ses_") and name.endswith(".json") and above == "session"


def is_in_database(path: str) -> bool:
    """Was this session taken over into the database?"""
    storage = os.path.dirname(os.path.dirname(_messages_folder(path)))
    return has_session(os.path.join(os.path.dirname(storage), "opencode.db"), "session", _key(path))


def stand(path: str) -> list[Any]:
    """The time of the folder of messages, and name, time and size of the latest message."""
    folder = _messages_folder(path)
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
        last = max(names, default="")
        info = os.stat(os.path.join(folder, last))
        return [os.stat(folder).st_mtime_ns, last, info.st_mtime_ns, info.st_size]
    except OSError:
        return []


def read(source: Source) -> Iterator[Item]:
    """Give the session with all its messages."""
    before, files = stand(source.path), _Files(source)
    source.file.seek(0)  # a session that is read again begins anew; the offset counts the bytes of all its files
    session = files.parsed(source.path, source.file.read(MAX_FILE_BYTES))
    telling = Telling(source.external_id or _key(source.path), string(session.get("parentID")), whole=True)
    telling.know(workspace=session.get("directory"))
    transcript = Transcript(telling, taken_back_from(session.get("revert")))
    for key, data in files.messages():
        transcript.message(key, data, files.parts(key, data))
        yield from telling.drained()
        yield from files.problems()
    if transcript.said:
        transcript.title(session.get("title"))
    elif source.resume:
        yield Session(telling.id, telling.parent, whole=True)
    yield from telling.drained()
    yield from files.problems()
    yield Checkpoint(files.taken, 0, {"stand": before}, stamped=True)


class _Files:
    """The files of one session.  `taken` counts their bytes."""

    def __init__(self, source: Source) -> None:
        self.taken = 0
        self._folder = _messages_folder(source.path)
        self._key = _key(source.path)
        self._parts = os.path.join(os.path.dirname(os.path.dirname(self._folder)), "part")
        self._problems: list[SourceProblem] = []

    def messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(id, message) in the order of their times.  They are small beside their parts."""
        found = []
        for key, data in self._all(self._folder):
            when = data.get("time")
            found.append((any_ms(when.get("created")) or 0 if isinstance(when, dict) else 0, key, data))
        for _, key, data in sorted(found, key=lambda each: each[:2]):
            yield key, data

    def parts(self, key: str, message: dict[str, Any]) -> list[dict[str, Any]]:
        """The message's parts in order; the first versions kept them one folder deeper, or within the message."""
        inside = message.get("parts")
        parts = [part for part in inside if isinstance(part, dict)] if isinstance(inside, list) else []
        for folder in (os.path.join(self._parts, key), os.path.join(self._parts, self._key, key)):
            parts += [part for _, part in self._all(folder)]
        return parts

    def parsed(self, path: str, data: bytes) -> dict[str, Any]:
        """The object in a file; an empty one, and a problem, where there is none."""
        self.taken += len(data)
        try:
            value = json.loads(data.decode("utf-8", "replace").strip("\ufeff\x00 \r\n\t"))
        except (ValueError, RecursionError) as bad:
            what = f"not JSON: {bad}" if len(data) < MAX_FILE_BYTES else "over 16 MB: passed over"
            self._problems.append(SourceProblem(path, None, what, torn=True))
            return {}
        return value if isinstance(value, dict) else {}

    def problems(self) -> Iterator[SourceProblem]:
        """Those that came up."""
        yield from self._problems
        self._problems.clear()

    def _all(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
        except OSError:
            return
        for name in names:
            path = os.path.join(folder, name)
            try:
                with open(path, "rb") as file:
                    yield name.removesuffix(".json"), self.parsed(path, file.read(MAX_FILE_BYTES))
            except OSError as bad:
                self._problems.append(SourceProblem(path, None, bad.strerror or str(bad), torn=True))


def _key(path: str) -> str:
    return os.path.basename(path).removesuffix(".json")


def _messages_folder(path: str) -> str:
    """Where the session's messages lie: beside `session`, or within it in the first versions."""
    project = os.path.dirname(path)
    sessions = os.path.dirname(project)
    storage = sessions if os.path.basename(project) == "info" else os.path.dirname(sessions)
    return os.path.join(storage, "message", _key(path))
