"""Oh My Pi: Pi's files in its own places; what a sub-agent did stands in a folder with its parent's name.

`sessions/<folder>/<time>_<id>.jsonl`, and `sessions/<folder>/<time>_<id>/<agent>.jsonl`.  Named profiles have the same
below `profiles/<name>`.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import Root
from cass.connectors.pi_file import name_of, read_pi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "oh_my_pi"

_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT[\dZ-]+_.")


def roots(around: Surroundings) -> list[Root]:
    """The sessions of the default profile, then the folders of the named ones; at home and under XDG."""
    home = os.path.join(around.home, (around.env.get("PI_CONFIG_DIR") or ".omp").lstrip("/\\"))
    data = os.path.join(around.named("XDG_DATA_HOME", "~/.local/share"), "omp")
    return [
        Root(os.path.join(home, "agent", "sessions"), depth=3),
        Root(os.path.join(data, "sessions"), depth=3),
        Root(os.path.join(home, "profiles"), depth=6),
        Root(os.path.join(data, "profiles"), depth=5),
    ]


def enters(folder: str) -> bool:
    """`sessions`, everything in it, and the folders of profiles above it."""
    folder = folder.replace("\\", "/")
    parts = folder.split("/")
    if parts[-1].startswith("."):
        return False
    return "/sessions/" in f"{folder}/" or parts[-1] == "agent" or parts[-2:-1] == ["profiles"]


def claims(path: str) -> bool:
    """Every file of lines below `sessions`."""
    return path.endswith(".jsonl") and "/sessions/" in path.replace("\\", "/")


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages, a sub-agent's as a child of the one that it worked for."""
    folder = os.path.basename(os.path.dirname(source.path))
    return read_pi(source, name_of(folder) if _STAMPED.match(folder) else None)
