"""Invented chats of Qwen Code, line by line."""

from __future__ import annotations

import json
from typing import Any

PATH = "/h/.qwen/projects/-w-app/chats/s1.jsonl"
TIME = "2026-01-02T03:04:05.678Z"


def lines(*values: Any) -> bytes:
    """One JSON value a line."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def record(kind: str, name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    common = {"uuid": name, "parentUuid": parent, "sessionId": "s1", "timestamp": TIME, "type": kind}
    return {**common, "cwd": "/w/app", "version": "0.9.0", "gitBranch": "main", **more}


def user(text: str, name: str = "u1", parent: str | None = None, **more: Any) -> dict[str, Any]:
    return record("user", name, parent, message={"role": "user", "parts": [{"text": text}]}, **more)


def answer(*parts: Any, name: str = "a1", parent: str | None = "u1") -> dict[str, Any]:
    return record("assistant", name, parent, model="qwen-large", message={"role": "model", "parts": list(parts)})


def call(name: str, call_id: str, **given: Any) -> dict[str, Any]:
    return {"functionCall": {"id": call_id, "name": name, "args": given}}


def result(
    call_id: str, response: Any, name: str = "r1", parent: str = "a1", display: Any = "x", status: str = "success"
) -> dict[str, Any]:
    answer = {"functionResponse": {"id": call_id, "name": "run_shell_command", "response": response}}
    outcome = {"callId": call_id, "status": status, "resultDisplay": display}
    return record("tool_result", name, parent, message={"role": "user", "parts": [answer]}, toolCallResult=outcome)


def system(kind: str, payload: Any, name: str = "x1", parent: str | None = None) -> dict[str, Any]:
    return record("system", name, parent, subtype=kind, systemPayload=payload)


SAMPLE = lines(
    user("find the quokka"),
    system("ui_telemetry", {"uiEvent": {"event.name": "qwen-code.api_response"}}, "t1", "u1"),
    answer(
        {"text": "hm", "thought": True}, {"text": "I look."}, call("run_shell_command", "c1", command="ls"), parent="t1"
    ),
    result("c1", {"output": "quokka.txt"}),
    answer({"text": "In the zoo."}, name="a2", parent="r1"),
    user("and the wombat?", "u2", "a2"),
    user("and the emu?", "u3", "a2"),
    answer({"text": "In the bush."}, name="a3", parent="u3"),
)
