"""Read invented files with a connector, and put together what several reads gave."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from cass.connectors.base import Checkpoint, Message, Resume, Session, Source, SourceProblem, Surroundings
from cass.records import replace

Messages = dict[tuple[str, int], Message]


def source(data: bytes, path: str, resume: Resume | None = None, **changes: Any) -> Source:
    """A file of these bytes, standing where `resume` says."""
    file = io.BytesIO(data)
    file.seek(resume.offset if resume else 0)
    around = changes.pop("around", Surroundings("/home/ada", {}))
    return Source(path, file, len(data), 0, resume, around, changes.pop("external_id", None))


def read(connector: ModuleType, data: bytes, path: str, resume: Resume | None = None, **changes: Any) -> list[Any]:
    """All that one read gives; its last record is checked to be a checkpoint."""
    items = list(connector.read(source(data, path, resume, **changes)))
    assert isinstance(items[-1], Checkpoint)
    return items


def messages(items: Iterable[Any]) -> list[Message]:
    return [item for item in items if isinstance(item, Message)]


def problems(items: Iterable[Any]) -> list[SourceProblem]:
    return [item for item in items if isinstance(item, SourceProblem)]


def session(items: Iterable[Any], external_id: str | None = None) -> Session:
    """What all records of a session say together: None leaves what is known, and so does a title of lower rank."""
    known: Session | None = None
    for item in items:
        if isinstance(item, Session) and external_id in (None, item.external_id):
            known = _joined(known, item)
    assert known is not None
    return known


def stored(*reads: Iterable[Any]) -> Messages:
    """The messages by session and ordinal after these reads, one after the other."""
    kept: Messages = {}
    for item in (item for items in reads for item in items):
        if isinstance(item, Session) and item.whole:
            kept = {key: message for key, message in kept.items() if key[0] != item.external_id}
        if isinstance(item, Message):
            key = (item.session, item.ordinal)
            kept[key] = _continued(kept[key], item) if item.continues else item
    return kept


def resume(items: list[Any]) -> Resume:
    """Where the next read starts, its state as it comes back from a database."""
    import json

    last = items[-1]
    return Resume(last.offset, last.line, json.loads(json.dumps(last.state)))


def two_reads(connector: ModuleType, data: bytes, cut: int, path: str) -> tuple[list[Any], list[Any]]:
    """The records of a file read when it had `cut` bytes, and again when it was complete."""
    first = read(connector, data[:cut], path)
    return first, read(connector, data, path, resume(first))


def texts(items: Iterable[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Role and (kind, text) of every message."""
    return [(m.role, [(b.kind, b.text) for b in m.blocks]) for m in messages(items)]


def _joined(known: Session | None, item: Session) -> Session:
    if known is None:
        return item
    fields: Mapping[str, Any] = {
        name: getattr(item, name)
        for name in ("parent_external_id", "workspace", "git_branch", "model")
        if getattr(item, name) is not None
    }
    if item.title and item.title_rank >= known.title_rank:
        fields = {**fields, "title": item.title, "title_rank": item.title_rank}
    return replace(known, **fields)


def _continued(before: Message, more: Message) -> Message:
    return replace(before, blocks=before.blocks + more.blocks, end=more.end)
