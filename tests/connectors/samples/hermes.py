"""Hermes Agent's database with a session and a sub-agent's."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.databases_made import database
from tests.connectors.hermes_made import ROWS, SCHEMA, message, session


def sample(home: Path) -> Surroundings:
    """Write it."""
    child = [session("s2", parent_session_id="s1", title=None), message(5, "user", "look around", "s2")]
    database(home / ".hermes" / "state.db", SCHEMA, [*ROWS, *child])
    return Surroundings(str(home), {})
