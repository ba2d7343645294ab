"""Where agents that keep their sessions inside each project are looked for: known workspaces, and where people work."""

from __future__ import annotations

import os

from cass.connectors.base import Root, at_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.connectors.base import Surroundings

_FOLDERS = ("projects", "src", "code", "dev", "work", "git", "repos")
# A project in a folder of projects in one of these, and the agent's own folder in it.
_DEPTH = 3
_NEVER = ("node_modules", "__pycache__")


def project_roots(around: Surroundings, inner: str) -> list[Root]:
    """`inner` (a file or a folder) of known workspaces, then the folders where people keep their projects."""
    known = [os.path.join(folder, inner) for folder in around.workspaces]
    return looked_for(known, _DEPTH, around)


def looked_for(known: list[str], depth: int, around: Surroundings) -> list[Root]:
    """These paths, then the folders where people keep their projects, CASS_PROJECT_ROOTS first, down to `depth`."""
    named = around.env.get("CASS_PROJECT_ROOTS", "").split(os.pathsep)
    folders = [at_home(folder, around.home) for folder in named if folder]
    folders += [os.path.join(around.home, name) for name in _FOLDERS]
    return [Root(path, watch=False) for path in dict.fromkeys(known)] + [
        Root(path, depth, watch=False) for path in dict.fromkeys(folders)
    ]


def enters_project(folder: str, inner: str) -> bool:
    """The agent's own folder, and folders of projects; not what a project holds, installs or hides."""
    above, name = os.path.split(folder)
    if os.path.basename(above).startswith("."):
        return False
    if name.startswith("."):
        return name == inner
    return name not in _NEVER and not os.path.exists(os.path.join(above, ".git"))
