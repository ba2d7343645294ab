"""A session of Grok's command line that streams an answer, and one with only its history."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import lines
from tests.connectors.samples import write

SUMMARY = {
    "info": {"id": "s1", "cwd": "/w/app"}, "generated_title": "Quokka hunt", "current_model_id": "grok-4",
    "head_branch": "main", "created_at": "2026-01-02T03:04:05Z",
}  # fmt: skip


def update(form: str, **more: object) -> dict[str, object]:
    """A line of the stream."""
    params = {
        "sessionId": "s1",
        "update": {"sessionUpdate": form, **more},
        "_meta": {"agentTimestampMs": 1767323045678},
    }
    return {"timestamp": 1767323045, "method": "session/update", "params": params}


def piece(kind: str, text: str) -> dict[str, object]:
    """A piece of what somebody says."""
    return update(kind, content={"type": "text", "text": text})


SAMPLE = lines(
    piece("user_message_chunk", "<user_query>\nfind it\n</user_query>"),
    update("hook_execution", name="x"),
    piece("agent_thought_chunk", "hm"),
    piece("agent_message_chunk", "I "),
    piece("agent_message_chunk", "look."),
    update("tool_call", toolCallId="c1", title="bash", kind="execute", status="pending"),
    update("tool_call_update", toolCallId="c1", status="in_progress", rawInput={"command": "ls"}),
    update("tool_call_update", toolCallId="c1", status="completed",
           content=[{"type": "content", "content": {"type": "text", "text": "quokka.txt"}}]),
    piece("agent_message_chunk", "In the "),
    piece("agent_message_chunk", "zoo."),
)  # fmt: skip
HISTORY = lines(
    {"type": "system", "content": "You are"},
    {"type": "user", "synthetic_reason": "user_info", "content": "<user_info>…</user_info>"},
    {"type": "user", "prompt_index": 0, "content": [{"type": "text", "text": "<user_query>and the emu?</user_query>"}]},
    {"type": "assistant", "content": "In the bush.", "model_id": "grok-4", "tool_calls": []},
)


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".grok/sessions/%2Fw%2Fapp"
    write(folder / "s1/updates.jsonl", SAMPLE)
    write(folder / "s1/chat_history.jsonl", HISTORY)
    write(folder / "s1/summary.json", json.dumps(SUMMARY))
    write(folder / "s2/chat_history.jsonl", HISTORY)
    return Surroundings(str(home), {})
