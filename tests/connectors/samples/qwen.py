"""A session of Qwen Code with a tool call, and one that was left and begun anew."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.qwen_files import SAMPLE
from tests.connectors.samples import write


def sample(home: Path) -> Surroundings:
    """Write it."""
    write(home / ".qwen/projects/-w-app/chats/s1.jsonl", SAMPLE)
    return Surroundings(str(home), {})
