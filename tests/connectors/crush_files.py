"""Invented rows of Crush's database, which the old Go program named OpenCode has too."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = """
CREATE TABLE sessions(id TEXT PRIMARY KEY, parent_session_id TEXT, title TEXT NOT NULL,
    message_count INTEGER NOT NULL DEFAULT 0, prompt_tokens INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0, cost REAL NOT NULL DEFAULT 0.0, updated_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL, summary_message_id TEXT);
CREATE TABLE files(id TEXT PRIMARY KEY, session_id TEXT, path TEXT, content TEXT);
CREATE TABLE messages(id TEXT PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL, parts TEXT NOT NULL,
    model TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, finished_at INTEGER, provider TEXT);
"""
START_S = 1_767_323_045
START_MS = START_S * 1000

Row = tuple[str, dict[str, Any]]


def session(key: str, title: str, parent: str | None = None, **more: Any) -> Row:
    """A session; its messages' times begin at START_S."""
    row = {"id": key, "parent_session_id": parent, "title": title, "updated_at": START_S, "created_at": START_S}
    return "sessions", {**row, **more}


def message(number: int, session: str, role: str, *parts: dict[str, Any], **more: Any) -> Row:
    """A message of `number` seconds after the start."""
    at = START_S + number
    row = {"id": f"m{number}", "session_id": session, "role": role, "parts": json.dumps([*parts, _FINISH]),
           "model": "sonnet" if role == "assistant" else "", "created_at": at, "updated_at": at}  # fmt: skip
    return "messages", {**row, **more}


def prompt(text: str) -> dict[str, Any]:
    return {"type": "text", "data": {"text": text}}


answer = prompt


def thought(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "data": {"thinking": text, "signature": "c2ln"}}


def call(key: str, name: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_call", "data": {"id": key, "name": name, "input": json.dumps(given), "finished": True}}


def result(key: str, content: str, is_error: bool = False) -> dict[str, Any]:
    return {"type": "tool_result", "data": {"tool_call_id": key, "name": "", "content": content, "is_error": is_error}}


_FINISH = {"type": "finish", "data": {"reason": "stop", "time": START_S}}
