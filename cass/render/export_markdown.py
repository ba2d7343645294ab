"""A session as Markdown: a heading a message, what tools did in fences, a text's own Markdown as it is."""

from __future__ import annotations

from cass.render.layout import counted, date
from cass.render.terminal import visible
from cass.store.schema import ERROR, KINDS, OFF_PATH, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

GONE = "no longer in the agent's file"
LEFT = "on a branch that was left"
SIGNS = ("```", "~~~")


def parts(
    session: StoredSession,
    short: str,
    messages: Sequence[StoredMessage],
    blocks: Mapping[int, Sequence[StoredBlock]],
) -> Iterator[tuple[int | None, str]]:
    """(ordinal, text) of each message, after (None, text) of the head; the texts follow on each other."""
    yield None, _head(session, short)
    for message in messages:
        said = [_block(block) for block in blocks.get(message.id, ())]
        yield message.ordinal, "\n".join([_heading(message, short), *said])


def facts(session: StoredSession, short: str) -> tuple[str, str, str]:
    """One line each: what session it is, where it worked (may be empty), when."""
    who = [session.agent, short, session.model or "", counted(session.messages, "message")]
    branch = f" ({session.branch})" if session.branch else ""
    where = visible(session.workspace + branch) if session.workspace else ""
    when = date(session.started_ms)
    if session.ended_ms != session.started_ms:
        when += f" to {date(session.ended_ms)}"
    return visible(" · ".join(filter(None, who))), where, when


def state_of(message: StoredMessage) -> str:
    """What is to be said about where the message stands; mostly nothing."""
    return GONE if message.ordinal < 0 else LEFT if message.flags & OFF_PATH else ""


def label_of(block: StoredBlock) -> str:
    """What a block is that is no text: the tool that was called, answered or failed, or the kind."""
    kind, tool = KINDS[block.kind], visible(block.tool or "tool")
    if kind == "tool_result":
        return f"{tool} {'failed' if block.flags & ERROR else 'answered'}"
    return tool if kind == "tool_call" else kind


def _head(session: StoredSession, short: str) -> str:
    who, where, when = facts(session, short)
    lines = [f"# {visible(session.title or '(no title)')}", "", who + "  "]
    return "\n".join([*lines, *([where + "  "] if where else []), when, ""]) + "\n"


def _heading(message: StoredMessage, short: str) -> str:
    words = [ROLES[message.role], date(message.created_ms), f"{short}:{message.ordinal}", state_of(message)]
    return f"## {' · '.join(filter(None, words))}\n"


def _block(block: StoredBlock) -> str:
    kind, text = KINDS[block.kind], visible(block.text, lines=True).strip("\n")
    if kind == "text":
        return f"{closed(text)}\n"
    if kind == "thinking":
        quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
        return f"*thinking*\n\n{quoted}\n"
    if kind in ("image", "notice"):
        return f"*{kind}:* {text}\n"
    fence = _fence(text)
    return f"**{label_of(block)}**\n\n{fence}text\n{text}\n{fence}\n"


def _fence(text: str) -> str:
    """Longer than any that begins a line of the text."""
    runs = [len(line) - len(line.lstrip("`")) for line in map(str.lstrip, text.split("\n"))]
    return "`" * max(3, 1 + max(runs))


def closed(text: str) -> str:
    """The text with its last fence closed: one left open would swallow all messages behind it."""
    fence = ""
    for line in map(str.strip, text.split("\n")):
        if not fence and line.startswith(SIGNS):
            fence = line[: len(line) - len(line.lstrip(line[0]))]
        elif fence and line.startswith(fence) and not line.strip(fence[0]):
            fence = ""
    return f"{text}\n{fence}" if fence else text
