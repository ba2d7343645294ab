"""Back in its place: a session file that its agent has deleted, byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cass.errors import CorruptDatabase, NotFound
from cass.store import raw
from tests.archive import DAY_MS, NOW_MS, Home, says
from tests.corpus import corpus_home
from tests.indexing.invariants import check_invariants, one
from tests.indexing.keeping import aged, codex, facts, home_with_old, put_back, take
from tests.indexing.test_forget import sid
from tests.permissions import bound


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with_old(tmp_path)


def test_a_file_that_goes_on_is_kept_again(home: Home):
    """Its longer form takes the place of the one before, and most of its pieces are there."""
    take(home)
    aged(home.append("old", "and the numbat"), days=25)
    home.index()

    take(home)

    home.path("old").unlink()
    assert put_back(home, "old")[0].complete


def test_a_claude_session_comes_back_byte_for_byte(home: Home):
    """With its subagents', and the next reading finds the same messages."""
    agent = home.path("old").with_suffix("") / "subagents" / "agent-a1.jsonl"
    agent.parent.mkdir(parents=True)
    line = {"isSidechain": True, "agentId": "a1", "sessionId": "old", "timestamp": "2026-01-02T04:00:00Z"}
    agent.write_text(json.dumps(line | says("user", "look it up")) + "\n{torn")
    aged(agent, 28)
    home.index()
    take(home)
    before = {path: path.read_bytes() for path in (home.path("old"), agent)}
    for path in before:
        path.unlink()
    agent.parent.rmdir()
    agent.parent.parent.rmdir()
    home.index()

    files = put_back(home, "old")
    home.index()

    assert [(file.state, file.complete) for file in files] == [("restored", True)] * 2
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(os.listdir(home.path("old").parent)) == ["new.jsonl", "old", "old.jsonl"]
    assert [home.search(word).total for word in ("wombat", "burrow", '"look it up"')] == [1, 1, 1]
    assert facts(home).only_here == 0
    check_invariants(home.data)


def test_a_codex_session_comes_back_byte_for_byte(home: Home):
    paths = [codex(home, name, days) for name, days in (("aaa", 90), ("bbb", 60))]
    home.index()
    paths[1].unlink()
    home.index()
    take(home)
    before = paths[0].read_bytes()
    paths[0].unlink()
    home.index()

    done = home.cass("restore", one(home.data, "SELECT sid FROM sessions WHERE external_id='aaa'"), "--json")

    assert paths[0].read_bytes() == before
    assert json.loads(done.stdout)["resume"] == ["codex", "resume", "aaa"]


def test_it_is_new_again(home: Home):
    """With its old time the agent would delete it at once."""
    take(home)
    home.path("old").unlink()

    put_back(home, "old")

    assert home.path("old").stat().st_mtime_ns // 1_000_000 > NOW_MS - 20 * DAY_MS


def test_what_stands_there_is_never_replaced(home: Home):
    take(home)
    home.path("old").write_text("another\n")

    assert put_back(home, "old")[0].state == "present"
    assert home.path("old").read_text() == "another\n"


def test_what_came_after_it_was_kept_is_missing_and_said(home: Home):
    take(home)
    home.append("old", "and the numbat")
    home.index()
    home.path("old").unlink()
    home.index()

    done = home.cass("restore", sid(home, "old"))

    assert "what came later is not in it" in done.stdout


def test_what_was_not_kept_cannot_come_back(home: Home):
    home.path("new").unlink()
    home.index()

    with pytest.raises(NotFound):
        put_back(home, "new")
    assert home.cass("restore", sid(home, "new")).returncode == 1


def test_a_damaged_file_is_not_written(home: Home):
    """Nothing half is left beside either."""
    take(home)
    home.path("old").unlink()
    with raw.open_to_write(str(home.data)) as store:
        store._connection.execute("UPDATE files SET digest=zeroblob(16)")

    with pytest.raises(CorruptDatabase):
        put_back(home, "old")
    assert os.listdir(home.path("old").parent) == ["new.jsonl"]


def test_a_data_folder_that_may_not_be_written_gives_its_files_back(home: Home):
    """As one that came from a backup; nothing is made beside the database."""
    words = bound()
    take(home)
    home.path("old").unlink()
    home.index()
    session, before = sid(home, "old"), sorted(os.listdir(home.data))
    home.data.chmod(0o500)
    try:
        done = home.cass("restore", session, before=words)
    finally:
        home.data.chmod(0o700)

    assert done.returncode == 0, done.stdout + done.stderr
    assert home.path("old").exists()
    assert sorted(os.listdir(home.data)) == before


def test_damaged_pages_are_not_index_s_to_make_again(home: Home):
    """They may be the only copies: what to do with them is another thing than with the archive's own."""
    take(home)
    home.path("old").unlink()
    path = home.data / "archive.db"
    path.write_bytes(path.read_bytes()[:4096] + b"noise" * 20_000)

    with pytest.raises(CorruptDatabase) as refused:
        put_back(home, "old")

    assert "to a safe place" in (refused.value.todo or "")
    assert "cass index" not in (refused.value.todo or "")


def test_a_database_without_tables_keeps_nothing(home: Home):
    """A worker was killed before its first commit."""
    home.path("old").unlink()
    home.index()
    (home.data / "archive.db").write_bytes(b"")

    with pytest.raises(NotFound, match="bytes were not kept") as refused:
        put_back(home, "old")

    assert refused.value.todo == f"its text is here: cass show {sid(home, 'old')}"
    take(home)


@pytest.mark.parametrize("folder", [".claude/projects", ".codex/sessions"])
def test_every_real_file_comes_back_byte_for_byte(tmp_path: Path, folder: str):
    """Of many sizes, with and without a last newline, with bytes that are no text."""
    paths = [path for path in (corpus_home() / folder).rglob("*.jsonl") if path.stat().st_size < 300_000][:40]
    with raw.open_to_write(str(tmp_path)) as store:
        taken = [store.take(str(path), "an_agent", 1 << 30, NOW_MS) for path in paths]
        back = [b"".join(store.read(each)) for each in taken]

    assert paths
    assert back == [path.read_bytes() for path in paths]
