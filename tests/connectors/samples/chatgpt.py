"""An export of ChatGPT with one conversation."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.export_files import write_json, zoo


def sample(home: Path) -> Surroundings:
    """Write it."""
    write_json(home / "export" / "conversations.json", [zoo()])
    return Surroundings(str(home), {})
