"""The state of the archive as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.status.facts import Status

SCHEMA_VERSION = 1


def answer(status: Status) -> str:
    """Everything as one object."""
    database, lexical = status.database, status.lexical
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "version": status.version,
            "state": status.state,
            "healthy": status.healthy,
            "data_dir": status.data_dir,
            "database": {
                "path": database.path,
                "bytes": database.bytes,
                "sessions": database.sessions,
                "messages": database.messages,
            },
            "lexical": {
                "documents": lexical.documents,
                "bytes": lexical.bytes,
                "behind_messages": lexical.behind_messages,
                "schema": lexical.schema,
            },
            "index": {"behind_files": status.behind_files, "last_indexed_at": status.indexed_ms},
            "sources": {
                name: {
                    "files": count.files,
                    "sessions": count.sessions,
                    "messages": count.messages,
                    "problems": count.problems,
                }
                for name, count in status.sources.items()
            },
            "problems": [{"what": problem.what, "where": problem.where} for problem in status.problems],
            "recommended": [{"command": advice.command, "why": advice.why} for advice in status.recommended],
        }
    )
