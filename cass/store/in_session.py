"""Messages by their place in a session."""

from __future__ import annotations

from cass.store.hits import STORED, StoredMessage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection


def message_at(connection: Connection, session: int, ordinal: int) -> StoredMessage | None:
    """One message of a session."""
    row = connection.execute(f"{STORED} WHERE m.session=? AND m.ordinal=?", (session, ordinal)).fetchone()
    return None if row is None else StoredMessage(*row)


def messages_between(connection: Connection, session: int, first: int, last: int) -> list[StoredMessage]:
    """The messages of a session whose ordinals lie in [first, last], in order."""
    sql = f"{STORED} WHERE m.session=? AND m.ordinal BETWEEN ? AND ? ORDER BY m.ordinal"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, first, last))]


def messages_after(connection: Connection, session: int, ordinal: int, limit: int) -> list[StoredMessage]:
    """The next messages of a session behind one that need not exist, in order."""
    sql = f"{STORED} WHERE m.session=? AND m.ordinal>? ORDER BY m.ordinal LIMIT ?"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, ordinal, limit))]


def gone_after(connection: Connection, session: int, ordinal: int, limit: int) -> list[StoredMessage]:
    """The next of the messages that are gone from the agent's file: their ordinals count down from -1."""
    sql = f"{STORED} WHERE m.session=? AND m.ordinal<? ORDER BY m.ordinal DESC LIMIT ?"
    return [StoredMessage(*row) for row in connection.execute(sql, (session, min(0, ordinal), limit))]
