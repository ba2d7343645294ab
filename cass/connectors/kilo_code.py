"""Kilo Code: up to version 6 a fork of Roo Code, in VS Code and its relatives, and on the command line; then OpenCode's
program, with a database of the same form (`kilo/kilo.db`).
"""

from __future__ import annotations

import os

from cass.connectors import opencode
from cass.connectors.base import Root
from cass.connectors.cline_tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "kilo_code"

_FOLDER, _DATABASE = "kilo", "kilo.db"
_TASKS = Tasks(("kilocode.kilo-code", "kilocode.kilo-code-nightly"), (".kilocode/cli/global/tasks",))
enters, stand = _TASKS.enters, _TASKS.stand


def roots(around: Surroundings) -> list[Root]:
    """The folder of the database, and those of the tasks."""
    shared = os.path.join(around.home, ".local", "share")
    places = dict.fromkeys((around.named("XDG_DATA_HOME") or shared, shared))
    return [*(Root(os.path.join(place, _FOLDER)) for place in places), *_TASKS.roots(around)]


def claims(path: str) -> bool:
    """The database, or a task's messages."""
    return _is_database(path) or _TASKS.claims(path)


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that changed since they were read."""
    return opencode.read(source) if _is_database(source.path) else _TASKS.read(source)


def _is_database(path: str) -> bool:
    folder, name = os.path.split(path)
    return name == _DATABASE and os.path.basename(folder) == _FOLDER
