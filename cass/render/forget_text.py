"""What was forgotten, or would be, for people."""

from __future__ import annotations

from cass.render.layout import counted, date, size
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.store.forgetting import Leaving

SOME = 5


def question(leaving: Leaving) -> str:
    """What is going to be gone, and whether that is meant."""
    return f"{_what(leaving, 'This forgets')}\nIt cannot be undone. Forget it? [y/N] "


def summary(leaving: Leaving, done: bool, left: str | None) -> str:
    """What went, or would go; then what is not cass's to remove."""
    if not (leaving.messages or leaving.sessions):
        return "Nothing to forget.\n"
    lines = [_what(leaving, "Forgot" if done else "Would forget")]
    if left is not None:
        lines.append(f"Not quite finished: {left}. The next command goes on.")
    return "\n".join([*lines, *_files(leaving)]) + "\n"


def _what(leaving: Leaving, verb: str) -> str:
    parts = [counted(leaving.messages, "message")]
    if leaving.sessions:
        parts.append(f"{counted(len(leaving.sessions), 'whole session')} ({_some(leaving.sessions)})")
    if leaving.parts:
        parts.append(f"parts of {counted(len(leaving.parts), 'session')} ({_some(leaving.parts)})")
    said = f"{verb} {', '.join(parts)}: {size(leaving.text_bytes)} of text"
    if leaving.first_ms is not None:
        said += f", {date(leaving.first_ms, '%Y-%m-%d')} to {date(leaving.last_ms, '%Y-%m-%d')}"
    if leaving.copies:
        # Mostly in forks and resumed sessions; of an agent that gives a session one time, also in the same.
        said += (
            f"; {counted(leaving.copies, 'of them is a copy', 'of them are copies')}: the same words at the same time"
        )
    return f"{said}."


def _some(sids: tuple[str, ...]) -> str:
    more = f" and {len(sids) - SOME} more" if len(sids) > SOME else ""
    return ", ".join([sid[:8] for sid in sids[:SOME]]) + more


def _files(leaving: Leaving) -> list[str]:
    if not leaving.files:
        return []
    more = len(leaving.files) - SOME
    head = "The agents' own files are not touched; these still hold it:"
    tail = [f"  and {counted(more, 'more file')}"] if more > 0 else []
    return [head, *[f"  {visible(path)}" for path in leaving.files[:SOME]], *tail]
