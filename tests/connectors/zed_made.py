"""Invented threads of Zed's database."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = """
CREATE TABLE threads(id TEXT PRIMARY KEY, summary TEXT NOT NULL, updated_at TEXT NOT NULL, data_type TEXT NOT NULL,
    data BLOB NOT NULL, parent_id TEXT, folder_paths TEXT, folder_paths_order TEXT, created_at TEXT);
"""
START = "2026-01-02T03:04:05.678123456+00:00"
START_MS = 1_767_323_045_678

Row = tuple[str, dict[str, Any]]


def thread(key: str, summary: str, *messages: Any, data: bytes | None = None, **more: Any) -> Row:
    """A thread that began at START, in JSON; `data` is another document."""
    document = {"title": summary, "messages": messages, "updated_at": START, "version": "0.3.0",
                "model": {"provider": "anthropic", "model": "sonnet"}}  # fmt: skip
    row = {"id": key, "summary": summary, "updated_at": START, "created_at": START, "folder_paths": "/w/zoo\n/w/bar",
           "data_type": "json", "data": json.dumps(document).encode() if data is None else data}  # fmt: skip
    return "threads", {**row, **more}


def user(*content: Any) -> dict[str, Any]:
    return {"User": {"id": "u", "content": content}}


def agent(*content: Any, **results: Any) -> dict[str, Any]:
    return {"Agent": {"content": content, "tool_results": results}}


def call(key: str, name: str, **given: Any) -> dict[str, Any]:
    use = {"id": key, "name": name, "raw_input": json.dumps(given), "input": given, "is_input_complete": True}
    return {"ToolUse": use}


def result(key: str, name: str, content: Any, is_error: bool = False) -> dict[str, Any]:
    return {"tool_use_id": key, "tool_name": name, "is_error": is_error, "content": content, "output": None}
