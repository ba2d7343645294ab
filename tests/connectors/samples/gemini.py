"""Chats of Gemini as one document, and as records that come one after the other; and prompts that have no chat."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_TIME = "2026-01-02T03:04:05.678Z"
_CALL = {
    "id": "c1", "name": "run_shell_command", "args": {"command": "ls zoo"}, "status": "success", "timestamp": _TIME,
    "result": [{"functionResponse": {"id": "c1", "name": "run_shell_command", "response": {"output": "quokka.txt"}}}],
}  # fmt: skip
_THOUGHT = {"subject": "The zoo", "description": "Look there first.", "timestamp": _TIME}


def _chat(name: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    head: dict[str, object] = {"sessionId": name, "projectHash": "abc", "startTime": _TIME, "lastUpdated": _TIME}
    asked = {"id": "1", "timestamp": _TIME, "type": "user", "content": [{"text": f"find the {name}"}]}
    told = {"id": "2", "timestamp": _TIME, "type": "gemini", "content": "I look.", "model": "gemini-3",
            "thoughts": [_THOUGHT], "toolCalls": [_CALL]}  # fmt: skip
    return head, [asked, told]


def sample(home: Path) -> Surroundings:
    """Write them."""
    chats = home / ".gemini" / "tmp" / "abc" / "chats"
    head, messages = _chat("quokka")
    write(chats / "session-2026-01-02T03-04-quokka.json", json.dumps({**head, "messages": messages}))
    head, messages = _chat("wombat")
    records = "".join(json.dumps(record) + "\n" for record in (head, *messages))
    write(chats / "session-2026-01-02T03-04-wombat.jsonl", records)
    prompts = [
        {"sessionId": name, "messageId": 0, "type": "user", "message": f"find the {name}", "timestamp": _TIME}
        for name in ("kookaburra", "currawong")
    ]
    write(home / ".gemini" / "tmp" / "abc" / "logs.json", json.dumps(prompts))
    return Surroundings(str(home), {})
