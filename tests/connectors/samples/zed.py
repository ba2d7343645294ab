"""Zed's database with a thread of the present form and one of the form before."""

from __future__ import annotations

import json
from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.databases_made import database
from tests.connectors.zed_made import SCHEMA, agent, call, result, thread, user

_OLD = {"summary": "Wombats", "version": "0.2.0", "messages": [
    {"id": 0, "role": "user", "segments": [{"type": "text", "text": "find the wombat"}]},
    {"id": 1, "role": "assistant", "segments": [{"type": "text", "text": "It sleeps."}], "tool_uses": []},
]}  # fmt: skip


def sample(home: Path) -> Surroundings:
    """Write it."""
    answered = agent({"Thinking": {"text": "Look."}}, call("c1", "terminal", command="ls zoo"),
                     c1=result("c1", "terminal", {"Text": "quokka.txt"}))  # fmt: skip
    rows = [thread("t1", "Where quokkas live", user({"Text": "find the quokka"}), answered)]
    rows.append(thread("t2", "Wombats", data=json.dumps(_OLD).encode()))
    database(home / ".local" / "share" / "zed" / "threads" / "threads.db", SCHEMA, rows)
    return Surroundings(str(home), {})
