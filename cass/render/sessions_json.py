"""Sessions as JSON."""

from __future__ import annotations

from cass.connectors.table import agent_row
from cass.render.json_text import dumps
from cass.store.hits import SOURCE_STATES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.store.catalog import StoredSession

SCHEMA_VERSION = 1


def answer(listed: Sequence[StoredSession], total: int, notes: Sequence[str]) -> str:
    """The list as one object; `total` is without the limit."""
    sessions = [session_object(session) for session in listed]
    counts = {"count": len(listed), "total": total}
    return dumps({"schema_version": SCHEMA_VERSION, "sessions": sessions, **counts, "notes": list(notes)})


def session_object(session: StoredSession) -> dict[str, object]:
    """A session, its names as in the hits of a search."""
    row = agent_row(session.agent)
    return {
        "session_id": session.sid,
        "parent_session_id": session.parent,
        "external_id": session.external_id,
        "agent": session.agent,
        "title": session.title,
        "workspace": session.workspace,
        "git_branch": session.branch,
        "model": session.model,
        "started_at": session.started_ms,
        "ended_at": session.ended_ms,
        "messages": session.messages,
        "source_path": session.path,
        "source_state": SOURCE_STATES[session.file_gone or 0],
        "resume": [part.replace("{id}", session.external_id) for part in row.resume] if row else [],
    }
