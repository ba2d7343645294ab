"""What was forgotten, or would be, as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.store.forgetting import Leaving

SCHEMA_VERSION = 1


def answer(leaving: Leaving, done: bool, left: str | None) -> str:
    """The figures as one object; `left` says why something is finished by the next command."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "forgotten": done,
        "finished": done and left is None,
        "reason": left,
        "messages": leaving.messages,
        "copies": leaving.copies,
        "sessions": leaving.sessions,
        "parts_of": leaving.parts,
        "text_bytes": leaving.text_bytes,
        "first_at": leaving.first_ms,
        "last_at": leaving.last_ms,
        "agent_files": leaving.files,
    }
    return dumps(said) + "\n"
