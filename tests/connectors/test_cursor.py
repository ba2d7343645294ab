"""Cursor's conversations: of the composer in each of its forms, and of the chat before it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

from cass.connectors import cursor
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Message, Root, Session, Surroundings
from cass.indexing.discover import Survey
from tests.connectors.cursor_made import SCHEMA, START_MS, Row, answer, composer, item, kept, prompt, tool
from tests.connectors.databases_made import change, database, read_file, resumed
from tests.connectors.reading import messages, problems
from tests.connectors.reading import session as known
from tests.corpus import corpus_home

COMPOSERS = "composer.composerData"
CHATS = "workbench.panel.aichat.view.aichat.chatdata"
AT = "2026-01-02T03:04:06.678Z"


def stored(user: Path, *rows: Row) -> list[Any]:
    """These rows, read from the database of all windows."""
    return read_file(cursor, database(user / "globalStorage" / "state.vscdb", SCHEMA, rows, wal=False))


def workspace(user: Path, name: str, *rows: Row) -> Path:
    """A workspace's database; its folder is /w/NAME."""
    path = database(user / "workspaceStorage" / name / "state.vscdb", SCHEMA, rows, wal=False)
    (path.parent / "workspace.json").write_text(json.dumps({"folder": f"file:///w/{name}"}))
    return path


def named(path: str) -> dict[str, Any]:
    """A block of code that belongs into this file."""
    return {"uri": {"fsPath": path}, "codeBlockIdx": 0}


def test_each_bubble_is_a_message(tmp_path: Path) -> None:
    """What a tool answered is another; one without a time has that of the bubble before."""
    items = stored(tmp_path, *composer("c1", "Where quokkas live", prompt("b1", "find it", images=[{}]),
                                       answer("b2", "", thinking={"text": "Look."}, createdAt=AT),
                                       tool("b3", "run_terminal_cmd", {"output": "q.txt"}, command="ls"),
                                       tool("b4", "read_file", "no such zoo", status="error", path="/w")))  # fmt: skip

    assert messages(items) == [
        Message("c1", 0, "user", START_MS, (Block("text", "find it"), Block("image", "[image]"))),
        Message("c1", 1, "assistant", START_MS + 1000, (Block("thinking", "Look."),)),
        Message("c1", 2, "assistant", START_MS + 1000, (Block("tool_call", "ls", "run_terminal_cmd", "call-b3"),)),
        Message("c1", 3, "tool", START_MS + 1000, (Block("tool_result", "q.txt", "run_terminal_cmd", "call-b3"),)),
        Message("c1", 4, "assistant", START_MS + 1000, (Block("tool_call", "path: /w", "read_file", "call-b4"),)),
        Message("c1", 5, "tool", START_MS + 1000, (
            Block("tool_result", "no such zoo", "read_file", "call-b4", True),)),
    ]  # fmt: skip
    assert known(items) == Session("c1", None, "Where quokkas live", TITLE_GENERATED, model="sonnet", whole=True)


def test_bubbles_that_no_composer_names_were_left(tmp_path: Path) -> None:
    """A prompt was edited: what came after it before stands off the path."""
    rows = composer("c1", "Zoo", prompt("b1", "find it"))
    left = kept("c1", answer("a0", "There.", createdAt=AT))

    assert [(m.blocks[0].text, m.off_path) for m in messages(stored(tmp_path, *rows, left))] == [
        ("find it", False), ("There.", True)]  # fmt: skip


def test_a_sub_agent_is_its_callers_child(tmp_path: Path) -> None:
    """It says itself whose."""
    items = stored(tmp_path, *composer("c2", None, prompt("b1", "look"), subagentInfo={"parentComposerId": "c1"}))

    assert (known(items).parent_external_id, known(items).title_rank) == ("c1", TITLE_PROMPT)


def test_a_prompt_may_stand_only_in_the_editors_form(tmp_path: Path) -> None:
    """Its words are what counts."""
    rich = {"root": {"children": [{"children": [{"text": "find "}, {"text": "it"}]}, {"children": [{"text": "now"}]}]}}
    items = stored(tmp_path, *composer("c1", None, prompt("b1", "", richText=json.dumps(rich))))

    assert messages(items)[0].blocks == (Block("text", "find it\nnow"),)


