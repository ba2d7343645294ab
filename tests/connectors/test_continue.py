"""Continue's documents become one session each, with what its tools answered."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import bigjson, continue_dev
from cass.connectors.base import TITLE_GENERATED, Block, Message, Root, Session, Surroundings
from tests.connectors.reading import messages, problems, read, session, texts
from tests.corpus import corpus_home

PATH = "/h/.continue/sessions/s1.json"
TIME_MS = 1767323045678


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"message": {"role": "user", "content": content}, "contextItems": [], **more}


def answer(content: Any, calls: Any = None, **more: Any) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": content, "toolCalls": calls}, **more}


def call(name: str, given: Any) -> dict[str, Any]:
    return {"id": "c1", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}}


def chat(*items: Any, path: str = PATH, **more: Any) -> list[Any]:
    document = {"sessionId": "s1", "title": "Mends it", "workspaceDirectory": "file:///w/my%20app", "history": items}
    return read(continue_dev, json.dumps(document | more).encode(), path)


def test_a_session_is_told_with_all_that_is_known():
    """A workspace may be written as a URI; the model stands in the log of the prompt."""
    log = {"modelTitle": "Big", "completionOptions": {"model": "big-1"}, "prompt": "<system> …"}
    items = chat(user([{"type": "text", "text": "mend it"}]), answer("ok", promptLogs=[log]))

    assert session(items) == Session("s1", None, "Mends it", TITLE_GENERATED, "/w/my app", None, "big-1")
    assert texts(items) == [("user", [("text", "mend it")]), ("assistant", [("text", "ok")])]


@pytest.mark.parametrize("title", ["New Session", "Untitled Session", "", None])
def test_an_unnamed_session_is_called_by_its_first_prompt(title):
    """Continue's own placeholder says nothing."""
    assert session(chat(user("mend\nit"), user("b"), title=title)).title == "mend"


def test_what_a_tool_answered_follows_its_call():
    """It stands beside the call; repeated as a message it is only counted."""
    made = call("run_terminal_command", {"command": "make"})
    state = {"toolCallId": "c1", "toolCall": made, "status": "errored", "output": [{"name": "x", "content": "failed"}]}
    twice = {"message": {"role": "tool", "content": "failed", "toolCallId": "c1"}}

    assert messages(chat(answer("", [made], toolCallStates=[state]), twice, user("so?"))) == [
        Message("s1", 0, "assistant", None, (Block("tool_call", "make", "run_terminal_command", "c1"),)),
        Message("s1", 1, "tool", None, (Block("tool_result", "failed", "run_terminal_command", "c1", is_error=True),)),
        Message("s1", 3, "user", None, (Block("text", "so?"),)),
    ]


def test_a_tools_answer_may_stand_alone():
    """Then it is read there."""
    alone = {"message": {"role": "tool", "content": "", "toolCallId": "c1"}, "contextItems": [{"content": "a.py"}]}

    assert messages(chat(alone))[0].blocks == (Block("tool_result", "a.py", None, "c1"),)


def test_attached_files_are_named_and_not_repeated():
    """Their text is on the disk; pictures leave a mark."""
    attached = {"name": "a.py", "content": "import os", "uri": {"type": "file", "value": "/w/a.py"}}
    sent = user([{"type": "text", "text": "see"}, {"type": "imageUrl", "imageUrl": {"url": "data:…"}}])

    assert texts(chat(sent | {"contextItems": [attached]})) == [
        ("user", [("text", "see"), ("image", "[image]"), ("notice", "/w/a.py")])
    ]


def test_thoughts_are_kept_with_their_time():
    """Old versions write them as a message of their own; encrypted ones have no text."""
    thought = {"message": {"role": "thinking", "content": "hm", "signature": "AAAA"}}
    items = chat(thought, answer("so", reasoning={"text": "hmm", "startAt": TIME_MS, "active": False}))

    assert texts(items) == [("assistant", [("thinking", "hm")]), ("assistant", [("thinking", "hmm"), ("text", "so")])]
    assert [m.created_ms for m in messages(items)] == [None, TIME_MS]


def test_a_compaction_is_a_summary():
    """It stands beside the answer it was made after."""
    assert [m.role for m in messages(chat(answer("a", conversationSummary="all of it")))] == ["assistant", "summary"]


def test_the_systems_prompt_is_dropped_and_counted():
    """It is nobody's words."""
    assert [m.ordinal for m in messages(chat({"message": {"role": "system", "content": "You are"}}, user("a")))] == [1]


def test_the_list_of_sessions_knows_when_one_began(tmp_path):
    """Nothing else does, and the file's own time changes with every word."""
    (tmp_path / "sessions.json").write_text(json.dumps([{"sessionId": "s1", "dateCreated": str(TIME_MS)}, 7]))

    assert messages(chat(user("a"), path=str(tmp_path / "s1.json")))[0].created_ms == TIME_MS


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    made = call("run_terminal_command", {"command": "cass search x"})
    state = {"toolCall": made, "status": "done", "output": [{"content": "found"}]}

    assert [b.own for m in messages(chat(answer("", [made], toolCallStates=[state]))) for b in m.blocks] == [True, True]


def test_where_sessions_are():
    """Below the user's folder, or where the environment says."""
    assert continue_dev.roots(Surroundings("/h", {})) == [Root("/h/.continue/sessions")]
    assert continue_dev.roots(Surroundings("/h", {"CONTINUE_GLOBAL_DIR": "/x"})) == [Root("/x/sessions")]
    assert continue_dev.claims(PATH)
    assert not continue_dev.claims("/h/.continue/sessions/sessions.json")
    assert not continue_dev.claims("/h/.continue/config.json")


@pytest.mark.parametrize("item", [
    7, None, {}, {"message": 7}, {"message": {"role": [], "content": 7}}, answer({}, [7, {"function": 7}]),
    answer(None, {}, toolCallStates=[{"toolCall": 7, "output": [7, {"content": 7}], "toolCallId": 3}], reasoning=7),
    user([7, None, {"text": 7}], contextItems={"a": 1}),
])  # fmt: skip
def test_a_bad_item_costs_only_itself(item):
    """What stands behind it is read."""
    assert texts(chat(item, user("after")))[-1] == ("user", [("text", "after")])


def test_a_torn_document_is_told():
    """And nothing else is."""
    assert [p.line for p in problems(read(continue_dev, b'{"history": [', PATH))] == [None]


# Real files


def sessions() -> list[Path]:
    return sorted((corpus_home() / ".continue/sessions").glob("*.json"))


def test_real_files_give_the_turns_that_stand_in_them():
    """One session a file; every entry of its history is one turn, with that speaker and no time."""
    assert sessions()
    for path in sessions():
        document = json.loads(path.read_bytes())
        items = read(continue_dev, path.read_bytes(), str(path))
        said = [e["message"] for e in document["history"] if json.dumps(e["message"]["content"]).strip('"[]{} ')]

        assert Counter(m.role for m in messages(items)) == Counter(m["role"] for m in said), path
        assert {m.session for m in messages(items)} == {path.stem} == {document["sessionId"]}
        assert {m.created_ms for m in messages(items)} == {None}
        assert session(items).title == " ".join(document["title"].split())
        assert problems(items) == []


def test_large_files_are_read_element_by_element(monkeypatch):
    """With the same result."""
    for path in sessions()[:5]:
        whole = read(continue_dev, path.read_bytes(), str(path))
        with monkeypatch.context() as patch:
            patch.setattr(bigjson.parts, "__defaults__", (0,))
            assert messages(read(continue_dev, path.read_bytes(), str(path))) == messages(whole)
