"""What becomes known of a session later: its workspace, its title."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.archive import FIRST_MS, Home, as_bytes, make_home, says
from tests.connectors.codex_files import file as codex_file
from tests.connectors.codex_files import meta as codex_meta
from tests.connectors.codex_files import user as codex_user
from tests.indexing.invariants import check_invariants, one, opened, present, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def relocated(folder: str) -> dict[str, Any]:
    return {"type": "relocated", "relocatedCwd": folder}


def write(home: Home, *records: dict[str, Any]) -> Path:
    path = home.path("one")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_bytes(records))
    return path


def add(home: Home, *records: dict[str, Any]) -> None:
    with home.path("one").open("ab") as file:
        file.write(as_bytes(records))


def found_in(home: Home, workspace: str) -> int:
    return home.search("quokka", workspaces=(workspace,), grouped=False).total


def test_a_workspace_that_is_known_later_moves_what_was_said_before(home: Home) -> None:
    """All messages of a session are found under the folder it belongs to."""
    write(home, says("user", "where is the quokka"), says("assistant", "the quokka is in the zoo"))
    home.index()
    assert found_in(home, "/w/zoo") == 0

    add(home, relocated("/w/zoo"), says("user", "thanks, quokka"))
    home.index()

    assert found_in(home, "/w/zoo") == 3
    assert home.search("quokka", grouped=False).total == 3
    check_invariants(home.data)


def test_a_workspace_that_changes_in_the_middle_of_a_run(home: Home) -> None:
    """Whether a change of place comes in one run or in two makes no difference."""
    lines = says("user", "where is the quokka"), relocated("/w/zoo"), says("assistant", "the quokka is in the zoo")

    write(home, *lines)
    home.index()

    assert found_in(home, "/w/zoo") == 2
    check_invariants(home.data)


def test_a_change_of_place_without_new_messages(home: Home) -> None:
    """The place alone was appended."""
    write(home, says("user", "where is the quokka"), says("assistant", "the quokka is in the zoo"))
    home.index()

    add(home, relocated("/w/zoo"))
    home.index()

    assert found_in(home, "/w/zoo") == 2
    check_invariants(home.data)


def test_messages_that_are_gone_move_too(home: Home) -> None:
    """What comes back after a move of its session is the old message, not another one."""
    path = home.claude("one", "where is the quokka", "the quokka is in the zoo", workspace="/w/app")
    whole = path.read_bytes()
    home.index()
    home.claude("one", "where is the quokka", workspace="/w/zoo")
    home.index()

    path.write_bytes(whole.replace(b"/w/app", b"/w/zoo"))
    home.index()

    assert one(home.data, "SELECT count(*) FROM messages") == 2
    assert found_in(home, "/w/zoo") == 2
    check_invariants(home.data)


def test_a_title_alone_is_no_session(home: Home) -> None:
    """A summary before all messages counts nothing and is listed nowhere."""
    write(home, {"type": "summary", "summary": "Animals", "leafUuid": "x"})

    home.index()

    assert present(home.data) == {}
    assert one(home.data, "SELECT count(*) FROM sessions WHERE messages > 0") == 0
    check_invariants(home.data)


def test_half_a_surrogate_pair_is_replaced_everywhere(home: Home) -> None:
    """Names of tools, folders, branches and titles are as hostile as texts."""
    call = {"type": "tool_use", "id": "c\ud800", "name": "Zoo\udfff", "input": {"animal": "quokka\ud800"}}
    message = {"id": "m", "role": "assistant", "model": "large\ud800", "content": [call]}
    line = {"type": "assistant", "cwd": "/w/\ud800", "gitBranch": "a\udc00b", "message": message}
    path = write(home)
    path.write_text(json.dumps(line) + "\n" + json.dumps({"type": "custom-title", "customTitle": "T\ud800"}) + "\n")

    home.index()

    assert home.search("quokka").total == 1
    check_invariants(home.data)


def test_a_sub_agents_thread_can_be_named(home: Home) -> None:
    """Codex keeps names in a file that does not say who started a thread."""
    folder = home.home / ".codex/sessions/2026/01/02"
    folder.mkdir(parents=True)
    named = [
        ("parent", codex_meta(id="parent")),
        ("child", codex_meta(id="child", parent_thread_id="parent")),
        ("orphan", codex_meta(id="orphan", parent_thread_id="nobody")),
    ]
    for name, meta in named:
        (folder / f"rollout-2026-01-02T03-04-05-{name}.jsonl").write_bytes(codex_file(meta, codex_user("hello")))
    (home.home / ".codex/session_index.jsonl").write_bytes(
        codex_file(*({"id": name, "thread_name": f"The {name}"} for name, _ in named))
    )

    home.index()

    with opened(home.data) as database:
        titles = rows(database, "SELECT external_id, title, messages FROM sessions ORDER BY external_id")
    assert titles == [("child", "The child", 1), ("orphan", "The orphan", 1), ("parent", "The parent", 1)]


def test_a_title_may_stand_in_another_file(home: Home) -> None:
    """Older versions of Claude Code begin a file with what earlier sessions were about: each names a line of one."""
    os.utime(home.claude("one", "where is the quokka", "in the zoo", "and the emu?", "in the bush"), (1, 1))
    os.utime(home.claude("two", "and the wombat?", "in its burrow"), (2, 2))
    titles = [
        {"type": "summary", "summary": "Emus and quokkas", "leafUuid": "one-3"},
        {"type": "summary", "summary": "Nobody knows", "leafUuid": "nowhere"},
        {"type": "summary", "summary": "Wombats\nand more", "leafUuid": "two-1"},
    ]
    path = home.claude("three", "and the numbat?")
    path.write_bytes(as_bytes(titles) + path.read_bytes())
    (path.parent / "no-file.jsonl").mkdir()

    home.index()

    with opened(home.data) as database:
        found = rows(database, "SELECT external_id, title FROM sessions ORDER BY external_id")
    assert found == [("one", "Emus and quokkas"), ("three", "and the numbat?"), ("two", "Wombats")]


def test_a_time_that_is_known_later_is_that_of_the_same_messages(home: Home) -> None:
    """Continue lists when a session began after it has written the session: nothing is there twice then."""
    sessions = home.home / ".continue" / "sessions"
    sessions.mkdir(parents=True)
    said = [{"message": {"role": "user", "content": "a walrus"}}, {"message": {"role": "assistant", "content": "yes"}}]
    (sessions / "s1.json").write_bytes(as_bytes([{"sessionId": "s1", "title": "Seals", "history": said}]))
    home.index()
    (sessions / "sessions.json").write_text(json.dumps([{"sessionId": "s1", "dateCreated": str(FIRST_MS)}]))

    home.index()

    with opened(home.data) as database:
        assert rows(database, "SELECT ordinal, created_ms FROM messages ORDER BY ordinal") == [
            (0, FIRST_MS),
            (1, FIRST_MS),
        ]
        assert rows(database, "SELECT started_ms, messages FROM sessions") == [(FIRST_MS, 2)]
    assert home.search("walrus", since="2000-01-01").total == 1
    check_invariants(home.data)