def test_where_a_composer_ran(tmp_path: Path) -> None:
    """It says so, or a bubble, or the list of all, or the workspace that has it, or its files."""
    place = {"uri": {"fsPath": "/w/itself"}}
    headers = {"allComposers": [{"composerId": "c3", "workspaceIdentifier": {"uri": {"external": "file:///w/list"}}}]}
    rows = composer("c1", None, prompt("b", "hi"), workspaceIdentifier=place)
    rows += composer("c2", None, prompt("b", "hi", workspaceUris=["file:///w/bubble"]))
    rows += [*composer("c3", None, prompt("b", "hi")), *composer("c4", None, prompt("b", "hi"))]
    rows += composer(
        "c5", None, answer("b", "hi", codeBlocks=[named("c:\\w\\zoo\\src\\a.ts")], relevantFiles=["src/a.ts"])
    )
    rows += composer(
        "c6", None, answer("b", "hi", codeBlocks=[named("/h/ada/w/zoo/a.ts"), named("/h/ada/w/zoo/src/b.ts")])
    )
    workspace(tmp_path, "zoo", item(COMPOSERS, {"allComposers": [{"composerId": "c4"}]}))

    items = stored(tmp_path, *rows, item("composer.composerHeaders", headers))

    assert [known(items, key).workspace for key in ("c1", "c2", "c3", "c4", "c5", "c6")] == [
        "/w/itself", "/w/bubble", "/w/list", "/w/zoo", "c:\\w\\zoo", "/h/ada/w/zoo"]  # fmt: skip


def test_where_a_composer_ran_that_is_not_open(tmp_path: Path) -> None:
    """A pane of its workspace names it, or the list of all says only where that workspace is stored."""
    rows = [*composer("c1", None, prompt("b", "hi")), *composer("c2", None, prompt("b", "hi"))]
    pane = {"workbench.panel.aichat.view.c1": {"collapsed": False}, "other": {}}
    stored_at = workspace(tmp_path, "zoo", item("workbench.panel.composerChatViewPane.1f", pane))
    headers = {"allComposers": [{"composerId": "c2", "workspaceIdentifier": {"id": stored_at.parent.name}}]}

    items = stored(tmp_path, *rows, item("composer.composerHeaders", headers))

    assert [known(items, key).workspace for key in ("c1", "c2")] == ["/w/zoo", "/w/zoo"]


def test_only_composers_with_new_rows_are_read_again(tmp_path: Path) -> None:
    """An answer that is being written changes its bubble's row, and nothing else."""
    rows = [*composer("c1", None, prompt("b1", "hi")), *composer("c2", None, prompt("b1", "ho"), answer("b2", "I"))]
    first = stored(tmp_path, *rows)
    path = tmp_path / "globalStorage" / "state.vscdb"
    change(path, kept("c2", answer("b2", "I look.")), item("window.zoomLevel", 1))

    again = read_file(cursor, path, resumed(first))

    assert [(m.session, m.blocks[0].text) for m in messages(again)] == [("c2", "ho"), ("c2", "I look.")]
    assert len(read_file(cursor, path, resumed(again))) == 1


def test_what_a_workspace_kept_before(tmp_path: Path) -> None:
    """Composers with their bubbles, and tabs of the chat; those that moved to the database of all are told there."""
    stored(tmp_path, *composer("moved", None, prompt("b", "hi")))
    bubbles = [prompt("b1", "find it"), answer("b2", "There.")]
    inline = [{"composerId": key, "createdAt": START_MS, "conversation": bubbles} for key in ("c1", "moved")]
    tab = {"tabId": "t1", "chatTitle": "Wombats", "lastSendTime": START_MS,
           "bubbles": [{"type": "user", "text": "where?"}, {"type": "ai", "rawText": "Asleep.", "modelType": "sonnet"},
                       {"type": "user", "text": ""}]}  # fmt: skip
    path = workspace(tmp_path, "zoo", item(COMPOSERS, {"allComposers": inline}), item(CHATS, {"tabs": [tab]}))

    items = read_file(cursor, path)

    assert [(m.session, m.role, m.created_ms, m.blocks[0].text) for m in messages(items)] == [
        ("c1", "user", START_MS, "find it"), ("c1", "assistant", START_MS, "There."),
        ("t1", "user", START_MS, "where?"), ("t1", "assistant", START_MS, "Asleep.")]  # fmt: skip
    assert known(items, "c1").workspace == "/w/zoo"
    assert known(items, "t1") == Session("t1", None, "Wombats", TITLE_GENERATED, "/w/zoo", model="sonnet", whole=True)


