"""Tiers whose embedder took more memory than background work may use: what a fresh process found out, for the next."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

KEY = "unfit:"


def note_unfit(connection: Connection, tier: str, embedder: str, most_mb: int) -> None:
    """With so much it does not work.  `embedder`: its name and its version."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (KEY + tier, f"{most_mb} {embedder}"))


def forget_unfit(connection: Connection, tier: str) -> None:
    """It worked."""
    connection.execute("DELETE FROM meta WHERE key=?", (KEY + tier,))


def unfit(connection: Connection, tier: str, embedder: str) -> int | None:
    """The most megabytes with which it is known not to work; None where nothing is known."""
    row = connection.execute("SELECT value FROM meta WHERE key=?", (KEY + tier,)).fetchone()
    most_mb, _, whose = row[0].partition(" ") if row is not None else ("", "", "")
    return int(most_mb) if whose == embedder and most_mb.isdigit() else None


def all_unfit(connection: Connection) -> list[tuple[str, int]]:
    """(tier, megabytes), whatever their embedders are now."""
    rows = connection.execute("SELECT key, value FROM meta WHERE key>=? AND key<?", (KEY, KEY[:-1] + ";")).fetchall()
    return [(key[len(KEY) :], int(value.partition(" ")[0])) for key, value in rows]
