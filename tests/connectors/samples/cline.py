"""Tasks of Cline in VS Code, as shown and as sent, and one of its command line; forks of it keep theirs alike."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_MS = 1767323045678
_SHOWN = [
    {"ts": _MS, "type": "say", "say": "task", "text": "find the quokka"},
    {"ts": _MS, "type": "say", "say": "api_req_started", "text": '{"request": "all of it"}'},
    {"ts": _MS, "type": "say", "say": "text", "text": "I look."},
    {"ts": _MS, "type": "ask", "ask": "command", "text": "ls zoo"},
    {"ts": _MS, "type": "say", "say": "command_output", "text": "quokka.txt"},
]
_SENT = [
    {"role": "user", "content": [{"type": "text", "text": "<task>\nfind the emu\n</task>"}], "ts": _MS},
    {"role": "assistant", "content": [{"type": "text", "text": "I look."}], "ts": _MS},
]


def write_tasks(home: Path, extension: str) -> Surroundings:
    """Write two tasks of this extension."""
    tasks = home / ".config" / "Code" / "User" / "globalStorage" / extension / "tasks"
    write(tasks / str(_MS) / "ui_messages.json", json.dumps(_SHOWN, indent=1))
    write(tasks / "t2" / "api_conversation_history.json", json.dumps(_SENT, indent=1))
    write(tasks / "t2" / "history_item.json", json.dumps({"id": "t2", "workspace": "/w/zoo"}))
    return Surroundings(str(home), {})


def sample(home: Path) -> Surroundings:
    """Write them."""
    session = home / ".cline" / "data" / "sessions" / "s3"
    write(session / "s3.json", json.dumps({"session_id": "s3", "cwd": "/w/zoo", "model": "m"}))
    write(session / "s3.messages.json", json.dumps({"version": 1, "messages": _SENT}, indent=1))
    return write_tasks(home, "saoudrizwan.claude-dev")
