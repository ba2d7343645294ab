"""An export of Claude.ai with one conversation."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.export_files import talk, write_json


def sample(home: Path) -> Surroundings:
    """Write it."""
    said = [talk("t1", ("human", "where is the quokka?"), ("assistant", "In the zoo."))]
    write_json(home / "export" / "conversations.json", said)
    return Surroundings(str(home), {})
