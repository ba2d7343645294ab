"""Where sessions come from, as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.indexing.rules import Rules
    from cass.indexing.sources import AgentSources, Sources, StoredBefore

SCHEMA_VERSION = 1


def answer(found: Sources) -> str:
    """All agents, and what the settings leave out."""
    agents = {one.name: _agent(one) for one in found.agents}
    return _line({"agents": agents, **_rules(found.rules), "stored_before": _before(found.before)})


def changed(action: str, what: Mapping[str, Sequence[str]], rules: Rules, before: StoredBefore | None) -> str:
    """What `include` and `exclude` did."""
    said = {"action": action, "changed": {key: list(values) for key, values in what.items()}, **_rules(rules)}
    return _line(said | {"stored_before": _before(before)})


def _rules(rules: Rules) -> dict[str, object]:
    return {"roots": rules.roots, "exclude": rules.exclude}


def _agent(one: AgentSources) -> dict[str, object]:
    return {
        "title": one.title,
        "enabled": one.enabled,
        "places": [{"path": place.path, "exists": place.exists, "added": place.added} for place in one.places],
        "variables": one.variables,
        "files": {"seen": one.found, "read": one.read, "unchanged": one.unchanged, "failed": one.failed},
        "sessions": one.sessions,
        "messages": one.messages,
        "left_out": one.left_out,
        "problem_count": one.problem_count,
        "problems": [{"path": bad.path, "line": bad.line, "what": bad.what} for bad in one.problems],
    }


def _before(before: StoredBefore | None) -> dict[str, object]:
    if before is None:
        return {"sessions": 0, "workspaces": {}, "marked": 0}
    return {"sessions": before.sessions, "workspaces": dict(before.by_workspace), "marked": before.marked}


def _line(said: Mapping[str, object]) -> str:
    return dumps({"schema_version": SCHEMA_VERSION, **said}) + "\n"
