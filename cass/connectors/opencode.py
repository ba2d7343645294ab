"""OpenCode: one database for all projects; before that, a file for each part of a message; long before, a program in
Go that kept a database in each project.

In the present database a session's `time_updated` changes with each prompt and each finished turn, a message's when
its answer ends; parts that are streamed in between change neither, so a session whose last answer has not ended counts
as changed with every change of the database.  A part that is edited later, as when an old output is cleared, changes
only itself: to ask all parts for their times, at each change of the database, takes 0.2 s where there are 120,000 of
them in 530 MB, and longer where these are not in memory.  Tables of accounts, credentials and shares are never asked.
"""

from __future__ import annotations

import json
import os

from cass.connectors import crush, opencode_files
from cass.connectors.base import Root
from cass.connectors.common import any_ms, names_in
from cass.connectors.databases import Stored, newest, read_changed, stamp
from cass.connectors.opencode_text import Transcript, taken_back_from
from cass.connectors.projects import enters_project, project_roots
from cass.connectors.telling import string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.readonly_sqlite import Database
    from cass.connectors.telling import Telling

AGENT = "opencode"
PROJECT_FOLDER = ".opencode"

_COPIES = ("backup", "bak", "copy", "old")
_SESSION = ("id", "parent_id", "directory", "title", "revert", "time_updated")
# Of so many messages the parts are fetched at a time.
_TOGETHER = 100


def roots(around: Surroundings) -> list[Root]:
    """Its data folder with the databases, its sessions as files, then the folders of the old program in projects."""
    shared = os.path.join(around.home, ".local", "share")
    places = [around.named("OPENCODE_DATA_DIR"), os.path.join(around.named("XDG_DATA_HOME") or shared, AGENT)]
    places.append(os.path.join(shared, AGENT))
    found = []
    for place in dict.fromkeys(place for place in places if place):
        found += [Root(place), Root(os.path.join(place, "storage", "session"), depth=1)]
        # The first versions had a store for each project.
        projects = os.path.join(place, "project")
        found += [Root(os.path.join(projects, name, "storage", "session", "info")) for name in names_in(projects)]
    return found + project_roots(around, PROJECT_FOLDER)


def enters(folder: str) -> bool:
    """The sessions of a project, and projects."""
    above = os.path.dirname(folder)
    if above.endswith(os.path.join("storage", "session")):
        return True
    return enters_project(folder, PROJECT_FOLDER)


def claims(path: str) -> bool:
    """A database, or the file of a session that no database has taken over."""
    name = os.path.basename(path)
    if name.endswith(".db"):
        channel = name.removeprefix("opencode-").removesuffix(".db")
        return name == "opencode.db" or (name == f"opencode-{channel}.db" and _is_channel(channel))
    return opencode_files.is_session(path) and not opencode_files.is_in_database(path)


def _is_channel(word: str) -> bool:
    """Versions that are not released keep a database of their own; copies that people make are none."""
    parts = [part.rstrip("0123456789") for part in word.replace("_", "-").replace(".", "-").split("-")]
    return word[:1].isalpha() and not any([part in _COPIES for part in parts])


def stand(path: str) -> object:
    """Whether a session kept as files has changed in another file than its own."""
    return None if path.endswith(".db") else opencode_files.stand(path)


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that changed since they were read."""
    if not source.path.endswith(".db"):
        return opencode_files.read(source)
    project = os.path.dirname(os.path.dirname(source.path))

    def tell(database: Database, stored: Stored, telling: Telling) -> bool:
        if _is_present(database):
            return _tell(database, stored, telling)
        telling.know(workspace=project)
        return crush.tell_session(database, stored, telling)

    return read_changed(source, _sessions, tell)


def _is_present(database: Database) -> bool:
    """Not the old program's."""
    return bool(database.columns("part"))


def _sessions(database: Database) -> Iterable[Stored]:
    if not _is_present(database):
        yield from crush.sessions(database)
        return
    counts: dict[Any, tuple[Any, ...]] = {}
    if {"session_id", "time_updated"} <= set(database.columns("message")):
        grouped = database.rows("SELECT session_id, COUNT(*), MAX(time_updated) FROM message GROUP BY session_id")
        counts = {row[0]: row[1:] for row in grouped}
    for row in database.select("session", _SESSION):
        if key := string(row[0]):
            count, written = counts.get(row[0], (0, None))
            marks = stamp(row[5], count, written, row[4], row[3])
            yield Stored(key, marks, newest(any_ms(row[5]), any_ms(written)), string(row[1]), row)


def _tell(database: Database, stored: Stored, telling: Telling) -> bool:
    _, _, directory, title, revert, _ = stored.row
    telling.know(workspace=directory)
    transcript = Transcript(telling, taken_back_from(_parsed(revert)))
    tail = "WHERE session_id=? ORDER BY time_created, id"
    keys = [row[0] for row in database.select("message", ("id",), tail, stored.id)]
    for at in range(0, len(keys), _TOGETHER):
        some = keys[at : at + _TOGETHER]
        marks = ", ".join("?" * len(some))
        parts: dict[Any, list[dict[str, Any]]] = {}
        tail = f"WHERE message_id IN ({marks}) ORDER BY message_id, id"
        for key, data in database.select("part", ("message_id", "data"), tail, *some):
            parts.setdefault(key, []).append(_parsed(data))
        found = dict(database.select("message", ("id", "data"), f"WHERE id IN ({marks})", *some))
        for key in some:
            transcript.message(str(key), _parsed(found.get(key)), parts.get(key, []))
    transcript.title(title)
    return transcript.open


def _parsed(text: object) -> dict[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
