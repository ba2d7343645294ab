"""Goose's sessions: from its database, and from the files it had before."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import goose
from cass.connectors.base import (
    TITLE_CUSTOM,
    TITLE_GENERATED,
    TITLE_PROMPT,
    Block,
    Message,
    Root,
    Session,
    Surroundings,
)
from cass.indexing.discover import Survey
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.goose_made import SCHEMA, START_MS, START_S, Row, call, message, result, session, text
from tests.connectors.reading import messages, problems
from tests.connectors.reading import session as known
from tests.corpus import corpus_home

LATER_MS = 9_000_000_000_000
FAILED = result("c2", "no such zoo", status="error")


def stored(folder: Path, *rows: Row) -> list[Any]:
    """These rows, read."""
    return read_file(goose, database(folder / "sessions.db", SCHEMA, rows), later_ms=LATER_MS)


def test_a_turn_is_a_message(tmp_path: Path) -> None:
    """What tools answered stands in the user's message, and is a turn of its own."""
    thought = {"type": "thinking", "thinking": "Look."}
    items = stored(tmp_path, session("1", "Where quokkas live"), message(1, "1", "user", text("find it")),
                   message(2, "1", "assistant", thought, text("I look."), call("c1", "shell", command="ls")),
                   message(3, "1", "user", result("c1", {"content": [text("q.txt")]}), FAILED))  # fmt: skip

    assert messages(items) == [
        Message("1", 0, "user", START_MS + 1000, (Block("text", "find it"),)),
        Message("1", 1, "assistant", START_MS + 2000, (
            Block("thinking", "Look."), Block("text", "I look."), Block("tool_call", "ls", "shell", "c1"))),
        Message("1", 2, "tool", START_MS + 3000, (
            Block("tool_result", "q.txt", "shell", "c1"), Block("tool_result", "no such zoo", None, "c2", True))),
    ]  # fmt: skip
    assert known(items) == Session("1", None, "Where quokkas live", TITLE_GENERATED, "/w/zoo",
                                   model="sonnet", whole=True)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (result("c", [text("a"), text("b", annotations={"audience": ["user"]})]), ("a", False)),
        (result("c", {"content": [text("a")], "isError": True}), ("a", True)),
        ({"type": "toolResponse", "id": "c", "toolResult": {"Ok": {"content": [text("a")]}}}, ("a", False)),
        ({"type": "toolResponse", "id": "c", "toolResult": {"Err": "a"}}, ("a", True)),
        ({"type": "toolResponse", "id": "c", "toolResult": "a"}, ("a", False)),
    ],
)
def test_answers_of_all_versions(tmp_path: Path, answer: dict[str, Any], expected: tuple[str, bool]) -> None:
    """They are wrapped in what says whether they came about; what the user alone sees repeats them."""
    items = stored(tmp_path, session("1", "Zoo"), message(1, "1", "user", answer))

    assert [(block.text, block.is_error) for block in messages(items)[0].blocks] == [expected]


def test_what_the_user_never_saw_is_not_said(tmp_path: Path) -> None:
    """It was written for the model alone; the number of the message stays free."""
    rows = [message(1, "1", "user", text("for you"), seen=False), message(2, "1", "user", text("hi"))]

    assert [(m.ordinal, m.blocks[0].text) for m in messages(stored(tmp_path, session("1", ""), *rows))] == [(1, "hi")]


def test_names_that_people_gave_rank_highest(tmp_path: Path) -> None:
    """One that Goose made is better than a prompt, what it calls every session is none."""
    rows = [
        session("1", "Mine", user_set_name=1),
        session("2", "CLI Session"),
        session("3", "", description="Old name"),
    ]
    rows += [message(at, str(at), "user", text("hi")) for at in (1, 2, 3)]
    items = stored(tmp_path, *rows)

    assert [(known(items, key).title, known(items, key).title_rank) for key in ("1", "2", "3")] == [
        ("Mine", TITLE_CUSTOM), ("hi", TITLE_PROMPT), ("Old name", TITLE_GENERATED)]  # fmt: skip


