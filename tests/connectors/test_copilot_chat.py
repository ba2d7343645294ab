"""VS Code's chats become one session each, as documents, as logs of changes and as exports."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import bigjson, copilot_chat, copilot_chat_log
from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Block, Message, Session, Surroundings
from tests.connectors.reading import messages, problems, read, session, texts
from tests.corpus import corpus_home

TIME_MS = 1767323045678
USER = "/h/.config/Code/User"
PATH = f"{USER}/workspaceStorage/abc/chatSessions/s1.json"
EXPORT = "/h/Downloads/chat.json"


def asked(text: Any, *response: Any, **more: Any) -> dict[str, Any]:
    message = {"text": text, "parts": []}
    known = {"requestId": f"request_{text}", "timestamp": TIME_MS, "message": message, "response": list(response)}
    return known | more


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"value": text, "isTrusted": False, **more}


def tool(name: str, call_id: str = "c1", **more: Any) -> dict[str, Any]:
    return {"kind": "toolInvocationSerialized", "toolId": name, "toolCallId": call_id, "isComplete": True,
            "pastTenseMessage": {"value": f"Ran {name}"}, **more}  # fmt: skip


def rounds(*calls: dict[str, Any], **answers: Any) -> dict[str, Any]:
    results = {key: {"content": [{"value": value}]} for key, value in answers.items()}
    return {"metadata": {"toolCallRounds": [{"response": "", "toolCalls": list(calls)}], "toolCallResults": results}}


def chat(*requests: Any, path: str = PATH, **more: Any) -> list[Any]:
    document = {"version": 3, "requests": requests, "sessionId": "s1", "creationDate": TIME_MS, **more}
    return read(copilot_chat, json.dumps(document).encode(), path)


def log(*changes: Any) -> list[Any]:
    return read(copilot_chat, rows(*changes), PATH + "l")


def rows(*changes: Any) -> bytes:
    return b"".join(c if isinstance(c, bytes) else json.dumps(c).encode() + b"\n" for c in changes)


# What a turn is


def test_a_tools_answer_ends_the_turn_it_was_called_in():
    """Text, names of files within it and calls stand together until then."""
    details = {"input": '{"path": "a.py"}', "output": [{"isText": True, "value": "no such file"}], "isError": True}
    link = {"kind": "inlineReference", "inlineReference": {"path": "/w/a.py", "scheme": "file"}}
    parts = [
        said("I look at "),
        link,
        said("."),
        {"kind": "prepareToolInvocation"},
        tool("read", resultDetails=details),
    ]
    items = chat(asked("mend it", *parts, said("It is gone."), modelId="copilot/big-1"), customTitle="Mends it")

    assert messages(items) == [
        Message("s1", 0, "user", TIME_MS, (Block("text", "mend it"),)),
        Message("s1", 1, "assistant", TIME_MS, (
            Block("text", "I look at `/w/a.py`."), Block("tool_call", "path: a.py", "read", "c1"))),
        Message("s1", 2, "tool", TIME_MS, (Block("tool_result", "no such file", "read", "c1", is_error=True),)),
        Message("s1", 3, "assistant", TIME_MS, (Block("text", "It is gone."),)),
    ]  # fmt: skip
    assert session(items) == Session("s1", None, "Mends it", TITLE_CUSTOM, model="big-1")


def test_commands_in_the_terminal_know_their_end():
    """The line that was run, what it printed without its colours, and whether it failed."""
    line = {"original": "make", "userEdited": "make -j"}
    data = {"kind": "terminal", "commandLine": line, "cwd": {"path": "/w/app"},
            "terminalCommandOutput": {"text": "\x1b[31mbad\x1b[0m"},
            "terminalCommandState": {"exitCode": 2}}  # fmt: skip
    items = chat(asked("build", tool("run_in_terminal", toolSpecificData=data)))

    assert messages(items)[1].blocks == (Block("tool_call", "make -j", "run_in_terminal", "c1"),)
    assert messages(items)[2].blocks == (Block("tool_result", "bad", "run_in_terminal", "c1", is_error=True),)
    assert session(items).workspace == "/w/app"


@pytest.mark.parametrize(("call_id", "shown"), [
    ("toolu_1", [tool("copilot_findFiles", "toolu_1"), tool("x", "c2"), tool("y", "c3")]),  # the same id
    ("toolu_1__vscode-7", [tool("copilot_listDirectory")]),  # the same place
    ("other", [tool("internal"), tool("copilot_fileSearch")]),  # the same name
])  # fmt: skip
def test_calls_are_found_among_those_of_the_model(call_id, shown):
    """What is shown of a call seldom says what was asked and answered."""
    made = {"id": call_id, "name": "file_search", "arguments": '{"query": "*.py"}'}
    tree = {"node": {"children": [{"text": "a.py"}, {"children": [{"text": "b.py"}]}]}}
    items = chat(asked("look", *shown, result=rounds(made, **{call_id: tree})))

    assert [b.text for m in messages(items) for b in m.blocks if b.kind == "tool_result"] == ["a.py\nb.py"]
    assert "query: *.py" in [b.text for m in messages(items) for b in m.blocks]


def test_a_sub_agent_is_a_child():
    """It was asked what the call says, and its calls are its own."""
    data = {"kind": "subagent", "description": "Look", "prompt": "look around", "result": "all well"}
    parts = [tool("runSubagent", "c1", toolSpecificData=data), tool("read", "c2", subAgentInvocationId="c1")]
    items = chat(asked("go", *parts, said("Done.")))

    assert [(m.session, m.role) for m in messages(items)] == [
        ("s1", "user"), ("s1", "assistant"), ("s1", "tool"), ("s1", "assistant"), ("s1.c1", "user"),
        ("s1.c1", "assistant"),
    ]  # fmt: skip
    assert session(items, "s1.c1").parent_external_id == "s1"


def test_thoughts_edits_and_questions_are_kept():
    """What only moves the editor is not."""
    edit = {"kind": "textEditGroup", "uri": {"fsPath": "/w/a.py"}, "edits": [[{"text": "x = 1", "range": {}}], []]}
    parts = [{"kind": "thinking", "value": ["hm"]}, {"kind": "undoStop", "id": "u"}, edit,
             {"kind": "confirmation", "title": "Sure?", "message": {"value": "It deletes."}}]  # fmt: skip

    assert texts(chat(asked("a", *parts)))[1] == ("assistant", [
        ("thinking", "hm"), ("tool_call", "/w/a.py\nx = 1"), ("notice", "Sure?\nIt deletes.")])  # fmt: skip


def test_attached_files_are_named():
    """Not what the editor adds of its own; pictures leave a mark."""
    variables = [
        {"kind": "file", "id": "vscode.file", "name": "a.py", "value": {"uri": {"fsPath": "/w/a.py"}}},
        {"kind": "file", "id": "vscode.implicit.selection", "name": "b.py", "value": {"fsPath": "/w/b.py"}},
        {"kind": "image", "name": "p.png", "value": {"0": 137}},
    ]

    assert texts(chat(asked("see", variableData={"variables": variables}))) == [
        ("user", [("text", "see"), ("image", "[image]"), ("notice", "/w/a.py")])
    ]


def test_what_failed_is_told():
    """As an error, behind what was said before."""
    items = chat(asked("a", said("I"), result={"errorDetails": {"message": "Server error"}}))

    assert messages(items)[2].blocks == (Block("notice", "Server error", is_error=True),)


def test_requests_that_were_taken_back_are_off_the_path():
    """And give no title."""
    items = chat(asked("a", said("x"), shouldBeRemovedOnSend={"requestId": "a"}), asked("b", isHidden=True), asked("c"))

    assert [m.off_path for m in messages(items)] == [True, True, True, False]
    assert (session(items).title, session(items).title_rank) == ("c", TITLE_PROMPT)


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    data = {"kind": "terminal", "commandLine": "cass search x", "terminalCommandOutput": {"text": "found"}}
    items = chat(asked("a", tool("run_in_terminal", toolSpecificData=data)))

    assert [b.own for m in messages(items)[1:] for b in m.blocks] == [True, True]


# Documents, logs and exports


def test_a_log_is_replayed():
    """Whole, set, pushed, cut and deleted; what nobody reads is passed over."""
    items = log(
        {"kind": 0, "v": {"creationDate": TIME_MS, "requests": [], "customTitle": "Old"}},
        {"kind": 2, "k": ["requests"], "v": [asked("a"), asked("b")]},
        {"kind": 2, "k": ["requests", 0, "response"], "v": [said("dra")]},
        {"kind": 1, "k": ["requests", 0, "response", 0], "v": said("draft")},
        {"kind": 2, "k": ["requests", 0, "response"], "v": [said(" done")], "i": 1},
        {"kind": 2, "k": ["requests"], "v": [asked("c")], "i": 1},
        {"kind": 1, "k": ["inputState", "inputText"], "v": "half a pro"},
        {"kind": 1, "k": ["requests", 1, "result"], "v": {"errorDetails": {"message": "no"}, "metadata": {"x": 1}}},
        {"kind": 3, "k": ["customTitle"]},
    )

    assert texts(items) == [
        ("user", [("text", "a")]), ("assistant", [("text", "draft done")]), ("user", [("text", "c")]),
        ("assistant", [("notice", "no")]),
    ]  # fmt: skip
    assert session(items).title == "a"
    assert problems(items) == []


def test_a_log_may_begin_anew():
    """VS Code writes the whole document again after many changes."""
    assert texts(log({"kind": 0, "v": {"requests": [asked("a")]}}, {"kind": 0, "v": {"requests": [asked("b")]}})) == [
        ("user", [("text", "b")])
    ]


def test_a_long_document_in_a_log_is_read_request_by_request(monkeypatch):
    """A record of over 16 MB would be passed over, and with it all that was said."""
    changes = ({"kind": 0, "v": {"customTitle": "T", "requests": [asked("a"), asked("b")]}},
               {"kind": 2, "k": ["requests"], "v": [asked("c" * 99)]})  # fmt: skip
    whole = log(*changes)
    monkeypatch.setattr("cass.connectors.jsonl.MAX_RECORD_BYTES", 200)
    monkeypatch.setattr(bigjson.parts, "__defaults__", (0,))

    items = read(copilot_chat, rows(*changes), PATH + "l")

    assert [m.blocks[0].text for m in messages(items)] == ["a", "b"]
    assert session(items).title == "T"
    assert [(p.line, p.what) for p in problems(items)] == [(2, "a record of over 16 MB was passed over")]
    assert len(messages(whole)) == 3


@pytest.mark.parametrize("change", [
    {"kind": 1, "k": ["requests", 7, "response"], "v": 1}, {"kind": 2, "k": ["requests", 0, "timestamp"], "v": [1]},
    {"kind": 1, "k": [], "v": 1}, {"kind": 1, "k": "requests"}, {"kind": 2, "k": ["requests", "x"], "v": [1]},
    b"not json\n", b"7\n",
])  # fmt: skip
def test_a_bad_change_is_told_and_costs_only_itself(change):
    """What stands behind it is read."""
    last = {"kind": 2, "k": ["requests"], "v": [asked("b")]}
    items = log({"kind": 0, "v": {"requests": [asked("a")]}}, change, last)

    assert [m.blocks[0].text for m in messages(items)] == ["a", "b"]
    assert [p.line for p in problems(items)] == [2]


def test_a_torn_last_change_waits():
    """It is not a problem: the rest is still to come."""
    items = log({"kind": 0, "v": {"requests": [asked("a")]}}, b'{"kind":2,"k":["req')

    assert (len(messages(items)), problems(items)) == (1, [])


def test_an_export_is_known_by_its_first_request():
    """It has no id, and its links may tell where it ran."""
    part = said("I look.", baseUri={"path": "/c:/w/app/", "scheme": "file"})
    items = read(copilot_chat, json.dumps({"requests": [asked("a", part), asked("b")]}).encode(), EXPORT)

    assert session(items) == Session("request_a", None, "a", TITLE_PROMPT, "c:/w/app")


def test_a_workspace_is_named_by_its_storage(tmp_path):
    """The file itself does not know it."""
    (tmp_path / "abc/chatSessions").mkdir(parents=True)
    (tmp_path / "abc/workspace.json").write_text('{"folder": "file:///w/app"}')

    assert session(chat(asked("a"), path=str(tmp_path / "abc/chatSessions/s1.json"))).workspace == "/w/app"


def test_every_change_means_reading_all():
    """A change may be anywhere."""
    assert [items[-1].resumable for items in (chat(asked("a")), log({"kind": 0, "v": {}}))] == [False, False]


# Places


def test_where_chats_are(tmp_path):
    """In the storage of every editor, and where exports are put; a workspace's storage itself is not watched."""
    storage = tmp_path / ".config/Code/User/workspaceStorage"
    (storage / "abc/chatSessions").mkdir(parents=True)
    (storage / "def/ms-python.python").mkdir(parents=True)
    found = {root.path: root.depth for root in copilot_chat.roots(Surroundings(str(tmp_path), {}))}

    assert [path for path in found if path.startswith(str(storage))] == [str(storage), f"{storage}/abc/chatSessions"]
    assert f"{tmp_path}/.config/Code/User/globalStorage/emptyWindowChatSessions" in found
    assert (found[f"{tmp_path}/Downloads"], found[f"{tmp_path}/exports"]) == (0, 1)


