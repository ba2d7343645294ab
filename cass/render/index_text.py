"""What an index run did, or would do, for people."""

from __future__ import annotations

from cass.render.layout import counted, date, duration, number, size
from cass.render.narrow import table
from cass.render.terminal import BOLD, visible
from cass.store.counts import AgentCount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.daemon.watching import Batch
    from cass.indexing.run import IndexReport
    from cass.render.terminal import Style

# Measured on a 2-core machine over 100 MB of real sessions; older disks are slower, most laptops faster.
SOURCE_BYTES_A_SECOND = 15_000_000
# Database and search index together, for each byte of the agents' files.
DISK_RATIO = 0.45
PROBLEMS_SHOWN = 20
INTERRUPTED = "Stopped. What was read so far is kept and can be searched; `cass index` goes on from there.\n"
HEADS = ("agent", "files", "read", "unchanged", "failed", "sessions", "messages")


def seconds(bytes_to_read: int) -> float:
    """About how long reading takes."""
    return round(bytes_to_read / SOURCE_BYTES_A_SECOND, 1)


def disk_bytes(new_bytes: int) -> int:
    """About how much the archive grows: what is read again is stored already."""
    return int(new_bytes * DISK_RATIO)


def estimate(files: int, bytes_to_read: int, new_bytes: int) -> str:
    """One line: what there is to read, how long it takes, how much room it needs."""
    if not files:
        return "Nothing is new: there is nothing to read.\n"
    room = f" and {size(disk_bytes(new_bytes))} on disk" if new_bytes else ""
    return (
        f"To read: {counted(files, 'file')}, {size(bytes_to_read)}; about {duration(seconds(bytes_to_read))}{room}.\n"
    )


def summary(report: IndexReport, counts: Mapping[str, AgentCount], look: Style) -> str:
    """A row an agent that has anything, and the totals."""
    rows = [_row(name, report, counts) for name in report.agents if _has_anything(name, report, counts)]
    if not rows:
        return "No sessions were found: no agent that cass knows has been used here.\n"
    return (_facts(rows) if look.plain else _table(rows, look)) + _totals(report, counts, look) + "\n"


def _has_anything(name: str, report: IndexReport, counts: Mapping[str, AgentCount]) -> bool:
    return bool(report.agents[name].seen or counts.get(name, AgentCount()).sessions)


def _row(name: str, report: IndexReport, counts: Mapping[str, AgentCount]) -> tuple[str, ...]:
    tally, count = report.agents[name], counts.get(name, AgentCount())
    figures = (tally.seen, tally.read, tally.unchanged, tally.failed, count.sessions, count.messages)
    return (name, *map(number, figures))


def _facts(rows: list[tuple[str, ...]]) -> str:
    named = [(row[0], head, value) for row in rows for head, value in zip(HEADS[1:], row[1:], strict=True)]
    return "".join(f"{agent}: {head}: {value}\n" for agent, head, value in named)


def _table(rows: list[tuple[str, ...]], look: Style) -> str:
    return "\n".join(table(HEADS, rows, look, right=range(1, len(HEADS)))) + "\n\n"


def _totals(report: IndexReport, counts: Mapping[str, AgentCount], look: Style) -> str:
    read = sum(tally.bytes_read for tally in report.agents.values())
    messages = counted(sum(count.messages for count in counts.values()), "message")
    sessions = counted(sum(count.sessions for count in counts.values()), "session")
    took = report.took_ms / 1000
    how = f"read {size(read)} in {took:.1f} s" if read else f"nothing new, looked in {took:.1f} s"
    rebuilt = "; the search index was made again" if report.rebuilt else ""
    rest = "" if report.complete else "; not everything was read: run cass index again"
    return f"{look.paint(messages, BOLD)} in {sessions} ({how}{rebuilt}){rest}"


def watching(how: str, files: int, folders: int) -> str:
    """What is followed, and how it ends."""
    return f"Watching {counted(files, 'file')} in {counted(folders, 'folder')} ({how}); Ctrl-C ends it.\n"


def batch(read: Batch) -> str:
    """A line: when, how much of whom, and what went wrong."""
    of = f" ({', '.join(read.agents)})" if read.agents else ""
    messages, files = counted(read.messages, "message"), counted(read.files, "file")
    said = f"{messages} from {files}{of} in {number(round(read.took_ms))} ms"
    more = f"; {counted(read.behind_files, 'file')} to go on with" if read.behind_files else ""
    notes = "".join([f"; {visible(note)}" for note in read.notes])
    return f"{date(read.at_ms, '%H:%M:%S')}  {said}{more}{notes}\n"


def left_out(sessions: int, before: int) -> str:
    """What is not stored because somebody wished so, and what is although somebody wishes so now."""
    out = f"{counted(sessions, 'session')} left out" if sessions else ""
    kept = f"{counted(before, 'session')} stored before that, and kept" if before else ""
    said = ", ".join(filter(None, (out, kept)))
    return f"{said}: cass sources says more\n" if said else ""


def problems(report: IndexReport, verbose: int) -> str:
    """How many things could not be read; with -v which ones, at most the first twenty."""
    found = report.problems
    if not found:
        return ""
    count = counted(len(found), "problem")
    if not verbose:
        return f"{count} in the agents' files (the rest was read): cass index --full -v lists them\n"
    shown = found if verbose > 1 else found[:PROBLEMS_SHOWN]
    lines = [f"{bad.path}{f':{bad.line}' if bad.line else ''}: {bad.what}" for bad in shown]
    if len(found) > len(shown):
        lines.append(f"and {counted(len(found) - len(shown), 'more problem')}: -vv lists them all")
    return f"{count} in the agents' files:\n" + "".join(f"  {visible(line)}\n" for line in lines)
