"""A pack as Markdown: by session, each excerpt under its citation, in a fence that its text cannot close."""

from __future__ import annotations

from cass.render.layout import counted, date, number
from cass.render.packing import Excerpt
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cass.search.request import Hit, Results

LEAST_FENCE = "```"


def document(query: str, excerpts: Sequence[Excerpt]) -> str:
    """The whole text; sessions in the order of their best excerpt, in each the messages as they were said."""
    if not excerpts:
        return ""
    parts = [f"# Earlier sessions about: {visible(query)}\n" if query else "# Earlier sessions\n"]
    for session in dict.fromkeys(excerpt.hit.sid for excerpt in excerpts):
        of_session = sorted((one for one in excerpts if one.hit.sid == session), key=lambda one: one.hit.ordinal)
        parts += [_session(of_session[0].hit), *map(_excerpt, of_session)]
    return "\n".join(parts)


def _session(hit: Hit) -> str:
    branch = f" ({hit.branch})" if hit.branch else ""
    facts = [hit.agent, f"{hit.workspace}{branch}" if hit.workspace else "", f"session {hit.sid}"]
    return f"## {visible(hit.title or '(no title)')}\n{visible(', '.join(filter(None, facts)))}\n"


def _excerpt(excerpt: Excerpt) -> str:
    text = visible(excerpt.text, lines=True)
    fence = _fence(text)
    return f"{', '.join(_citation(excerpt))}\n{fence}\n{text}\n{fence}\n"


def _citation(excerpt: Excerpt) -> Iterator[str]:
    hit = excerpt.hit
    yield f"[{hit.sid}:{hit.ordinal}] {hit.role}"
    yield date(hit.created_ms)
    if hit.path:
        line = f":{hit.line}" if hit.line is not None else ""
        yield visible(hit.path) + line + (" (deleted by the agent)" if hit.state == "gone" else "")
    if excerpt.cut:
        yield f"part of line {excerpt.first} of {number(excerpt.lines)}"
    elif not excerpt.is_whole:
        yield f"lines {number(excerpt.first)} to {number(excerpt.last)} of {number(excerpt.lines)}"


def _fence(text: str) -> str:
    """Backticks, more of them than stand anywhere side by side in the text."""
    fence = LEAST_FENCE
    while fence in text:
        fence += "`"
    return fence


def about(results: Results, excerpts: Sequence[Excerpt], size: str) -> str:
    """What was packed, and what was not."""
    sessions = len({excerpt.hit.sid for excerpt in excerpts})
    lines = ["no message was found"]
    if excerpts:
        of = "" if results.exact_total else "at least "
        found = f"{of}{counted(results.total, 'message')} found"
        lines = [f"{counted(len(excerpts), 'excerpt')} of {counted(sessions, 'session')}, {size}; {found}"]
    return "".join(visible(line) + "\n" for line in (*lines, *results.notes))
