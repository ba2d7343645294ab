"""Invented conversations of Cursor: composers, their bubbles under keys or inside, and tabs of the old chat."""

from __future__ import annotations

import json
from typing import Any

SCHEMA = """
CREATE TABLE ItemTable(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
CREATE TABLE cursorDiskKV(key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);
"""
START_MS = 1_767_323_045_678

Row = tuple[str, dict[str, Any]]


def item(key: str, value: Any) -> Row:
    return "ItemTable", {"key": key, "value": json.dumps(value)}


def composer(key: str, name: str | None, *bubbles: dict[str, Any], **more: Any) -> list[Row]:
    """A composer and its bubbles, each under a key of its own."""
    headers = [{"bubbleId": bubble["bubbleId"], "type": bubble["type"]} for bubble in bubbles]
    data = {"composerId": key, "name": name, "createdAt": START_MS, "status": "completed",
            "modelConfig": {"modelName": "sonnet"}, "fullConversationHeadersOnly": headers, **more}  # fmt: skip
    rows = [("cursorDiskKV", {"key": f"composerData:{key}", "value": json.dumps(data)})]
    return rows + [kept(key, bubble) for bubble in bubbles]


def kept(composer: str, bubble: dict[str, Any]) -> Row:
    key = f"bubbleId:{composer}:{bubble['bubbleId']}"
    return "cursorDiskKV", {"key": key, "value": json.dumps(bubble)}


def prompt(key: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": 1, "bubbleId": key, "text": text, **more}


def answer(key: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "bubbleId": key, "text": text, **more}


def tool(key: str, name: str, result: Any, status: str = "completed", **given: Any) -> dict[str, Any]:
    """A bubble in which a tool is called, and what it answered."""
    call = {"name": name, "toolCallId": f"call-{key}", "rawArgs": json.dumps(given), "status": status,
            "result": json.dumps(result)}  # fmt: skip
    return answer(key, "", toolFormerData=call)
