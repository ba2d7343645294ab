"""The worker as JSON: what it does, what it did."""

from __future__ import annotations

from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.daemon.heard import Heard
    from cass.policy import SemanticCapabilityReport
    from cass.status.worker import LastChunk, WorkerFacts
    from cass.store.events import ChunkDone, Event

SCHEMA_VERSION = 1


def facts(worker: WorkerFacts) -> dict[str, object]:
    """The object `worker` of `status` and of `cass worker`."""
    last = worker.last_chunk
    return {
        "state": worker.state,
        "reason": worker.reason,
        "next_look_at": worker.next_look_ms,
        "pid": worker.pid,
        "last_chunk": None if last is None else chunk(last),
    }


def chunk(one: LastChunk) -> dict[str, object]:
    """A chunk with the time when it ended."""
    return {"ended_at": one.at_ms, **_done(one.done)}


def _done(done: ChunkDone) -> dict[str, object]:
    return {
        "tier": done.tier,
        "texts": done.texts,
        "vectors": done.vectors,
        "failed": done.failed,
        "seconds": done.seconds,
        "cpu_s": done.cpu_s,
        "texts_per_s": round(done.texts_per_s, 1),
        "rss_bytes": done.rss_bytes,
        "ran_because": done.because,
        "stopped_because": done.stopped or None,
    }


def answer(action: str, worker: WorkerFacts, more: Mapping[str, object]) -> str:
    """What an action did, and what the worker does now."""
    return dumps({"schema_version": SCHEMA_VERSION, "action": action, "worker": facts(worker), **more}) + "\n"


def socket(heard: Heard | None) -> dict[str, object] | None:
    """Where it answers other processes, and what it has done for them."""
    if heard is None:
        return None
    return {
        "url": heard.url,
        "answers": heard.why_not is None,
        "commands": heard.commands,
        "texts": heard.texts,
        "since": heard.since_ms,
        "why_not": heard.why_not,
    }


def owed(report: SemanticCapabilityReport | None) -> dict[str, object]:
    """What is to be done; nothing where nobody can tell."""
    if report is None:
        return {}
    backlog = report.backlog
    return {
        "backlog": {
            "fast": backlog.fast,
            "quality": backlog.quality,
            "dead": backlog.dead,
            "eta_s": backlog.eta_s,
        }
    }


def log(events: Sequence[tuple[Event, ChunkDone | None]]) -> str:
    """Events, oldest first; those of a chunk with all that was measured."""
    return dumps({"schema_version": SCHEMA_VERSION, "events": [_event(*each) for each in events]}) + "\n"


def _event(event: Event, done: ChunkDone | None) -> dict[str, object]:
    said: dict[str, object] = {"at": event.at_ms, "kind": event.kind}
    if done is None:
        return {**said, "what": event.what, "chunk": None}
    return {**said, "what": f"{done.texts} texts, {done.tier} tier", "chunk": {"ended_at": event.at_ms, **_done(done)}}