def test_a_workspace_waits_for_the_database_of_all(tmp_path: Path) -> None:
    """While that is locked nobody knows which composers moved there."""
    stored(tmp_path, *composer("moved", None, prompt("b", "hi")))
    inline = [{"composerId": "moved", "createdAt": START_MS, "conversation": [prompt("b", "hi")]}]
    path = workspace(tmp_path, "zoo", item(COMPOSERS, {"allComposers": inline}))
    change(tmp_path / "globalStorage" / "state.vscdb", item("window.zoomLevel", 1))
    holder = sqlite3.connect(tmp_path / "globalStorage" / "state.vscdb", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    items = read_file(cursor, path)
    holder.close()

    assert items[-1].again
    assert messages(items) == []


def test_values_in_other_forms_are_read_or_left(tmp_path: Path) -> None:
    """Bytes, raw control characters, nothing at all; tokens that stand beside them are never asked for."""
    bad = json.dumps({"type": 2, "bubbleId": "b2", "text": "two§lines"}).replace("\\u00a7", "\n").encode()
    rows = [*composer("c1", "Zoo", prompt("b1", "hi"), answer("b2", ""), answer("b3", ""))]
    rows += [("cursorDiskKV", {"key": "bubbleId:c1:b2", "value": bad}), ("cursorDiskKV", {"key": "bubbleId:c1:b3"})]
    rows += [("cursorDiskKV", {"key": "composerData:c2", "value": None}), item("cursorAuth/accessToken", "secret")]

    items = stored(tmp_path, *rows)

    assert [m.blocks[0].text for m in messages(items)] == ["hi", "two\nlines"]
    assert problems(items) == []
    assert "secret" not in str(items)


def test_its_places(tmp_path: Path) -> None:
    """One database for all windows, one for each workspace; backups repeat them."""
    user = tmp_path / ".config" / "Cursor" / "User"
    stored(user)
    workspace(user, "zoo")
    (user / "globalStorage" / "state.vscdb.backup").touch()

    found = [found.path for found in Survey(cursor, Surroundings(str(tmp_path), {})).files()]

    assert found == [str(user / "globalStorage/state.vscdb"), str(user / "workspaceStorage/zoo/state.vscdb")]
    assert Root(f"{tmp_path}/.cursor-server/data/User/globalStorage") in cursor.roots(Surroundings(str(tmp_path), {}))


def test_the_real_database_agrees_with_a_count_of_its_bubbles() -> None:
    """Sessions, messages, roles and times: counted from the values by other means."""
    path = corpus_home() / ".config" / "Cursor" / "User" / "globalStorage" / "state.vscdb"
    connection = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    value = dict(connection.execute("SELECT key, value FROM ItemTable WHERE key IN (?, ?)", (COMPOSERS, CHATS)))
    counted: Counter[tuple[str, str, int]] = Counter()
    for each in json.loads(value[COMPOSERS])["allComposers"]:
        for bubble in each["conversation"]:
            role = "user" if bubble["type"] == 1 else "assistant"
            counted[each["composerId"], role, each["createdAt"]] += bool(bubble["text"].strip())
    for each in json.loads(value[CHATS])["tabs"]:
        for bubble in each["bubbles"]:
            role = "user" if bubble["type"] == "user" else "assistant"
            counted[each["tabId"], role, each["lastSendTime"]] += bool(bubble.get("text", "").strip())

    given = messages(read_file(cursor, path))

    assert Counter((m.session, m.role, m.created_ms) for m in given) == +counted
    assert len({m.session for m in given}) == 31
