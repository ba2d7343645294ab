"""What an import did, for people and as JSON."""

from __future__ import annotations

from cass.connectors.table import agent_row
from cass.render.json_text import dumps
from cass.render.layout import counted
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.indexing.importing import ImportReport

SCHEMA_VERSION = 1
PROBLEMS_SHOWN = 20


def as_json(reports: Sequence[ImportReport]) -> str:
    """All files as one object."""
    return dumps({"schema_version": SCHEMA_VERSION, "files": [_file(report) for report in reports]}) + "\n"


def _file(report: ImportReport) -> dict[str, object]:
    return {
        "path": report.path,
        "agents": report.agents,
        "sessions_added": report.sessions_added,
        "messages_added": report.messages_added,
        "here_already": report.here_already,
        "left_out": report.left_out,
        "problems": [{"path": bad.path, "line": bad.line, "what": bad.what} for bad in report.problems],
        "took_ms": report.took_ms,
    }


def summary(report: ImportReport) -> str:
    """One line a file."""
    whose = ", ".join(row.title if (row := agent_row(name)) else name for name in report.agents)
    new = report.sessions_added or report.messages_added
    added = f"{counted(report.messages_added, 'message')} in {counted(report.sessions_added, 'new session')}"
    rest = [
        f"{counted(report.here_already, 'session')} known from the agents' own files" if report.here_already else "",
        f"{counted(report.left_out, 'session')} left out" if report.left_out else "",
    ]
    said = "; ".join(filter(None, (f"added {added}" if new else "nothing is new", *rest)))
    return f"{visible(report.path)} ({whose}): {said}; took {report.took_ms / 1000:.1f} s.\n"


def problems(report: ImportReport, verbose: int) -> str:
    """What could not be read: how much, and with -v what."""
    if not report.problems:
        return ""
    count = counted(len(report.problems), "problem")
    if not verbose:
        return f"{count} in {visible(report.path)} (the rest was read): -v lists them\n"
    shown = report.problems if verbose > 1 else report.problems[:PROBLEMS_SHOWN]
    return f"{count} in {visible(report.path)}:\n" + "".join(f"  {visible(bad.what)}\n" for bad in shown)
