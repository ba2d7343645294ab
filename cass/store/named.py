"""What people name, turned into rows: agents, workspaces, ids of sessions; and what is said of sessions."""

from __future__ import annotations

from cass.store.hits import marks, storable
from cass.store.schema import COPY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection


def string_ids(connection: Connection, texts: Sequence[str]) -> list[int]:
    """Ids of interned strings; those that occur nowhere are left out."""
    rows = connection.execute(f"SELECT id FROM strings WHERE text IN ({marks(texts)})", texts)
    return [row[0] for row in rows]


def all_workspaces(connection: Connection) -> list[tuple[int, str]]:
    """(id, path) of every workspace that a session names."""
    rows = connection.execute(
        "SELECT n.id, n.text FROM strings n WHERE n.id IN (SELECT DISTINCT workspace FROM sessions)"
    )
    return [(number, text) for number, text in rows]


def sessions_like(connection: Connection, prefix: str, limit: int = 6) -> list[tuple[int, str, str | None]]:
    """(row id, session id, title) of sessions whose id begins so."""
    upper = prefix + "g"  # behind every hexadecimal digit
    rows = connection.execute(
        "SELECT id, sid, title FROM sessions WHERE sid>=? AND sid<? ORDER BY sid LIMIT ?", (prefix, upper, limit)
    )
    return [(number, sid, title) for number, sid, title in rows]


def session_by_external_id(connection: Connection, external_id: str) -> list[tuple[int, str, str | None]]:
    """Sessions with this id of the agent's own."""
    rows = connection.execute(
        "SELECT id, sid, title FROM sessions WHERE external_id=? LIMIT 6", (storable(external_id),)
    )
    return [(number, sid, title) for number, sid, title in rows]


def session_lengths(connection: Connection, sessions: Sequence[int]) -> tuple[dict[int, int], int]:
    """Session → how many messages it has, and how many sessions there are."""
    sql = f"SELECT id, messages FROM sessions WHERE id IN ({marks(sessions)})"
    (count,) = connection.execute("SELECT count(*) FROM sessions").fetchone()
    return dict(connection.execute(sql, sessions).fetchall()), count


def roles_of(connection: Connection, docs: Sequence[int]) -> dict[int, int]:
    """Document → the role of its message."""
    sql = f"SELECT doc, role FROM messages WHERE doc IN ({marks(docs)}) AND flags & {COPY}=0"
    return dict(connection.execute(sql, docs).fetchall())


def copies_in(connection: Connection, sessions: Sequence[int]) -> list[int]:
    """Documents of these sessions' messages that the index has under another session."""
    sql = f"SELECT DISTINCT doc FROM messages WHERE session IN ({marks(sessions)}) AND flags & {COPY}"
    return [row[0] for row in connection.execute(sql, sessions)]


def session_titles(connection: Connection) -> list[tuple[int, str]]:
    """(row id, title) of every session that has one."""
    return [(number, title) for number, title in connection.execute("SELECT id, title FROM sessions WHERE title!=''")]


def unique_prefixes(connection: Connection, sids: Iterable[str], least: int = 8) -> dict[str, str]:
    """Each id's shortest beginning that no other session shares, of at least `least` digits."""
    found = {}
    for sid in sids:
        near = connection.execute(
            "SELECT (SELECT max(sid) FROM sessions WHERE sid<?1), (SELECT min(sid) FROM sessions WHERE sid>?1)", (sid,)
        ).fetchone()
        shared = max((_common(sid, other) for other in near if other), default=0)
        found[sid] = sid[: max(least, shared + 1)]
    return found


def _common(one: str, other: str) -> int:
    length = 0
    while length < len(one) and one[length : length + 1] == other[length : length + 1]:
        length += 1
    return length
