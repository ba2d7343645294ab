"""A search's answer for people: a head line, the title and the matching line of each hit; then how it came about.

What was found goes to stdout.  What is said about it goes to stderr, or below it on a terminal.
"""

from __future__ import annotations

import sys

from cass import clock
from cass.render.layout import ago, counted, cut, date, folder_name, number, wrap
from cass.render.terminal import BOLD, CYAN, DIM, YELLOW, page, style, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TextIO

    from cass.render.terminal import Style
    from cass.search.request import Hit, Results

INDENT = "  "
MATCH = f"{BOLD};{YELLOW}"
# Longer lines are hard to read, however wide the screen is.
WIDEST = 110
CONTEXT_LINES = 2
# Of a question that is repeated in the answer: a log pasted into it would push the rest off the screen.
REPEATED = 200


def write(results: Results, options: Mapping[str, Any], out: TextIO, err: TextIO, env: Mapping[str, str]) -> None:
    """Print the answer on `out`, and what there is to say about it on `err` (nothing there with --quiet)."""
    look = style(out, options, env)
    if options.get("max_tokens") is not None and not options["count"]:
        from cass.render.fitting import fewer

        results = fewer(results, options["max_tokens"], lambda some: _body(some, options, look))
    text = _body(results, options, look)
    said = "" if options["quiet"] else about(results, style(err, options, env))
    if text and look.terminal and not options["count"]:
        text, said = f"{text}\n{said}" if said else text, ""
    if out is sys.stdout:
        page(text, options)
    else:
        out.write(text)
    err.write(said)


def _body(results: Results, options: Mapping[str, Any], look: Style) -> str:
    if options["count"]:
        return f"{results.total}\n"
    if options["sessions_only"]:
        end = "\0" if options["null"] else "\n"
        return "".join(sid + end for sid in dict.fromkeys(hit.sid for hit in results.hits))
    if options["format"] is not None:
        from cass.render.template import compiled

        fill = compiled(options["format"])
        return "".join(fill(hit) + "\n" for hit in results.hits)
    now_ms = clock.now_ms()
    show = _facts if look.plain else _hit
    return "\n".join(show(hit, look, now_ms) for hit in results.hits)


# One hit


def _hit(hit: Hit, look: Style, now_ms: int) -> str:
    width = min(look.width, WIDEST) - len(INDENT)
    lines = [_head(hit, look, now_ms)]
    if hit.title:
        lines.append(INDENT + look.paint(cut(visible(hit.title), width), DIM))
    lines += [INDENT + line for line in _context(hit, look, width, before=True)]
    lines += [INDENT + line for line in _snippet(hit, look, width)]
    lines += [INDENT + line for line in _context(hit, look, width, before=False)]
    lines += [INDENT + look.paint(line, DIM) for line in _explained(hit)]
    return "".join(line + "\n" for line in lines)


def _head(hit: Hit, look: Style, now_ms: int) -> str:
    name = f"{hit.short_id}:{hit.ordinal}"
    linked = look.paint(name, f"{BOLD};{CYAN}")
    if hit.path and hit.state == "present":
        linked = look.link(linked, address_of(look.links, hit.path, hit.line))
    rest = [ago(hit.created_ms, now_ms), hit.agent, visible(folder_name(hit.workspace)), hit.role]
    if hit.state != "present":
        rest.append("(gone from the agent's files)")
    if hit.also:
        rest.append(f"+{number(hit.also)} more")
    line = cut("  ".join(filter(None, rest)), max(20, look.width - len(name) - 2))
    return f"{linked}  {line}"


def _explained(hit: Hit) -> list[str]:
    if hit.explain is None:
        return []
    from cass.render.explain_text import hit_lines

    return hit_lines(hit.explain)


def address_of(form: str, path: str, line: int | None) -> str:
    """Where a hit's link leads: its file, or what the template of `hyperlink_format` makes of it."""
    if "{" not in form:
        return file_address(path)
    return form.replace("{path}", file_address(path).removeprefix("file://")).replace("{line}", str(line or 1))


def _snippet(hit: Hit, look: Style, width: int) -> list[str]:
    text = visible(hit.snippet)
    return [painted(text, start, end, hit.matches, look) for start, end in wrap(text, width)]


def painted(text: str, start: int, end: int, spans: Sequence[tuple[int, int]], look: Style) -> str:
    """`text[start:end]` with its part of each span set off."""
    parts, at = [], start
    for first, last in spans:
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [text[at:first], look.paint(text[first:last], MATCH)]
            at = last
    return "".join(parts) + text[at:end]


def _context(hit: Hit, look: Style, width: int, before: bool) -> list[str]:
    lines = []
    for ordinal, role, text in hit.context:
        if (ordinal < hit.ordinal) is before and text.strip():
            said = f"{ordinal} {role}: {' '.join(visible(text[: 4 * width], lines=True).split())}"
            spans = wrap(said, width)
            shown = [said[start:end] for start, end in spans[:CONTEXT_LINES]]
            if len(spans) > CONTEXT_LINES or len(text) > 4 * width:
                shown[-1] = cut(shown[-1] + " …", width)
            lines += [look.paint(line, DIM) for line in shown]
    return lines


