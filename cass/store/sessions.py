"""Sessions and their stored messages, as ingest needs them."""

from __future__ import annotations

from cass.connectors.base import TITLE_PROMPT, TITLE_SUMMARY
from cass.records import record
from cass.store.counts import TOLD
from cass.store.files import IMPORTED
from cass.store.schema import GONE, OFF_PATH
from cass.store.writer import MessageRow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cass.store.writer import Part, Writer

_ROW = "id, session, ordinal, role, created_ms, flags, doc, change"


@record
class SessionRow:
    """A stored session.  `next_gone` is the ordinal that its next vanished message gets: -1, -2, …"""

    id: int
    sid: str
    workspace: int | None
    title_rank: int
    next_gone: int
    file: int | None


def find_session(writer: Writer, sid: str) -> SessionRow | None:
    """The stored session with this id."""
    row = writer.run("SELECT id, sid, workspace, title_rank, next_gone, file FROM sessions WHERE sid=?", sid).fetchone()
    return None if row is None else SessionRow(*row)


def started_sessions(writer: Writer, agent: str) -> dict[str, SessionRow]:
    """The sessions in files that others started, by what their agent calls them."""
    sql = "SELECT external_id, id, sid, workspace, title_rank, next_gone, file FROM sessions WHERE agent=?"
    rows = writer.run(f"{sql} AND parent IS NOT NULL AND file IS NOT NULL", writer.intern(agent))
    return {name: SessionRow(*row) for name, *row in rows}


def sessions_in_file(writer: Writer, file: int) -> list[SessionRow]:
    """The sessions that a file is the source of."""
    rows = writer.run("SELECT id, sid, workspace, title_rank, next_gone, file FROM sessions WHERE file=?", file)
    return [SessionRow(*row) for row in rows]


def add_session(writer: Writer, sid: str, agent: str, external_id: str, parent: str | None) -> SessionRow:
    """A new session, with nothing known of it but its ids."""
    done = writer.run(
        "INSERT INTO sessions(sid, agent, external_id, parent, title_rank, messages, next_gone) VALUES(?,?,?,?,0,0,-1)",
        sid,
        writer.intern(agent),
        external_id,
        parent,
    )
    return SessionRow(done.lastrowid, sid, None, 0, -1, None)


def drop_session(writer: Writer, session: int) -> None:
    """Take a session away that has no messages."""
    writer.run("DELETE FROM sessions WHERE id=?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE session=?1)", session)


def untitle_session(writer: Writer, session: int) -> None:
    """Take away a title that the agent took from what was said; one that was made or chosen stays."""
    writer.run(
        "UPDATE sessions SET title=NULL, title_rank=0 WHERE id=? AND title_rank IN (?,?)",
        session,
        TITLE_PROMPT,
        TITLE_SUMMARY,
    )


def describe_session(
    writer: Writer, session: int, file: int | None, workspace: str | None, branch: str | None, model: str | None
) -> None:
    """What is newly known of a session; None leaves what is stored."""
    writer.run(
        "UPDATE sessions SET workspace=coalesce(?,workspace), branch=coalesce(?,branch), model=coalesce(?,model),"
        " file=coalesce(?,file) WHERE id=?",
        writer.intern(workspace),
        writer.intern(branch),
        writer.intern(model),
        file,
        session,
    )


def title_session(writer: Writer, session: int, title: str, rank: int) -> None:
    """A title replaces a weaker or an equal one."""
    writer.run("UPDATE sessions SET title=?, title_rank=? WHERE id=? AND title_rank<=?", title, rank, session, rank)


def count_session(writer: Writer, session: int, next_gone: int) -> None:
    """Count its present messages and their times afresh."""
    writer.flush()
    writer.run(
        "UPDATE sessions SET next_gone=?1, (messages, started_ms, ended_ms) ="
        " (SELECT count(*), min(created_ms), max(created_ms) FROM messages"
        f"  WHERE session=?2 AND flags & {GONE} = 0) WHERE id=?2",
        next_gone,
        session,
    )


def extend_session(writer: Writer, session: int, added: int, first_ms: int | None, last_ms: int | None) -> None:
    """Count `added` more messages, without looking at the earlier ones."""
    writer.run(
        "UPDATE sessions SET messages=messages+?1,"
        " started_ms=CASE WHEN ?2 IS NULL THEN started_ms ELSE min(coalesce(started_ms,?2),?2) END,"
        " ended_ms=CASE WHEN ?3 IS NULL THEN ended_ms ELSE max(coalesce(ended_ms,?3),?3) END WHERE id=?4",
        added,
        first_ms,
        last_ms,
        session,
    )


