"""Two sessions in one project's history of Aider."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.samples import write

_HISTORY = """
# aider chat started at 2026-01-02 03:04:05

> Aider v0.86.1 \x20
> Main model: gemini/pro with diff edit format \x20

#### find the quokka \x20

It is in the zoo.

> Applied edit to zoo.py \x20

# aider chat started at 2026-01-03 03:04:05

#### and the wombat? \x20

In its burrow.
"""


def sample(home: Path) -> Surroundings:
    """Write them."""
    write(home / "w" / "app" / ".aider.chat.history.md", _HISTORY)
    return Surroundings(str(home), {}, (str(home / "w" / "app"),))
