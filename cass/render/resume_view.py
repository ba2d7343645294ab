"""How to go on with a session: as JSON, as a line for the shell, and what there is to say about it."""

from __future__ import annotations

from cass.render.json_text import dumps
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.store.catalog import StoredSession

SCHEMA_VERSION = 1


def answer(session: StoredSession, argv: Sequence[str], part: str | None, state: str, folder_exists: bool) -> str:
    """The argument list, and where it has to run."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "session_id": session.sid,
        "part_session_id": part,
        "external_id": session.external_id,
        "agent": session.agent,
        "workspace": session.workspace,
        "workspace_exists": folder_exists,
        "source_path": session.path,
        "source_state": state,
        "resume": list(argv),
    }
    return dumps(said) + "\n"


def shell_line(argv: Sequence[str], folder: str | None, system: str) -> str:
    """What one pastes into a shell; `folder` is entered first, `system` is as in os.name."""
    if system == "nt":
        from subprocess import list2cmdline

        enter = f"cd /d {list2cmdline([folder])} && " if folder else ""
        return enter + list2cmdline(argv)
    import shlex

    enter = f"cd {shlex.quote(folder)} && " if folder else ""
    return enter + shlex.join(argv)


def notes(session: StoredSession, part: str | None, state: str, missing_folder: str | None) -> str:
    """What a person should know before they run it; a line each."""
    lines = []
    if part:
        lines.append("that is a subagent's session; this goes on with the one that started it")
    if state != "present":
        where = f" ({session.path})" if session.path else ""
        mend = f"cass restore {session.sid}" if state == "restorable" else f"cass show {session.sid} still reads it"
        lines.append(f"the agent has deleted this session's file{where}, so it will not find it: {mend}")
    if missing_folder:
        lines.append(f"the session's folder is no longer there ({missing_folder})")
    return "".join(f"cass: {visible(line)}\n" for line in lines)
