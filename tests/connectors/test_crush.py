"""Crush's databases become sessions, those of its sub-agents too."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from cass.connectors import crush
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Message, Root, Session, Surroundings
from cass.indexing.discover import Survey
from tests.connectors.crush_files import (
    SCHEMA,
    START_MS,
    START_S,
    answer,
    call,
    message,
    prompt,
    result,
    session,
    thought,
)
from tests.connectors.databases_made import database, read_file
from tests.connectors.reading import messages
from tests.connectors.reading import session as known
from tests.corpus import corpus_home


def stored(folder: Path, *rows: tuple[str, dict[str, Any]]) -> list[Any]:
    """These rows, read."""
    return read_file(crush, database(folder / "zoo" / ".crush" / "crush.db", SCHEMA, rows))


def test_a_turn_is_a_message(tmp_path: Path) -> None:
    """Thoughts, words and calls stand together; what a tool answered has the name of its call."""
    items = stored(tmp_path, session("s1", "Where quokkas live"),
                   message(1, "s1", "user", prompt("find it")),
                   message(2, "s1", "assistant", thought("Look."), answer("I look."), call("c1", "bash", command="ls")),
                   message(3, "s1", "tool", result("c1", "no such zoo", is_error=True)))  # fmt: skip

    assert messages(items) == [
        Message("s1", 0, "user", START_MS + 1000, (Block("text", "find it"),)),
        Message("s1", 1, "assistant", START_MS + 2000, (
            Block("thinking", "Look."), Block("text", "I look."), Block("tool_call", "ls", "bash", "c1"))),
        Message("s1", 2, "tool", START_MS + 3000, (Block("tool_result", "no such zoo", "bash", "c1", True),)),
    ]  # fmt: skip
    assert known(items) == Session("s1", None, "Where quokkas live", TITLE_GENERATED, str(tmp_path / "zoo"),
                                   model="sonnet", whole=True)  # fmt: skip


def test_a_session_without_a_name_is_called_by_its_first_prompt(tmp_path: Path) -> None:
    """What Crush calls it until it has one is no title."""
    items = stored(tmp_path, session("s1", "New Session"), message(1, "s1", "user", prompt("Feed them\nnow")))

    assert (known(items).title, known(items).title_rank) == ("Feed them", TITLE_PROMPT)


def test_a_sub_agent_is_its_callers_child(tmp_path: Path) -> None:
    """A session that only makes a title is nobody's."""
    items = stored(tmp_path, session("s1", "Zoo"), session("m1$$c1", "New Agent Session", "s1"),
                   session("title-s1", "Generate a title", "s1"),
                   *(message(at, key, "user", prompt("hi")) for at, key in enumerate(("s1", "m1$$c1", "title-s1"))),
                   )  # fmt: skip

    assert {(i.external_id, i.parent_external_id) for i in items if isinstance(i, Session)} == {
        ("s1", None), ("m1$$c1", "s1")}  # fmt: skip


def test_a_summary_is_told_from_an_answer(tmp_path: Path) -> None:
    """It repeats what was said before it."""
    items = stored(tmp_path, session("s1", "Zoo", summary_message_id="m2"),
                   message(1, "s1", "user", prompt("hi")),
                   message(2, "s1", "assistant", answer("We spoke.")))  # fmt: skip

    assert [m.role for m in messages(items)] == ["user", "summary"]


def test_calls_of_cass_itself_are_known(tmp_path: Path) -> None:
    """What they printed is, too."""
    items = stored(tmp_path, session("s1", "Zoo"),
                   message(1, "s1", "assistant", call("c1", "bash", command="cass search quokka")),
                   message(2, "s1", "tool", result("c1", "3 hits")))  # fmt: skip

    assert [m.blocks[0].own for m in messages(items)] == [True, True]


def test_messages_of_one_second_keep_their_order(tmp_path: Path) -> None:
    """Times are whole seconds."""
    rows = [
        message(1, "s1", "user", prompt(text), id=key) for key, text in (("z", "one"), ("a", "two"), ("m", "three"))
    ]

    assert [m.blocks[0].text for m in messages(stored(tmp_path, session("s1", "Zoo"), *rows))] == [
        "one",
        "two",
        "three",
    ]


def test_projects_that_crush_lists_are_looked_at(tmp_path: Path) -> None:
    """Their sessions belong to the project, wherever its data lies."""
    listed = {"projects": [{"path": "/w/zoo", "data_dir": str(tmp_path / "elsewhere")}, {"path": "/w/bar"}]}
    (tmp_path / "crush").mkdir()
    (tmp_path / "crush" / "projects.json").write_text(json.dumps(listed))
    around = Surroundings(str(tmp_path / "home"), {"XDG_DATA_HOME": str(tmp_path)}, ("/w/zoo",))
    rows = [session("s1", "Zoo"), message(1, "s1", "user", prompt("hi"))]
    path = database(tmp_path / "elsewhere" / "crush.db", SCHEMA, rows)

    assert crush.roots(around)[:3] == [
        Root(str(tmp_path / "elsewhere")), Root("/w/bar/.crush"), Root("/w/zoo/.crush", watch=False)]  # fmt: skip
    assert known(read_file(crush, path, around=around)).workspace == "/w/zoo"


def test_a_projects_own_folders_are_not_searched(tmp_path: Path) -> None:
    """Below a repository only its `.crush` is looked at; a repository in a folder of projects is found."""
    for folder in ("org/zoo/.git", "org/zoo/src/lib/.crush", "org/zoo/.crush", "org/node_modules/.crush"):
        (tmp_path / "projects" / folder).mkdir(parents=True)
    for path in tmp_path.rglob(".crush"):
        (path / "crush.db").touch()

    found = [file.path for file in Survey(crush, Surroundings(str(tmp_path), {})).files()]

    assert found == [str(tmp_path / "projects/org/zoo/.crush/crush.db")]


def test_real_databases_agree_with_a_count_of_their_rows() -> None:
    """Sessions, messages, roles, first and last time: counted from the rows by other means."""
    around = Surroundings(str(corpus_home()), {})
    paths = [Path(found.path) for found in Survey(crush, around).files()]
    assert len(paths) == 4

    given = [item for path in paths for item in messages(read_file(crush, path, around=around))]

    counted: Counter[tuple[str, str]] = Counter()
    times: dict[str, list[int]] = {}
    for path in paths:
        connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name='messages'").fetchone():
            continue
        for key, role, parts, at in connection.execute("SELECT session_id, role, parts, created_at FROM messages"):
            said = [
                p["data"].get("text") or p["data"].get("content") or p["data"].get("name") for p in json.loads(parts)
            ]
            if any(said):
                counted[key, role] += 1
                times.setdefault(key, []).append(at * 1000)
    assert Counter((m.session, m.role) for m in given) == counted
    assert _span(given) == {key: (min(all_), max(all_)) for key, all_ in times.items()}


def _span(given: list[Message]) -> dict[str, tuple[int, int]]:
    times: dict[str, list[int]] = {}
    for item in given:
        times.setdefault(item.session, []).append(item.created_ms or START_S)
    return {key: (min(all_), max(all_)) for key, all_ in times.items()}
