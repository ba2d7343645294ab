"""Sessions as each shell's completion reads them, one a line."""

from __future__ import annotations

from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.store.offered import Offered

# What stands between a word and what it means; bash shows words alone.
BETWEEN = {"zsh": ":", "fish": "\t", "powershell": "\t"}


def offered(shell: str, sessions: Sequence[Offered]) -> str:
    """The ids with their agents and titles, where the shell shows these beside them."""
    between = BETWEEN.get(shell)
    return "".join([sid + (between + _about(agent, title) if between else "") + "\n" for sid, agent, title in sessions])


def _about(agent: str, title: str | None) -> str:
    return visible(f"{agent} {title}" if title else agent)
