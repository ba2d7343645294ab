"""A project's database with a session and its sub-agent's."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.crush_files import SCHEMA, answer, call, message, prompt, result, session
from tests.connectors.databases_made import database


def sample(home: Path) -> Surroundings:
    """Write it."""
    project = home / "projects" / "zoo"
    rows = [
        session("s1", "Where quokkas live"), session("s2", "New Agent Session", "s1"),
        message(1, "s1", "user", prompt("find the quokka")),
        message(2, "s1", "assistant", answer("I look."), call("c1", "bash", command="ls zoo")),
        message(3, "s1", "tool", result("c1", "quokka.txt")),
        message(4, "s2", "user", prompt("look in the zoo")),
        message(5, "s2", "assistant", answer("It is there.")),
    ]  # fmt: skip
    database(project / ".crush" / "crush.db", SCHEMA, rows)
    return Surroundings(str(home), {}, (str(project),))
