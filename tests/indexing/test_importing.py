"""`cass import`: what somebody names is read once, and kept whatever becomes of the file."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cass.indexing.rules import MARK
from tests.archive import Home, make_home
from tests.connectors.export_files import chat, node, old_archive, talk, write_json, zoo
from tests.connectors.test_contract import tree
from tests.indexing.invariants import check_invariants, present
from tests.schemas.checking import faults


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.env["CASS_CONFIG_DIR"] = str(tmp_path / "config")
    return home


def brought(home: Home, path: Path, *options: str) -> dict[str, Any]:
    """What `cass import --json` says of one file."""
    done = home.cass("import", str(path), "--json", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert faults("import", said) == []
    (one,) = said["files"]
    return dict(one)


def zipped(path: Path, **members: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in members.items():
            archive.writestr(name.replace("__", "/") + ".json", json.dumps(value))
    return path


def test_an_export_is_read_once(home: Home, tmp_path: Path) -> None:
    """Importing it again, as another file too, adds nothing."""
    path = zipped(tmp_path / "export.zip", conversations=[zoo(), zoo("c2", "Gone.")], user={"email": "secret"})

    first, again = brought(home, path), brought(home, path)
    unzipped = brought(home, write_json(tmp_path / "conversations.json", [zoo(), zoo("c2", "Gone.")]))

    assert (first["agents"], first["sessions_added"], first["messages_added"]) == (["chatgpt"], 2, 4)
    assert [(one["sessions_added"], one["messages_added"]) for one in (again, unzipped)] == [(0, 0), (0, 0)]
    assert len(present(home.data)) == 2
    check_invariants(home.data)


def test_both_services(home: Home, tmp_path: Path) -> None:
    """Told apart by what stands in the file; shards and folders, too."""
    one = zipped(tmp_path / "a.zip", **{"x__conversations-000": [zoo("c1")], "x__conversations-001": [zoo("c2")]})
    folder = tmp_path / "claude"
    write_json(folder / "conversations.json", [talk("t1", ("human", "where?"), ("assistant", "there"))])
    write_json(folder / "users.json", [{"full_name": "secret"}])

    assert brought(home, one)["sessions_added"] == 2
    assert brought(home, folder)["agents"] == ["claude_ai"]
    assert set(present(home.data)) == {"c1", "c2", "t1"}
    assert [hit.agent for hit in home.search("there").hits] == ["claude_ai"]


def test_a_newer_export_adds_what_is_new(home: Home, tmp_path: Path) -> None:
    """A conversation that grew, one more; one that is missing there stays."""
    brought(home, write_json(tmp_path / "conversations.json", [zoo("gone"), zoo("grown")]))
    grown = zoo("grown")
    grown["mapping"]["b"] = node("user", "and the wombat?", "a", 120)
    grown["current_node"] = "b"

    said = brought(home, write_json(tmp_path / "new" / "conversations.json", [grown, zoo("new")]))

    assert (said["sessions_added"], said["messages_added"]) == (1, 3)
    assert {name: len(messages) for name, messages in present(home.data).items()} == {"gone": 2, "grown": 3, "new": 2}


def test_what_was_imported_stays_when_the_file_goes(home: Home, tmp_path: Path) -> None:
    """`cass index` does not look for it, and takes nothing for deleted."""
    home.claude("one", "a wombat")
    path = write_json(tmp_path / "conversations.json", [zoo()])
    brought(home, path)
    path.unlink()

    home.index()
    home.index(full=True)
    found = home.cass("search", "quokka", "--json")

    assert [hit["source_state"] for hit in json.loads(found.stdout)["hits"]] == ["present"]
    assert set(present(home.data)) == {"one", "c1"}
    assert json.loads(found.stdout)["meta"]["index"]["behind_files"] == 0


def test_nothing_is_written_beside_the_file(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    old = old_archive(folder / "agent_search.db", {"external_id": "x", "said": [("user", "a")]})
    export = zipped(folder / "export.zip", conversations=[zoo()])
    before = tree(folder)

    brought(home, old)
    brought(home, export)

    assert tree(folder) == before


def test_what_is_left_out_is_not_imported(home: Home, tmp_path: Path) -> None:
    """Workspaces, and chats in which the user asks for it, wherever in them; the others are."""
    nodes = {"q": node("user", "the quokka of the client", "root"), "m": node("user", MARK, "q", 60)}
    export = write_json(tmp_path / "conversations.json", [zoo("c1"), chat("secret", nodes), zoo("c2")])
    old = old_archive(
        tmp_path / "old.db", {"external_id": "x", "workspace_id": 2, "said": [("user", "the quokka of the client")]}
    )
    home.cass("sources", "exclude", "/w/hidden")

    said = [brought(home, export), brought(home, old)]

    assert [(one["sessions_added"], one["left_out"]) for one in said] == [(2, 1), (0, 1)]
    assert not any(b"quokka of the client" in path.read_bytes() for path in home.data.rglob("*") if path.is_file())


def test_an_older_archive(home: Home, tmp_path: Path) -> None:
    """Of each session the texts, under the id that the agent's own file would give it; other agents', too."""
    uuid = "01890a5d-ac96-774b-bcce-b302099a8057"
    path = old_archive(
        tmp_path / "agent_search.db",
        {"source_path": "/gone/.claude/projects/-w-app/s1.jsonl", "said": [("user", "where?"), ("agent", "there")]},
        {"agent_id": 2, "source_path": f"/gone/rollout-2026-{uuid}.jsonl", "said": [("user", "who?"), ("tool", "ls")]},
        {"agent_id": 3, "external_id": "k1", "said": [("user", "the wombat of kiro"), ("other", "x")]},
    )
    said = brought(home, path)

    assert (said["agents"], said["sessions_added"], said["messages_added"]) == (["claude_code", "codex", "kiro"], 3, 6)
    assert set(present(home.data)) == {"s1", uuid, "k1"}
    assert [hit.agent for hit in home.search("wombat").hits] == ["kiro"]
    assert brought(home, path)["messages_added"] == 0
    check_invariants(home.data)


def test_what_the_agents_files_say_is_not_taken_from_an_older_archive(home: Home, tmp_path: Path) -> None:
    """Neither what is stored from them, nor what will be."""
    home.claude("stored", "said in full")
    home.index()
    later = home.claude("later", "not read yet")
    path = old_archive(
        tmp_path / "agent_search.db",
        {"external_id": "-w-app/stored.jsonl", "said": [("user", "said in short")]},
        {"source_path": str(later), "said": [("user", "read too early")]},
        {"source_path": "/gone/elsewhere.jsonl", "said": [("user", "only here")]},
    )

    said = brought(home, path)
    home.index()

    assert (said["sessions_added"], said["here_already"]) == (1, 2)
    assert set(present(home.data)) == {"stored", "later", "elsewhere"}
    assert home.search("short").total == home.search("early").total == 0
    check_invariants(home.data)


def test_the_agents_own_file_comes_back(home: Home, tmp_path: Path) -> None:
    """It says more, so it takes the session over; what only the import had stays, as gone."""
    path = old_archive(
        tmp_path / "agent_search.db", {"source_path": "/gone/back.jsonl", "said": [("user", "told before")]}
    )
    brought(home, path)
    home.claude("back", "told in full", "and answered")

    home.index()
    again = brought(home, path)

    assert len(present(home.data)["back"]) == 2
    assert home.search("told before", match="all").total == 1
    assert (again["messages_added"], again["here_already"]) == (0, 1)
    check_invariants(home.data)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.json", b'{"a": 1}', "neither an export"),
        ("x.zip", b"PK\x05\x06" + b"\0" * 18, "neither an export"),
        ("x.db", b"SQLite format 3\0" + b"\0" * 100, "neither an export"),
        ("x", b"", "neither an export"),
        ("missing", None, "no such file"),
    ],
)
def test_what_is_no_export_is_refused(home: Home, tmp_path: Path, name: str, data: bytes | None, words: str) -> None:
    """With what to give instead."""
    if data is not None:
        (tmp_path / name).write_bytes(data)

    done = home.cass("import", str(tmp_path / name))

    assert done.returncode == 2
    assert words in done.stderr
    assert "Give the zip file of the export" in done.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_before_anybody_waits_for_it(home: Home, tmp_path: Path) -> None:
    """As from `cass import <(unzip -p …)`: what was looked at would be missing from what is read."""
    os.mkfifo(tmp_path / "conversations.json")

    done = home.cass("import", str(tmp_path / "conversations.json"))

    assert done.returncode == 2
    assert "such as a pipe" in done.stderr


def test_a_torn_export_is_read_as_far_as_it_goes(home: Home, tmp_path: Path) -> None:
    """What is wrong is named; a larger one keeps what stood before that."""
    path = write_json(tmp_path / "conversations.json", [zoo("c1"), zoo("c2")])
    path.write_bytes(path.read_bytes()[:-40])
    said = brought(home, path)

    assert len(said["problems"]) == 1
    assert "problem" in home.cass("import", str(path)).stderr


def test_the_words_for_people(home: Home, tmp_path: Path) -> None:
    path = write_json(tmp_path / "conversations.json", [zoo()])

    assert f"{path} (ChatGPT): added 2 messages in 1 new session" in home.cass("import", str(path)).stdout
    assert "nothing is new" in home.cass("import", str(path)).stdout
