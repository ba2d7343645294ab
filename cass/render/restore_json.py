"""What was put back, as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.indexing.restore import RestoredFile

SCHEMA_VERSION = 1


def answer(sid: str, files: Sequence[RestoredFile], resume: Sequence[str]) -> str:
    """The files, the session's own first."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "session_id": sid,
        "files": [
            {
                "path": file.path,
                "state": file.state,
                "bytes": file.bytes,
                "complete": file.complete,
                "taken_at": file.taken_ms,
            }
            for file in files
        ],
        "resume": list(resume),
    }
    return dumps(said) + "\n"