def test_hidden_sessions_are_nobodys(tmp_path: Path) -> None:
    """Goose keeps some for itself."""
    assert (
        messages(stored(tmp_path, session("1", "", session_type="hidden"), message(1, "1", "user", text("hi")))) == []
    )


def test_only_the_session_with_a_new_message_is_read_again(tmp_path: Path) -> None:
    """Even where its time does not show it."""
    rows = [session(key, "Zoo") for key in ("1", "2")] + [message(at, str(at), "user", text("hi")) for at in (1, 2)]
    first = stored(tmp_path, *rows)
    change(tmp_path / "sessions.db", message(3, "2", "assistant", text("hello")))

    again = read_file(goose, tmp_path / "sessions.db", resumed(first), later_ms=LATER_MS)

    assert [(m.session, m.blocks[0].text) for m in messages(again)] == [("2", "hi"), ("2", "hello")]


def lines(*records: Any) -> str:
    return "".join(record if isinstance(record, str) else json.dumps(record) + "\n" for record in records)


OLD = (
    {"working_dir": "/w/zoo", "description": "Wombats", "message_count": 2},
    {"role": "user", "created": START_S, "content": [text("find it")]},
    {"role": "assistant", "created": START_S + 1, "content": [call("c1", "shell", command="ls")]},
    {"role": "user", "created": START_S + 2, "content": [result("c1", [text("w.txt")])]},
)


def test_a_file_of_lines_is_a_session(tmp_path: Path) -> None:
    """Its name is the id, its first line says where it was."""
    path = tmp_path / "20250102_030405.jsonl"
    path.write_text(lines(*OLD))
    items = read_file(goose, path)

    assert [(m.role, m.line, m.blocks[0].text) for m in messages(items)] == [
        ("user", 2, "find it"), ("assistant", 3, "ls"), ("tool", 4, "w.txt")]  # fmt: skip
    assert known(items) == Session("20250102_030405", None, "Wombats", TITLE_GENERATED, "/w/zoo", whole=True)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    """Those around it are read."""
    path = tmp_path / "20250102_030405.jsonl"
    path.write_text(lines(*OLD[:2], '{"role": "assis\n', *OLD[2:]))
    items = read_file(goose, path)

    assert ([p.line for p in problems(items)], len(messages(items))) == ([3], 3)


def test_what_the_database_has_taken_over_is_not_read_from_files(tmp_path: Path) -> None:
    """Each session counts once."""
    folder = tmp_path / ".local" / "share" / "goose" / "sessions"
    rows = [session("20250102_030405", "Wombats"), message(1, "20250102_030405", "user", text("find it"))]
    database(folder / "sessions.db", SCHEMA, rows)
    for name in ("20250102_030405", "20250102_030406"):
        (folder / f"{name}.jsonl").write_text(lines(*OLD))

    found = [found.path for found in Survey(goose, Surroundings(str(tmp_path), {})).files()]

    assert found == [str(folder / "20250102_030406.jsonl"), str(folder / "sessions.db")]


def test_its_places_on_every_system() -> None:
    """What its variables name comes first."""
    env = {"GOOSE_PATH_ROOT": "/g", "XDG_DATA_HOME": "/x", "APPDATA": "/a"}

    assert goose.roots(Surroundings("/h", env)) == [
        Root("/g/data/sessions"), Root("/x/goose/sessions"), Root("/h/.local/share/goose/sessions"),
        Root("/h/Library/Application Support/Block/goose/sessions"), Root("/a/Block/goose/data/sessions")]  # fmt: skip


def test_the_real_database_agrees_with_a_count_of_its_rows() -> None:
    """It has one session, in which nothing was said."""
    path = corpus_home() / ".local" / "share" / "goose" / "sessions" / "sessions.db"
    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    counted = connection.execute("SELECT count(*) FROM messages").fetchone()[0]

    items = read_file(goose, path)

    assert (len(messages(items)), len(items[-1].state["sessions"])) == (counted, 1)
