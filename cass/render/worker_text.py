"""The worker for people: what it does now, and its log."""

from __future__ import annotations

from cass.render.layout import DAY_MS, ago, counted, cut, date, duration, number, size, wrap
from cass.render.terminal import BOLD, DIM, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.daemon.heard import Heard
    from cass.policy import SemanticCapabilityReport
    from cass.render.terminal import Style
    from cass.status.worker import LastChunk, WorkerFacts
    from cass.store.events import ChunkDone, Event

    Row = tuple[str, str]

WORDS = {"running": "working", "resting": "resting", "stopped": "not running"}
NOTHING = "Nothing has happened yet.\n"
# What stands in front of the second and third line of a chunk.
INDENT = " " * 18
# Where the screen is narrower, texts stand below their names.
NARROW = 60


def doing(worker: WorkerFacts, now_ms: int) -> str:
    """One line: resting: you were here 3 s ago (terminal); looks again in 27 s."""
    said = f"{WORDS[worker.state]}: {worker.reason}"
    if worker.next_look_ms is None or worker.state != "resting":
        return said
    left_s = (worker.next_look_ms - now_ms) / 1000
    return f"{said}; looks again in {duration(left_s)}" if left_s > 0 else said


def page(
    worker: WorkerFacts,
    meaning: SemanticCapabilityReport | None,
    paused: str | None,
    look: Style,
    now_ms: int,
    answering: str | None = None,
) -> str:
    """What it does, what is owed, what it did last."""
    rows = [("worker", doing(worker, now_ms))]
    rows += [("pause", paused)] if paused else []
    if worker.pid is not None:
        since = f", {WORDS[worker.state]} since {date(worker.since_ms, '%H:%M:%S')}" if worker.since_ms else ""
        rows.append(("process", f"{worker.pid}{since}"))
    rows += [("answers", answering)] if answering else []
    rows += _owed(meaning) if meaning is not None else []
    if worker.last_chunk is not None:
        rows += _last(worker.last_chunk, now_ms)
    return "".join([line + "\n" for name, value in rows for line in _row(name, visible(value), look)])


def answering(heard: Heard | None) -> str | None:
    """What it has done for other processes; None without a worker."""
    if heard is None:
        return None
    if heard.why_not is not None:
        return f"nobody: {heard.why_not}"
    since = f" since {date(heard.since_ms, '%H:%M:%S')}" if heard.since_ms else ""
    return f"other processes: {counted(heard.commands, 'search', 'searches')} and {counted(heard.texts, 'text')}{since}"


def _row(name: str, value: str, look: Style) -> list[str]:
    if look.plain:
        return [f"{name}: {value}"]
    room = max(24, look.width - 9)
    lines = [value[start:end] for start, end in wrap(value, room)] or [""]
    return [f"{look.paint(f'{name:<8}', DIM)} {lines[0]}", *[" " * 9 + line for line in lines[1:]]]


def _owed(report: SemanticCapabilityReport) -> list[Row]:
    backlog, tiers = report.backlog, []
    if backlog.fast:
        tiers.append(f"{counted(backlog.fast, 'text')} of the fast tier ({_done(report.fast_tier)})")
    if backlog.quality:
        tiers.append(f"{counted(backlog.quality, 'text')} of the quality tier ({_done(report.quality_tier)})")
    left = [f"{duration(backlog.eta_s)} of work"] if backlog.eta_s else []
    rows = [("owed", "; ".join([*tiers, *left]) or "nothing")]
    return [*rows, ("given up", f"{counted(backlog.dead, 'text')}; cass worker retry-dead")] if backlog.dead else rows


def _done(tier: SemanticCapabilityReport.Tier) -> str:
    return "until then the vectors of an earlier model serve" if tier.is_earlier else f"{tier.coverage:.0%} done"


def _last(chunk: LastChunk, now_ms: int) -> list[Row]:
    done = chunk.done
    rows = [("last", f"{ago(chunk.at_ms, now_ms)}: {_made(done)}"), ("took", _took(done)), ("ran", done.because)]
    return [*rows, ("ended", _ended(done))]


