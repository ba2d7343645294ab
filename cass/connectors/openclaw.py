"""OpenClaw, and Clawdbot as it was called before: Pi's files, `agents/<agent>/sessions/<id>.jsonl`.

A session that is reset or deleted keeps its file under a longer name.  The database that newer versions move their
transcripts to is not read.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import Root
from cass.connectors.pi_file import read_pi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "openclaw"

_SESSION = re.compile(r"\.jsonl(?:\.(?:reset|deleted)\.[\w.:-]*[\dZ])?$")


def roots(around: Surroundings) -> list[Root]:
    """The folder of its agents."""
    return agents_in(around.named("OPENCLAW_STATE_DIR", "~/.openclaw"))


def agents_in(folder: str) -> list[Root]:
    """The `agents` folder of a state folder."""
    return [Root(os.path.join(folder, "agents"), depth=2)]


def enters(folder: str) -> bool:
    """An agent's folder, and its `sessions`."""
    above, name = os.path.split(folder)
    return name == "sessions" or os.path.basename(above) == "agents"


def claims(path: str) -> bool:
    """The files of `sessions`."""
    folder, name = os.path.split(path)
    return os.path.basename(folder) == "sessions" and _SESSION.search(name) is not None


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    return read_pi(source)