@pytest.mark.parametrize(("path", "claimed"), [
    (PATH, True), (PATH + "l", True), (f"{USER}/globalStorage/emptyWindowChatSessions/s.jsonl", True),
    (f"{USER}/workspaceStorage/abc/workspace.json", False), (f"{USER}/workspaceStorage/abc/state.vscdb", False),
    (EXPORT, True), ("/h/Downloads/package.json", False), ("/h/exports/x/in_progress_chat.json", True),
])  # fmt: skip
def test_which_files_are_claimed(path, claimed):
    """Chats only."""
    assert copilot_chat.claims(path) is claimed


def test_a_chat_that_goes_on_as_a_log_is_read_once(tmp_path):
    """The log repeats the document."""
    old = tmp_path / "chatSessions/s1.json"
    old.parent.mkdir()
    assert copilot_chat.claims(str(old))

    old.with_suffix(".jsonl").touch()
    assert not copilot_chat.claims(str(old))


@pytest.mark.parametrize("request_", [
    7, None, {}, asked(None, 7, None, {"kind": []}, {"value": 7}), asked({"text": 7}), asked("x", variableData=[7]),
    asked("x", tool([], [], resultDetails=7, toolSpecificData=7), result=7),
    asked("x", tool("a", resultDetails={"input": [], "output": [7, {}]}), result={"metadata": {"toolCallRounds": [7]}}),
    asked("x", tool("a", toolSpecificData={"kind": "terminal", "commandLine": 7, "terminalCommandOutput": 7})),
    asked("x", {"kind": "textEditGroup", "uri": 7, "edits": [7, [7]]}, {"kind": "inlineReference"}),
])  # fmt: skip
def test_a_bad_request_costs_only_itself(request_):
    """What stands behind it is read."""
    for items in (chat(request_, asked("after")), log({"kind": 0, "v": {"requests": [request_, asked("after")]}})):
        assert texts(items)[-1] == ("user", [("text", "after")])


