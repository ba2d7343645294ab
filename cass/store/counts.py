"""How many files, sessions, messages and problems each agent has, counted or as last written down.

Counting 3,000 sessions takes 5 ms, so whoever has brought the archive up to date writes the counts beside the change
number that they are true for.
"""

from __future__ import annotations

import marshal

from cass.records import record
from cass.store.connect import lacking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.store.writer import Writer

# A session that has lost all its messages to its agent still has them here.
TOLD = "(s.messages>0 OR s.next_gone<-1)"


@record
class AgentCount:
    """What is stored of one agent.  `messages` counts those that its files no longer contain, too."""

    files: int = 0
    sessions: int = 0
    messages: int = 0
    problems: int = 0


def agent_counts(connection: Connection) -> dict[str, AgentCount]:
    """Counts by agent, of those that have a file or a session."""
    row = connection.execute("SELECT value FROM meta WHERE key='counts'").fetchone()
    try:
        change, counts = marshal.loads(row[0]) if row is not None else (None, {})
    except (ValueError, EOFError, TypeError):
        change, counts = None, {}
    if change != _change(connection):
        return _counted(connection)
    return {name: AgentCount(*numbers) for name, numbers in counts.items()}


def keep_counts(writer: Writer) -> None:
    """Write them down, inside a transaction of the caller's in which all files and messages are as they stay."""
    counts = {
        name: (one.files, one.sessions, one.messages, one.problems) for name, one in _counted(writer.connection).items()
    }
    kept = marshal.dumps((_change(writer.connection), counts))
    writer.run("INSERT OR REPLACE INTO meta VALUES('counts', ?)", kept)


def forget_counts(writer: Writer) -> None:
    """To be counted again: files or problems have changed."""
    writer.run("DELETE FROM meta WHERE key='counts'")


def _change(connection: Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key='change'").fetchone()
    if row is None:
        raise lacking("change")
    change: int = row[0]
    return change


def _counted(connection: Connection) -> dict[str, AgentCount]:
    def numbers(sql: str) -> dict[str, int]:
        return dict(connection.execute(sql).fetchall())

    files = numbers("SELECT agent, count(*) FROM files WHERE gone=0 GROUP BY agent")
    problems = numbers("SELECT f.agent, count(*) FROM problems p JOIN files f ON f.id=p.file GROUP BY f.agent")
    gone = numbers(
        # CROSS keeps the order: few sessions have lost a message, and looking through all messages takes 10 ms.
        "SELECT s.agent, count(*) FROM sessions s CROSS JOIN messages m ON m.session=s.id AND m.ordinal<0"
        " WHERE s.next_gone<-1 GROUP BY s.agent"
    )
    told = {
        name: (sessions, messages + gone.get(agent, 0))
        for agent, name, sessions, messages in connection.execute(
            "SELECT s.agent, a.text, count(*), sum(s.messages) FROM sessions s JOIN strings a ON a.id=s.agent"
            f" WHERE {TOLD} GROUP BY s.agent"
        )
    }
    names = sorted(files.keys() | problems.keys() | told.keys())
    return {name: AgentCount(files.get(name, 0), *told.get(name, (0, 0)), problems.get(name, 0)) for name in names}


def count_undated(connection: Connection) -> int:
    """How many messages have no time, and so are in no filter by time.  An index tells."""
    count: int = connection.execute("SELECT count(*) FROM messages WHERE created_ms IS NULL").fetchone()[0]
    return count
