"""Pi: `sessions/--<folder>--/<time>_<id>.jsonl` in the agent's folder."""

from __future__ import annotations

import os

from cass.connectors.base import Root
from cass.connectors.pi_file import read_pi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "pi"


def roots(around: Surroundings) -> list[Root]:
    """The folder of sessions that is set, and that of the agent's folder."""
    agent = around.named("PI_CODING_AGENT_DIR", "~/.pi/agent")
    named = around.named("PI_CODING_AGENT_SESSION_DIR")
    folders = [named, os.path.join(agent, "sessions")]
    return [Root(folder, depth=1) for folder in folders if folder]


def enters(folder: str) -> bool:
    """A folder of sessions for each folder that Pi ran in."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """Every file of lines."""
    return path.endswith(".jsonl")


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    return read_pi(source)
