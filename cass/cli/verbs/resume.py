"""`cass resume`: the agent's own command that goes on with a session, printed or run."""

from __future__ import annotations

import os
import sys

from cass.connectors.table import agent_row
from cass.errors import NotFound, SystemRefused, UsageError
from cass.paths import current_folder, places
from cass.records import record
from cass.search.target import find_target
from cass.store import catalog, connect
from cass.store.hits import SOURCE_STATES
from cass.store.named import sessions_like
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from cass.store.catalog import StoredSession


@record
class Way:
    """How to go on: `session` is the one that the agent resumes, `part` the id of the subagent's that was asked for.

    state: of the agent's file · folder: where the command has to run, None if the session names none
    """

    session: StoredSession
    argv: list[str]
    part: str | None
    state: str
    folder: str | None


def run(options: dict[str, Any]) -> int:
    """Print the command, or become it."""
    if options["exec"] and options["json"]:
        raise UsageError("--exec and --json contradict each other", "cass resume", "keep one of them")
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    with SqliteErrors(where.database):
        way = _way(connection, find_target(connection, options["id"], None, current_folder()).session)
    if options["exec"]:
        return _execute(way)
    _print(way, options)
    return 0


def _way(connection: Connection, row: int) -> Way:
    """Raises NotFound for a session that its agent cannot go on with."""
    asked = catalog.session_with(connection, row)
    session = _first_of(connection, asked)
    agent = agent_row(session.agent)
    if agent is None or not agent.resume:
        title = agent.title if agent else session.agent
        raise NotFound(f"{title} has no command that goes on with a session", None, f"read it: cass show {asked.sid}")
    if session.external_id.startswith("-"):
        # A file that somebody planted could otherwise hand the agent an option of its own choice.
        raise NotFound("the agent's id of this session looks like an option", session.external_id, "do not run it")
    argv = [part.replace("{id}", session.external_id) for part in agent.resume]
    part = asked.sid if asked.id != session.id else None
    return Way(session, argv, part, _state(session), session.workspace)


def _first_of(connection: Connection, session: StoredSession) -> StoredSession:
    """The session that this one is a part of, as far up as the archive knows: agents resume no subagents."""
    seen = {session.sid}
    while session.parent is not None and session.parent not in seen:
        above = sessions_like(connection, session.parent, 1)
        if not above:
            break
        session = catalog.session_with(connection, above[0][0])
        seen.add(session.sid)
    return session


def _state(session: StoredSession) -> str:
    """present, gone or restorable; what was deleted since it was read last counts as gone, too."""
    here = session.path is not None and os.path.exists(session.path)
    return "gone" if not session.file_gone and not here else SOURCE_STATES[session.file_gone or 0]


def _print(way: Way, options: dict[str, Any]) -> None:
    from cass.render import resume_view

    exists = way.folder is not None and os.path.isdir(way.folder)
    if options["json"]:
        sys.stdout.write(resume_view.answer(way.session, way.argv, way.part, way.state, exists))
        return
    folder = way.folder if exists and way.folder != current_folder() else None
    line = resume_view.shell_line(way.argv, folder, os.name)
    from cass.render.terminal import visible

    sys.stdout.write((visible(line) if sys.stdout.isatty() else line) + "\n")
    if not options["quiet"]:
        missing = None if exists else way.folder
        sys.stderr.write(resume_view.notes(way.session, way.part, way.state, missing))


def _execute(way: Way) -> int:
    """Run it in the session's folder; where the system can, this process becomes it."""
    import shutil

    program = shutil.which(way.argv[0])
    if way.state != "present":
        sid = way.session.sid
        todo = f"run: cass restore {sid}" if way.state == "restorable" else f"read it: cass show {sid}"
        raise NotFound("the agent has deleted this session's file", way.session.path, todo)
    if program is None:
        raise SystemRefused(f"there is no program {way.argv[0]!r} here", "PATH", "install the agent, or add it to PATH")
    if way.folder is not None:
        _enter(way.folder)
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name != "nt":
        os.execv(program, way.argv)
    import subprocess  # Windows has no exec that a shell waits for

    return subprocess.run([program, *way.argv[1:]], check=False).returncode


def _enter(folder: str) -> None:
    try:
        os.chdir(folder)
    except OSError as lost:
        todo = "make it again, or run what cass resume prints where you want it"
        raise NotFound("the session's folder cannot be entered", folder, todo) from lost
