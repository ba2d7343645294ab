"""Crush: one database a project, `.crush/crush.db`.

A session's own `updated_at` changes with each of its messages, a message's with each part that is streamed into it:
together with the number of messages they are its stamp.  They count seconds, whatever the schema's comments say.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Root
from cass.connectors.common import any_ms
from cass.connectors.databases import Stored, newest, read_changed, stamp
from cass.connectors.projects import enters_project, project_roots
from cass.connectors.telling import spoken, string
from cass.connectors.tools import Calls
from cass.connectors.vscode import small_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.readonly_sqlite import Database
    from cass.connectors.telling import Telling

AGENT = "crush"
FOLDER = ".crush"
FILE = "crush.db"

_UNNAMED = ("New Session", "Untitled Session", "New Agent Session")
_SESSION = ("id", "parent_session_id", "title", "summary_message_id", "updated_at", "message_count")
_MESSAGE = ("id", "role", "parts", "model", "created_at", "is_summary_message", "content")


def roots(around: Surroundings) -> list[Root]:
    """The folders of the projects that Crush knows, then those of known workspaces, and where people work."""
    named = [Root(folder) for _, folder in _projects(around)]
    return named + project_roots(around, FOLDER)


def enters(folder: str) -> bool:
    """Folders of projects, and Crush's own in them."""
    return enters_project(folder, FOLDER)


def claims(path: str) -> bool:
    """Its database, and nothing beside it."""
    return os.path.basename(path) == FILE


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that changed since they were read."""
    folder = os.path.dirname(source.path)
    named = {data: project for project, data in _projects(source.around)}
    workspace = named.get(folder) or os.path.dirname(folder)

    def tell(database: Database, stored: Stored, telling: Telling) -> bool:
        telling.know(workspace=workspace)
        return tell_session(database, stored, telling)

    return read_changed(source, sessions, tell)


def _projects(around: Surroundings) -> list[tuple[str, str]]:
    """(project, its data folder) of all that Crush has listed; a data folder may be relative to its project."""
    places = [
        around.named("CRUSH_GLOBAL_DATA"),
        os.path.join(around.named("XDG_DATA_HOME", "~/.local/share"), "crush"),
        os.path.join(around.named("LOCALAPPDATA", "~/AppData/Local"), "crush"),
    ]
    found: dict[tuple[str, str], None] = {}
    for place in places:
        listed = small_json(os.path.join(place, "projects.json")) if place else None
        projects = listed.get("projects") if isinstance(listed, dict) else None
        for project in projects if isinstance(projects, list) else ():
            path = string(project.get("path")) if isinstance(project, dict) else None
            if path:
                found[path, os.path.normpath(os.path.join(path, string(project.get("data_dir")) or FOLDER))] = None
    return list(found)


# The schema, which the program's ancestor has too


def sessions(database: Database) -> Iterable[Stored]:
    """All sessions but those that only made a title."""
    counts: dict[Any, tuple[Any, ...]] = {}
    if {"session_id", "updated_at"} <= set(database.columns("messages")):
        grouped = database.rows("SELECT session_id, COUNT(*), MAX(updated_at) FROM messages GROUP BY session_id")
        counts = {row[0]: row[1:] for row in grouped}
    for row in database.select("sessions", _SESSION):
        key, updated = str(row[0]) if isinstance(row[0], int) else string(row[0]), row[4]
        if key and not key.startswith("title-"):
            count, written = counts.get(row[0], (0, None))
            marks = stamp(updated, count, written, row[2])
            yield Stored(key, marks, newest(any_ms(updated), any_ms(written)), string(row[1]), row)


def tell_session(database: Database, stored: Stored, telling: Telling) -> bool:
    """Tell its messages in their order.  Its stamp shows all that is written: it is never open."""
    calls, summary = Calls(), stored.row[3]
    rows = database.select("messages", _MESSAGE, "WHERE session_id=? ORDER BY created_at, rowid", stored.row[0])
    for key, role, parts, model, created, is_summary, content in rows:
        if role == "assistant":
            telling.know(model=model)
        blocks = tuple(block for part in _parts(parts) for block in _blocks(part, calls))
        blocks = blocks or spoken("text", content)  # early versions have no parts
        if is_summary or (summary and summary == key):
            role = "summary"
        telling.turn(role if role in ("assistant", "tool", "summary", "system") else "user", any_ms(created), blocks)
        if role == "user" and blocks and not telling.rank:
            telling.title(blocks[0].text, TITLE_PROMPT)
    if telling.out and stored.row[2] not in _UNNAMED:
        telling.title(stored.row[2], TITLE_GENERATED)
    return False


def _parts(text: object) -> list[dict[str, Any]]:
    try:
        parts = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return []
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _blocks(part: dict[str, Any], calls: Calls) -> tuple[Block, ...]:
    """What a part says.  The one that ends a message says nothing."""
    kind, data = part.get("type"), part.get("data")
    if not isinstance(data, dict):
        return ()
    if kind == "text":
        return spoken("text", data.get("text"))
    if kind == "reasoning":
        return spoken("thinking", data.get("thinking"))
    if kind == "tool_call":
        return (calls.call(data.get("name"), data.get("input"), data.get("id")),)
    if kind == "tool_result":
        content, name = data.get("content"), data.get("name")
        return calls.result(content, data.get("tool_call_id"), data.get("is_error") is True, name)
    if kind in ("image_url", "binary"):
        return (Block("image", string(data.get("Path")) or "[image]"),)
    if kind == "shell_command":
        return (*spoken("text", data.get("command")), *calls.result(data.get("output"), None))
    return ()
