"""Invented rollouts of Codex, line by line."""

from __future__ import annotations

import json
from typing import Any

from cass.connectors import codex
from tests.connectors.reading import read

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
PATH = f"/h/.codex/sessions/2026/01/02/rollout-2026-01-02T03-04-05-{ID}.jsonl"
TIME = "2026-01-02T03:04:05.678Z"
TIME_MS = 1767323045678


def file(*values: Any) -> bytes:
    """One JSON value a line; bytes stand as they are."""
    return b"".join(v if isinstance(v, bytes) else json.dumps(v).encode() + b"\n" for v in values)


def wrapped(kind: str, payload: Any, timestamp: Any = TIME) -> dict[str, Any]:
    return {"timestamp": timestamp, "type": kind, "payload": payload}


def meta(**more: Any) -> dict[str, Any]:
    return wrapped("session_meta", {"id": ID, "timestamp": TIME, "cwd": "/w/app", "git": {"branch": "main"}, **more})


def bare_message(role: str, *said: str) -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text} for text in said]}


def item(payload: dict[str, Any], timestamp: Any = TIME) -> dict[str, Any]:
    return wrapped("response_item", payload, timestamp)


def user(*said: str) -> dict[str, Any]:
    return item(bare_message("user", *said))


def answer(text: str) -> dict[str, Any]:
    return item(bare_message("assistant", text))


def thought(text: str) -> dict[str, Any]:
    return item({"type": "reasoning", "summary": [{"type": "summary_text", "text": text}], "encrypted_content": "gAA"})


def call(name: str, arguments: Any, call_id: str = "c1") -> dict[str, Any]:
    return item({"type": "function_call", "name": name, "arguments": json.dumps(arguments), "call_id": call_id})


def output(text: Any, call_id: str = "c1") -> dict[str, Any]:
    return item({"type": "function_call_output", "call_id": call_id, "output": text})


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return wrapped("event_msg", {"type": kind, **fields})


def give(*values: Any, path: str = PATH, **changes: Any) -> list[Any]:
    return read(codex, file(*values), path, **changes)


SAMPLE = file(
    meta(),
    user("<environment_context>\n  <cwd>/w/app</cwd>\n</environment_context>"),
    wrapped("turn_context", {"cwd": "/w/app", "model": "gpt-5"}),
    event("user_message", message="fix it"),
    user("fix it"),
    event("token_count", info=None),
    event("agent_reasoning", text="Looking"),
    thought("Looking"),
    event("agent_message", message="I look."),
    answer("I look."),
    call("shell", {"command": ["bash", "-lc", "ls é"]}, "c1"),
    call("shell", {"command": ["cass", "search", "x"]}, "c2"),
    output('{"output":"a.py\\n","metadata":{"exit_code":0}}', "c1"),
    output('{"output":"found","metadata":{"exit_code":1}}', "c2"),
    thought("So"),
    answer("Done."),
    user("thanks"),
    answer("Welcome."),
)
