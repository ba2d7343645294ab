"""How many sessions exist nowhere else, and how many soon will: written down for `status`, which has no time to count.

An agent that deletes its files does so after some days without a change.  The text of every session is in the database
whatever becomes of its file; the file's own bytes are kept for some (`store/raw.py`).
"""

from __future__ import annotations

import marshal

from cass.records import record
from cass.store.counts import TOLD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from sqlite3 import Connection

DAY_MS = 86_400_000
SOON_DAYS = 7
# `gone` of a file.
GONE_FOR_GOOD, RESTORABLE = 1, 2


@record
class Safety:
    """Counts of sessions.

    only_here: their files are gone, and of `restorable` ones the bytes are kept · expiring: their agent deletes them
    within seven days; of `expiring_kept` the bytes are kept, of `vain` they cannot be · full: why nothing more is kept.
    """

    only_here: int = 0
    restorable: int = 0
    expiring: int = 0
    expiring_kept: int = 0
    full: str | None = None
    vain: int = 0


@record
class Expiring:
    """Sessions of a file that its agent will delete."""

    expires_ms: int
    sessions: int
    kept: bool


def keep_safety(
    connection: Connection,
    expiring: Iterable[Expiring],
    kept: Container[str],
    full: str | None = None,
    vain: int = 0,
) -> None:
    """Write it down, inside a transaction of the caller's.  `kept` are the paths of which the bytes are kept."""
    files = connection.execute("SELECT id, path, gone FROM files WHERE gone!=0").fetchall()
    now = [(RESTORABLE if path in kept else GONE_FOR_GOOD, id, gone) for id, path, gone in files]
    connection.executemany("UPDATE files SET gone=? WHERE id=?", [row[:2] for row in now if row[0] != row[2]])
    days: dict[int, list[int]] = {}
    for one in expiring:
        counts = days.setdefault(one.expires_ms // DAY_MS, [0, 0])
        counts[0] += one.sessions
        counts[1] += one.sessions if one.kept else 0
    said = _said(connection, days, full, vain)
    connection.execute("INSERT OR REPLACE INTO meta VALUES('safety', ?)", (said,))


def recount(connection: Connection) -> None:
    """Sessions have gone: count those that are only here again, inside a transaction of the caller's."""
    row = connection.execute("SELECT value FROM meta WHERE key='safety'").fetchone()
    if row is not None:
        connection.execute(
            "UPDATE meta SET value=? WHERE key='safety'", (_said(connection, *marshal.loads(row[0])[2:]),)
        )


def _said(connection: Connection, days: dict[int, list[int]], full: str | None, vain: int) -> bytes:
    only_here = _count(connection, "f.gone!=0 OR f.id IS NULL")
    return marshal.dumps((only_here, _count(connection, f"f.gone={RESTORABLE}"), days, full, vain))


def _count(connection: Connection, test: str) -> int:
    sql = f"SELECT count(*) FROM sessions s LEFT JOIN files f ON f.id=s.file WHERE {TOLD} AND ({test})"
    number: int = connection.execute(sql).fetchone()[0]
    return number


def safety(connection: Connection, now_ms: int) -> Safety:
    """As it was last written down, for the days that come now; all zero before the first time."""
    row = connection.execute("SELECT value FROM meta WHERE key='safety'").fetchone()
    try:
        only_here, restorable, days, full, vain = marshal.loads(row[0]) if row is not None else (0, 0, {}, None, 0)
    except (ValueError, EOFError, TypeError):
        return Safety()
    last = now_ms // DAY_MS + SOON_DAYS
    soon = [counts for day, counts in days.items() if day <= last]
    return Safety(only_here, restorable, sum([one[0] for one in soon]), sum([one[1] for one in soon]), full, vain)
