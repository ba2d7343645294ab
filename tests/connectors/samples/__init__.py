"""One small invented history an agent: what the contract test over all connectors works on.

A file `<agent>.py` here has one function, `sample(home)`.  It writes a session or two below `home`, in the agent's own
form and places, with at least one prompt and one answer, and gives the `Surroundings` in which the connector finds
them.  Where the agent keeps a database, it closes it.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from cass.connectors.base import Surroundings


def write_sample(agent: str, home: Path) -> Surroundings:
    """Write the agent's sample below `home`."""
    try:
        module = import_module(f"{__name__}.{agent}")
    except ModuleNotFoundError:
        pytest.fail(f"{agent} has no sample: write tests/connectors/samples/{agent}.py (see its package)")
    around: Surroundings = module.sample(home)
    return around


def write(path: Path, data: bytes | str) -> Path:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path
