"""What `cass` alone says: three to six lines where they fit, one of them the next command."""

from __future__ import annotations

from cass.render.index_text import disk_bytes, seconds
from cass.render.layout import counted, duration, size
from cass.render.narrow import fold
from cass.render.status_text import fresh, next_step
from cass.render.terminal import BOLD, DIM, visible
from cass.status.facts import Advice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.render.terminal import Style
    from cass.status.facts import Status


def empty(files: int, bytes_to_read: int, look: Style) -> str:
    """For a machine where nothing is indexed yet: what there is to read."""
    lines = _folded("cass finds anything that you and your coding agents said on this machine.", look)
    if files:
        took = f"about {duration(seconds(bytes_to_read))}, {size(disk_bytes(bytes_to_read))} on disk"
        to_read = f"Nothing is indexed yet. To read: {counted(files, 'file')}, {size(bytes_to_read)} ({took})."
        lines += _folded(to_read, look)
        lines += next_step(Advice("cass index", "it stays on this machine"), look)
    else:
        lines += _folded("No sessions were found: no agent that cass knows has been used here.", look)
        lines += next_step(Advice("cass demo", "see it work on invented sessions"), look)
    return "".join(line + "\n" for line in lines)


def filled(status: Status, look: Style, now_ms: int) -> str:
    """What there is, how fresh it is, and one command."""
    held = counted(status.database.messages, "message")
    sessions = f" in {counted(status.database.sessions, 'session')} of "
    counts = {name: count.sessions for name, count in status.sources.items()}
    agents = agents_shown(counts, look.width - len(held) - len(sessions))
    lines = _folded(f"{held}{sessions}{visible(agents)}", look)
    lines[0] = lines[0].replace(held, look.paint(held, BOLD), 1)
    lines += [look.paint(row, DIM) for row in _folded(fresh(status, now_ms), look)]
    if not status.healthy:
        lines = [row for problem in status.problems for row in _folded(visible(problem.what), look)]
        lines += next_step(status.recommended[0], look)
    else:
        lines += next_step(Advice("cass search WORDS", "find something"), look)
    lines.append(f"also: {look.paint('cass --help', BOLD)}  {look.paint('(everything else)', DIM)}")
    return "".join(line + "\n" for line in lines)


def _folded(text: str, look: Style) -> list[str]:
    return fold(text, look.width) if look.terminal and not look.plain else [text]


def agents_shown(sessions: Mapping[str, int], width: int) -> str:
    """Those with most sessions, as many as fit into `width` columns, and how many there are beside them."""
    names = sorted([name for name, count in sessions.items() if count], key=lambda name: -sessions[name])
    for shown in range(len(names), 1, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        if len(line := ", ".join(names[:shown]) + more) <= width:
            return line
    return counted(len(names), "agent") if len(names) > 1 else "".join(names)
