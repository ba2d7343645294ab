"""Cursor's agent on the command line: `~/.cursor/chats/HASH/ID/store.db`, one database a session.

It holds what is named by its hash: messages in JSON, and a root that names them in order, in Protocol Buffers.  With
each message there is another root: its name is the session's stamp.  Messages have no times but the session's own.
"""

from __future__ import annotations

import json
import os
import re

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block
from cass.connectors.common import any_ms
from cass.connectors.databases import Stored, read_changed, stamp
from cass.connectors.telling import spoken, string
from cass.connectors.tools import Calls
from cass.connectors.values import between
from cass.connectors.vscode import small_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source
    from cass.connectors.readonly_sqlite import Database
    from cass.connectors.telling import Telling

FILE = "store.db"

_UNNAMED = ("New Agent", "New Chat", "Untitled")
_QUERY = ("<user_query>", "</user_query>")
_FOLDER = re.compile(r"^Workspace Path: (.+)$", re.MULTILINE)
# What the program writes in the user's name.
_NOISE = ("<user_info>", "<system_reminder>", "<rules>", "<project_layout>", "<git_status>", "<agent_skills>")
_ID_BYTES = 32
_MESSAGE, _WORKSPACE = 1, 9
_MAX_DEPTH = 6


def is_store(path: str) -> bool:
    """Is this a session's database?"""
    above = os.path.dirname(os.path.dirname(os.path.dirname(path)))
    return os.path.basename(path) == FILE and os.path.basename(above) == "chats"


def read(source: Source) -> Iterator[Item]:
    """Give the session, if it changed since it was read."""
    folder = os.path.dirname(source.path)
    beside = small_json(os.path.join(folder, "meta.json"))
    beside = beside if isinstance(beside, dict) else {}

    def listed(database: Database) -> Iterator[Stored]:
        about = _about(database)
        created = any_ms(about.get("createdAt")) or any_ms(beside.get("createdAtMs"))
        if root := string(about.get("latestRootBlobId")):
            key = os.path.basename(folder)
            yield Stored(key, stamp(root, about.get("name")), created, None, (root, about, created))

    def tell(database: Database, stored: Stored, telling: Telling) -> bool:
        root, about, created = stored.row
        telling.know(workspace=beside.get("cwd"), model=about.get("lastUsedModel"))
        transcript = _Transcript(telling, created)
        _walk(database, root, transcript, set(), 0)
        name = beside.get("title") or about.get("name")
        if telling.out and name not in _UNNAMED:
            telling.title(name, TITLE_GENERATED)
        return False

    return read_changed(source, listed, tell)


def _about(database: Database) -> dict[str, Any]:
    """What the session says of itself: JSON, written in hexadecimal digits."""
    for (value,) in database.select("meta", ("value",), "WHERE key='0'"):
        try:
            about = json.loads(bytes.fromhex(value) if isinstance(value, str) else value)
        except (ValueError, TypeError, RecursionError):
            continue
        if isinstance(about, dict):
            return about
    return {}


def _walk(database: Database, key: str, transcript: _Transcript, seen: set[str], depth: int) -> None:
    """Tell the messages below this one, in order; each once."""
    if key in seen or depth > _MAX_DEPTH:
        return
    seen.add(key)
    for (data,) in database.select("blobs", ("data",), "WHERE id=? LIMIT 1", key):
        data = data.encode() if isinstance(data, str) else data
        if not isinstance(data, bytes):
            continue
        if data.startswith(b"{"):
            transcript.message(data)
            continue
        for field, value in _fields(data):
            if field == _WORKSPACE and depth == 0:
                transcript.workspace(value.decode("utf-8", "replace"))
            elif field == _MESSAGE and len(value) == _ID_BYTES:
                _walk(database, value.hex(), transcript, seen, depth + 1)


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(number, value) of the fields with a length, as far as the bytes make sense
    (https://protobuf.dev/programming-guides/encoding).
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind, size = tag & 7, 0
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            yield tag >> 3, data[at : at + size]
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            return
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at
    return value, len(data)


def asked(part: dict[str, Any]) -> tuple[Block, ...]:
    """What somebody typed, of a part of what was sent in the user's name."""
    text = part.get("text")
    if not isinstance(text, str):
        return (Block("image", "[image]"),) if part.get("type") in ("image", "file") else ()
    typed = between(text, *_QUERY)
    return spoken("text", "\n".join(typed) if typed else "" if text.startswith(_NOISE) else text)


class _Transcript:
    """The session, told message by message."""

    def __init__(self, telling: Telling, ms: int | None) -> None:
        self.telling = telling
        self._ms = ms
        self._calls = Calls()

    def workspace(self, path: str) -> None:
        """Where it ran, unless that is known."""
        if not self.telling.knows("workspace"):
            self.telling.know(workspace=path)

    def message(self, data: bytes) -> None:
        """A message in JSON; what the program wrote is only counted."""
        try:
            message = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            message = {}
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        parts = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        role = message.get("role")
        if role == "user":
            self._user(parts)
        elif role == "assistant":
            self.telling.turn(role, self._ms, tuple(block for part in parts for block in self._answer(part)))
        elif role == "tool":
            self.telling.turn(role, self._ms, tuple(block for part in parts for block in self._result(part)))
        else:
            self.telling.next += 1

    def _user(self, parts: list[dict[str, Any]]) -> None:
        blocks = tuple(block for part in parts for block in self._prompt(part))
        self.telling.turn("user", self._ms, blocks)
        if blocks and blocks[0].kind == "text" and not self.telling.rank:
            self.telling.title(blocks[0].text, TITLE_PROMPT)

    def _prompt(self, part: dict[str, Any]) -> tuple[Block, ...]:
        text = part.get("text")
        if isinstance(text, str) and (found := _FOLDER.search(text[:5000])):
            self.workspace(found[1].strip())
        return asked(part)

    def _answer(self, part: dict[str, Any]) -> tuple[Block, ...]:
        kind = part.get("type")
        if kind == "tool-call":
            return (self._calls.call(part.get("toolName"), part.get("args"), part.get("toolCallId")),)
        return spoken("thinking" if kind == "reasoning" else "text", part.get("text"))

    def _result(self, part: dict[str, Any]) -> tuple[Block, ...]:
        failed = part.get("isError") is True
        return self._calls.result(part.get("result") or "", part.get("toolCallId"), failed, part.get("toolName"))