def _facts(hit: Hit, look: Style, now_ms: int) -> str:
    """One fact a line, for screen readers and the like."""
    facts = [
        ("id", f"{hit.short_id}:{hit.ordinal}"),
        ("when", date(hit.created_ms)),
        ("agent", hit.agent),
        ("role", hit.role),
        ("workspace", hit.workspace),
        ("title", hit.title),
        ("more in this session", str(hit.also) if hit.also else None),
        ("gone from the agent's files", "yes" if hit.state != "present" else None),
        ("text", hit.snippet),
    ]
    facts += [(f"message {ordinal}, {role}", " ".join(text.split())[:WIDEST]) for ordinal, role, text in hit.context]
    facts += [("why", line) for line in _explained(hit)]
    return "".join(f"{name}: {visible(value)}\n" for name, value in facts if value)


def file_address(path: str) -> str:
    """A file:// address of an absolute path."""
    plain = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:"
    slashed = path.replace("\\", "/")
    quoted = "".join(chr(b) if b in plain else f"%{b:02X}" for b in slashed.encode("utf-8", "surrogateescape"))
    return f"file://{quoted}" if quoted.startswith("/") else f"file:///{quoted}"


# About the answer


def about(results: Results, look: Style) -> str:
    """How many there are and how they were found, one thing a line; for an empty answer what to try next."""
    lines = [_totals(results)]
    lines += [f"searched for {_repeated(new)} instead of {_bare(old)}" for old, new in results.corrected]
    if results.dropped:
        what = "left out" if results.request.live else "nowhere found"  # one letter begins words, hardly beside others
        lines.append(f"{what}: {', '.join(map(_bare, results.dropped))}")
    if results.is_unlikely:
        lines.append("probably not in your history: this is the nearest there is")
    lines += [visible(note) for note in results.notes]
    if results.stages:
        from cass.render.explain_text import stage_lines

        lines += stage_lines(results.stages)
    if not results.total:
        lines += _next_steps(results)
    return "".join(look.paint(row, DIM) + "\n" for line in lines for row in _rows(line, look))


def _rows(line: str, look: Style) -> list[str]:
    """The line as a narrow screen shows it, words whole."""
    if len(line) <= look.width or look.plain or not look.terminal:
        return [line]
    from cass.render.narrow import fold

    return fold(line, look.width)


def _totals(results: Results) -> str:
    request = results.request
    if not results.total:
        return _nothing(results)
    least = "" if results.exact_total else "at least "
    messages = f"{least}{counted(results.total, 'message')}{_which(results)}"
    shown = len(results.hits)
    if not shown or shown == results.total:
        return messages if shown or not request.skipped else f"{messages}; none behind the first {request.skipped}"
    first = results.hits[0].rank
    range_shown = f"{number(first)}-{number(first + shown - 1)}" if first > 1 else number(shown)
    kind = counted(shown, "session") if request.grouped and first == 1 else f"{range_shown} shown"
    more = f"; more with --offset {first + shown - 1}" if results.next_cursor else ""
    return f"{messages}, {kind}{' shown' if kind.endswith(('session', 'sessions')) else ''}{more}"


def _which(results: Results) -> str:
    request = results.request
    if request.literal:
        return " with exactly this text"
    if not request.text.strip() or (results.hits and results.hits[0].match_type == "filter"):
        return ""
    return {"all": " with all the words", "most": " with most of the words", "any": " with some of the words"}.get(
        results.rung or "", ""
    )


def _nothing(results: Results) -> str:
    request = results.request
    asked = f" for {_repeated(request.text)}" if request.text.strip() else ""
    limits = " with these filters" if request.is_filtered else ""
    among = f"in {counted(results.messages, 'message')}"
    return f"nothing found{asked}{limits} {among}" + ("" if results.exact_total else ", not all looked at")


def _repeated(text: str) -> str:
    return visible(text if len(text) <= REPEATED else f"{text[:REPEATED]}…")


def _bare(word: str) -> str:
    """A word as it is named to the user: without what ends a sentence."""
    return _repeated(word.rstrip("?!.,;:") or word)


def _next_steps(results: Results) -> list[str]:
    request = results.request
    steps = []
    if not results.messages and results.reader:
        return ["ask again in a moment"]
    if not results.messages:
        first_run = results.indexed_ms is None
        return ["read your agents' files first: cass index" if first_run else "no agent has said anything here yet"]
    if request.literal:
        steps.append("try without -F: words in any order")
    elif request.match in ("all", "most"):
        steps.append("try --match any: messages with some of the words")
    elif any(map(str.isalnum, request.text)):
        steps.append(_tried(results))
    if request.is_filtered:
        steps.append("try without filters")
    if results.behind_files:
        who = f"process {results.reader} is indexing" if results.reader else "cass index"
        steps.append(f"{counted(results.behind_files, 'session file')} not read yet: {who}")
    return steps


def _tried(results: Results) -> str:
    """What was tried beside the query as it stands: nothing, where it has no bare words."""
    from cass.query.plain import Word
    from cass.query.terms import wanted_leaves  # most searches find something

    request = results.request
    if any([isinstance(leaf, Word) for leaf in wanted_leaves(request.query().root)]):
        if not request.shows_every_rung:
            return "tried: all the words, most of them; try --match any: messages with some of them"
        if "lexical" not in results.answered_by:
            return "tried: all the words, most of them, any of them; words are corrected only with an index"
        return "tried: all the words, most of them, any of them, and words that differ by a letter or two"
    return "looked for as it stands: only bare words may be missing or differ by a letter or two"
