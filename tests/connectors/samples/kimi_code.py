"""A session of Kimi Code, with a sub-agent's."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import TIME, lines
from tests.connectors.samples import write

SESSION = "session_0199aaaa"


def record(kind: str, **more: object) -> dict[str, object]:
    """A line of the stream."""
    return {"type": kind, "time": TIME, **more}


def event(kind: str, **more: object) -> dict[str, object]:
    """An event of the agent's loop."""
    return record("context.append_loop_event", event={"type": kind, **more})


SAMPLE = lines(
    record("config.update", modelAlias="kimi-k2", cwd="/w/app", systemPrompt="You are"),
    record("turn.prompt", input=[{"type": "text", "text": "find it"}]),
    record("context.append_message", message={"role": "user", "content": [{"type": "text", "text": "find it"}]}),
    event("step.begin"),
    event("content.part", part={"type": "think", "think": "hm"}),
    event("content.part", part={"type": "text", "text": "I look."}),
    event("tool.call", toolCallId="c1", name="Bash", args={"command": "ls"}),
    event("tool.result", toolCallId="c1", result={"output": "quokka.txt", "isError": False}),
    event("step.end", usage={"output": 3}, finishReason="tool_use"),
    event("content.part", part={"type": "text", "text": "In the zoo."}),
    event("step.end", finishReason="end"),
)


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".kimi-code/sessions/wd_app_057f5c09ee3f" / SESSION
    write(folder / "agents/main/wire.jsonl", SAMPLE)
    write(folder / "agents/scout/wire.jsonl", lines(record("turn.prompt", input="look"), event("step.end")))
    write(folder / "state.json", json.dumps({"title": "Quokka hunt", "workDir": "/w/app"}))
    return Surroundings(str(home), {})
