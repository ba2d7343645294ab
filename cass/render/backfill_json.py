"""What a backfill did, as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cass.backfill.report import BackfillReport, Stop, TierReport
    from cass.semantic.budget import Evicted

SCHEMA_VERSION = 1


def answer(report: BackfillReport) -> str:
    """The whole report as one object."""
    said = {
        "schema_version": SCHEMA_VERSION,
        "took_ms": round(report.took_s * 1000, 1),
        "complete": report.complete,
        "tiers": {tier.tier: _tier(tier) for tier in report.tiers},
        "evicted": _evicted(report.evicted),
        "used_bytes": report.used_bytes,
        "budget_bytes": report.budget_bytes,
    }
    return dumps(said) + "\n"


def _tier(tier: TierReport) -> dict[str, object]:
    return {
        "embedder_id": tier.embedder_id,
        "texts": tier.texts,
        "vectors": tier.vectors,
        "seconds": tier.seconds,
        "texts_per_s": round(tier.texts_per_s, 1),
        "failed": tier.failed,
        "dead": tier.dead,
        "refused": tier.refused,
        "left": tier.left,
        "eligible": tier.eligible,
        "coverage": None if tier.coverage is None else round(tier.coverage, 4),
        "evicted": _evicted(tier.evicted),
        "dropped": [{"name": one.name, "bytes": one.size_bytes, "why": one.reason} for one in tier.dropped],
        "graph": tier.graph,
        "warnings": list(tier.warnings),
        "stopped": None if tier.stopped is None else _stop(tier.stopped),
    }


def _stop(stop: Stop) -> dict[str, object]:
    return {
        "kind": stop.word,
        "reason": stop.reason,
        "next_step": stop.todo,
        "retry_after_s": None if stop.retry_after_s is None else round(stop.retry_after_s, 1),
    }


def _evicted(evicted: Iterable[Evicted]) -> list[dict[str, object]]:
    return [{"kind": one.kind.value, "name": one.name, "bytes": one.size_bytes, "why": one.why} for one in evicted]
