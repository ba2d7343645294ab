"""Invented databases of Hermes Agent: those of its tables and columns that are read, as the agent declares them."""

from __future__ import annotations

import json
from typing import Any

from tests.connectors.databases_made import Row

START_S = 1767323045.678
START_MS = 1767323045678
SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, model TEXT, model_config TEXT, parent_session_id TEXT,
    started_at REAL NOT NULL, ended_at REAL, end_reason TEXT, message_count INTEGER DEFAULT 0, cwd TEXT,
    git_branch TEXT, title TEXT, title_source TEXT);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT,
    tool_call_id TEXT, tool_calls TEXT, tool_name TEXT, timestamp REAL NOT NULL, reasoning TEXT,
    reasoning_content TEXT, _compressed_summary INTEGER NOT NULL DEFAULT 0, active INTEGER NOT NULL DEFAULT 1,
    compacted INTEGER NOT NULL DEFAULT 0, display_kind TEXT);
"""
CALLS = json.dumps(
    [{"id": "c1", "type": "function", "function": {"name": "terminal", "arguments": '{"command": "ls"}'}}]
)


def session(name: str = "s1", **more: Any) -> Row:
    common = {"id": name, "source": "cli", "model": "hermes-4", "started_at": START_S, "cwd": "/w/app"}
    return "sessions", {**common, "git_branch": "main", "title": "Quokka hunt", "title_source": "llm", **more}


def message(number: int, role: str, content: str | None, name: str = "s1", **more: Any) -> Row:
    common = {"id": number, "session_id": name, "role": role, "content": content}
    return "messages", {**common, "timestamp": START_S + number - 1, **more}


ROWS = [
    session(),
    message(1, "user", "find it"),
    message(2, "assistant", "I look.", reasoning="hm", tool_calls=CALLS),
    message(3, "tool", "quokka.txt", tool_call_id="c1", tool_name="terminal"),
    message(4, "assistant", "In the zoo."),
]
