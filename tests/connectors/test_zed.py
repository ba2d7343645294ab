"""Zed's threads become sessions, in all forms of their documents."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import zed
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Message, Root, Session, Surroundings
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.reading import messages, problems
from tests.connectors.reading import session as known
from tests.connectors.zed_made import SCHEMA, START_MS, Row, agent, call, result, thread, user

LATER_MS = 9_000_000_000_000
PACKED = (
    "KLUv/QBYdQMAkgcYGoBLc1yEJmpPZHuStoitGCKD0zjlaCqpjI4Gi3a3+TxVLXnsoBD1NmgPOHaJOpNVgATebHbR/lAUXBi+RJ1Y"
    "SXGfa+MGuk4XIt58zi4Jbwaf5yFH5i1uc8TCfX5Kk74FAwBaVSCn8IMcJhQ="
)


def stored(folder: Path, *rows: Row) -> list[Any]:
    """These threads, read."""
    return read_file(zed, database(folder / "threads.db", SCHEMA, rows), later_ms=LATER_MS)


def test_a_turn_is_a_message(tmp_path: Path) -> None:
    """What the agent said and called stands together, what each tool answered apart; all at the thread's own time."""
    answer = agent({"Thinking": {"text": "Look."}}, {"Text": "I look."}, call("c1", "terminal", command="ls"),
                   call("c2", "read_file", path="/w"), c1=result("c1", "terminal", {"Text": "q.txt"}),
                   c2=result("c2", "read_file", "no such zoo", is_error=True))  # fmt: skip
    items = stored(tmp_path, thread("t1", "Where quokkas live", user({"Text": "find it"}), answer, "Resume"))

    assert messages(items) == [
        Message("t1", 0, "user", START_MS, (Block("text", "find it"),)),
        Message("t1", 1, "assistant", START_MS, (
            Block("thinking", "Look."), Block("text", "I look."), Block("tool_call", "ls", "terminal", "c1"),
            Block("tool_call", "path: /w", "read_file", "c2"))),
        Message("t1", 2, "tool", START_MS, (Block("tool_result", "q.txt", "terminal", "c1"),)),
        Message("t1", 3, "tool", START_MS, (Block("tool_result", "no such zoo", "read_file", "c2", True),)),
    ]  # fmt: skip
    assert known(items) == Session("t1", None, "Where quokkas live", TITLE_GENERATED, "/w/zoo",
                                   model="sonnet", whole=True)  # fmt: skip


def test_a_compressed_thread_is_read(tmp_path: Path) -> None:
    """As Zed writes all of them."""
    items = stored(tmp_path, thread("t1", "Zoo", data=base64.b64decode(PACKED), data_type="zstd"))

    assert [(m.role, m.blocks[0].text) for m in messages(items)] == [
        ("user", "find the quokka"), ("assistant", "It is there.")]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a", "a"),
        ({"Text": "a"}, "a"),
        ({"type": "text", "text": "a"}, "a"),
        ([{"Text": "a"}, {"Image": {}}, "b"], "a\nb"),
    ],
)
def test_answers_in_every_form(tmp_path: Path, content: Any, expected: str) -> None:
    """Those that Zed itself reads."""
    items = stored(tmp_path, thread("t1", "Zoo", agent(c1=result("c1", "terminal", content))))

    assert messages(items)[0].blocks[0].text == expected


def test_the_form_before(tmp_path: Path) -> None:
    """Messages with roles; where the project stood is in the document."""
    old = {"summary": "Wombats", "version": "0.2.0", "messages": [
        {"role": "user", "segments": [{"type": "text", "text": "find it"}]},
        {"role": "system", "segments": [{"type": "text", "text": "You are"}]},
        {"role": "assistant", "segments": [{"type": "thinking", "text": "Hm."}, {"type": "text", "text": "I look."}],
         "tool_uses": [{"id": "c1", "name": "terminal", "input": {"command": "ls"}}],
         "tool_results": [{"tool_use_id": "c1", "is_error": False, "content": "w.txt", "output": None}]},
        {"role": "assistant", "text": "Done."},
    ], "initial_project_snapshot": {"worktree_snapshots": [
        {"worktree_path": "/w/old", "git_state": {"current_branch": "main"}}]}}  # fmt: skip
    items = stored(tmp_path, thread("t1", "Wombats", data=json.dumps(old).encode(), folder_paths=None))

    assert [(m.ordinal, m.role, [b.text for b in m.blocks]) for m in messages(items)] == [
        (0, "user", ["find it"]), (2, "assistant", ["Hm.", "I look.", "ls"]), (3, "tool", ["w.txt"]),
        (4, "assistant", ["Done."])]  # fmt: skip
    assert (known(items).workspace, known(items).git_branch) == ("/w/old", "main")


def test_what_was_mentioned_is_named(tmp_path: Path) -> None:
    """Its content stands in its file; a thread without a name is called by its first words."""
    file = {"Mention": {"uri": {"File": {"abs_path": "/w/zoo/q.txt"}}, "content": "long " * 99}}
    items = stored(tmp_path, thread("t1", "New Thread", user({"Text": "look at"}, file, {"Image": {"source": "AA"}})))

    assert messages(items)[0].blocks == (
        Block("text", "look at"), Block("notice", "/w/zoo/q.txt"), Block("image", "[image]"))  # fmt: skip
    assert (known(items).title, known(items).title_rank) == ("look at", TITLE_PROMPT)


def test_a_summary_and_a_sub_agent(tmp_path: Path) -> None:
    """What was said before is told again in short; a thread has the one that started it as its parent."""
    items = stored(tmp_path, thread("t2", "Zoo", {"Compaction": {"Summary": "We spoke."}}, parent_id="t1"))

    assert [(m.role, m.blocks[0].text) for m in messages(items)] == [("summary", "We spoke.")]
    assert known(items).parent_external_id == "t1"


def test_only_the_changed_thread_is_read_again(tmp_path: Path) -> None:
    """Its document and its time are others then."""
    first = stored(tmp_path, *(thread(key, "Zoo", user({"Text": "hi"})) for key in ("t1", "t2")))
    later = thread("t2", "Zoo", user({"Text": "hi"}), agent({"Text": "ho"}), updated_at="2026-01-02T04:00:00+00:00")
    change(tmp_path / "threads.db", later)

    again = read_file(zed, tmp_path / "threads.db", resumed(first), later_ms=LATER_MS)

    assert [(m.session, m.blocks[0].text) for m in messages(again)] == [("t2", "hi"), ("t2", "ho")]


def test_a_damaged_thread_is_named_and_costs_only_itself(tmp_path: Path) -> None:
    """The others are read, and it is tried again when the database changes."""
    broken = base64.b64decode(PACKED)[:60]
    items = stored(
        tmp_path, thread("t1", "Zoo", data=broken, data_type="zstd"), thread("t2", "Zoo", user({"Text": "hi"}))
    )

    assert [problem.what for problem in problems(items)] == ["session t1: not Zstandard: it ends too early"]
    assert [m.session for m in messages(items)] == ["t2"]
    assert items[-1].state["sessions"].keys() == {"t2"}


def test_its_places_on_every_system() -> None:
    """Linux with Flatpak, macOS, Windows."""
    assert zed.roots(Surroundings("/h", {"LOCALAPPDATA": "/l"})) == [
        Root("/h/.local/share/zed/threads"), Root("/h/.var/app/dev.zed.Zed/data/zed/threads"),
        Root("/h/Library/Application Support/Zed/threads"), Root("/l/Zed/threads")]  # fmt: skip
