"""Of a database that changed, only the sessions that changed are read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.connectors import crush, readonly_sqlite
from cass.connectors.base import Message, Session
from tests.connectors.crush_files import SCHEMA, START_S, message, prompt, session
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.reading import messages, problems

LATER_MS = 9_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Two sessions, of which the second is newer."""
    rows = [session("s1", "Quokkas"), session("s2", "Wombats", updated_at=START_S + 9)]
    rows += [message(1, "s1", "user", prompt("one")), message(2, "s2", "user", prompt("two"))]
    return database(tmp_path / ".crush" / "crush.db", SCHEMA, rows)


def told(items: list[object]) -> list[str]:
    """The sessions that were told, in order."""
    return list(dict.fromkeys(item.external_id for item in items if isinstance(item, Session)))


def test_the_newest_session_comes_first(store: Path) -> None:
    """A search beside a first run finds the latest days."""
    assert told(read_file(crush, store)) == ["s2", "s1"]


def test_a_sub_agent_comes_behind_its_session(tmp_path: Path) -> None:
    """However much newer it is; and the sub-agent of a sub-agent belongs to the session in which somebody spoke."""
    rows = [session("old", "Wombats", updated_at=START_S + 1)]
    rows += [session("s1", "Quokkas"), session("s2", "Look", "s1", updated_at=START_S + 7)]
    rows += [session("s3", "Look closer", "s2", updated_at=START_S + 9)]
    rows += [message(at, key, "user", prompt(key)) for at, key in enumerate(("s1", "s2", "s3", "old"))]

    items = read_file(crush, database(tmp_path / ".crush" / "crush.db", SCHEMA, rows))

    assert told(items) == ["s1", "s3", "s2", "old"]
    parents = {item.external_id: item.parent_external_id for item in items if isinstance(item, Session)}
    assert parents == {"s1": None, "s2": "s1", "s3": "s1", "old": None}


def test_sessions_that_started_each_other(tmp_path: Path) -> None:
    """Nobody can have written that, but somebody may copy it."""
    rows = [session("s1", "Quokkas", "s2"), session("s2", "Wombats", "s1"), session("s3", "Dingos", "s3")]
    rows += [message(at, key, "user", prompt(key)) for at, key in enumerate(("s1", "s2", "s3"))]

    assert sorted(told(read_file(crush, database(tmp_path / ".crush" / "crush.db", SCHEMA, rows)))) == [
        "s1",
        "s2",
        "s3",
    ]


def test_an_unchanged_database_says_nothing_again(store: Path) -> None:
    """Its sessions have the stamps they had."""
    first = read_file(crush, store, later_ms=LATER_MS)

    assert len(read_file(crush, store, resumed(first), later_ms=LATER_MS)) == 1


def test_a_session_that_changed_is_told_as_a_whole(store: Path) -> None:
    """The other one is not."""
    first = read_file(crush, store, later_ms=LATER_MS)
    change(store, message(3, "s1", "assistant", prompt("three")))

    again = read_file(crush, store, resumed(first), later_ms=LATER_MS)

    assert [(m.session, m.ordinal, m.blocks[0].text) for m in messages(again)] == [("s1", 0, "one"), ("s1", 1, "three")]
    assert next(item.whole for item in again if isinstance(item, Session))


def test_what_was_written_a_moment_ago_is_read_once_more(store: Path) -> None:
    """Within the same second more may have come under the same stamp."""
    now = START_S + 9
    first = read_file(crush, store, later_ms=now * 1000 - _mtime_ms(store))

    again = read_file(crush, store, resumed(first), later_ms=LATER_MS)

    assert told(again) == ["s2"]
    assert told(read_file(crush, store, resumed(again), later_ms=LATER_MS)) == []


def test_a_deleted_session_is_told_without_messages(store: Path) -> None:
    """Then it is known to be gone, as a whole read would say."""
    first = read_file(crush, store, later_ms=LATER_MS)
    change(store, sql="DELETE FROM sessions WHERE id='s1'; DELETE FROM messages WHERE session_id='s1'")

    again = read_file(crush, store, resumed(first), later_ms=LATER_MS)

    assert again[:-1] == [Session("s1", whole=True)]
    assert again[-1].state["sessions"].keys() == {"s2"}


def test_a_locked_database_is_tried_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was known of it stays known."""
    import sqlite3

    monkeypatch.setattr(readonly_sqlite, "WAIT_S", 0.0)
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("PRAGMA journal_mode=DELETE")
    holder.execute("BEGIN EXCLUSIVE")
    items = read_file(crush, store)
    holder.close()

    assert [problem.what for problem in problems(items)] == [
        "another program has locked the database: it is read with the next run"
    ]
    assert items[-1].again


def test_a_copy_of_a_database_has_ids_of_its_own(store: Path) -> None:
    """Another file has the ids already: all of this one's get the same ending."""
    change(store, session("s3", "Child", "s1"), message(3, "s3", "user", prompt("three")))

    items = read_file(crush, store, external_id="s1~0a1b2c3d")

    assert {(i.external_id, i.parent_external_id) for i in items if isinstance(i, Session)} == {
        ("s1~0a1b2c3d", None), ("s2~0a1b2c3d", None), ("s3~0a1b2c3d", "s1~0a1b2c3d")}  # fmt: skip
    assert {item.session for item in items if isinstance(item, Message)} == {
        "s1~0a1b2c3d",
        "s2~0a1b2c3d",
        "s3~0a1b2c3d",
    }


def test_what_is_remembered_holds_no_words(store: Path) -> None:
    """A title may be what somebody wants left out."""
    assert "Quokkas" not in str(read_file(crush, store)[-1])


def test_a_long_database_can_be_read_in_parts(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading that stopped at a checkpoint goes on with the sessions it had not given."""
    monkeypatch.setattr("cass.connectors.databases.CHECKPOINT_BYTES", 0)
    first = read_file(crush, store, later_ms=LATER_MS)
    at = next(number for number, item in enumerate(first) if hasattr(item, "stamped"))

    rest = read_file(crush, store, resumed(first[: at + 1]), later_ms=LATER_MS)

    assert (told(first[:at]), told(rest)) == (["s2"], ["s1"])


def _mtime_ms(path: Path) -> int:
    return path.stat().st_mtime_ns // 1_000_000
