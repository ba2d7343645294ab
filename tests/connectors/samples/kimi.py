"""A session of Kimi's first command line as a stream of events, and an older one of messages."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import lines
from tests.connectors.samples import write

FOLDER = md5(b"/w/app", usedforsecurity=False).hexdigest()


def event(kind: str, **payload: object) -> dict[str, object]:
    """A line of the stream."""
    return {"timestamp": 1767323045.678, "message": {"type": kind, "payload": payload}}


SAMPLE = lines(
    {"type": "metadata", "protocol_version": "1.1"},
    event("TurnBegin", user_input="find it"),
    event("StepBegin", n=1),
    event("ContentPart", type="think", think="h"),
    event("ContentPart", type="think", think="m"),
    event("ContentPart", type="text", text="I "),
    event("ContentPart", type="text", text="look."),
    event("ToolCall", type="function", id="c1", function={"name": "Shell", "arguments": '{"comm'}),
    event("ToolCallPart", arguments_part='and": "ls"}'),
    event("StatusUpdate", token_usage={"output": 3}),
    event("ToolResult", tool_call_id="c1", return_value={"is_error": False, "output": "quokka.txt", "message": "ok"}),
    event("StepBegin", n=2),
    event("ContentPart", type="text", text="In the zoo."),
    event("TurnEnd"),
)
CONTEXT = lines(
    {"role": "_system_prompt", "content": "You are"},
    {"role": "user", "content": "and the emu?"},
    {"role": "assistant", "content": [{"type": "think", "think": "hm"}, {"type": "text", "text": "In the bush."}],
     "tool_calls": [{"type": "function", "id": "c1", "function": {"name": "Shell", "arguments": '{"command": "ls"}'}}]},
    {"role": "tool", "content": [{"type": "text", "text": "emu.txt"}], "tool_call_id": "c1"},
    {"role": "_usage", "token_count": 7},
)  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write them."""
    base = home / ".kimi"
    write(base / "sessions" / FOLDER / "s1" / "wire.jsonl", SAMPLE)
    write(base / "sessions" / FOLDER / "s1" / "context.jsonl", CONTEXT)
    write(base / "sessions" / FOLDER / "s1" / "state.json", json.dumps({"custom_title": "Quokka hunt"}))
    write(base / "sessions" / FOLDER / "s2.jsonl", CONTEXT)
    write(base / "kimi.json", json.dumps({"work_dirs": [{"path": "/w/other"}, {"path": "/w/app"}]}))
    return Surroundings(str(home), {})
