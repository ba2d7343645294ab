"""Clawdbot: OpenClaw's files where they were before it was renamed."""

from __future__ import annotations

import os

from cass.connectors.openclaw import agents_in, claims, enters
from cass.connectors.pi_file import read_pi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Root, Source, Surroundings

AGENT = "clawdbot"

__all__ = ["AGENT", "claims", "enters", "read", "roots"]


def roots(around: Surroundings) -> list[Root]:
    """The folder of its agents, unless it is OpenClaw's by a link."""
    folder = around.named("CLAWDBOT_STATE_DIR", "~/.clawdbot")
    if os.path.realpath(folder) == os.path.realpath(os.path.join(around.home, ".openclaw")):
        return []
    return agents_in(folder)


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    return read_pi(source)