# Real files


def exports() -> list[Path]:
    return sorted((corpus_home() / "exports/vscode-copilot").glob("*.json"))


def expected_roles(request: dict[str, Any]) -> Counter[str]:
    """Roles counted straight from a request, another way.

    Rule: each part is a letter, t for text, C for a call with an answer beside it or among the rounds under its name, c
    for one without; a prompt is a turn, each C is a tool's, and what stands up to a C is one of the assistant.
    """
    known = [call["name"].replace("_", "") for r in rounds_of(request) for call in r["toolCalls"]]
    letters = ""
    for part in request["response"]:
        if part.get("kind") == "toolInvocationSerialized":
            plain = part["toolId"].removeprefix("copilot_").lower()
            letters += "C" if part.get("resultDetails") or plain in known else "c"
        letters += "t" if "value" in part else ""
    failed = "errorDetails" in (request.get("result") or {})
    return Counter(user=1, tool=letters.count("C"), assistant=len(re.findall("[tc]*C|[tc]+", letters)) + failed)


def rounds_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (request.get("result") or {}).get("metadata", {}).get("toolCallRounds", [])
    return found


def test_real_exports_give_the_turns_that_stand_in_them():
    """As counted by hand, from the first request's time to the last one's."""
    assert exports()
    for path in exports():
        requests = json.loads(path.read_bytes())["requests"]
        items = read(copilot_chat, path.read_bytes(), str(path))

        assert Counter(m.role for m in messages(items)) == sum(map(expected_roles, requests), Counter()), path
        assert {m.session for m in messages(items)} == {r["requestId"] for r in requests[:1]}
        assert [m.created_ms for m in messages(items) if m.role == "user"] == [r["timestamp"] for r in requests]
        assert problems(items) == []


def test_real_exports_read_the_same_as_a_log():
    """One request after the other."""
    for path in exports():
        document = json.loads(path.read_bytes())
        pushed = [{"kind": 2, "k": ["requests"], "v": [request]} for request in document["requests"]]
        data = rows({"kind": 0, "v": document | {"requests": []}}, *pushed)
        assert texts(read(copilot_chat, data, "/h/chatSessions/s.jsonl")) == texts(
            read(copilot_chat, path.read_bytes(), str(path))
        )


def test_the_log_knows_the_format_of_changes():
    """The numbers are VS Code's own."""
    kinds = (copilot_chat_log.WHOLE, copilot_chat_log.SET, copilot_chat_log.PUSH, copilot_chat_log.DELETE)
    assert kinds == (0, 1, 2, 3)
