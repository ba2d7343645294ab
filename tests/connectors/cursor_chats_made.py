"""Invented sessions of Cursor's agent on the command line."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tests.connectors.databases_made import Row

SCHEMA = "CREATE TABLE blobs(id TEXT PRIMARY KEY, data BLOB); CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT)"
START_MS = 1_767_323_045_678
STORY: list[dict[str, Any]] = [
    {"role": "system", "content": "You are"},
    {"role": "user", "content": "<user_info>\nWorkspace Path: /w/zoo\n</user_info>"},
    {"role": "user", "content": [{"type": "text", "text": "<user_query>\nfind it\n</user_query>"}]},
    {"role": "assistant", "content": [
        {"type": "reasoning", "text": "Look."}, {"type": "text", "text": "I look."},
        {"type": "tool-call", "toolCallId": "c1", "toolName": "Shell", "args": {"command": "ls"}}]},
    {"role": "tool", "content": [
        {"type": "tool-result", "toolCallId": "c1", "toolName": "Shell", "result": "q.txt"}]},
]  # fmt: skip


def blob(data: bytes) -> Row:
    return "blobs", {"id": hashlib.sha256(data).hexdigest(), "data": data}


def field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def rows(story: list[dict[str, Any]], workspace: str = "", **about: Any) -> list[Row]:
    """The session's blobs and what it says of itself."""
    said = [blob(json.dumps(message).encode()) for message in story]
    root = b"".join(field(1, bytes.fromhex(row["id"])) for _, row in said) + b"\x10\x05"
    kept = blob(root + (field(9, workspace.encode()) if workspace else b""))
    meta = {"name": "Where quokkas live", "createdAt": START_MS, "lastUsedModel": "sonnet", **about}
    meta["latestRootBlobId"] = kept[1]["id"]
    return [*said, kept, ("meta", {"key": "0", "value": json.dumps(meta).encode().hex()})]
