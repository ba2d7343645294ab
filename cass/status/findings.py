"""What a check of the doctor gets, and what it gives."""

from __future__ import annotations

from cass.policy import MB
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from sqlite3 import Connection

    from cass.errors import CassError
    from cass.paths import Places
    from cass.settings.quick import Settings

OK, WARN, FAIL = "ok", "warn", "fail"
# Repairs that cannot lose anything; `cass doctor --fix` does them in this order.
FREE, CHMOD, CHECKPOINT, REMAKE = "free", "chmod", "checkpoint", "remake"
REBUILD, DROP = "rebuild", "drop"


@record
class Finding:
    """What a check found.  `command` mends it, `fix` is the repair that --fix may do."""

    name: str
    level: str
    evidence: str
    command: str | None = None
    fix: str | None = None


@record
class Patient:
    """What the checks look at.  Without a `connection`, `error` says why, or there is no database yet.

    services: (path, text) of the files by which a system starts the worker, as they should be if they are there.
    """

    places: Places
    home: str
    env: Mapping[str, str]
    settings: Settings
    connection: Connection | None
    error: CassError | None
    services: Sequence[tuple[str, str]] = ()
    now_ms: int = 0


def without_archive(patient: Patient, name: str, said: str) -> Finding:
    """Where no database can be read: `said` where there is none yet, else nothing is known."""
    if patient.error is not None:
        return Finding(name, WARN, "cannot be told while the database cannot be read")
    return Finding(name, OK, said)


def several(count: int, noun: str) -> str:
    """1 message, 2 messages."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def megabytes(count: float) -> str:
    """Bytes in MB, as the settings count them."""
    return f"{count / MB:,.1f} MB"
