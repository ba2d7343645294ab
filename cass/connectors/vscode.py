"""Where VS Code and the editors made from it keep what their extensions store: the `User` folders."""

from __future__ import annotations

import json
import os
from urllib.parse import unquote, urlsplit
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from cass.connectors.base import Surroundings

APPS = (
    "Code", "Code - Insiders", "Code - OSS", "VSCodium", "Cursor", "Windsurf", "Trae", "Antigravity", "Positron",
)  # fmt: skip
SERVERS = (
    ".vscode-server", ".vscode-server-insiders", ".vscodium-server", ".cursor-server", ".windsurf-server",
    ".positron-server",
)  # fmt: skip
_SMALL_BYTES = 1 << 20


def user_folders(around: Surroundings, apps: tuple[str, ...] = APPS) -> list[str]:
    """The `User` folders of these editors, existing or not: of every system, since a home folder may be copied.

    `VSCODE_APPDATA` and `VSCODE_PORTABLE` stand where VS Code itself asks them; XDG_CONFIG_HOME is Linux's, APPDATA
    is Windows's.  Servers, to which an editor on another machine connects, are looked for in the home folder.
    """
    home = around.home
    places = [
        around.named("VSCODE_APPDATA"),
        around.named("XDG_CONFIG_HOME", "~/.config"),
        os.path.join(home, "Library", "Application Support"),
        around.named("APPDATA", "~/AppData/Roaming"),
    ]
    folders = [os.path.join(place, app, "User") for place in places if place for app in apps]
    folders += [os.path.join(home, server, "data", "User") for server in SERVERS if apps is APPS]
    if portable := around.named("VSCODE_PORTABLE"):
        folders.insert(0, os.path.join(portable, "user-data", "User"))
    return list(dict.fromkeys(folders))


def workspace_folder(storage: str) -> str | None:
    """The folder that a `workspaceStorage` folder belongs to; of a `.code-workspace`, the folder that holds it."""
    named = small_json(os.path.join(storage, "workspace.json"))
    if not isinstance(named, dict):
        return None
    if folder := uri_path(named.get("folder")):
        return folder
    file = uri_path(named.get("workspace") or named.get("configuration"))
    return os.path.dirname(file) if file else None


def uri_path(uri: object) -> str | None:
    """The path that a URI names: a `file:` or `vscode-remote:` URI, its parts, or already a path; None else."""
    if isinstance(uri, dict):
        uri = uri.get("fsPath") or uri.get("external") or uri.get("path")
    if not isinstance(uri, str) or not uri.strip():
        return None
    if "://" in uri:
        try:
            uri = unquote(urlsplit(uri).path)
        except ValueError:
            return None
    if len(uri) > 2 and uri[0] == "/" and uri[2] == ":":  # /c:/w is C's folder w
        uri = uri[1:]
    return uri.rstrip("/") or uri or None


def mark_of(facts: object) -> int:
    """A number that is another one when these JSON values are; it says nothing of them, so it is never masked."""
    return crc32(json.dumps(facts, sort_keys=True).encode())


def stand_of(facts: Iterable[object]) -> int | None:
    """The same for a connector's `stand`; None of facts that say nothing: their file is not there, or being written."""
    known = list(facts)
    return mark_of(known) if any([fact is not None for fact in known]) else None


def small_json(path: str) -> Any:
    """What a small JSON file says; None where it is missing, large or damaged."""
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return json.loads(file.read(_SMALL_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
