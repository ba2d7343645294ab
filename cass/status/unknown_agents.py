"""Agents that a setting names and nobody knows: the table of settings knows words, not agents."""

from __future__ import annotations

from cass.connectors.table import AGENTS, find_agent
from cass.errors import UnknownAgent
from cass.settings.problems import SettingProblem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.settings.quick import Settings

KEY = "sources.disabled"


def unknown_agents(settings: Settings) -> list[SettingProblem]:
    """A problem for each word of `sources.disabled` that is no agent, in whatever layer it stands."""
    known = ", ".join(agent.name for agent in AGENTS)
    return [
        SettingProblem(KEY, origin or "", word, known, unknown.what, unknown.todo or "")
        for _, words, origin in settings.given.get(KEY, ())
        if isinstance(words, tuple)
        for word in map(str, words)
        if (unknown := _unknown(word)) is not None
    ]


def _unknown(word: str) -> UnknownAgent | None:
    try:
        find_agent(word)
    except UnknownAgent as unknown:
        return unknown
    return None
