"""Lines of invented Claude Code files."""

from __future__ import annotations

import json
from typing import Any

from cass.connectors import claude_code
from tests.connectors import reading

PATH = "/home/me/.claude/projects/-w-app/s1.jsonl"
AGENT_PATH = "/home/me/.claude/projects/-w-app/agent-a1.jsonl"
TIME = "2026-01-02T03:04:05.678Z"


def line(kind: str, **more: Any) -> dict[str, Any]:
    return {"parentUuid": None, "isSidechain": False, "cwd": "/w/app", "sessionId": "s1", "gitBranch": "main",
            "type": kind, "uuid": "u1", "timestamp": TIME} | more  # fmt: skip


def user(content: Any, **more: Any) -> dict[str, Any]:
    return line("user", message={"role": "user", "content": content}, **more)


def answer(name: str, *blocks: Any, model: str = "large-1", **more: Any) -> dict[str, Any]:
    message = {"id": name, "role": "assistant", "model": model, "content": list(blocks), "usage": {"output_tokens": 1}}
    return line("assistant", message=message, **more)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(name: str, call_id: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def result(call_id: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content} | more


def progress(agent: str, inner: dict[str, Any]) -> dict[str, Any]:
    return line("progress", data={"message": inner, "type": "agent_progress", "prompt": "", "agentId": agent})


def as_bytes(*lines: Any) -> bytes:
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\n" for one in lines)


def read(*lines: Any, path: str = PATH, **changes: Any) -> list[Any]:
    return reading.read(claude_code, as_bytes(*lines), path, **changes)


def queue(operation: str, content: str | None = None) -> dict[str, Any]:
    entry = {"type": "queue-operation", "operation": operation, "timestamp": TIME, "sessionId": "s1"}
    return entry if content is None else entry | {"content": content}
