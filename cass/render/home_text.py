"""What `cass` alone says: three to six lines, the last of them a command."""

from __future__ import annotations

from cass.render.index_text import disk_bytes, seconds
from cass.render.layout import counted, duration, size
from cass.render.status_text import fresh, next_step
from cass.render.terminal import BOLD, DIM, visible
from cass.status.facts import Advice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.render.terminal import Style
    from cass.status.facts import Status

HELP = Advice("cass --help", "everything else")


def empty(files: int, bytes_to_read: int, look: Style) -> str:
    """For a machine where nothing is indexed yet: what there is to read."""
    lines = ["cass finds anything that you and your coding agents said on this machine."]
    if files:
        took = f"about {duration(seconds(bytes_to_read))}, {size(disk_bytes(bytes_to_read))} on disk"
        lines.append(f"Nothing is indexed yet. To read: {counted(files, 'file')}, {size(bytes_to_read)} ({took}).")
        lines += next_step(Advice("cass index", "it stays on this machine"), look)
    else:
        lines.append("No sessions were found: no agent that cass knows has been used here.")
        lines += next_step(Advice("cass demo", "see it work on invented sessions"), look)
    return "".join(line + "\n" for line in lines)


def filled(status: Status, look: Style, now_ms: int) -> str:
    """What there is, how fresh it is, and one command."""
    held = counted(status.database.messages, "message")
    sessions = f" in {counted(status.database.sessions, 'session')} of "
    counts = {name: count.sessions for name, count in status.sources.items()}
    agents = agents_shown(counts, look.width - len(held) - len(sessions))
    lines = [f"{look.paint(held, BOLD)}{sessions}{visible(agents)}", look.paint(fresh(status, now_ms), DIM)]
    if not status.healthy:
        lines = [visible(problem.what) for problem in status.problems]
        lines += next_step(status.recommended[0], look)
    else:
        lines += next_step(Advice("cass search WORDS", "find something"), look)
    return "".join(line + "\n" for line in (*lines, *next_step(HELP, look)))


def agents_shown(sessions: Mapping[str, int], width: int) -> str:
    """Those with most sessions, as many as fit into `width` columns, and how many there are beside them."""
    names = sorted([name for name, count in sessions.items() if count], key=lambda name: -sessions[name])
    for shown in range(len(names), 1, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        if len(line := ", ".join(names[:shown]) + more) <= width:
            return line
    return counted(len(names), "agent") if len(names) > 1 else "".join(names)
