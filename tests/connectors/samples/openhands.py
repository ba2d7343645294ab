"""A conversation of OpenHands, and one of its older versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

ID = "0199aaaa000070008000000000000001"
TIME = "2026-01-02T03:04:05.678901"
STATE = {"id": ID, "agent": {"llm": {"model": "openai/large-1"}}, "workspace": {"path": "/w/app"}}
EVENTS: list[dict[str, Any]] = [
    {"kind": "SystemPromptEvent", "source": "agent", "system_prompt": {"type": "text", "text": "You are"}},
    {"kind": "MessageEvent", "source": "user", "llm_message": {"role": "user", "content": [
        {"type": "text", "text": "find it"}]}},
    {"kind": "ActionEvent", "source": "agent", "thought": [{"type": "text", "text": "I look."}],
     "reasoning_content": "hm", "action": {"command": "ls", "kind": "TerminalAction"}, "tool_name": "terminal",
     "tool_call_id": "c1", "tool_call": {"id": "c1", "name": "terminal", "arguments": '{"command": "ls"}'}},
    {"kind": "ObservationEvent", "source": "environment", "tool_name": "terminal", "tool_call_id": "c1",
     "observation": {"content": [{"type": "text", "text": "quokka.txt"}], "is_error": False}},
    {"kind": "MessageEvent", "source": "agent", "llm_message": {"role": "assistant", "content": [
        {"type": "text", "text": "In the zoo."}]}},
]  # fmt: skip
OLD_EVENTS: list[dict[str, Any]] = [
    {"source": "agent", "action": "system", "args": {"content": "You are"}},
    {"source": "user", "action": "message", "message": "and the emu?", "args": {"content": "and the emu?"}},
    {"source": "agent", "action": "run", "message": "Running ls", "args": {"command": "ls", "thought": "I look."}},
    {"source": "agent", "observation": "run", "cause": 2, "content": "emu.txt",
     "extras": {"command": "ls", "metadata": {"exit_code": 2, "working_dir": "/w/app"}}},
    {"source": "agent", "action": "finish", "args": {"final_thought": "In the bush."}},
]  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".openhands/conversations" / ID
    write(folder / "base_state.json", json.dumps(STATE))
    for number, event in enumerate(EVENTS):
        write(folder / f"events/event-{number:05}-0199.json", json.dumps({"id": "x", "timestamp": TIME, **event}))
    for number, event in enumerate(OLD_EVENTS):
        old = home / f".openhands/sessions/s0/events/{number}.json"
        write(old, json.dumps({"id": number, "timestamp": TIME, **event}))
    return Surroundings(str(home), {})
