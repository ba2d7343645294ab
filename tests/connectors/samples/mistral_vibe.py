"""A session of Mistral Vibe with a tool call."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import TIME, lines
from tests.connectors.samples import write

FOLDER = "session_20260102_030405_0199aaaa"
META = {
    "session_id": "0199aaaa", "start_time": TIME, "end_time": TIME, "git_branch": "main",
    "title": "Quokka hunt", "title_source": "manual",
    "environment": {"working_directory": "/w/app"}, "config": {"active_model": "devstral"},
}  # fmt: skip
SAMPLE = lines(
    {"role": "user", "content": "find it", "message_id": "m1"},
    {"role": "assistant", "content": "I look.", "reasoning_content": "hm",
     "tool_calls": [{"id": "c1", "index": 0, "function": {"name": "bash", "arguments": '{"command": "ls"}'}}]},
    {"role": "tool", "content": "quokka.txt", "name": "bash", "tool_call_id": "c1"},
    {"role": "assistant", "content": "In the zoo."},
)  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write it."""
    folder = home / ".vibe/logs/session" / FOLDER
    write(folder / "messages.jsonl", SAMPLE)
    write(folder / "meta.json", json.dumps(META))
    return Surroundings(str(home), {})
