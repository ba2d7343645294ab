"""What could not be read, agent by agent."""

from __future__ import annotations

from sqlite3 import Connection

from cass.store.catalog import problems_by_agent

FILES = 3_000


def add(connection: Connection) -> None:
    """So many files of two agents in turn, a few of them with problems."""
    rows = [(at, ("codex", "amp")[at % 2], f"/a/{at:04}") for at in range(FILES)]
    connection.executemany(
        "INSERT INTO files(id, agent, path, size, mtime_ns, inode, offset, line, resumable, complete, read_ms)"
        " VALUES(?, ?, ?, 0, 0, 0, 0, 0, 0, 1, 0)",
        rows,
    )
    problems = [(8, 2, "not JSON"), (8, 1, "torn"), (4, 7, "torn"), (3, None, "not a database"), (2, 1, "torn")]
    connection.executemany("INSERT INTO problems VALUES(?, ?, ?)", problems)


def test_the_first_problems_of_each_agent_are_named(connection: Connection) -> None:
    """By path, then by line."""
    add(connection)

    assert problems_by_agent(connection, limit=3) == {
        "amp": [("/a/0003", None, "not a database")],
        "codex": [("/a/0002", 1, "torn"), ("/a/0004", 7, "torn"), ("/a/0008", 1, "torn")],
    }


def test_files_without_problems_are_not_looked_at(connection: Connection) -> None:
    """However many there are."""
    add(connection)
    taken: list[None] = []

    connection.set_progress_handler(lambda: taken.append(None), 100)
    problems_by_agent(connection, limit=3)
    connection.set_progress_handler(None, 0)

    assert len(taken) < FILES // 100
