"""Secrets that stand in the archive, by kind and fingerprint: as JSON, as a table, or one fact a line."""

from __future__ import annotations

from cass.render.json_text import dumps
from cass.render.layout import counted, date, number
from cass.render.narrow import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.render.terminal import Style
    from cass.store.secrets import SeenSecret

SCHEMA_VERSION = 1
HEADS = ("kind", "fingerprint", "first seen", "last seen", "messages", "sessions")
SHOWN_SESSIONS = 3


def answer(found: Sequence[SeenSecret]) -> str:
    """The list as one object."""
    listed = [
        {
            "kind": secret.kind,
            "fingerprint": secret.fingerprint,
            "first_seen": secret.first_ms,
            "last_seen": secret.last_ms,
            "messages": secret.messages,
            "sessions": secret.sessions,
        }
        for secret in found
    ]
    return dumps({"schema_version": SCHEMA_VERSION, "secrets": listed, "count": len(listed)})


def listing(found: Sequence[SeenSecret], short: Mapping[str, str], look: Style) -> str:
    """One secret a line, or plainly one fact; those seen last first.  `short`: each session's unique beginning."""
    rows = [_row(secret, short) for secret in found]
    if look.plain:
        return "\n".join(
            ["".join([f"{name}: {value}\n" for name, value in zip(HEADS, row, strict=True)]) for row in rows]
        )
    if not rows:
        return ""
    return "".join(f"{line}\n" for line in table(HEADS, rows, look, right=(4,)))


def _row(secret: SeenSecret, short: Mapping[str, str]) -> tuple[str, ...]:
    names = [short[sid] for sid in secret.sessions[:SHOWN_SESSIONS]]
    more = len(secret.sessions) - len(names)
    sessions = " ".join(names) + (f" and {number(more)} more" if more else "")
    seen = (date(secret.first_ms), date(secret.last_ms))
    return secret.kind, secret.fingerprint, *seen, number(secret.messages), sessions


def about(found: Sequence[SeenSecret]) -> str:
    """How many, and what one does about them."""
    if not found:
        return "no secrets were recognised in the archive\n"
    said = f"{counted(len(found), 'secret')}, masked wherever cass shows a message (--show-secrets shows them)"
    return f"{said}\nreplace each where it is used; it stays in the agent's own file\n"
