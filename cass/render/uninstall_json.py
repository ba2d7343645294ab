"""What `cass uninstall` removed, or would remove, as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.daemon.traces import Mention, Trace
    from cass.daemon.uninstall import Removal

SCHEMA_VERSION = 1


def answer(
    removal: Removal, stays: Sequence[Trace], mentions: Sequence[Mention], program: Sequence[str], done: bool
) -> str:
    """One object; `removed` is what would be removed where it was not `done`."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "done": done,
        "stopped": removal.stopped,
        "removed": [_trace(trace) for trace in removal.removed],
        "kept": [_trace(trace) for trace in stays],
        "mentions": [{"path": each.path, "line": each.line, "text": each.text} for each in mentions],
        "program": list(program),
    }
    return dumps(said) + "\n"


def _trace(trace: Trace) -> dict[str, object]:
    return {"path": trace.path, "kind": trace.kind, "bytes": trace.bytes}
