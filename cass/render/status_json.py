"""The state of the archive as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.policy import EffectiveSetting, SemanticCapabilityReport
    from cass.status.facts import Problem, Status
    from cass.status.kept import Kept
    from cass.status.worker import WorkerFacts

SCHEMA_VERSION = 1
KINDS = ("hnsw_accelerator", "quality_vector_index", "fast_vector_index", "model_files", "total")


def answer(status: Status, settings: Sequence[EffectiveSetting] = ()) -> str:
    """Everything as one object."""
    database, lexical = status.database, status.lexical
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "version": status.version,
            "state": status.state,
            "healthy": status.healthy,
            "data_dir": status.data_dir,
            "database": {
                "path": database.path,
                "bytes": database.bytes,
                "sessions": database.sessions,
                "messages": database.messages,
            },
            "lexical": {
                "documents": lexical.documents,
                "bytes": lexical.bytes,
                "behind_messages": lexical.behind_messages,
                "schema": lexical.schema,
            },
            "index": {
                "behind_files": status.behind_files,
                "saw_all_files": status.saw_all_files,
                "outdated_files": status.outdated_files,
                "last_indexed_at": status.indexed_ms,
            },
            "sources": {
                name: {
                    "files": count.files,
                    "sessions": count.sessions,
                    "messages": count.messages,
                    "problems": count.problems,
                }
                for name, count in status.sources.items()
            },
            **_kept(status.kept),
            **_meaning(status.semantic),
            **_worker(status.worker),
            **_settings(settings),
            "problems": [_problem(problem) for problem in status.problems],
            "recommended": [{"command": advice.command, "why": advice.why} for advice in status.recommended],
        }
    )


def _kept(kept: Kept | None) -> dict[str, object]:
    if kept is None:
        return {}
    known = kept.safety
    said: dict[str, object] = {
        "sessions_only_here": known.only_here,
        "restorable": known.restorable,
        "expiring_within_7_days": known.expiring,
        "expiring_kept": known.expiring_kept,
        "bytes": kept.bytes,
        "budget_mb": kept.budget_mb,
        "budget_bytes": kept.budget_bytes,
        "enabled": kept.off is None,
        "reason": kept.off or known.full,
    }
    return {"archive": said}


def _meaning(report: SemanticCapabilityReport | None) -> dict[str, object]:
    if report is None:
        return {}
    backlog = report.backlog
    said: dict[str, object] = {
        "mode": report.mode.value,
        "capability": report.capability.value,
        "label": report.label,
        "summary": report.summary,
        "reason": report.reason,
        "next_step": report.next_step,
        "fast_tier": _tier(report.fast_tier),
        "quality_tier": _tier(report.quality_tier),
        "hnsw": _tier(report.hnsw),
        "models": [{"name": one.name, "bytes": one.bytes, "verified": one.verified} for one in report.models],
        "usage_mb": {kind: getattr(report.usage_mb, kind) for kind in KINDS},
        "usage_bytes": {kind: getattr(report.usage_bytes, kind) for kind in KINDS},
        "budget_mb": report.budget_mb,
        "budget_bytes": report.budget_bytes,
        "free_disk_mb": report.free_disk_mb,
        "free_disk_bytes": report.free_disk_bytes,
        "budget_decision": report.budget_decision.word,
        "backlog": {
            "fast": backlog.fast,
            "quality": backlog.quality,
            "dead": backlog.dead,
            "eta_s": backlog.eta_s,
        },
    }
    return {"semantic": said}


def _tier(tier: SemanticCapabilityReport.Tier) -> dict[str, object]:
    return {
        "embedder_id": tier.embedder_id,
        "documents": tier.documents,
        "coverage": tier.coverage,
        "covers_since_ms": tier.covers_since_ms,
        "bytes": tier.bytes,
        "action": tier.action.word if tier.action is not None else None,
    }


def _worker(worker: WorkerFacts | None) -> dict[str, object]:
    if worker is None:
        return {}
    from cass.render.worker_json import facts

    return {"worker": facts(worker)}


def _settings(settings: Sequence[EffectiveSetting]) -> dict[str, object]:
    if not settings:
        return {}
    from cass.render.config_json import setting

    return {"settings": [setting(one) for one in settings]}


def _problem(problem: Problem) -> dict[str, object]:
    said: dict[str, object] = {"what": problem.what, "where": problem.where}
    if problem.key is not None:
        said |= {"key": problem.key, "text": problem.text, "accepted": problem.accepted}
    return said
