"""A session of Oh My Pi with a tool call and a branch that was left."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.pi_files import NAME, SAMPLE
from tests.connectors.samples import write


def sample(home: Path) -> Surroundings:
    """Write it."""
    write(home / ".omp/agent/sessions/-w-app" / NAME, SAMPLE)
    return Surroundings(str(home), {})
