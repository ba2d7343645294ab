"""A pack as JSON."""

from __future__ import annotations

from cass.render.fitting import approx_tokens
from cass.render.json_text import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.render.packing import Budget, Excerpt
    from cass.search.request import Results

SCHEMA_VERSION = 1


def answer(query: str, results: Results, budget: Budget, excerpts: Sequence[Excerpt]) -> str:
    """The excerpts, best first, as one object."""
    texts = "".join(excerpt.text for excerpt in excerpts)
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "query": query,
            "max_tokens": budget.tokens,
            "max_chars": budget.chars,
            "generation": results.generation,
            "total_matches": results.total,
            "total_is_exact": results.exact_total,
            "count": len(excerpts),
            "sessions": len({excerpt.hit.sid for excerpt in excerpts}),
            "tokens": approx_tokens(texts),
            "chars": len(texts),
            "excerpts": [_excerpt(excerpt) for excerpt in excerpts],
            "notes": results.notes,
        }
    )


def _excerpt(excerpt: Excerpt) -> dict[str, object]:
    hit = excerpt.hit
    return {
        "id": f"{hit.sid}:{hit.ordinal}",
        "session_id": hit.sid,
        "agent": hit.agent,
        "role": hit.role,
        "title": hit.title,
        "workspace": hit.workspace,
        "git_branch": hit.branch,
        "source_path": hit.path,
        "source_state": hit.state,
        "line_number": hit.line,
        "created_at": hit.created_ms,
        "rank": hit.rank,
        "text": excerpt.text,
        "first_line": excerpt.first,
        "last_line": excerpt.last,
        "lines": excerpt.lines,
        "is_whole": excerpt.is_whole,
    }
