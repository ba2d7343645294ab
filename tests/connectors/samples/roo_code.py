"""Tasks of Roo Code, kept as Cline keeps its own."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples.cline import write_tasks


def sample(home: Path) -> Surroundings:
    """Write them."""
    return write_tasks(home, "rooveterinaryinc.roo-cline")
