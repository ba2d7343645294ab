"""Invented rows of Goose's database."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = """
CREATE TABLE sessions(id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
    user_set_name BOOLEAN DEFAULT FALSE, session_type TEXT NOT NULL DEFAULT 'user', working_dir TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    model_config_json TEXT);
CREATE TABLE messages(id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, role TEXT NOT NULL,
    content_json TEXT NOT NULL, created_timestamp INTEGER NOT NULL, timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    tokens INTEGER, metadata_json TEXT);
"""
START_S = 1_767_323_045
START_MS = START_S * 1000

Row = tuple[str, dict[str, Any]]


def session(key: str, name: str, **more: Any) -> Row:
    """A session that was last written to at the start."""
    row = {"id": key, "name": name, "working_dir": "/w/zoo", "updated_at": "2026-01-02 03:04:05"}
    return "sessions", {**row, "model_config_json": json.dumps({"model_name": "sonnet"}), **more}


def message(number: int, session: str, role: str, *content: dict[str, Any], seen: bool = True) -> Row:
    """A message of `number` seconds after the start; `seen` false: it is for the model alone."""
    about = json.dumps({"userVisible": seen, "agentVisible": True})
    return "messages", {"id": number, "session_id": session, "role": role, "content_json": json.dumps(content),
                        "created_timestamp": START_S + number, "metadata_json": about}  # fmt: skip


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def call(key: str, name: str, **given: Any) -> dict[str, Any]:
    return {
        "type": "toolRequest",
        "id": key,
        "toolCall": {"status": "success", "value": {"name": name, "arguments": given}},
    }


def result(key: str, value: Any, status: str = "success") -> dict[str, Any]:
    inner = {"status": status, "value" if status == "success" else "error": value}
    return {"type": "toolResponse", "id": key, "toolResult": inner}
