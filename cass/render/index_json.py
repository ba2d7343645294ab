"""What an index run did, as JSON."""

from __future__ import annotations

from cass.render.index_text import disk_bytes, seconds
from cass.render.json_text import dumps
from cass.store.counts import AgentCount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.daemon.watching import Batch
    from cass.indexing.run import AgentTally, IndexReport

SCHEMA_VERSION = 1
BATCH = ("took_ms", "files", "messages", "agents", "behind_files", "notes")


def answer(report: IndexReport, counts: Mapping[str, AgentCount], left_out: int, before: int) -> str:
    """The whole report as one object; `counts` are those of the archive now.

    Sessions are `left_out`; `before` are stored although they would be left out today.
    """
    return _line(
        {
            "took_ms": report.took_ms,
            "complete": report.complete,
            "agents": {name: _agent(tally, counts.get(name, AgentCount())) for name, tally in report.agents.items()},
            "sessions": sum(count.sessions for count in counts.values()),
            "messages": sum(count.messages for count in counts.values()),
            "problems": [{"path": bad.path, "line": bad.line, "what": bad.what} for bad in report.problems],
            "left_out": {"sessions": left_out, "stored_before": before},
            "lexical": {"documents": report.documents, "rebuilt": report.rebuilt},
        }
    )


def _agent(tally: AgentTally, count: AgentCount) -> dict[str, object]:
    return {
        "files": {"seen": tally.seen, "read": tally.read, "unchanged": tally.unchanged, "failed": tally.failed},
        "sessions": count.sessions,
        "messages": count.messages,
        "bytes_read": tally.bytes_read,
    }


def batch(read: Batch) -> str:
    """What was read at once while watching, as a line."""
    return _line({name: getattr(read, name) for name in BATCH} | {"at": read.at_ms})


def estimate(files: int, size: int, new: int) -> str:
    """What a run would read and take."""
    said = {"dry_run": True, "files": files, "bytes": size, "seconds": seconds(size), "disk_bytes": disk_bytes(new)}
    return _line(said)


def _line(said: Mapping[str, object]) -> str:
    return dumps({"schema_version": SCHEMA_VERSION, **said}) + "\n"
