"""Claude Code: one JSON object a line, one file a session, sub-agents in files of their own or among the lines.

Files are only appended to, so a read goes on where the last one ended.  What has been given is never given again:
an unterminated last line that is already whole is taken, the checkpoint stays before it, and the checkpoint's
state remembers the line, so that the next read passes over it in silence.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import Checkpoint, Root, at_home
from cass.connectors.claude_code_file import SessionFile, below_projects
from cass.connectors.jsonl import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "claude_code"

CHECKPOINT_BYTES = 2 << 20
_DEPTH = 5  # <project>/<session>/subagents and two folders of an agent's own below
_DAYS_KEPT, _MOST_DAYS = 30, 36_500
_NOT_SESSIONS = {"tool-results", "memory"}
# Claude Desktop gives each session of an agent on this machine a home of its own, some folders below this one.
_DESKTOP = ("Library", "Application Support", "Claude", "local-agent-mode-sessions")
_DESKTOP_DEPTH, _DESKTOP_FOLDERS = 4, 2_000


def roots(around: Surroundings) -> list[Root]:
    """The `projects` folders of the configuration folders that are set, else of the usual two; and Claude Desktop's."""
    one, more = around.env.get("CLAUDE_CONFIG_DIR", ""), around.env.get("CLAUDE_CONFIG_DIRS", "")
    named = [folder.strip() for folder in [*one.split(","), *more.replace(os.pathsep, ",").split(",")]]
    folders = [folder for folder in named if folder] or ["~/.claude", "~/.config/claude"]
    desktop = os.path.join(around.home, *_DESKTOP)
    paths = [*(_projects(folder, around.home) for folder in folders), *_desktop_projects(desktop)]
    return [*(Root(path, _DEPTH) for path in dict.fromkeys(paths)), Root(desktop)]


def _projects(folder: str, home: str) -> str:
    folder = at_home(folder.rstrip("/\\") or folder, home)
    return folder if folder.endswith(("/projects", "\\projects")) else f"{folder}/projects"


def _desktop_projects(folder: str) -> list[str]:
    """The `projects` folders of these homes; what an agent works on may lie beside them, and is not gone through."""
    found: list[str] = []
    level, left = [folder], _DESKTOP_FOLDERS
    for _ in range(_DESKTOP_DEPTH):
        level = [path for above in level for path in _folders_in(above)][:left]
        left -= len(level)
        homes = {
            path: projects for path in level if os.path.isdir(projects := os.path.join(path, ".claude", "projects"))
        }
        found += homes.values()
        level = [path for path in level if path not in homes]
    return found


def _folders_in(folder: str) -> list[str]:
    """Those that are neither hidden nor links."""
    try:
        with os.scandir(folder) as entries:
            plain = [entry for entry in entries if not entry.name.startswith(".")]
            return sorted(entry.path for entry in plain if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def enters(folder: str) -> bool:
    """Projects, sessions in them, and `subagents` in these."""
    parts = below_projects(folder)
    if parts is None or not parts:
        return True
    if parts[-1] in _NOT_SESSIONS:
        return False
    return len(parts) < 3 or parts[2] == "subagents"


def claims(path: str) -> bool:
    """`<project>/<session>.jsonl`, and `<project>/<session>/subagents/…/agent-<id>.jsonl`."""
    parts = below_projects(path)
    if not parts or not parts[-1].endswith(".jsonl"):
        return False
    return len(parts) == 2 or (len(parts) > 3 and parts[2] == "subagents" and parts[-1].startswith("agent-"))


def read(source: Source) -> Iterator[Item]:
    """Give the file's sessions and messages from its start, or from where `source.resume` left off."""
    file = SessionFile(source)
    place = checked = source.resume.offset if source.resume else 0
    number = source.resume.line if source.resume else 0
    state: dict[str, Any] | None = None
    yield from file.given_up()
    for line in lines(source):
        if not line.ended:
            state = file.take_unended(line)
        else:
            place, number = line.end, line.number
            file.take(line)
        yield from file.out
        file.out.clear()
        if place - checked >= CHECKPOINT_BYTES:
            yield from file.settled()
            yield Checkpoint(place, number, file.state())
            checked = place
    yield from file.settled()
    yield Checkpoint(place, number, state or file.state())


def days_kept(root: str) -> int | None:
    """After how many days without a change Claude Code deletes files below this root, by its own settings.

    0 means that it keeps none.  Asked with a path that `roots` gave.
    """
    try:
        with open(os.path.join(os.path.dirname(root), "settings.json"), encoding="utf-8-sig") as file:
            days = json.load(file).get("cleanupPeriodDays", _DAYS_KEPT)
    except (OSError, ValueError, AttributeError):
        return _DAYS_KEPT
    is_number = isinstance(days, int) and not isinstance(days, bool)
    return min(max(days, 0), _MOST_DAYS) if is_number else _DAYS_KEPT
