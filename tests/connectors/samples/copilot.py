"""Chats of GitHub Copilot in VS Code: a document, a log of changes, and an export."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_MS = 1767323045678
_CALL = {
    "kind": "toolInvocationSerialized", "toolId": "run_in_terminal", "toolCallId": "c1", "isComplete": True,
    "invocationMessage": {"value": "Running"}, "resultDetails": {"input": '{"command": "ls zoo"}',
    "output": [{"type": "embed", "isText": True, "value": "quokka.txt"}]},
}  # fmt: skip


def _request(name: str) -> dict[str, object]:
    message = {"text": f"find the {name}", "parts": []}
    return {"requestId": f"request_{name}", "timestamp": _MS, "modelId": "copilot/m", "message": message,
            "response": [{"value": "I look."}, _CALL], "result": {}}  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write them."""
    user = home / ".config" / "Code" / "User"
    storage = user / "workspaceStorage" / "abc"
    write(storage / "workspace.json", json.dumps({"folder": "file:///w/zoo"}))
    chat = {"version": 3, "sessionId": "s1", "creationDate": _MS, "requests": [_request("quokka")]}
    write(storage / "chatSessions" / "s1.json", json.dumps(chat, indent=1))
    changes = [
        {"kind": 0, "v": {"version": 3, "creationDate": _MS, "requests": []}},
        {"kind": 2, "k": ["requests"], "v": [_request("wombat")]},
        {"kind": 1, "k": ["customTitle"], "v": "The wombat"},
    ]
    log = "".join(json.dumps(change) + "\n" for change in changes)
    write(user / "globalStorage" / "emptyWindowChatSessions" / "s2.jsonl", log)
    write(home / "Downloads" / "chat.json", json.dumps({"requests": [_request("emu")]}, indent=1))
    return Surroundings(str(home), {})
