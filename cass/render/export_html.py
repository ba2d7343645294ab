"""A session as one HTML page that needs nothing else: no script, no network, light and dark, fit to print.

What tools did is folded; the prompts are listed at the top.  A policy inside the page forbids it to fetch anything.
"""

from __future__ import annotations

from html import escape

from cass.render.export_markdown import facts, label_of, state_of
from cass.render.export_style import CSS
from cass.render.layout import counted, cut, date
from cass.render.markdown_html import html_of
from cass.render.terminal import visible
from cass.store.schema import ERROR, KINDS, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{css}</style>
</head>
<body>
"""
FEW_PROMPTS = 3  # so few are seen without a list
PROMPT_COLUMNS = 100


def page(
    session: StoredSession,
    short: str,
    messages: Sequence[StoredMessage],
    blocks: Mapping[int, Sequence[StoredBlock]],
) -> Iterator[str]:
    """The page, piece by piece."""
    title = escape(visible(session.title or "(no title)"))
    yield HEAD.format(title=title, css=CSS)
    lines = "".join(f'<p class="facts">{escape(line)}</p>' for line in facts(session, short) if line)
    yield f'<header class="top"><h1>{title}</h1>{lines}</header>\n'
    yield _prompts(messages, blocks)
    yield "<main>\n"
    gone = False
    for message in messages:
        if message.ordinal < 0 and not gone:
            gone = True
            yield '<p class="gone">No longer in the agent\'s file:</p>\n'
        yield _article(message, short, blocks.get(message.id, ()))
    yield "</main>\n<footer>exported by cass</footer>\n</body>\n</html>\n"


def _prompts(messages: Sequence[StoredMessage], blocks: Mapping[int, Sequence[StoredBlock]]) -> str:
    """The list of what the user said, each leading to its place."""
    said = [(message, _first_text(blocks.get(message.id, ()))) for message in messages if ROLES[message.role] == "user"]
    said = [(message, first) for message, first in said if first]
    if len(said) <= FEW_PROMPTS:
        return ""
    items = "\n".join(f'<li><a href="#m{message.ordinal}">{escape(first)}</a></li>' for message, first in said)
    return f"<nav><details><summary>{counted(len(said), 'prompt')}</summary><ol>\n{items}\n</ol></details></nav>\n"


def _first_text(blocks: Sequence[StoredBlock]) -> str:
    for block in blocks:
        if KINDS[block.kind] == "text":
            return cut(_first_line(visible(block.text, lines=True)), PROMPT_COLUMNS)
    return ""


def _first_line(text: str) -> str:
    return text.lstrip().partition("\n")[0].strip().expandtabs(1)


def _article(message: StoredMessage, short: str, blocks: Sequence[StoredBlock]) -> str:
    role, name = ROLES[message.role], f"m{message.ordinal}"
    words = [f"<b>{role}</b>", f"<span>{date(message.created_ms)}</span>", f"<span>{state_of(message)}</span>"]
    link = f'<a href="#{name}">{short}:{message.ordinal}</a>'
    about = f'<div class="about">{"".join(word for word in words if word != "<span></span>")}{link}</div>'
    return f'<article id="{name}" class="{role}">{about}\n{"".join(map(_block, blocks))}</article>\n'


def _block(block: StoredBlock) -> str:
    kind, text = KINDS[block.kind], visible(block.text, lines=True).strip("\n")
    if kind == "text":
        return html_of(text) + "\n"
    failed = ' class="failed"' if kind == "tool_result" and block.flags & ERROR else ""
    first = escape(cut(_first_line(text), PROMPT_COLUMNS))
    head = f'<b>{escape(label_of(block))}</b> <span class="first">{first}</span>'
    inside = html_of(text) if kind == "thinking" else f"<pre>{escape(text)}</pre>"
    return f"<details{failed}><summary>{head}</summary>{inside}</details>\n"