def messages_of(writer: Writer, session: int) -> list[MessageRow]:
    """All stored messages of a session, those that are gone too."""
    writer.flush()
    return [MessageRow(*row) for row in writer.run(f"SELECT {_ROW} FROM messages WHERE session=?", session)]


def message_at(writer: Writer, session: int, ordinal: int) -> MessageRow | None:
    """The message of a session with this ordinal."""
    writer.flush()
    row = writer.run(f"SELECT {_ROW} FROM messages WHERE session=? AND ordinal=?", session, ordinal).fetchone()
    return None if row is None else MessageRow(*row)


def messages_at(writer: Writer, session: int, ordinal: int) -> list[MessageRow]:
    """The messages of a session with this ordinal: while a file is compared, also the one that it no longer has."""
    writer.flush()
    rows = writer.run(f"SELECT {_ROW} FROM messages WHERE session=? AND ordinal=? ORDER BY id", session, ordinal)
    return [MessageRow(*row) for row in rows]


def mark_off_path(writer: Writer, session: int, off: Iterable[tuple[int, int]]) -> None:
    """Of a session's messages in its file exactly those in these ranges of ordinals are off the active path."""
    writer.flush()
    writer.run(
        "UPDATE messages SET flags=flags & ? WHERE session=? AND ordinal>=0 AND flags & ?", ~OFF_PATH, session, OFF_PATH
    )
    for first, behind in off:
        writer.run(
            "UPDATE messages SET flags=flags | ? WHERE session=? AND ordinal>=? AND ordinal<?",
            OFF_PATH, session, first, behind,
        )  # fmt: skip


def messages_by_id(writer: Writer, message: int) -> list[MessageRow]:
    """The stored message with this row id, or nothing."""
    writer.flush()
    return [MessageRow(*row) for row in writer.run(f"SELECT {_ROW} FROM messages WHERE id=?", message)]


def last_ordinal(writer: Writer, session: int) -> int:
    """The highest ordinal of a session's stored messages, -1 where there is none."""
    writer.flush()
    return int(writer.value("SELECT coalesce(max(ordinal), -1) FROM messages WHERE session=?", session))


def workspace_of(writer: Writer, session: SessionRow) -> str | None:
    """The folder that a session belongs to."""
    if session.workspace is None:
        return None
    text: str = writer.value("SELECT text FROM strings WHERE id=?", session.workspace)
    return text


def parts_of(writer: Writer, message: int) -> list[Part]:
    """A message's blocks with their texts, in order."""
    writer.flush()
    rows = writer.run(
        "SELECT b.kind, n.text, b.call, b.flags, t.hash, t.text FROM blocks b JOIN texts t ON t.id=b.text"
        " LEFT JOIN strings n ON n.id=b.tool WHERE message=? ORDER BY ord",
        message,
    )
    return [tuple(row) for row in rows]


def blocks_of(writer: Writer, message: int) -> list[tuple[int, int, int, str]]:
    """(kind, flags, text hash, text) of a message's blocks, in order."""
    writer.flush()
    rows = writer.run(
        "SELECT b.kind, b.flags, t.hash, t.text FROM blocks b JOIN texts t ON t.id=b.text WHERE message=? ORDER BY ord",
        message,
    )
    return [tuple(row) for row in rows]


def drop_blocks(writer: Writer, message: int, start: int) -> None:
    """Forget a message's blocks from `start` on; their texts stay, others may share them."""
    writer.run("DELETE FROM blocks WHERE message=? AND ord>=?", message, start)


def workspaces(writer: Writer) -> tuple[str, ...]:
    """The folders that stored sessions have named, newest session first."""
    rows = writer.run(
        "SELECT s.text FROM sessions JOIN strings s ON s.id=workspace GROUP BY workspace ORDER BY max(ended_ms) DESC"
    )
    return tuple(row[0] for row in rows)


def external_ids(writer: Writer, agent: str) -> frozenset[str]:
    """The agent's own ids of the sessions that came from its own files, which imported files are not."""
    rows = writer.run(
        "SELECT s.external_id FROM sessions s JOIN strings a ON a.id=s.agent LEFT JOIN files f ON f.id=s.file"
        f" WHERE a.text=? AND f.inode IS NOT {IMPORTED} AND s.file IS NOT NULL",
        agent,
    )
    return frozenset(row[0] for row in rows)


def count_sessions(writer: Writer) -> int:
    """How many sessions have or had messages."""
    return int(writer.value(f"SELECT count(*) FROM sessions s WHERE {TOLD}"))
