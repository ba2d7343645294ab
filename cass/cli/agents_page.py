"""docs/agents.md: the agents, their usual places and what names others, from the connectors themselves."""

from __future__ import annotations

from cass.connectors.base import Surroundings
from cass.connectors.table import AGENTS, Agent, load
from cass.connectors.vscode import APPS, SERVERS
from cass.indexing.sources import variables_of

HEAD = f"""# Agents

Written from the table of connectors; change that and run `make generate`.

`cass index` looks for these on every system: where places differ between Linux, macOS and Windows, all of them are
listed. `~` is your home. A variable names another place, or one more. `cass sources` says what is there on this
machine, and [sources.md](sources.md) how to look elsewhere and how to leave something out. An agent without a place is
read by `cass import`, or where `sources.roots` says.

`EDITOR` is each of {", ".join(APPS)}; `SERVER` each of {", ".join(SERVERS)}.

| agent | `--agent` | where | variables |
| --- | --- | --- | --- |
"""


def page() -> str:
    """The page."""
    return HEAD + "".join(_row(agent) for agent in AGENTS)


def _row(agent: Agent) -> str:
    connector = load(agent)
    places = [root.path.replace("\\", "/") for root in connector.roots(Surroundings("~", {}))]
    cells = (agent.title, f"`{agent.name}`", _listed(_together(places)), _listed(variables_of(connector)))
    return f"| {' | '.join(cells)} |\n"


def _together(places: list[str]) -> list[str]:
    """The same place in every editor, or on every server, as one."""
    for form, word, names in (("/{}/User/", "EDITOR", APPS), ("/{}/data/User/", "SERVER", SERVERS)):
        for place in places:
            general = place.replace(form.format(names[0]), form.format(word))
            each = [general.replace(form.format(word), form.format(name)) for name in names]
            if general != place and set(each) <= set(places):
                places = [general if other in each else other for other in places]
    return list(dict.fromkeys(places))


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return "<br>".join(f"`{word}`" for word in words)
