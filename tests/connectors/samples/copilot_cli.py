"""Sessions of GitHub Copilot's command line: events, and a document of the first versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_TIME = "2026-01-02T03:04:05.678Z"


def _event(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "id": kind, "timestamp": _TIME, "parentId": None}


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".copilot"
    call = {"toolCallId": "c1", "name": "bash", "arguments": {"command": "ls zoo", "description": "List"}}
    events = [
        _event("session.start", sessionId="s1", context={"cwd": "/w/zoo", "branch": "main"}),
        _event("hook.start", hookType="x"),
        _event("user.message", content="find the quokka", transformedContent="<now/> find the quokka"),
        _event("assistant.message", messageId="m1", content="I look.", toolRequests=[call], model="m"),
        _event("tool.execution_start", toolCallId="c1", toolName="bash", arguments=call["arguments"]),
        _event("tool.execution_complete", toolCallId="c1", success=True, result={"content": "quokka.txt"}),
    ]
    write(folder / "session-state" / "s1" / "events.jsonl", "".join(json.dumps(event) + "\n" for event in events))
    write(folder / "session-state" / "s1" / "workspace.yaml", "id: s1\ncwd: /w/zoo\nsummary: The quokka\n")
    timeline = [{"type": "user", "text": "find the emu", "timestamp": _TIME}, {"type": "copilot", "text": "No."}]
    old = {"sessionId": "s2", "startTime": _TIME, "timeline": timeline}
    write(folder / "history-session-state" / "session_s2.json", json.dumps(old, indent=1))
    return Surroundings(str(home), {})
