"""What the settings say of places: which agents are read, where else to look, which workspaces are left out.

A pattern is a glob over folders: `*` stays within a name, `**` does not; it means the folder that it matches and all
below.  Without a `/` it is the name of a folder anywhere, with one but not from the root it is the end of a path.  A
`.cassignore` in a folder leaves out what its lines match below that folder; one without a line, all of it.
"""

from __future__ import annotations

import os
import re
import stat

from cass.connectors.base import Root, Surroundings, at_home
from cass.connectors.table import agent_word, find_agent
from cass.errors import UnknownAgent
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cass.connectors.base import Connector

IGNORE_FILE = ".cassignore"
IGNORE_BYTES = 1 << 16
# A line of its own in something the user said.
MARK = "DO NOT INDEX THIS CHAT"
# A named root may be the agent's folder, one above it, or the one in it where sessions stand.
NAMED_DEPTH = 9

# Why a session is left out; `store/skipped.py` keeps these words.
BY_SETTING, BY_FILE, BY_MARK = "sources.exclude", IGNORE_FILE, "mark"


@record
class Rules:
    """`agents`: those that are read, None for all · `roots`: where to look beside the agents' own places · `exclude`:
    workspaces that are left out · `masked`: secrets are not stored."""

    agents: tuple[str, ...] | None = None
    roots: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    masked: bool = False


ALL = Rules()


class Exclusion:
    """Which workspaces are left out, and why; what the disk says of a folder is asked once."""

    def __init__(self, patterns: Iterable[str], home: str) -> None:
        self._patterns = [matcher(pattern, home) for pattern in patterns]
        self._known: dict[str, str | None] = {}
        self._files: dict[str, re.Pattern[str] | None] = {}

    def why(self, workspace: str | None) -> str | None:
        """Why the sessions of a folder are left out; None if they are not."""
        if not workspace:
            return None
        if workspace not in self._known:
            self._known[workspace] = self._why(plain_folder(workspace))
        return self._known[workspace]

    def _why(self, folder: str) -> str | None:
        if any(pattern.fullmatch(folder) for pattern in self._patterns):
            return BY_SETTING
        above, below = folder, ""
        while True:
            lines = self._ignored(above)
            if lines is not None and lines.fullmatch(below):
                return BY_FILE
            shorter, _, name = above.rpartition("/")
            if not name or not shorter:
                return None
            above, below = shorter, f"{name}/{below}" if below else name

    def _ignored(self, folder: str) -> re.Pattern[str] | None:
        """What is left out below a folder by the file in it; None where there is none."""
        if folder not in self._files:
            text = _read(os.path.join(folder, IGNORE_FILE)) if os.path.isabs(folder) else None
            self._files[folder] = None if text is None else _below(text)
        return self._files[folder]


def _read(path: str) -> str | None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None
    except (OSError, ValueError):
        return None
    try:
        with open(path, encoding="utf-8-sig", errors="replace") as file:
            return file.read(IGNORE_BYTES)
    except OSError:
        return ""  # somebody wanted something left out, and nobody can tell what: then all of it


def _below(text: str) -> re.Pattern[str]:
    lines = [line.strip() for line in text.splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    if not patterns or "." in patterns:
        return re.compile(".*")
    return re.compile(
        "|".join(_expression(pattern.lstrip("/"), anchored=pattern.startswith("/")) for pattern in patterns)
    )


def plain_folder(folder: str) -> str:
    """A path as patterns are written: with `/`, none at the end."""
    return folder.replace("\\", "/").rstrip("/") or "/"


def matcher(pattern: str, home: str) -> re.Pattern[str]:
    """What a folder's path, as `plain_folder` gives it, must match as a whole to be left out."""
    plain = plain_folder(pattern.strip())
    if plain == "~" or plain.startswith("~/"):
        plain = plain_folder(home) + plain[1:]
    drive = re.match(r"[A-Za-z]:/", plain)
    return re.compile(_expression(plain, anchored=plain.startswith("/") or drive is not None), re.I if drive else 0)


def _expression(plain: str, anchored: bool) -> str:
    """A glob and all that stands below it."""
    return ("" if anchored else "(?:.*/)?") + _glob(plain.rstrip("/")) + "(?:/.*)?"


def _glob(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return "".join(
        _GLOBS.get(part) or (_set(part) if part.startswith("[") and part[1:] else re.escape(part)) for part in parts
    )


_GLOBS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _set(part: str) -> str:
    inside = part[1:-1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    text = f"[^{inside[1:]}]" if inside.startswith("!") and inside[1:] else f"[{inside}]"
    try:
        re.compile(text)
    except re.error:
        return re.escape(part)
    return text


def added_roots(connector: Connector, roots: Sequence[str], home: str) -> list[Root]:
    """Where the settings say to look for this agent: `agent=FOLDER`, or a FOLDER that is somebody's home."""
    found: list[Root] = []
    for text in roots:
        agent, folder = split_root(text, home)
        if agent is None:
            found += connector.roots(Surroundings(folder, {}))
        elif agent == connector.AGENT:
            found.append(Root(folder, NAMED_DEPTH))
    return found


def split_root(text: str, home: str) -> tuple[str | None, str]:
    """(agent or None, absolute folder) of an entry of `sources.roots`; "" as the agent where nobody knows it."""
    word, folder = agent_word(text), text.strip()
    agent: str | None = None
    if word is not None:
        agent, folder = _agent(word), folder.partition("=")[2]
    return agent, os.path.join(home, at_home(folder, home))


def _agent(word: str) -> str:
    try:
        return find_agent(word).name
    except UnknownAgent:
        return ""
