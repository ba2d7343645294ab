"""docs/agents.md: the agents, their usual places and what names others, from the connectors themselves."""

from __future__ import annotations

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, Agent, load
from cass.indexing.sources import variables_of

HEAD = """# Agents

Written from the table of connectors; change that and run `make generate`.

`cass index` looks for these on every system: where places differ between Linux, macOS and Windows, all of them are
listed. `~` is your home. A variable names another place, or one more. `cass sources` says what is there on this
machine, and [sources.md](sources.md) how to look elsewhere and how to leave something out. An agent without a place is
read by `cass import`, or where `sources.roots` says.

| agent | `--agent` | where | variables |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The page."""
    return HEAD + "".join(_row(agent) for agent in AGENTS)


def _row(agent: Agent) -> str:
    connector = load(agent)
    places = [root.path.replace("\\", "/") for root in connector.roots(Surroundings("~", {}))]
    cells = (agent.title, f"`{agent.name}`", _listed(places), _listed(variables_of(connector)))
    return f"| {' | '.join(cells)} |\n"


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return "<br>".join(f"`{word}`" for word in words)