def _made(done: ChunkDone) -> str:
    failed = f", {number(done.failed)} failed" if done.failed else ""
    return f"{counted(done.texts, 'text')} of the {done.tier} tier{failed}"


def _took(done: ChunkDone) -> str:
    pace = _pace(done.texts_per_s)
    return f"{done.seconds:.1f} s, {done.cpu_s:.1f} CPU s, {pace} texts/s, {size(done.rss_bytes)} of memory"


def _pace(texts_per_s: float) -> str:
    """A machine that is busy with other things makes less than one."""
    return number(round(texts_per_s)) if texts_per_s >= 10 else f"{texts_per_s:.1f}"


def _ended(done: ChunkDone) -> str:
    return done.stopped or "nothing was owed any more"


def log(events: Sequence[tuple[Event, ChunkDone | None]], look: Style) -> str:
    """Events, oldest first: a line each; a chunk has three, what, why it ran, why it ended."""
    if not events:
        return NOTHING
    lines = [line for event, done in events for line in (_plain if look.plain else _lines)(event, done, look)]
    return "".join([line + "\n" for line in lines])


def _plain(event: Event, done: ChunkDone | None, look: Style) -> list[str]:
    when = date(event.at_ms, "%Y-%m-%d %H:%M:%S")
    if done is None:
        return [visible(f"{when} {event.kind}{f': {event.what}' if event.what else ''}")]
    said = f"{_made(done)}, {_took(done)}. Ran: {done.because}. Ended: {_ended(done)}"
    return [visible(f"{when} {event.kind}: {said}")]


def _lines(event: Event, done: ChunkDone | None, look: Style) -> list[str]:
    when = look.paint(date(event.at_ms), DIM)
    if done is None:
        return _sentence(f"{when}  ", event.kind, event.what, look)
    spent = f"{done.seconds:.1f} s, {done.cpu_s:.1f} CPU s, {size(done.rss_bytes)}"
    said = f"{counted(done.texts, 'text')}, {_pace(done.texts_per_s)}/s, {spent}"
    lines = _sentence(f"{when}  ", done.tier, said, look)
    lines += _detail("ran", done.because, look) if done.because else []
    failed = f"; {counted(done.failed, 'text')} failed" if done.failed else ""
    return [*lines, *_detail("ended", _ended(done) + failed, look)]


def _sentence(head: str, name: str, text: str, look: Style) -> list[str]:
    """The name in bold, and a text that goes on below itself."""
    first = f"{head}{look.paint(f'{cut(name, 9):<9}', BOLD)}"
    rows = _rows(visible(text), look)
    if look.width < NARROW:
        return [first.rstrip(), *[f"    {row}" for row in rows if row]]
    return [f"{first} {rows[0]}".rstrip(), *[" " * 28 + row for row in rows[1:]]]


def _detail(name: str, text: str, look: Style) -> list[str]:
    rows = _rows(visible(text), look)
    if look.width < NARROW:
        return [f"    {look.paint(name, DIM)}", *[f"      {row}" for row in rows]]
    return [f"{INDENT}{look.paint(f'{name:<9}', DIM)} {rows[0]}", *[" " * 28 + row for row in rows[1:]]]


def _rows(text: str, look: Style) -> list[str]:
    room = look.width - 6 if look.width < NARROW else look.width - 28
    return [text[start:end] for start, end in wrap(text, room)] or [""]


def done(said: str, worker: WorkerFacts, now_ms: int, look: Style) -> str:
    """What an action did, and what the worker does now."""
    text = visible(f"{said} The worker is {doing(worker, now_ms)}.")
    lines = [text[start:end] for start, end in wrap(text, look.width)] if look.terminal and not look.plain else [text]
    return "".join([line + "\n" for line in lines])


def pause(until_ms: int | None, now_ms: int) -> str:
    """Until when it holds."""
    if until_ms is None:
        return "Paused until you take it back: cass worker unpause."
    clock = "%H:%M" if until_ms - now_ms < DAY_MS else "%Y-%m-%d %H:%M"
    return f"Paused until {date(until_ms, clock)}; before that: cass worker unpause."


def retried(count: int) -> str:
    if not count:
        return "No text was given up."
    return f"{counted(count, 'text')} will be tried again."
