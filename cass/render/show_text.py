"""A session as people read it: who said what, with what the tools did folded to a line each."""

from __future__ import annotations

from cass.render.layout import counted, cut, date, number
from cass.render.narrow import fold
from cass.render.prose import laid_out
from cass.render.terminal import BOLD, CYAN, DIM, GREEN, RED, YELLOW, visible
from cass.store.schema import ERROR, KINDS, OFF_PATH, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cass.render.terminal import Style
    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

COLORS = {"user": GREEN, "assistant": CYAN, "tool": DIM, "system": YELLOW, "summary": YELLOW}
INDENT = "  "
GONE_HEAD = "No longer in the agent's file:"
LEFT = "  (on a branch that was left)"


def conversation(
    session: StoredSession,
    short: str,
    chunks: Iterable[tuple[Sequence[StoredMessage], Mapping[int, Sequence[StoredBlock]]]],
    target: int | None,
    tools: bool,
    look: Style,
) -> Iterator[str]:
    """The page, its head first, then a part for each of `chunks`: some messages and the blocks of each.

    `short` is the session's id as it is shown, `target` the ordinal that was asked for.
    """
    head = _head_facts(session, short) if look.plain else _head(session, short, look)
    yield "".join([line + "\n" for line in head])
    gone = False
    for messages, blocks in chunks:
        lines = []
        for message in messages:
            if message.ordinal < 0 and not gone:
                gone = True
                lines += ["", look.paint(GONE_HEAD, YELLOW)]
            heading = _heading_facts if look.plain else _heading
            lines += ["", *heading(message, short, message.ordinal == target, look)]
            for block in blocks.get(message.id, ()):
                # Who asks for one message wants to read it.
                lines += _block(block, tools or message.ordinal == target, look)
        yield "".join([line + "\n" for line in lines])


def _head(session: StoredSession, short: str, look: Style) -> Iterator[str]:
    title = visible(session.title or "(no title)")
    yield from [look.paint(row, BOLD) for row in (fold(title, look.width) if look.terminal else [title])]
    facts = [short, session.agent, visible(session.model or ""), counted(session.messages, "message")]
    yield "  ".join(filter(None, facts))
    if session.workspace:
        branch = f" ({session.branch})" if session.branch else ""
        yield look.paint(visible(session.workspace + branch), DIM)
    when = date(session.started_ms)
    if session.ended_ms != session.started_ms:
        when += f" to {date(session.ended_ms)}"
    yield look.paint(when, DIM)
    if session.path:
        yield look.paint(_file(session), DIM)


def _file(session: StoredSession) -> str:
    gone = ("", "  (deleted by the agent)", "  (deleted by the agent; cass restore puts it back)")
    return visible(session.path or "") + gone[session.file_gone or 0]


def _head_facts(session: StoredSession, short: str) -> list[str]:
    """One fact a line, for screen readers and the like."""
    facts = (
        ("title", session.title),
        ("id", short),
        ("agent", session.agent),
        ("model", session.model),
        ("messages", number(session.messages)),
        ("workspace", session.workspace),
        ("branch", session.branch),
        ("started", date(session.started_ms)),
        ("ended", date(session.ended_ms)),
    )
    file = [f"file: {_file(session)}"] if session.path else []
    return [*[f"{name}: {visible(value)}" for name, value in facts if value], *file]


def _heading_facts(message: StoredMessage, short: str, wanted: bool, _look: Style) -> list[str]:
    facts = (
        ("message", f"{short}:{message.ordinal}"),
        ("asked for", "yes" if wanted else None),
        ("role", ROLES[message.role]),
        ("when", date(message.created_ms)),
        ("on a branch that was left", "yes" if message.flags & OFF_PATH else None),
    )
    return [f"{name}: {value}" for name, value in facts if value]


def _heading(message: StoredMessage, short: str, wanted: bool, look: Style) -> list[str]:
    role = ROLES[message.role]
    mark = "> " if wanted else ""
    name = look.paint(f"{mark}{short}:{message.ordinal}", BOLD if wanted else DIM)
    left = LEFT if message.flags & OFF_PATH else ""
    when = look.paint(date(message.created_ms) + left, DIM)
    return [f"{name}  {look.paint(role, f'{BOLD};{COLORS[role]}' if role != 'tool' else DIM)}  {when}"]


def _block(block: StoredBlock, tools: bool, look: Style) -> list[str]:
    kind = KINDS[block.kind]
    if kind == "text":
        return laid_out(visible(block.text, lines=True).strip("\n"), look)
    if tools:
        return _open(block, kind, look)
    return [_folded(block, kind, look)]


def _open(block: StoredBlock, kind: str, look: Style) -> list[str]:
    lines = visible(block.text, lines=True).strip("\n").split("\n")
    return [_label(block, kind, look), *(INDENT + line for line in lines)]


def _folded(block: StoredBlock, kind: str, look: Style) -> str:
    lines = [line.strip() for line in visible(block.text, lines=True).split("\n") if line.strip()]
    more = f"  (+{counted(len(lines) - 1, 'line')})" if len(lines) > 1 else ""
    label = _label(block, kind, look)
    if lines and lines[0] == f"[{kind}]":
        return label
    room = max(8, look.width - len(_label(block, kind, None)) - len(more) - 1)
    first = cut(lines[0].expandtabs(1), room) if lines else "(empty)"
    return f"{label} {look.paint(first + more, DIM)}"


def _label(block: StoredBlock, kind: str, look: Style | None) -> str:
    """`[Bash]` for a call, `[Bash: error]` for its answer."""
    tool = visible(block.tool or "tool")
    words = {"tool_call": tool, "tool_result": f"{tool} answered"}.get(kind, kind)
    failed = bool(block.flags & ERROR)
    text = f"[{tool} failed]" if failed and kind == "tool_result" else f"[{words}]"
    return text if look is None else look.paint(text, RED if failed else DIM)
