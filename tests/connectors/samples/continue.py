"""A session of Continue, and the list that it stands in."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_CALL = {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": '{"command": "ls zoo"}'}}
_STATE = {"toolCallId": "c1", "toolCall": _CALL, "status": "done", "output": [{"name": "ls", "content": "quokka.txt"}]}


def sample(home: Path) -> Surroundings:
    """Write them."""
    sessions = home / ".continue" / "sessions"
    history = [
        {"message": {"role": "user", "content": [{"type": "text", "text": "find the quokka"}]}, "contextItems": []},
        {"message": {"role": "assistant", "content": "I look.", "toolCalls": [_CALL]}, "toolCallStates": [_STATE]},
    ]
    chat = {"sessionId": "s1", "title": "The quokka", "workspaceDirectory": "/w/zoo", "history": history}
    write(sessions / "s1.json", json.dumps(chat, indent=1))
    write(sessions / "sessions.json", json.dumps([{"sessionId": "s1", "dateCreated": "1767323045678"}]))
    return Surroundings(str(home), {})
