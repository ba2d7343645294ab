"""What was put back, for people."""

from __future__ import annotations

from cass.render.layout import date, size
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.indexing.restore import RestoredFile


def summary(files: Sequence[RestoredFile], resume: Sequence[str]) -> str:
    """A line a file, then the agent's own command."""
    lines = [visible(_line(file)) for file in files]
    if resume:
        lines.append(f"Go on with it: {visible(' '.join(resume))}")
    return "".join(line + "\n" for line in lines)


def _line(file: RestoredFile) -> str:
    if file.state == "restored":
        old = "" if file.complete else f", as it was on {date(file.taken_ms)}: what came later is not in it"
        return f"Restored {file.path} ({size(file.bytes)}{old})"
    return f"Still there: {file.path}" if file.state == "present" else f"Not kept: {file.path}"
