"""The state of the archive for people: a page, a line, and what `cass` alone says."""

from __future__ import annotations

from cass.render.layout import ago, columns, counted, duration, number, size, wrap
from cass.render.narrow import fold, table
from cass.render.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, visible
from cass.semantic.capability import NONE_BUILT, NONE_INDEXED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.policy import SemanticCapabilityReport
    from cass.render.terminal import Style
    from cass.status.facts import Advice, Problem, Status
    from cass.status.kept import Kept
    from cass.status.worker import WorkerFacts
    from cass.store.counts import AgentCount

COLORS = {"empty": CYAN, "ok": GREEN, "degraded": YELLOW, "broken": RED}
MEANINGS = {
    "empty": "nothing is indexed yet",
    "ok": "everything works",
    "degraded": "it works, but not as well as it should",
    "broken": "the archive cannot be read",
}
NOTHING_FOUND = "no sessions were found"
# A screen of 24 lines holds the page, with the prompt below it.
LINES = 23
# Kept for what is wrong and how it is mended, where something is.
LINES_TO_MEND = 8
# What a narrow screen does without, first to go first.
SPARED = ("kept", "vectors", "worker", "meaning")
HEADS = ("agent", "files", "sessions", "messages", "problems")


def brief(status: Status, now_ms: int) -> str:
    """One line."""
    # Where a setting stands is what one needs to mend it; of all else the command says where.
    told = [_said(problem) if problem.key is not None else problem.what for problem in status.problems]
    what = "; ".join(told) or _holds(status)
    when = f", indexed {ago(status.indexed_ms, now_ms)}" if status.indexed_ms is not None else ""
    advice = f"; {status.recommended[0].command}" if status.recommended and status.problems else ""
    return f"{status.state}: {visible(what)}{when}{advice}\n"


def page(status: Status, look: Style, now_ms: int, whole: bool = False) -> str:
    """The whole page: 24 lines hold it, as far as one problem and one command do.

    `whole`: every agent, problem and command, on however many lines; so it is with one fact a line.
    """
    title = f"cass {status.version}: {look.paint(status.state, f'{BOLD};{COLORS[status.state]}')}"
    head = [f"{title}, {_meaning_of(status)}", ""]
    problems = [_problem(problem, look) for problem in status.problems]
    steps = [next_step(advice, look) for advice in status.recommended]
    if whole or look.plain:
        parts = [_agents(status, look), *(_behind_blank(_joined(each)) for each in (problems, steps))]
        lines = [*head, *_lines(_rows(status, now_ms), look), *_joined(parts)]
    else:
        lines = head + _lines(_spared(_rows(status, now_ms), look, bool(problems or steps)), look)
        lines += _fitted(status, look, problems, steps, LINES - _height(lines, look))
    return "".join(line + "\n" for line in lines)


