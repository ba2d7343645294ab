"""Counts and activity as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.status.activity import Activity, Tally

SCHEMA_VERSION = 1


def answer(found: Activity, notes: Sequence[str]) -> str:
    """All counts as one object."""
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "sessions": found.total.sessions,
            "messages": found.total.messages,
            "undated_messages": found.undated,
            "first_at": found.total.first_ms,
            "last_at": found.total.last_ms,
            "agents": [_tally(tally) for tally in found.agents],
            "workspaces": [_tally(tally) for tally in found.workspaces],
            "models": [_tally(tally) for tally in found.models],
            "days": [{"day": day, "messages": count} for day, count in found.days],
            "hours": [sum(column) for column in zip(*found.week, strict=True)],
            "week": found.week,
            "notes": notes,
        }
    )


def _tally(tally: Tally) -> dict[str, object]:
    return {
        "name": tally.name,
        "sessions": tally.sessions,
        "messages": tally.messages,
        "first_at": tally.first_ms,
        "last_at": tally.last_ms,
    }
