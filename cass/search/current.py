"""The session that the caller is in, which `--exclude-session current` leaves out.

An agent that searches would otherwise find what it was just told.  Most agents name their session in a variable of
what they run; where none does, it is the one in this folder to which something was added last.
"""

from __future__ import annotations

import os

from cass.errors import NotFound
from cass.search.filters import find_session
from cass.store import family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    Named = Sequence[tuple[str, str]]

SAID = "CASS_SESSION_ID"
# What agents set for what they run, as of 2026: Claude Code (2.1.132), Codex, Copilot CLI, Amp, Hermes, Goose.
VARIABLES = (
    "CLAUDE_CODE_SESSION_ID",
    "CODEX_THREAD_ID",
    "COPILOT_AGENT_SESSION_ID",
    "AMP_CURRENT_THREAD_ID",
    "HERMES_SESSION_ID",
    "AGENT_SESSION_ID",
)
# An agent writes down its call of cass before it makes it; who said nothing for so long is in the middle of no call.
LATELY_MS = 5 * 60_000


def named_sessions(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(variable, id) of every session that the surroundings name.

    An agent that runs another agent is in the middle of a session, too.  CASS_SESSION_ID is stronger than all of them.
    """
    wanted = (SAID,) if env.get(SAID) else VARIABLES
    return tuple([(name, env[name]) for name in wanted if env.get(name)])


def current_sessions(connection: Connection, named: Named, cwd: str, now_ms: int, notes: list[str]) -> list[int]:
    """Row ids of the caller's session and of what belongs to it; `notes` get what was taken, or that none was found."""
    if named:
        return [row for variable, told in named for row in _told(connection, variable, told, notes)]
    recent = family.changed_since(connection, folders_of(cwd), now_ms - LATELY_MS)
    if not recent:
        notes.append(f"which session is the current one is not known here: {SAID} can name it")
        return []
    row, sid, agent, ended_ms = recent[0]
    ago_s = max(0, now_ms - ended_ms) // 1000
    of = f", the newest of {len(recent)}" if len(recent) > 1 else ""
    notes.append(f"taken for the current session: {sid[:8]} of {agent}, changed in this folder {ago_s} s ago{of}")
    return family.whole_family(connection, row)


def _told(connection: Connection, variable: str, told: str, notes: list[str]) -> list[int]:
    try:
        row, sid = find_session(connection, told)
    except NotFound:
        notes.append(f"the current session ({variable}) is not in the archive: there is nothing to leave out")
        return []
    notes.append(f"left out as the current session: {sid[:8]} ({variable})")
    return family.whole_family(connection, row)


def folders_of(cwd: str) -> list[str]:
    """The folders that an agent at work here may have been started in: this one, and those above it in its repository.

    Outside a repository only this one: a session in the home folder is not about all below it.
    """
    found = [cwd]
    while not os.path.exists(os.path.join(found[-1], ".git")):
        above = os.path.dirname(found[-1])
        if above == found[-1]:
            return [cwd]
        found.append(above)
    return found
