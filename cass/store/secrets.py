"""Where secrets stand in the archive: every text is read once, and only those with a secret are looked up."""

from __future__ import annotations

from cass.records import record
from cass.secret_forms import fingerprint, secrets_in
from cass.store.hits import BOUND, marks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sqlite3 import Connection


# A text has up to a million letters.
FETCHED = 50


@record
class SeenSecret:
    """A secret, told by kind and fingerprint; the sessions that hold it, first and last by time, UTC ms."""

    kind: str
    fingerprint: str
    messages: int
    sessions: tuple[str, ...]
    first_ms: int | None
    last_ms: int | None


def secrets_of(connection: Connection) -> list[SeenSecret]:
    """All secrets of the archive, those seen last first."""
    by_text: dict[int, list[tuple[str, str]]] = {}
    for number, text in texts_by_number(connection):
        found = [(kind, fingerprint(kind, text[start:end])) for kind, start, end in secrets_in(text)]
        if found:
            by_text[number] = found
    seen: dict[tuple[str, str], set[int]] = {}
    for message, number in _messages_with(connection, set(by_text)):
        for secret in by_text[number]:
            seen.setdefault(secret, set()).add(message)
    told_of = _said(connection, {message for messages in seen.values() for message in messages})
    # What was forgotten in between is in no session any more.
    listed = [_seen(secret, [told_of[at] for at in messages if at in told_of]) for secret, messages in seen.items()]
    listed = [each for each in listed if each.messages]
    return sorted(listed, key=lambda each: (-(each.last_ms or 0), each.kind, each.fingerprint))


def texts_by_number(connection: Connection) -> Iterator[tuple[int, str]]:
    """(number, text) of every text, some at a time.

    To look through all takes a minute; `cass forget` would not be finished, nor the log emptied, while one statement
    reads.
    """
    sql, last = "SELECT id, text FROM texts WHERE id>? ORDER BY id LIMIT ?", 0
    while some := connection.execute(sql, (last, FETCHED)).fetchall():
        yield from some
        last = some[-1][0]


def _seen(secret: tuple[str, str], said: list[tuple[str, int | None]]) -> SeenSecret:
    times = [ms for _, ms in said if ms is not None]
    # The session that had it last first: that is where one looks.
    sessions = dict.fromkeys(sid for sid, _ in sorted(said, key=lambda each: (-(each[1] or 0), each[0])))
    return SeenSecret(*secret, len(said), tuple(sessions), min(times, default=None), max(times, default=None))


def _messages_with(connection: Connection, texts: set[int]) -> Iterable[tuple[int, int]]:
    """(message, text) of every block that holds one of these texts: one pass, since blocks are not found by text."""
    if texts:
        for message, text in connection.execute("SELECT message, text FROM blocks"):
            if text in texts:
                yield message, text


def _said(connection: Connection, messages: Iterable[int]) -> dict[int, tuple[str, int | None]]:
    """Message → its session's id, and when it was said."""
    ids, found = sorted(messages), {}
    for start in range(0, len(ids), BOUND):
        some = ids[start : start + BOUND]
        sql = f"""SELECT m.id, s.sid, m.created_ms FROM messages m JOIN sessions s ON s.id=m.session
            WHERE m.id IN ({marks(some)})"""
        found.update({number: (sid, ms) for number, sid, ms in connection.execute(sql, some)})
    return found