def _fitted(status: Status, look: Style, problems: list[list[str]], steps: list[list[str]], room: int) -> list[str]:
    """Agents, problems and commands in `room` lines: commands come first, then problems, then agents."""
    todo = _behind_blank(_some(steps, (room if not problems else room // 2) - 1, look))
    room -= _height(todo, look)
    wrong = _behind_blank(_some(problems, room - 1, look))
    return _agents(status, look, room - _height(wrong, look)) + wrong + todo


def _some(parts: list[list[str]], room: int, look: Style) -> list[str]:
    """As many of `parts` as fit in `room` lines, the first of them in any case, and how many there are beside them."""
    for count in range(len(parts), 0, -1):
        left = len(parts) - count
        more = fold(f"and {number(left)} more: cass status --verbose", look.width) if left else []
        lines = _joined(parts[:count]) + more
        if count == 1 or _height(lines, look) <= room:
            return lines
    return []


def _joined(parts: list[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


def _behind_blank(lines: list[str]) -> list[str]:
    return ["", *lines] if lines else []


def _height(lines: list[str], look: Style) -> int:
    """How many lines of the screen they take: a path or a command that is too long goes on in the next one."""
    return sum(max(1, -(-columns(_unpainted(line)) // look.width)) for line in lines)


def _unpainted(line: str) -> str:
    first, *rest = line.split("\x1b[")
    return first + "".join(part.partition("m")[2] for part in rest)


def _meaning_of(status: Status) -> str:
    """Nobody is told that everything works above a list of problems."""
    if status.state == "ok" and status.problems:
        return f"search works; {counted(len(status.problems), 'thing')} to mend"
    if status.state == "ok" and (beside := _wrong_beside(status.semantic)):
        return f"search works by words; {beside}"
    return NOTHING_FOUND if status.state == "empty" and status.indexed_ms is not None else MEANINGS[status.state]


def _wrong_beside(report: SemanticCapabilityReport | None) -> str:
    """What is wrong with search by meaning; "" where nothing is, or it has not begun."""
    if report is None or not report.mode.should_build_semantic:
        return ""
    if report.reason and not report.reason.startswith((NONE_BUILT, NONE_INDEXED)):
        return "by meaning something is to mend"
    return "its vectors and models are over their budget" if _is_over(report) else ""


def _is_over(report: SemanticCapabilityReport) -> bool:
    return report.usage_bytes.total > report.budget_bytes


def _rows(status: Status, now_ms: int) -> list[tuple[str, str]]:
    rows = [("data", visible(status.data_dir))]
    if not status.database.messages:
        return rows
    return [
        ("archive", f"{_holds(status)}, {size(status.database.bytes)}"),
        ("index", _index(status)),
        ("fresh", fresh(status, now_ms)),
        *_meaning(status),
        *_worker(status.worker, now_ms),
        *_kept(status.kept),
        *rows,
    ]


def _spared(rows: list[tuple[str, str]], look: Style, is_wrong: bool) -> list[tuple[str, str]]:
    """The rows that leave room for what needs mending; all of them on a screen of usual width."""
    for name in SPARED:
        if not is_wrong or 2 + _height(_lines(rows, look), look) <= LINES - LINES_TO_MEND:
            break
        rows = [row for row in rows if row[0] != name]
    return rows


def _lines(rows: list[tuple[str, str]], look: Style) -> list[str]:
    if look.plain:
        return [f"{name}: {value}" for name, value in rows]
    return [line for name, value in rows for line in _row(name, value, look)]


def _row(name: str, value: str, look: Style) -> list[str]:
    """A path stays whole, so that it can be copied."""
    if name == "data" and columns(value) > look.width - 9:
        return [look.paint(name, DIM), f"  {value}"]
    first, *more = fold(f"{name:<8} {value}", look.width, " " * 9) if name != "data" else [f"{name:<8} {value}"]
    return [look.paint(first[:8], DIM) + first[8:], *more]


def _meaning(status: Status) -> list[tuple[str, str]]:
    """What search by meaning has, and its part of the budget."""
    report = status.semantic
    if report is None:
        return []
    said = f"{report.reason}; next: {report.next_step}" if report.reason else f"{report.label}, {report.summary}"
    rows = [("meaning", visible(said))]
    tiers = [("fast", report.fast_tier), ("quality", report.quality_tier)]
    built = [_built(name, tier) for name, tier in tiers if tier.documents]
    used = f"{size(round(report.usage_bytes.total))} of {size(report.budget_bytes)}"
    over = ["which is too much; next: cass backfill"] if _is_over(report) else []
    said = ", ".join([*built, used, *over, *_left(report.backlog)])
    return [*rows, ("vectors", said)] if built or report.usage_bytes.total else rows


def _built(name: str, tier: SemanticCapabilityReport.Tier) -> str:
    share = f"{name} {tier.coverage:.0%}"
    return f"{share} (some of an earlier model, to be made anew)" if tier.is_earlier else share


def _left(backlog: SemanticCapabilityReport.Backlog) -> list[str]:
    """How long it would take to make what is owed, and what was given up."""
    left = [f"{duration(backlog.eta_s)} of work left"] if backlog.eta_s else []
    return [*left, f"{counted(backlog.dead, 'text')} given up"] if backlog.dead else left


def _worker(worker: WorkerFacts | None, now_ms: int) -> list[tuple[str, str]]:
    if worker is None:
        return []
    from cass.render.worker_text import doing

    return [("worker", visible(doing(worker, now_ms)))]


def _kept(kept: Kept | None) -> list[tuple[str, str]]:
    """What exists nowhere else, and the room that its files take."""
    if kept is None:
        return []
    from cass.status.kept import told

    said = [part for part in (told(kept), kept.bytes and f"{size(kept.bytes)} of {size(kept.budget_bytes)}") if part]
    return [("kept", "; ".join(said))] if said else []


def _holds(status: Status) -> str:
    return f"{counted(status.database.messages, 'message')} in {counted(status.database.sessions, 'session')}"


def _index(status: Status) -> str:
    lexical = status.lexical
    if lexical.documents is None:
        return "none" if not lexical.bytes else f"cannot be used, {size(lexical.bytes)}"
    behind = f"{counted(lexical.behind_messages, 'message')} behind" if lexical.behind_messages else "in step"
    return f"{counted(lexical.documents, 'document')}, {size(lexical.bytes)}, {behind}"


def fresh(status: Status, now_ms: int) -> str:
    """When it was last indexed, and what has changed since."""
    if status.indexed_ms is None:
        return "never indexed"
    indexed = f"indexed {ago(status.indexed_ms, now_ms)}"
    older = f"; {counted(status.outdated_files, 'file')} read by an older version" if status.outdated_files else ""
    if not status.behind_files:
        return indexed + ("" if status.saw_all_files else "; the newest files have not changed since") + older
    changed = counted(status.behind_files, "file or folder", "files or folders")
    return f"{indexed}; {'' if status.saw_all_files else 'at least '}{changed} changed since{older}"


def _agents(status: Status, look: Style, room: int | None = None) -> list[str]:
    """A line of each, behind an empty one; where `room` is not enough, of those with problems or most messages."""
    counts = {name: count for name, count in status.sources.items() if count.files or count.sessions}
    ranked = sorted(counts, key=lambda name: (not counts[name].problems, -counts[name].messages))
    for shown in range(len(ranked), 0, -1):
        lines = ["", *_agent_rows({name: counts[name] for name in counts if name in ranked[:shown]}, look)]
        if shown < len(ranked):
            lines += fold(f"and {counted(len(ranked) - shown, 'agent')} more: cass sources", look.width)
        if room is None or _height(lines, look) <= room:
            return lines
    few = ["", *fold(f"{counted(len(ranked), 'agent')}: cass sources", look.width)]
    return few if ranked and room is not None and _height(few, look) <= room else []


def _agent_rows(counts: Mapping[str, AgentCount], look: Style) -> list[str]:
    rows = [
        (visible(name), (count.files, count.sessions, count.messages, count.problems)) for name, count in counts.items()
    ]
    if look.plain:
        return [_plain_row(name, numbers) for name, numbers in rows]
    return table(HEADS, [(name, *map(number, numbers)) for name, numbers in rows], look, right=range(1, len(HEADS)))


def _plain_row(name: str, numbers: Sequence[int]) -> str:
    return f"{name}: " + ", ".join(counted(count, head[:-1]) for count, head in zip(numbers, HEADS[1:], strict=True))


def _said(problem: Problem) -> str:
    return f"{problem.what} ({problem.where})" if problem.where else problem.what


def _problem(problem: Problem, look: Style) -> list[str]:
    said = f"problem: {_said(problem)}"
    text = visible(f"{said}; accepted: {problem.accepted}" if problem.accepted else said)
    return [look.paint(text[start:end], YELLOW) for start, end in wrap(text, look.width)]


def next_step(advice: Advice, look: Style) -> list[str]:
    """A command on a line of its own, so that it can be copied whole, behind why one would."""
    why = f"next: {advice.command}  ({advice.why})"
    if len(why) <= look.width:
        return [f"next: {look.paint(visible(advice.command), BOLD)}  {look.paint(f'({advice.why})', DIM)}"]
    return [f"next ({advice.why}):", f"  {look.paint(visible(advice.command), BOLD)}"]
