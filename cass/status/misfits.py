"""Values that only other rooms can judge: agents that nobody knows, an embedder that is none, a length that it has not.

The table of settings knows words and numbers.  What stands here is said wherever other problems of settings are.
"""

from __future__ import annotations

from cass.connectors.table import AGENTS, agent_word, find_agent
from cass.errors import UnknownAgent, UsageError
from cass.settings.problems import SettingProblem, shown
from cass.settings.quick import CLI

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.settings.quick import Settings

DISABLED, ROOTS = "sources.disabled", "sources.roots"
EMBEDDER, DIMENSION = "quality_tier_embedder", "quality_dimension"
EMBEDDERS = "hash, minilm, openai, the name of an installed model, or one of fastembed's such as BAAI/bge-small-en-v1.5"


def misfits(settings: Settings, data: str) -> list[SettingProblem]:
    """A problem for each such value.  data: the data folder, where installed models are.

    Raises UsageError where an option of the command line says it.
    """
    return [*_unknown_agents(settings), *_unknown_embedders(settings, data), *_unfit_dimension(settings, data)]


def _unknown_agents(settings: Settings) -> Iterator[SettingProblem]:
    """In whatever layer they stand; the agents beside them count."""
    known = ", ".join(agent.name for agent in AGENTS)
    for key in (DISABLED, ROOTS):
        for _, words, origin in settings.given.get(key, ()):
            for word in map(str, words) if isinstance(words, tuple) else ():
                unknown = unknown_agent(key, word)
                if unknown is not None:
                    yield SettingProblem(key, origin or "", word, known, unknown.what, unknown.todo or "")


def unknown_agent(key: str, word: str) -> UnknownAgent | None:
    """What is wrong with the agent that an entry of this setting names; None where nothing is."""
    agent = agent_word(word) if key == ROOTS else word
    try:
        if agent is not None:
            find_agent(agent)
    except UnknownAgent as unknown:
        return UnknownAgent(unknown.what, None, unknown.todo)
    return None


def _unknown_embedders(settings: Settings, data: str) -> Iterator[SettingProblem]:
    for source, name, origin in settings.given.get(EMBEDDER, ()):
        unknown = unknown_embedder(str(name), data, origin)
        if unknown is not None and source == CLI:
            raise UsageError(unknown.what, origin, unknown.todo)
        if unknown is not None:
            yield unknown


def unknown_embedder(name: str, data: str, origin: str) -> SettingProblem | None:
    """What is wrong with the name of an embedder; None where nothing is."""
    from cass.semantic.embedders.table import is_embedder

    if is_embedder(name, data):
        return None
    return SettingProblem(EMBEDDER, origin, name, EMBEDDERS, f"{name!r} is not an embedder", f"use {EMBEDDERS}")


def _unfit_dimension(settings: Settings, data: str) -> Iterator[SettingProblem]:
    """Where the strongest layer asks for another length than the embedder's own, as far as that is known."""
    given = settings.given.get(DIMENSION)
    if not given:
        return
    from cass.semantic.embedders.table import embedder_options, model_dim

    name = str(settings.value(EMBEDDER))
    dim = model_dim(name, data, embedder_options(settings).remote)
    _, wanted, origin = given[-1]
    if dim and wanted != dim:
        what = f"{DIMENSION} is {shown(wanted)}, and the vectors of {name} have {dim} floats, which counts"
        yield SettingProblem(DIMENSION, origin or "", shown(wanted), str(dim), what, f"take it out, or use {dim}")
