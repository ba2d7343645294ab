"""What a command reads: of the agents that --agent names, else of all but the disabled ones; and what it leaves out."""

from __future__ import annotations

from cass.connectors.table import AGENTS, find_agent
from cass.errors import UnknownAgent
from cass.indexing.rules import Rules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def wanted_rules(settings: Mapping[str, object], named: Sequence[str] = ()) -> Rules:
    """The rules of the settings.  Raises UnknownAgent for a name on the command line."""
    roots, exclude = _words(settings, "sources.roots"), _words(settings, "sources.exclude")
    return Rules(wanted_agents(settings, named), roots, exclude, settings.get("redact") == "index")


def _words(settings: Mapping[str, object], key: str) -> tuple[str, ...]:
    words = settings.get(key)
    return tuple(map(str, words)) if isinstance(words, tuple) else ()


def wanted_agents(settings: Mapping[str, object], named: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Names of agents; None for all.  Raises UnknownAgent for a name on the command line."""
    if named:
        return tuple(find_agent(name).name for name in named)
    words = settings.get("sources.disabled")
    if not isinstance(words, tuple) or not words:
        return None
    disabled = {_agent(str(word)) for word in words}
    return tuple(agent.name for agent in AGENTS if agent.name not in disabled)


def _agent(word: str) -> str:
    """The agent that the setting means; what is none disables nothing, and was said where settings are read."""
    try:
        return find_agent(word).name
    except UnknownAgent:
        return ""
