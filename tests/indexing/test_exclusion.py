"""What is to be left out is left out before anything of it is stored; what was stored before stays, and is told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass.indexing.ahead import WORTH_BYTES
from cass.indexing.rules import MARK, Rules
from cass.indexing.sifting import may_ask
from cass.paths import at_once
from cass.store.connect import open_reader
from cass.store.skipped import sessions_by_workspace, skipped_counts, stored_and_skipped
from tests.archive import Home, make_home, says
from tests.connectors.codex_files import file as codex_file
from tests.connectors.codex_files import meta as codex_meta
from tests.connectors.codex_files import user as codex_user
from tests.connectors.crush_files import SCHEMA, START_S, message, prompt, session
from tests.connectors.databases_made import database
from tests.connectors.export_files import talk, write_json, zoo
from tests.indexing.invariants import check_invariants, present

SECRET = "the quokka of the client"
HIDDEN = Rules(exclude=("/w/hidden",))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("open", "where is the wombat", "in its burrow")
    return home


def on_disk(home: Home, text: str) -> bool:
    """Does this text stand anywhere in the data folder?"""
    return any(text.encode() in path.read_bytes() for path in home.data.rglob("*") if path.is_file())


def ask(home: Home, question: Any) -> Any:
    connection = open_reader(home.places.database)
    assert connection is not None
    found = question(connection)
    connection.close()
    return found


def test_an_excluded_workspace_is_never_stored(home: Home) -> None:
    """Not a word of it, not even for the length of a transaction that is kept."""
    home.claude("hidden", SECRET, "found", workspace="/w/hidden/deep")

    home.index(rules=HIDDEN)

    assert list(present(home.data)) == ["open"]
    assert not on_disk(home, SECRET)
    assert ask(home, skipped_counts) == {"claude_code": 1}
    check_invariants(home.data)


def test_an_exclusion_that_is_taken_back(home: Home) -> None:
    """The next run reads what was left out, and only that."""
    home.claude("hidden", SECRET, workspace="/w/hidden")
    home.index(rules=HIDDEN)
    assert home.index(rules=HIDDEN).agents["claude_code"].read == 0

    again = home.index()

    assert again.agents["claude_code"].read == 1
    assert set(present(home.data)) == {"open", "hidden"}
    assert ask(home, skipped_counts) == {}


def test_what_grows_in_an_excluded_workspace_is_not_even_read(home: Home) -> None:
    """A search on its way must not parse what it will throw away."""
    home.claude("hidden", SECRET, workspace="/w/hidden")
    home.index(rules=HIDDEN)
    home.append("hidden", SECRET, workspace="/w/hidden")

    assert home.index(rules=HIDDEN).agents["claude_code"].bytes_read == 0
    assert len(present(home.data)["open"]) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may enter every folder")
def test_a_workspace_that_may_not_be_entered_is_not_left_out(home: Home, tmp_path: Path) -> None:
    """Nobody has said so."""
    (tmp_path / "closed").mkdir(mode=0)
    home.claude("closed", "a wombat", workspace=str(tmp_path / "closed" / "app"))

    home.index()

    assert set(present(home.data)) == {"open", "closed"}


def test_a_cassignore_that_comes_and_goes(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / ".cassignore").touch()
    home.claude("hidden", SECRET, workspace=str(folder / "app"))
    home.index()
    assert list(present(home.data)) == ["open"]

    (folder / ".cassignore").unlink()
    home.index()

    assert set(present(home.data)) == {"open", "hidden"}


def test_what_was_stored_before_stays_and_does_not_grow(home: Home) -> None:
    """Nothing is deleted silently; what the file gains from now on is left out."""
    home.claude("hidden", "said before", workspace="/w/hidden")
    home.index()
    home.append("hidden", SECRET, workspace="/w/hidden")

    home.index(rules=HIDDEN)

    assert {name: len(messages) for name, messages in present(home.data).items()} == {"open": 2, "hidden": 1}
    assert not on_disk(home, SECRET)
    assert ask(home, sessions_by_workspace) == {"/w/app": 1, "/w/hidden": 1}
    check_invariants(home.data)


def test_what_was_stored_before_is_not_taken_for_deleted(home: Home) -> None:
    """Reading all of it again does not say that the agent has lost it."""
    home.claude("hidden", "said before", workspace="/w/hidden")
    home.index()

    home.index(rules=HIDDEN, full=True)

    assert set(present(home.data)) == {"open", "hidden"}
    check_invariants(home.data)


@pytest.mark.parametrize("place", [0, 3])
def test_a_chat_that_asks_not_to_be_indexed(home: Home, place: int) -> None:
    """Wherever in the chat its user says so, on a line of its own."""
    lines: list[Any] = [SECRET, "found", "and then?", "nothing"]
    lines.insert(place, says("user", f"please\n  {MARK}  \nthanks"))
    home.claude("hidden", *lines)

    home.index()

    assert list(present(home.data)) == ["open"]
    assert not on_disk(home, SECRET)
    check_invariants(home.data)


@pytest.mark.parametrize(
    "line",
    [
        says("assistant", MARK),
        says("user", f"what does {MARK} do?"),
        says("user", MARK.lower()),
        says("user", {"type": "tool_result", "tool_use_id": "c1", "content": f"a\n{MARK}\n"}),
    ],
)
def test_talking_of_it_is_not_asking(home: Home, line: dict[str, Any]) -> None:
    """Only what the user said, and only as a line."""
    home.claude("talk", "about the marsupials", line)

    home.index()

    assert set(present(home.data)) == {"open", "talk"}


def test_a_chat_that_asks_for_it_later(home: Home) -> None:
    """What was stored stays, and is told; nothing is added from there on, in this run and in later ones."""
    home.claude("late", "said before", "answered before")
    home.index()
    home.append("late", says("user", MARK), SECRET)
    home.index()
    home.append("late", f"{SECRET} again")
    home.index()

    assert len(present(home.data)["late"]) == 2
    assert not on_disk(home, SECRET)
    assert ask(home, stored_and_skipped) == 1
    check_invariants(home.data)


def test_a_long_file_is_not_stored_in_parts_when_it_asks(home: Home) -> None:
    """The wish may stand behind what would have been committed by then."""
    long = " ".join(f"kangaroo{number}" for number in range(8_000))
    home.claude("hidden", *(f"{SECRET} {number} {long}" for number in range(120)), says("user", MARK))

    home.index()

    assert list(present(home.data)) == ["open"]
    assert not on_disk(home, SECRET)


def test_a_sub_agent_goes_with_its_session(home: Home) -> None:
    """In the same file, and in one of its own that is read behind it."""
    home.claude("hidden", "look", says("user", MARK), {**says("user", SECRET), "isSidechain": True, "agentId": "a1"})
    folder = home.path("hidden").with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    data = json.dumps({**says("user", f"{SECRET} too"), "isSidechain": True, "agentId": "a2", "sessionId": "hidden"})
    (folder / "agent-a2.jsonl").write_text(data + "\n")
    os.utime(folder / "agent-a2.jsonl", (1, 1))

    home.index()

    assert list(present(home.data)) == ["open"]
    assert not on_disk(home, SECRET)


@pytest.mark.parametrize("ahead", [False, True])
def test_a_sub_agent_that_is_read_first_goes_too(home: Home, ahead: bool) -> None:
    """Its file is newer than that of the session in which the user asked for it."""
    for number in range(22 * ahead):
        home.claude(f"big{number}", f"wallaby {number} {'x' * (WORTH_BYTES // 20)}")
    for name, *lines in (("hidden", "look", says("user", MARK)), ("other", "look", "found")):
        os.utime(home.claude(name, *lines), (1, 1))
        sub_agent(home, name, f"{SECRET} of {name}")
    sub_agent(home, "lost", "whose session is no more")

    home.index()

    assert not on_disk(home, f"{SECRET} of hidden")
    assert on_disk(home, f"{SECRET} of other")
    assert on_disk(home, "whose session is no more")
    assert home.index().agents["claude_code"].read == 0


def sub_agent(home: Home, session: str, text: str) -> None:
    folder = home.path(session).with_suffix("") / "subagents"
    folder.mkdir(parents=True)
    line = {**says("user", text), "isSidechain": True, "agentId": f"a-{session}", "sessionId": session}
    (folder / f"agent-a-{session}.jsonl").write_text(json.dumps(line) + "\n")


def test_a_sub_agent_that_a_search_finds_first_goes_too(home: Home) -> None:
    """On its way, both files being new."""
    home.index()
    os.utime(home.claude("hidden", "look", says("user", MARK)), (1, 1))
    sub_agent(home, "hidden", SECRET)

    home.cass("search", "quokka", "--refresh", "wait")

    assert not on_disk(home, SECRET)
    assert home.index().agents["claude_code"].read == 0


def test_the_sub_agents_of_a_database(tmp_path: Path) -> None:
    """Where it is stored in parts, and they are newer than what the user asked for."""
    home = make_home(tmp_path)
    asked, looked = prompt(MARK), prompt(f"{SECRET} {'kangaroo ' * 300_000}")
    rows = [session("s1", "Quokkas"), session("s2", "Look", "s1", updated_at=START_S + 7)]
    rows += [session("s3", "Look closer", "s2", updated_at=START_S + 9)]
    rows += [message(1, "s1", "user", asked), message(2, "s2", "user", looked), message(3, "s3", "user", looked)]
    database(home.home / "projects" / "app" / ".crush" / "crush.db", SCHEMA, rows)

    report = home.index()

    assert report.agents["crush"].read == 1
    assert not on_disk(home, SECRET)


def test_what_a_chat_that_asks_for_it_is_called(home: Home) -> None:
    """Codex keeps the names of its threads in a file of their own, which says what they are about."""
    for name, text in (("hidden", MARK), ("told", "hello")):
        rollout = home.home / f".codex/sessions/2026/01/02/rollout-2026-01-02T03-04-05-{name}.jsonl"
        rollout.parent.mkdir(parents=True, exist_ok=True)
        rollout.write_bytes(codex_file(codex_meta(id=name), codex_user(text)))
        os.utime(rollout, (1, 1))
    names = [{"id": name, "thread_name": f"{SECRET} of {name}"} for name in ("hidden", "told")]
    (home.home / ".codex/session_index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in names))

    home.index()

    assert on_disk(home, f"{SECRET} of told")
    assert not on_disk(home, f"{SECRET} of hidden")


def test_read_ahead_by_a_second_process(home: Home) -> None:
    """The long first run leaves out the same."""
    long = "x" * (WORTH_BYTES // 20)
    for number in range(22):
        home.claude(f"big{number}", f"wallaby {number} {long}")
    home.claude("hidden", SECRET, "found", says("user", MARK))
    home.claude("excluded", f"{SECRET} too", workspace="/w/hidden")

    home.index(rules=HIDDEN)

    assert set(present(home.data)) == {"open", *(f"big{number}" for number in range(22))}
    assert not on_disk(home, SECRET)


def test_a_search_leaves_out_what_it_finds_on_its_way(home: Home) -> None:
    """The program itself, with what stands in its settings."""
    home.index()
    assert home.cass("sources", "exclude", "/w/hidden").returncode == 0
    home.claude("hidden", SECRET, workspace="/w/hidden")

    done = home.cass("search", "quokka", "--refresh", "wait")

    assert done.returncode == 1, done.stdout + done.stderr
    assert not on_disk(home, SECRET)


def test_the_mark_is_found_across_chunks(tmp_path: Path) -> None:
    """Wherever it stands in the file's bytes."""
    path = tmp_path / "file"
    for before in (0, 1, (1 << 20) - 10, 1 << 20, (1 << 20) + 5):
        path.write_bytes(b"x" * before + MARK.encode() + b"x" * 7)
        descriptor = at_once(str(path), os.O_RDONLY)
        found = may_ask(descriptor, 0, path.stat().st_size), may_ask(descriptor, before + 1, path.stat().st_size)
        os.close(descriptor)
        assert found == (True, False), before


def test_a_file_is_one_agents(home: Home, tmp_path: Path) -> None:
    """A folder that is named for two whose files have the same names."""
    write_json(tmp_path / "export" / "conversations.json", [zoo(), talk("t1", ("human", "a wombat"))])
    roots = Rules(roots=(f"chatgpt={tmp_path / 'export'}", f"claude_ai={tmp_path / 'export'}"))

    home.index(rules=roots)
    home.index(rules=roots)

    assert set(present(home.data)) == {"open", "c1"}


def test_another_home_is_read_too(home: Home, tmp_path: Path) -> None:
    """A disk of an old machine, and a folder that belongs to one agent."""
    old = make_home(tmp_path / "old")
    old.claude("older", "an old wombat")
    odd = make_home(tmp_path / "odd")
    odd.claude("odd", "an odd wombat")
    (odd.home / ".claude").rename(tmp_path / "moved")

    home.index(rules=Rules(roots=(str(old.home), f"claude={tmp_path / 'moved'}")))

    assert set(present(home.data)) == {"open", "older", "odd"}
