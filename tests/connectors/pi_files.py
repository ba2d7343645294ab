"""Invented session files of Pi, entry by entry."""

from __future__ import annotations

import json
from typing import Any

ID = "0199aaaa-1111-7222-8333-444455556666"
NAME = f"2026-01-02T03-04-05-678Z_{ID}.jsonl"
TIME = "2026-01-02T03:04:05.678Z"
TIME_MS = 1767323045678


def lines(*values: Any) -> bytes:
    """One JSON value a line."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def header(**more: Any) -> dict[str, Any]:
    return {"type": "session", "version": 3, "id": ID, "timestamp": TIME, "cwd": "/w/app", **more}


def entry(kind: str, name: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": name, "parentId": parent, "timestamp": TIME, **more}


def user(text: Any, name: str = "u1", parent: str | None = None) -> dict[str, Any]:
    return entry("message", name, parent, message={"role": "user", "content": text})


def answer(*parts: Any, name: str = "a1", parent: str | None = "u1", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": list(parts), "model": "large-1", "usage": {"input": 1}, **more}
    return entry("message", name, parent, message=message)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def call(name: str, call_id: str, **given: Any) -> dict[str, Any]:
    return {"type": "toolCall", "id": call_id, "name": name, "arguments": given}


def result(call_id: str, words: str, name: str = "r1", parent: str = "a1", **more: Any) -> dict[str, Any]:
    message = {"role": "toolResult", "toolCallId": call_id, "content": [text(words)], **more}
    return entry("message", name, parent, message=message)


SAMPLE = lines(
    header(),
    user("find the quokka"),
    answer({"type": "thinking", "thinking": "hm"}, text("I look."), call("bash", "c1", command="ls zoo")),
    result("c1", "quokka.txt", toolName="bash", isError=False),
    answer(text("In the zoo."), name="a2", parent="r1"),
    user("and the wombat?", name="u2", parent="a2"),
    entry("branch_summary", "s1", "a2", summary="asked for the wombat", fromId="u2"),
    user("and the emu?", name="u3", parent="s1"),
    answer(text("In the bush."), name="a3", parent="u3"),
)
