"""Goose's database, and a session from before it."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.databases_made import database
from tests.connectors.goose_made import SCHEMA, START_S, call, message, result, session, text
from tests.connectors.samples import write

_THOUGHT = {"type": "thinking", "thinking": "Look.", "signature": "c2ln"}


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".local" / "share" / "goose" / "sessions"
    rows = [
        session("20260102_1", "Where quokkas live"),
        message(1, "20260102_1", "user", text("find the quokka")),
        message(2, "20260102_1", "assistant", _THOUGHT, call("c1", "shell", command="ls")),
        message(3, "20260102_1", "user", result("c1", {"content": [text("quokka.txt")], "isError": False})),
    ]  # fmt: skip
    database(folder / "sessions.db", SCHEMA, rows)
    records = [
        {"working_dir": "/w/zoo", "description": "Wombats", "message_count": 2},
        {"role": "user", "created": START_S, "content": [text("find the wombat")]},
        {"role": "assistant", "created": START_S + 1, "content": [text("It sleeps.")]},
    ]
    write(folder / "20250102_030405.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    return Surroundings(str(home), {})
