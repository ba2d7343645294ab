"""A search's answer as JSON: one object, or one object a line."""

from __future__ import annotations

from cass import errors
from cass.connectors.table import agent_row
from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.search.request import Hit, Results

SCHEMA_VERSION = 1
MINIMAL = ("id", "source_path", "line_number", "agent")
SUMMARY = (*MINIMAL, "title", "score", "created_at")


def answer(results: Results, fields: Sequence[str] | None, unit: str, cut: Callable[[str], str]) -> str:
    """The whole answer as one object.  `fields` None means all; `cut` bounds long texts."""
    request = results.request
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "query": request.text,
            "limit": request.limit,
            "offset": request.skipped,
            "count": len(results.hits),
            "total_matches": results.total,
            "total_is_exact": results.exact_total,
            "hits": [hit_object(hit, fields, unit, cut) for hit in results.hits],
            "meta": meta(results),
        }
    )


def lines(results: Results, fields: Sequence[str] | None, unit: str, cut: Callable[[str], str]) -> str:
    """One object a line, `meta` last."""
    out = [dumps({"type": "hit", **hit_object(hit, fields, unit, cut)}) for hit in results.hits]
    totals = {"count": len(results.hits), "total_matches": results.total, "total_is_exact": results.exact_total}
    out.append(dumps({"type": "meta", "schema_version": SCHEMA_VERSION, **totals, **meta(results)}))
    return "\n".join(out)


def meta(results: Results) -> dict[str, object]:
    """How the answer came about."""
    return {
        "took_ms": results.took_ms,
        "request_id": results.request.request_id,
        "mode": results.request.mode,
        "answered_by": results.answered_by,
        "rung": results.rung,
        "confidence": results.confidence,
        "coverage": dict(results.coverage),
        "notes": (*results.notes, *results.asides),
        "corrected": dict(results.corrected),
        "dropped": results.dropped,
        "next_cursor": results.next_cursor,
        "index": {
            "messages": results.messages,
            "behind_files": results.behind_files,
            "last_indexed_at": results.indexed_ms,
        },
        **({"stages": results.stages} if results.stages else {}),
    }


def hit_object(hit: Hit, fields: Sequence[str] | None, unit: str, cut: Callable[[str], str]) -> dict[str, object]:
    """A hit as people and scripts read it."""
    row = agent_row(hit.agent)
    whole: dict[str, object] = {
        "id": f"{hit.sid}:{hit.ordinal}",
        "session_id": hit.sid,
        "parent_session_id": hit.parent,
        "external_id": hit.external_id,
        "agent": hit.agent,
        "role": hit.role,
        "title": hit.title,
        "workspace": hit.workspace,
        "git_branch": hit.branch,
        "source_id": "local",
        "source_path": hit.path,
        "source_state": hit.state,
        "line_number": hit.line,
        "message_index": hit.ordinal,
        "created_at": hit.created_ms,
        "rank": hit.rank,
        "score": hit.score,
        "match_type": hit.match_type,
        "snippet": hit.snippet,
        "matches": [list(span) for span in spans_in(hit.snippet, hit.matches, unit)],
        "resume": [part.replace("{id}", hit.external_id) for part in row.resume] if row else [],
        "also": hit.also,
    }
    if hit.content is not None:
        whole["content"] = cut(hit.content)
    if hit.context:
        whole["context"] = [
            {"message_index": ordinal, "role": role, "content": cut(text)} for ordinal, role, text in hit.context
        ]
    if hit.explain is not None:
        whole["explain"] = hit.explain
    return whole if fields is None else {name: whole[name] for name in fields if name in whole}


def spans_in(text: str, spans: Sequence[tuple[int, int]], unit: str) -> list[tuple[int, int]]:
    """Code point offsets as offsets in `chars`, `utf8` bytes or `utf16` units."""
    if unit == "chars" or text.isascii():
        return list(spans)
    size = 2 if unit == "utf16" else 1
    coding = "utf-16-le" if unit == "utf16" else "utf-8"
    return [(len(text[:start].encode(coding)) // size, len(text[:end].encode(coding)) // size) for start, end in spans]


FIELDS = (
    *("id", "session_id", "parent_session_id", "external_id", "agent", "role", "title", "workspace", "git_branch"),
    *("source_id", "source_path", "source_state", "line_number", "message_index", "created_at", "rank", "score"),
    *("match_type", "snippet", "matches", "resume", "also", "content", "context", "explain"),
)


def chosen_fields(text: str) -> tuple[str, ...]:
    """What `--fields` names.  Raises UsageError with the known names."""
    if text == "minimal":
        return MINIMAL
    if text == "summary":
        return SUMMARY
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            raise errors.UsageError(f"{name!r} is not a field of a hit", "--fields", f"use minimal, summary or {known}")
    return names
