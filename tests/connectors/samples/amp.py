"""A thread of Amp with a tool call."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

NAME = "T-0199aaaa-0000-7000-8000-000000000001"
THREAD = {
    "v": 7, "id": NAME, "created": 1767323045000, "title": "Quokka hunt",
    "env": {"initial": {"trees": [{"displayName": "app", "uri": "file:///w/app"}], "platform": {"os": "linux"}}},
    "messages": [
        {"role": "user", "messageId": 0, "content": [{"type": "text", "text": "find it"}],
         "meta": {"sentAt": 1767323045678}},
        {"role": "assistant", "messageId": 1, "usage": {"model": "large-1", "timestamp": "2026-01-02T03:04:06.678Z"},
         "content": [{"type": "thinking", "thinking": "hm", "signature": "AAAA"}, {"type": "text", "text": "I look."},
                     {"type": "tool_use", "id": "c1", "name": "Bash", "input": {"cmd": "ls"}}]},
        {"role": "user", "messageId": 2, "content": [
            {"type": "tool_result", "toolUseID": "c1",
             "run": {"status": "done", "result": {"output": "quokka.txt", "exitCode": 0}}}]},
        {"role": "assistant", "messageId": 3, "content": [{"type": "text", "text": "In the zoo."}]},
    ],
}  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write it."""
    write(home / f".local/share/amp/threads/{NAME}.json", json.dumps(THREAD))
    return Surroundings(str(home), {})
