"""A session of Factory's droid with a tool call."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import TIME, lines
from tests.connectors.samples import write

SAMPLE = lines(
    {"type": "session_start", "id": "s1", "title": "New Session", "sessionTitle": "Quokka hunt", "cwd": "/w/app"},
    {"type": "message", "id": "m1", "timestamp": TIME, "message": {"role": "user", "content": [
        {"type": "text", "text": "<system-reminder>be kind</system-reminder>"}, {"type": "text", "text": "find it"}]}},
    {"type": "message", "id": "m2", "parentId": "m1", "timestamp": TIME, "message": {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "Execute", "input": {"command": "ls"}}]}},
    {"type": "todo_state", "id": "t1", "timestamp": TIME, "todos": {"todos": "1. [done] look"}},
    {"type": "message", "id": "m3", "parentId": "m2", "timestamp": TIME, "message": {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": "quokka.txt", "is_error": False}]}},
    {"type": "message", "id": "m4", "parentId": "m3", "timestamp": TIME, "message": {"role": "assistant", "content": [
        {"type": "text", "text": "In the zoo."}]}},
    {"type": "session_end", "id": "e1", "timestamp": TIME},
)  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write it, with its settings."""
    folder = home / ".factory/sessions/-w-app"
    write(folder / "s1.jsonl", SAMPLE)
    write(folder / "s1.settings.json", '{"model": "large-1", "tokenUsage": {}}')
    return Surroundings(str(home), {})
