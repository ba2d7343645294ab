"""`--format`: a template becomes a function from a hit to a line."""

from __future__ import annotations

from cass.errors import UsageError
from cass.render.layout import date
from cass.render.terminal import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cass.search.request import Hit

FIELDS: dict[str, Callable[[Hit], str]] = {
    "id": lambda hit: f"{hit.sid}:{hit.ordinal}",
    "session_id": lambda hit: hit.sid,
    "path": lambda hit: hit.path or "",
    "line": lambda hit: "" if hit.line is None else str(hit.line),
    "title": lambda hit: hit.title or "",
    "snippet": lambda hit: hit.snippet,
    "agent": lambda hit: hit.agent,
    "role": lambda hit: hit.role,
    "workspace": lambda hit: hit.workspace or "",
    "created_at": lambda hit: "" if hit.created_ms is None else date(hit.created_ms, "%Y-%m-%dT%H:%M:%S%z"),
    "score": lambda hit: str(hit.score),
}
ESCAPES = {"\\t": "\t", "\\n": "\n", "\\\\": "\\", "{{": "{", "}}": "}"}


def compiled(template: str) -> Callable[[Hit], str]:
    """What fills the template for one hit.  Raises UsageError for a field that a hit has not."""
    parts = list(_parts(template))

    def fill(hit: Hit) -> str:
        return "".join(part if isinstance(part, str) else visible(part(hit)) for part in parts)

    return fill


def _parts(template: str) -> Iterator[str | Callable[[Hit], str]]:
    at = 0
    while at < len(template):
        pair = template[at : at + 2]
        if pair in ESCAPES:
            yield ESCAPES[pair]
            at += 2
        elif template[at] == "{":
            end = template.find("}", at)
            yield _field(template[at + 1 : end] if end > 0 else template[at + 1 :], closed=end > 0)
            at = end + 1
        else:
            yield template[at]
            at += 1


def _field(name: str, closed: bool) -> Callable[[Hit], str]:
    known = ", ".join(f"{{{field}}}" for field in FIELDS)
    if not closed:
        raise UsageError(f"the {{ before {name!r} is not closed", "--format", f"use {known}, and {{{{ for a brace")
    if name not in FIELDS:
        raise UsageError(f"{name!r} is not a field of a hit", "--format", f"use {known}")
    return FIELDS[name]
