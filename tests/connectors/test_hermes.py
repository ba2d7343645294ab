"""Hermes Agent's sessions, from its database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import hermes
from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, TITLE_PROMPT, Block, Root, Session, Surroundings
from cass.records import replace
from tests.connectors.databases_made import Row, change, database, read_file, resumed
from tests.connectors.hermes_made import ROWS, SCHEMA, START_MS, message, session
from tests.connectors.reading import messages, texts
from tests.connectors.reading import session as told

DAY_MS = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return database(tmp_path / ".hermes" / "state.db", SCHEMA, ROWS)


def read_rows(tmp_path: Path, *rows: Row) -> list[Any]:
    return read_file(hermes, database(tmp_path / "made" / "state.db", SCHEMA, rows))


def test_a_session_is_told_with_all_that_is_known(path):
    """Its row has the folder, the branch, the model and a title."""
    known = Session("s1", None, "Quokka hunt", TITLE_GENERATED, "/w/app", "main", "hermes-4")

    assert replace(told(read_file(hermes, path)), whole=False) == known


def test_turns_with_calls_and_results(path):
    """What the model thought, called and was answered, each with its time."""
    items = read_file(hermes, path)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "terminal", "c1"),)
    assert [m.created_ms for m in messages(items)] == [START_MS + 1000 * at for at in range(4)]


@pytest.mark.parametrize(
    ("source", "rank"), [("user", TITLE_CUSTOM), ("llm", TITLE_GENERATED), (None, TITLE_GENERATED)]
)
def test_titles_by_who_gave_them(tmp_path, source, rank):
    """One that the user gave is worth more."""
    items = read_rows(tmp_path, session(title_source=source), message(1, "user", "find it"))

    assert told(items).title_rank == rank


def test_what_was_taken_back_is_marked(tmp_path):
    """A rewind leaves messages that do not count; what was only compacted is still on the path."""
    items = read_rows(
        tmp_path,
        session(title=None),
        message(1, "user", "find a lion", active=0),
        message(2, "user", "find a quokka", active=0, compacted=1),
        message(3, "user", "so far: a quokka", _compressed_summary=1),
    )

    assert [(m.role, m.off_path) for m in messages(items)] == [("user", True), ("user", False), ("summary", False)]
    assert (told(items).title, told(items).title_rank) == ("find a quokka", TITLE_PROMPT)


def test_what_nobody_is_shown_is_dropped(tmp_path):
    """The system's prompt, notes of the agent to itself, and hidden rows; all are counted."""
    items = read_rows(
        tmp_path,
        session(),
        message(1, "system", "You are"),
        message(2, "session_meta", "{}"),
        message(3, "user", "[scaffold]", display_kind="hidden"),
        message(4, "user", "find it"),
    )

    assert [m.ordinal for m in messages(items)] == [3]


@pytest.mark.parametrize(("end", "config", "parent"), [
    (None, None, "s1"), ("agent_close", "{}", "s1"), ("compression", None, None),
    (None, '{"_branched_from": "s1"}', None), ("session_reset", None, None),
])  # fmt: skip
def test_a_sub_agents_session_is_a_child(tmp_path, end, config, parent):
    """One that goes on with its parent's conversation is not."""
    items = read_rows(
        tmp_path,
        session(end_reason=end),
        session("s2", parent_session_id="s1", model_config=config),
        message(1, "user", "look", "s2"),
    )

    assert told(items, "s2").parent_external_id == parent


def test_only_what_changed_is_read_again(path):
    """Another session is not."""
    change(path, session("s2"), message(9, "user", "and the emu?", "s2"))
    first = read_file(hermes, path, later_ms=DAY_MS)
    change(path, message(10, "assistant", "In the bush.", "s2"))

    second = read_file(hermes, path, resumed(first), later_ms=DAY_MS)

    assert {m.session for m in messages(second)} == {"s2"}
    assert read_file(hermes, path, resumed(second), later_ms=DAY_MS)[:-1] == []


def test_a_rewind_is_a_change(path):
    """No message came, and none went."""
    first = read_file(hermes, path, later_ms=DAY_MS)
    change(path, sql="UPDATE messages SET active=0 WHERE id=4")

    second = read_file(hermes, path, resumed(first), later_ms=DAY_MS)

    assert [m.off_path for m in messages(second)] == [False, False, False, True]


def test_other_versions_have_fewer_columns(tmp_path):
    """What is not there is not known."""
    schema = (
        "CREATE TABLE sessions(id TEXT); CREATE TABLE messages(session_id TEXT, role TEXT, content TEXT, timestamp);"
    )
    rows: list[Row] = [
        ("sessions", {"id": "s1"}),
        ("messages", {"session_id": "s1", "role": "user", "content": "find it", "timestamp": START_MS / 1000}),
    ]
    items = read_file(hermes, database(tmp_path / "state.db", schema, rows))

    assert texts(items) == [("user", [("text", "find it")])]


def test_a_message_may_have_parts(tmp_path):
    """As JSON in its text."""
    parts = '[{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": "data:…"}}]'

    assert texts(read_rows(tmp_path, session(), message(1, "user", parts))) == [
        ("user", [("text", "see"), ("image", "[image]")])
    ]


def test_where_databases_are():
    """In the agent's folder and in those of its profiles, or where the environment says."""
    assert hermes.roots(Surroundings("/h", {})) == [Root("/h/.hermes"), Root("/h/.hermes/profiles", 1)]
    assert hermes.roots(Surroundings("/h", {"HERMES_HOME": "/x"}))[0] == Root("/x")
    assert hermes.claims("/h/.hermes/state.db")
    assert not hermes.claims("/h/.hermes/state.db-wal")
    assert hermes.enters("/h/.hermes/profiles/work")
    assert not hermes.enters("/h/.hermes/skills")
