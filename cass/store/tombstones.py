"""What was forgotten stays forgotten: hashes by which a reader knows again what it must not store a second time.

A message has one for its place (session, ordinal, role, time), so that it does not come back with more in it, and one
for each of its texts with agent, role and time, so that no copy of it does.  A session has one, which its titles and
what describes it wait behind; a file has one, so that its bytes are not kept.  Nothing can be read from any of them.
"""

from __future__ import annotations

from cass.store.ids import hash64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from cass.store.writer import Writer

_BOUND = 100


def place_key(sid: str, ordinal: int, role: int, created_ms: int | None) -> int:
    """A message where it stands in its session, whatever is said in it by now."""
    return _key("place", sid, ordinal, role, created_ms)


def text_key(agent: str, sid: str, role: int, created_ms: int | None, digest: int) -> int:
    """A text said by a role at a time, in whatever session of the agent; without a time only in this one.

    `digest` is the text's hash64.
    """
    return _key("text", sid if created_ms is None else agent, role, created_ms, digest)


def session_key(sid: str) -> int:
    """A session whose title and description are not taken from its files any more."""
    return _key("session", sid)


def file_key(path: str) -> int:
    """An agent's file that holds something forgotten."""
    return _key("file", path)


def _key(*parts: object) -> int:
    # repr escapes what is no character, such as a lone surrogate in a path.
    return hash64(repr(parts).encode())


def any_tombstone(writer: Writer) -> bool:
    """Was anything ever forgotten?"""
    return writer.value("SELECT 1 FROM tombstones LIMIT 1") is not None


def count_tombstones(connection: Connection) -> int:
    """How many there are: more, once something was forgotten."""
    count: int = connection.execute("SELECT count(*) FROM tombstones").fetchone()[0]
    return count


def buried(connection: Connection, keys: Iterable[int]) -> set[int]:
    """Those of the keys that have a tombstone."""
    wanted, found = list(dict.fromkeys(keys)), set()
    for start in range(0, len(wanted), _BOUND):
        some = wanted[start : start + _BOUND]
        sql = f"SELECT hash FROM tombstones WHERE hash IN ({','.join('?' * len(some))})"
        found.update([hash for (hash,) in connection.execute(sql, some)])
    return found


def bury(writer: Writer, keys: Iterable[int], now_ms: int) -> None:
    """Leave tombstones; an older one stays as it is."""
    rows = [(key, now_ms) for key in keys]
    writer.run_many("INSERT OR IGNORE INTO tombstones VALUES(?,?)", rows)
