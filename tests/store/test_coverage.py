"""What a tier of vectors may lack, told without going through what it has."""

from __future__ import annotations

from sqlite3 import Connection

import pytest

from cass.store.noted import MANY, newest_missing_ms

HAS = 3 * MANY


@pytest.fixture
def archive(connection: Connection) -> Connection:
    """So many messages, one a second, all of which the tier had when it was last looked at."""
    add(connection, range(1, HAS + 1))
    connection.execute("INSERT INTO meta VALUES('looked:fast', ?)", (f"{HAS} -1",))
    return connection


def add(connection: Connection, seconds: range, change: int = 0) -> None:
    """Messages of these seconds; their changes follow each other, the first behind `change`."""
    rows = [(1, at, second * 1000, change or second) for at, second in enumerate(seconds, HAS * (change > 0))]
    connection.executemany(
        "INSERT INTO messages(session, ordinal, role, created_ms, flags, doc, change) VALUES(?, ?, 0, ?, 0, 0, ?)", rows
    )


def steps(connection: Connection) -> int:
    """How many hundreds of its instructions SQLite takes for the answer."""
    taken: list[None] = []
    connection.set_progress_handler(lambda: taken.append(None), 100)
    newest_missing_ms(connection, "fast")
    connection.set_progress_handler(None, 0)
    return len(taken)


def test_a_tier_that_has_all_lacks_nothing(archive: Connection) -> None:
    """And a `cass status` that asks is not slower the more there is."""
    assert newest_missing_ms(archive, "fast") is None
    assert steps(archive) < HAS // 100


@pytest.mark.parametrize("count", [1, 2 * MANY])
def test_what_came_since_is_missing(archive: Connection, count: int) -> None:
    """However many have come."""
    add(archive, range(HAS + 1, HAS + 1 + count), HAS + 1)

    assert newest_missing_ms(archive, "fast") == (HAS + count) * 1000


def test_one_that_is_older_than_all(archive: Connection) -> None:
    """An old session that came back is missing, too; and found without looking at all newer ones."""
    add(archive, range(1), HAS + 1)

    assert newest_missing_ms(archive, "fast") == 0
    assert steps(archive) < HAS // 100


def test_a_tier_that_nobody_has_looked_at_may_lack_all(archive: Connection) -> None:
    """Then it is the newest message of all."""
    assert newest_missing_ms(archive, "quality") == HAS * 1000
