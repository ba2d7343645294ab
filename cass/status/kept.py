"""What would be lost without cass, and what of it is kept: sessions that exist only here, and those that soon will."""

from __future__ import annotations

from cass.policy import MB
from cass.records import record
from cass.settings.table import BY_KEY
from cass.store.raw_size import size_bytes
from cass.store.safety import SOON_DAYS, Safety, safety

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.paths import Places
    from cass.settings.quick import Settings


@record
class Kept:
    """`bytes` are those of `archive.db`, `off` says why no files are kept."""

    safety: Safety
    bytes: int
    budget_bytes: int
    off: str | None = None

    @property
    def budget_mb(self) -> int:
        return self.budget_bytes // MB


def kept_facts(places: Places, connection: Connection | None, settings: Settings, now_ms: int) -> Kept:
    """As it was last written down."""
    known = Safety() if connection is None else safety(connection, now_ms)
    budget_bytes = settings.whole("archive.budget_mb") * MB
    return Kept(known, size_bytes(places.data), budget_bytes, why_off(settings))


def why_off(settings: Settings) -> str | None:
    """Why files are not kept; None where they are."""
    if not settings.value("archive.enabled"):
        return "archive.enabled is false"
    # Bytes as the agent wrote them hold whatever was to be masked.
    if "redact" in BY_KEY and settings.value("redact") == "index":
        return "redact is index, and the files hold what is masked"
    return None


def told(kept: Kept) -> str:
    """In a sentence; "" where there is nothing to tell."""
    known = kept.safety
    parts = []
    if known.only_here:
        parts.append(f"{_sessions(known.only_here)} only here, {_files(known.restorable, known.only_here)}")
    if known.expiring:
        said = f"{_sessions(known.expiring)} to be deleted by their agents within {SOON_DAYS} days"
        parts.append(f"{said}, {_files(known.expiring_kept, known.expiring)}")
    if not parts:
        return ""
    reason = kept.off or known.full
    return "; ".join([*parts, *([f"no more files are kept: {reason}"] if reason else [])])


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _files(kept: int, count: int) -> str:
    """The text is in the database whatever happens."""
    if kept == count:
        return "text and files safe"
    return f"text safe, files of {kept} kept" if kept else "text safe, files not kept"
