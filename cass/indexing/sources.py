"""Where each agent's sessions were looked for, what is there now, what of it is stored, what is left out.

A look over the disk and into the archive; no session file is read and nothing is written.
"""

from __future__ import annotations

import os

from cass.connectors.base import SourceProblem, Surroundings
from cass.connectors.table import AGENTS, load
from cass.indexing.discover import TOUCHED, UNCHANGED, Survey, by_known_names, what_changed
from cass.indexing.rules import Exclusion
from cass.records import record
from cass.store import catalog
from cass.store.connect import open_reader
from cass.store.counts import AgentCount, agent_counts
from cass.store.files import seen_files
from cass.store.sessions import workspaces
from cass.store.skipped import sessions_by_workspace, skipped_counts, stored_and_skipped
from cass.store.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from sqlite3 import Connection

    from cass.connectors.base import Connector
    from cass.connectors.table import Agent
    from cass.indexing.discover import Found
    from cass.indexing.rules import Rules
    from cass.paths import Places
    from cass.store.files import Seen

MOST_PROBLEMS = 100


@record
class Place:
    """A folder or file that was looked at; `added` by the setting `sources.roots`."""

    path: str
    exists: bool
    added: bool


@record
class AgentSources:
    """One agent.  `found` files are there now; of these `read` were, `unchanged` since then, `failed` cannot be.

    `variables` of the environment say where else its files are.  `left_out` are sessions.
    """

    name: str
    title: str
    enabled: bool
    places: tuple[Place, ...]
    variables: tuple[str, ...]
    found: int = 0
    read: int = 0
    unchanged: int = 0
    failed: int = 0
    sessions: int = 0
    messages: int = 0
    left_out: int = 0
    problem_count: int = 0
    problems: tuple[SourceProblem, ...] = ()


@record
class StoredBefore:
    """Sessions in the archive that would be left out today, by workspace, and those that ask for it themselves."""

    by_workspace: Mapping[str, int]
    marked: int

    @property
    def sessions(self) -> int:
        return sum(self.by_workspace.values()) + self.marked


@record
class Sources:
    """All agents in the table's order, what the settings say, and what was stored before they said it."""

    agents: tuple[AgentSources, ...]
    rules: Rules
    before: StoredBefore


def collect(places: Places, home: str, env: Mapping[str, str], rules: Rules) -> Sources:
    """Look.  Raises CorruptDatabase or NewerDatabase."""
    connection = open_reader(places.database)
    if connection is None:
        around = Surroundings(home, env)
        agents = [_agent(row, around, rules, {}, AgentCount(), 0, ()) for row in AGENTS]
        return Sources(tuple(agents), rules, StoredBefore({}, 0))
    try:
        return _with_archive(connection, places.database, Surroundings(home, env), rules)
    finally:
        connection.close()


def _with_archive(connection: Connection, path: str, around: Surroundings, rules: Rules) -> Sources:
    store = Writer(connection, path)
    around = Surroundings(around.home, around.env, workspaces(store))
    seen, counts, skipped = seen_files(store), agent_counts(connection), skipped_counts(connection)
    problems = catalog.problems_by_agent(connection, MOST_PROBLEMS)
    agents = []
    for row in AGENTS:
        count = counts.get(row.name, AgentCount())
        left_out, named = skipped.get(row.name, 0), problems.get(row.name, ())
        agents.append(_agent(row, around, rules, seen, count, left_out, named))
    return Sources(tuple(agents), rules, stored_before(connection, rules, around.home))


def stored_before(connection: Connection, rules: Rules, home: str) -> StoredBefore:
    """What is in the archive and would be left out today."""
    exclusion = Exclusion(rules.exclude, home)
    by_workspace = sessions_by_workspace(connection)
    return StoredBefore(
        {folder: count for folder, count in by_workspace.items() if exclusion.why(folder) is not None},
        stored_and_skipped(connection),
    )


def _agent(
    row: Agent,
    around: Surroundings,
    rules: Rules,
    seen: Mapping[str, Seen],
    count: AgentCount,
    left_out: int,
    problems: Iterable[tuple[str, int | None, str]],
) -> AgentSources:
    connector = load(row)
    survey = Survey(connector, around, rules.roots)
    enabled = rules.agents is None or row.name in rules.agents
    found = list(by_known_names(survey.files(), seen)) if enabled else []
    failed = [SourceProblem(one.path, None, "it may not be read") for one in found if not os.access(one.path, os.R_OK)]
    unreadable = [*survey.problems, *failed]
    named = [SourceProblem(*problem) for problem in problems]
    known = [one for one in found if one.path in seen and seen[one.path].complete]
    return AgentSources(
        row.name,
        row.title,
        enabled,
        tuple(_places(connector, around, survey)),
        variables_of(connector),
        len(found),
        len(known),
        sum(_is_unchanged(seen[one.path], one) for one in known),
        len(unreadable),
        count.sessions,
        count.messages,
        left_out,
        len(unreadable) + count.problems,
        tuple((*unreadable, *named)[:MOST_PROBLEMS]),
    )


def _is_unchanged(seen: Seen, found: Found) -> bool:
    return what_changed(seen, found) in (UNCHANGED, TOUCHED)


def _places(connector: Connector, around: Surroundings, survey: Survey) -> Iterator[Place]:
    """Without the many workspaces of other agents in which this one may have something."""
    own = connector.roots(Surroundings(around.home, around.env))
    known = {root.path for root in own}
    held = [root for root in connector.roots(around) if root.path not in known and os.path.exists(root.path)]
    for root in (*own, *held):
        yield Place(root.path, os.path.exists(root.path), added=False)
    for root in survey.added:
        yield Place(root.path, os.path.exists(root.path), added=True)


class _Asked(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names[name] = None
        return default

    def __contains__(self, name: object) -> bool:
        self.names[str(name)] = None
        return False

    def __missing__(self, name: str) -> str:
        self.names[name] = None
        raise KeyError(name)


def variables_of(connector: Connector) -> tuple[str, ...]:
    """The environment variables that this connector asks for its places."""
    asked = _Asked()
    connector.roots(Surroundings(os.sep, asked))
    return tuple(asked.names)
