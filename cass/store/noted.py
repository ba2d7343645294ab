"""How many texts count and what a tier lacks, as a backfill noted it: for whoever has no time to look at all texts."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

# Of so many that have come lately the newest is soon met among the newest of all.
MANY = 1_000


def keep_eligible(connection: Connection, eligible: int, change: int) -> None:
    """Write down how many texts count, for those who have no time to look."""
    said = f"{eligible} {_last_text(connection)} {change}"
    connection.execute("INSERT OR REPLACE INTO meta VALUES('eligible', ?)", (said,))


def keep_looked(connection: Connection, tier: str, change: int, missing_ms: int | None) -> None:
    """Write down that the tier has all texts of the messages up to that change which are newer than `missing_ms`."""
    said = f"{change} {-1 if missing_ms is None else missing_ms}"
    connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (f"looked:{tier}", said))


def eligible_texts(connection: Connection) -> int:
    """How many texts count: as last written down, and all that came since; at most so many where nothing is."""
    row = connection.execute("SELECT value FROM meta WHERE key='eligible'").fetchone()
    if row is None:
        return _last_text(connection)
    eligible, last, _ = map(int, row[0].split())
    return eligible + _number(connection, "SELECT count(*) FROM texts WHERE id>?", last)


def newest_missing_ms(connection: Connection, tier: str) -> int | None:
    """The newest message that the tier may lack: it owed it when it was last looked at, or that came since.

    None where it lacks none.
    """
    row = connection.execute("SELECT value FROM meta WHERE key=?", (f"looked:{tier}",)).fetchone()
    change, missing_ms = map(int, row[0].split()) if row is not None else (0, -1)
    arrived = _number(connection, "SELECT count(*) FROM (SELECT 1 FROM messages WHERE change>? LIMIT ?)", change, MANY)
    # By their change where few have come: by time it would go through all that the tier has, looking for one it lacks.
    sql = f"SELECT max({'+' if arrived < MANY else ''}created_ms) FROM messages WHERE change>?"
    arrived_ms = connection.execute(sql, (change,)).fetchone()[0]
    return max([ms for ms in (missing_ms, arrived_ms) if ms is not None and ms >= 0], default=None)


def _last_text(connection: Connection) -> int:
    return _number(connection, "SELECT coalesce(max(id), 0) FROM texts")


def _number(connection: Connection, sql: str, *bound: object) -> int:
    number: int = connection.execute(sql, bound).fetchone()[0]
    return number
