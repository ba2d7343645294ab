"""Gemini's chats become one session each, as they stand after all that was changed and taken back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.connectors import gemini
from cass.connectors.base import (
    TITLE_PROMPT,
    TITLE_SUMMARY,
    Block,
    Message,
    Root,
    Session,
    Surroundings,
)
from tests.connectors.reading import messages, problems, read, session, texts

TIME = "2026-01-02T03:04:05.678Z"
TIME_MS = 1767323045678
CHATS = "/h/.gemini/tmp/abc/chats"
JSON_PATH = f"{CHATS}/session-2026-01-02T03-04-0a1b2c3d.json"
JSONL_PATH = JSON_PATH + "l"
META = {"sessionId": "s1", "projectHash": "abc", "startTime": TIME, "lastUpdated": TIME}


def user(text: Any, message_id: str = "u", **more: Any) -> dict[str, Any]:
    return {"id": message_id, "timestamp": TIME, "type": "user", "content": text, **more}


def answer(text: Any, message_id: str = "g", **more: Any) -> dict[str, Any]:
    return {"id": message_id, "timestamp": TIME, "type": "gemini", "content": text, "model": "gemini-3", **more}


def call(name: str, args: Any, response: Any = None, status: str = "success", **more: Any) -> dict[str, Any]:
    made = {"id": "c1", "name": name, "args": args, "status": status, "timestamp": TIME, **more}
    if response is not None:
        made["result"] = [{"functionResponse": {"id": "c1", "name": name, "response": response}}]
    return made


def chat(*sent: Any, path: str = JSON_PATH, around: Surroundings | None = None, **more: Any) -> list[Any]:
    """A JSON document with these messages, read."""
    data = json.dumps({**META, "messages": sent, **more}).encode()
    return read(gemini, data, path, **({"around": around} if around else {}))


def log(*records: Any, path: str = JSONL_PATH) -> list[Any]:
    """A JSONL file with a first line of metadata and these records, read."""
    return read(gemini, rows(*records), path)


def on_path(items: list[Any]) -> list[str]:
    return said([message for message in messages(items) if not message.off_path])


def rows(*records: Any) -> bytes:
    return b"".join(r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in (META, *records))


def said(items: list[Any]) -> list[str]:
    return [block.text for message in messages(items) for block in message.blocks]


# What a turn is


def test_an_answer_is_one_message_and_each_result_another():
    """Thoughts, text and calls stand together; what a tool answered follows, tied to its call."""
    thoughts = [{"subject": "Plan", "description": "Look first."}, {"subject": "Then", "description": "Act."}]
    items = chat(user("fix it"), answer("I look.", thoughts=thoughts, toolCalls=[
        call("run_shell_command", {"command": "ls", "description": "List"}, {"output": "a.py\nExit Code: 0"}),
        call("read_file", {"file_path": "a.py"}, {"error": "no such file"}, status="error")]))  # fmt: skip

    assert messages(items) == [
        Message("s1", 0, "user", TIME_MS, (Block("text", "fix it"),)),
        Message("s1", 1, "assistant", TIME_MS, (
            Block("thinking", "Plan\nLook first.\n\nThen\nAct."),
            Block("text", "I look."),
            Block("tool_call", "ls", "run_shell_command", "c1"),
            Block("tool_call", "file_path: a.py", "read_file", "c1"))),
        Message("s1", 2, "tool", TIME_MS, (Block("tool_result", "a.py\nExit Code: 0", "run_shell_command", "c1"),)),
        Message("s1", 3, "tool", TIME_MS, (Block("tool_result", "no such file", "read_file", "c1", is_error=True),)),
    ]  # fmt: skip


def test_a_session_is_told_with_all_that_is_known():
    """The summary is a better title than the first prompt."""
    assert session(chat(user("fix it"), answer("ok"))) == Session("s1", None, "fix it", TITLE_PROMPT, model="gemini-3")
    assert session(chat(user("fix it"), summary="Fixes it.")).title == "Fixes it."
    assert session(chat(user("fix it"), summary="Fixes it.")).title_rank == TITLE_SUMMARY


def test_notices_of_the_program_are_dropped_and_counted():
    """Infos, warnings and errors are nobody's words."""
    notices = [{"type": kind, "content": "x"} for kind in ("info", "warning", "error", "new-kind")]

    assert [(m.ordinal, m.role) for m in messages(chat(*notices, user("a")))] == [(4, "user")]


@pytest.mark.parametrize("content", ["hello", {"text": "hello"}, [{"text": "hello"}], ["hello"]])
def test_content_is_a_text_a_part_or_parts(content):
    """All of them say the same."""
    assert texts(chat(user(content))) == [("user", [("text", "hello")])]


def test_pasted_files_are_no_prompt():
    """What `@file` put behind the prompt is cut off; a version made for display is preferred."""
    pasted = "look at @a.py\n--- Content from referenced files ---\nContent from @a.py:\nimport os"

    assert said(chat(user(pasted))) == ["look at @a.py"]
    assert said(chat(user(pasted, displayContent="look at a.py"))) == ["look at a.py"]


def test_pasted_files_are_no_prompt_in_parts_of_their_own():
    """Newer versions put the mark, each file and the end behind the prompt; a picture among them was shown."""
    marks = ["look at @a.py @b.png", "\n--- Content from referenced files ---", "\nContent from @a.py:\n", "import os"]
    parts = [{"text": text} for text in marks]
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}

    given = chat(user([*parts, picture, {"text": "\n--- End of content ---"}]))

    assert texts(given) == [("user", [("text", "look at @a.py @b.png"), ("image", "[image]")])]


@pytest.mark.parametrize(("text", "folder"), [
    ("This is the Gemini CLI. We are setting up the context for our chat.\n"
     "I'm currently working in the directory: /w/app\nHere is", "/w/app"),
    ("<session_context>\n- **Workspace Directories:**\n  - /w/app\n</session_context>", "/w/app"),
    ("<session_context>\nWorking directory: C:\\w\n</session_context>", "C:\\w"),
])  # fmt: skip
def test_the_set_up_message_only_names_the_folder(text, folder):
    """The program wrote it in the user's name."""
    items = chat(user(text), user("hello"))

    assert [(m.ordinal, m.blocks[0].text) for m in messages(items)] == [(1, "hello")]
    assert (session(items).workspace, session(items).title) == (folder, "hello")


def test_a_set_up_message_of_blanks_is_looked_through_once():
    """Where no folder stands behind the words, what follows is not read again from each blank."""
    text = "<session_context>Working directory:" + " " * 200_000 + "none"

    assert session(chat(user(text), user("hello"))).workspace is None


def test_pictures_leave_a_mark():
    """Their bytes are dropped."""
    assert said(chat(user([{"text": "see"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]))) == [
        "see", "[image]"]  # fmt: skip


def test_results_in_a_users_message_are_the_tools():
    """As the plain API writes them."""
    items = chat(user([{"functionResponse": {"id": "c1", "name": "ls", "response": {"output": "a.py"}}}]))

    assert messages(items)[0].role == "tool"
    assert messages(items)[0].blocks == (Block("tool_result", "a.py", "ls", "c1"),)


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    calls = [call("run_shell_command", {"command": "cass search x"}, {"output": "found"})]

    assert [b.own for m in messages(chat(answer("", toolCalls=calls))) for b in m.blocks] == [True, True]


def test_a_command_that_failed_is_an_error():
    """Its exit code stands in the output."""
    calls = [call("run_shell_command", {"command": "x"}, {"output": "Output: no\nExit Code: 2\nSignal: 0"})]

    assert messages(chat(answer("", toolCalls=calls)))[1].blocks[0].is_error


# Records that change earlier ones


def test_the_last_record_of_a_message_counts():
    """It keeps the place of the first and says where it stands itself."""
    items = log(user("a"), answer("dra"), user("b", "u2"), answer("draft done"))
    data = rows(user("a"), answer("dra"), user("b", "u2"), answer("draft done"))

    assert said(items) == ["a", "draft done", "b"]
    assert [m.line for m in messages(items)] == [2, 5, 4]
    assert json.loads(data[messages(items)[1].start : messages(items)[1].end])["content"] == "draft done"


def test_a_rewind_takes_back_a_message_and_all_behind_it():
    """They are still said, on a branch that was left, under numbers of their own."""
    calls = [call("ls", {}, {"output": "a.py"})]
    items = log(user("a"), user("b", "u2"), answer("", toolCalls=calls), {"$rewindTo": "u2"}, user("c", "u3"))

    told = [(m.ordinal, m.role, m.off_path) for m in messages(items)]
    assert told == [
        (0, "user", False),
        (1, "user", True),
        (2, "assistant", True),
        (3, "tool", True),
        (4, "user", False),
    ]
    assert messages(items)[1].blocks[0].text == "b"


def test_a_rewind_to_the_unknown_takes_back_all():
    """As Gemini itself reads it; what was taken back names no session."""
    items = log(user("a"), {"$rewindTo": "nowhere"}, user("b", "u2"))

    assert on_path(items) == ["b"]
    assert (session(items).title, said(items)) == ("b", ["a", "b"])


def test_a_message_may_come_back_after_a_rewind():
    """Under the id it had."""
    items = log(user("a"), {"$rewindTo": "u"}, user("b"), {"$rewindTo": "u"}, user("c"))

    assert (on_path(items), said(items)) == (["c"], ["a", "b", "c"])


def test_a_patch_changes_what_is_known():
    """Also the whole list of messages."""
    items = log(user("a"), {"$set": {"summary": "Sums up", "messages": [user("x", "1"), answer("y", "2")]}},
                user("z", "3"))  # fmt: skip

    assert on_path(items) == ["x", "y", "z"]
    assert session(items).title == "Sums up"
    assert [m.line for m in messages(items)] == [2, 3, 3, 4]


def test_a_new_list_replaces_the_messages_before_it():
    """They are found nevertheless, as what a rewind took back is; the session is called by what it says now."""
    items = log(user("a", "1"), answer("b", "2"), {"$set": {"messages": [user("all of it", "9")]}}, user("c", "3"))

    assert (said(items), on_path(items)) == (["a", "b", "all of it", "c"], ["all of it", "c"])
    assert session(items).title == "all of it"


def test_what_a_new_list_repeats_stays():
    """In the order of the list, once, even if the list before did not have it."""
    items = log(user("a", "1"), user("b", "2"), {"$set": {"messages": [user("sum", "9"), user("b", "2")]}},
                {"$set": {"messages": [user("sum", "9"), user("a", "1")]}})  # fmt: skip

    assert (said(items), on_path(items)) == (["b", "sum", "a"], ["sum", "a"])


def test_messages_in_the_first_line_count():
    """A resumed document may begin with all it had."""
    assert said(log({**META, "messages": [user("a"), answer("b")]}, user("c", "u2"))) == ["a", "b", "c"]


def test_a_sub_agent_is_its_parents_child():
    """It stands in a folder with its parent's id."""
    items = log(user("a"), path=f"{CHATS}/mother/s1.jsonl")

    assert {i.parent_external_id for i in items if isinstance(i, Session)} == {"mother"}


def test_every_change_means_reading_all():
    """Neither kind of file is only appended to."""
    for items in (chat(user("a")), log(user("a"))):
        assert items[-1].resumable is False


# Where a chat ran


def project(tmp_path: Path, name: str = "abc") -> str:
    (tmp_path / "tmp" / name / "chats").mkdir(parents=True)
    return str(tmp_path / "tmp" / name / "chats" / "session-a.json")


def test_the_list_of_projects_names_the_folder(tmp_path):
    """New versions call a project by a short name."""
    path = project(tmp_path, "app")
    (tmp_path / "projects.json").write_text('{"projects": {"/w/app": "app"}}')

    assert session(chat(user("a"), path=path)).workspace == "/w/app"


def test_a_file_in_the_project_names_the_folder(tmp_path):
    """`.project_root` holds nothing else."""
    path = project(tmp_path)
    (tmp_path / "tmp/abc/.project_root").write_text("/w/app\n")

    assert session(chat(user("a"), path=path)).workspace == "/w/app"


def test_a_hash_is_found_among_known_folders(tmp_path):
    """Those that other sessions ran in, and those that the user trusted."""
    path = project(tmp_path, hashlib.sha256(b"/w/app").hexdigest())
    around = Surroundings("/h", {}, ("/w/else", "/w/app"))
    assert session(chat(user("a"), path=path, around=around)).workspace == "/w/app"

    (tmp_path / "trustedFolders.json").write_text('{"/w/app": "TRUST_FOLDER"}')
    assert session(chat(user("a"), path=path)).workspace == "/w/app"


def test_the_chats_directories_are_the_last_resort(tmp_path):
    """They are those that were added, and the first is where it began."""
    assert session(chat(user("a"), path=project(tmp_path), directories=["/w/app", "/w"])).workspace == "/w/app"


def test_where_chats_are():
    """Below the user's folder, or where the environment says."""
    assert gemini.roots(Surroundings("/h", {})) == [Root("/h/.gemini/tmp", depth=3)]
    assert gemini.roots(Surroundings("/h", {"GEMINI_CLI_HOME": "/x"})) == [Root("/x/.gemini/tmp", depth=3)]
    assert gemini.roots(Surroundings("/h", {"GEMINI_DIR": "/y"})) == [Root("/y/tmp", depth=3)]


@pytest.mark.parametrize(("folder", "entered"), [
    ("/h/.gemini/tmp/abc", True), (CHATS, True), (f"{CHATS}/s1", True), ("/h/.gemini/tmp/abc/images", False),
])  # fmt: skip
def test_only_chats_are_looked_into(folder, entered):
    """Pictures and logs are none."""
    assert gemini.enters(folder) is entered


@pytest.mark.parametrize(("path", "claimed"), [
    (JSON_PATH, True), (JSONL_PATH, True), (f"{CHATS}/mother/s2.jsonl", True), ("/h/.gemini/tmp/abc/logs.json", True),
    ("/h/.gemini/tmp/abc/checkpoint-plan.json", True), ("/h/.gemini/checkpoint-plan.json", False),
    (f"{CHATS}/notes.txt", False), ("/h/.gemini/oauth_creds.json", False)])  # fmt: skip
def test_which_files_are_claimed(path, claimed):
    """Chats and prompts only; never credentials."""
    assert gemini.claims(path) is claimed


def test_a_resumed_chat_is_read_once(tmp_path):
    """The newer file repeats the older one."""
    old = Path(project(tmp_path))
    assert gemini.claims(str(old))

    old.with_suffix(".jsonl").touch()
    assert not gemini.claims(str(old))


# Hostile input


@pytest.mark.parametrize("record", [
    b"not json\n", b"7\n", b"[" * 5000 + b"\n", b"\x00\n", {"type": []}, {"type": "user", "content": None},
    {"type": "user", "id": [], "content": {"text": 3}}, {"$set": 7}, {"$set": {"messages": [7, None, []]}},
    {"type": "gemini", "content": [None], "toolCalls": {"id": 1}, "thoughts": 7, "timestamp": 12, "model": {}},
    {"type": "gemini", "toolCalls": [{"name": [], "args": [], "result": [7, {"functionResponse": []}]}]},
])  # fmt: skip
def test_a_bad_record_costs_only_itself(record):
    """What stands behind it is read."""
    assert said(log(record, user("after", "u9")))[-1] == "after"


def test_bad_files_are_told():
    """A torn document as a whole, a torn line by its number."""
    assert [p.line for p in problems(read(gemini, b'{"messages": [', JSON_PATH))] == [None]
    assert [p.line for p in problems(log(b"not json\n", user("a")))] == [2]


def test_a_torn_last_line_waits():
    """It is not a problem: the rest is still to come."""
    assert problems(log(user("a"), b'{"id":"x","ty')) == []


def test_half_a_surrogate_pair_can_be_stored():
    """It becomes the replacement character."""
    assert said(chat(user("a \ud83d b"))) == ["a \ufffd b"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["type", "id", "content", "text", "toolCalls", "args", "name", "result", "thoughts", "messages",
        "timestamp", "functionResponse", "response", "displayContent", "$set", "$rewindTo", "command"]  # fmt: skip
VALUES = st.recursive(
    JSON | st.sampled_from(["user", "gemini", "info", "u"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), max_size=5))
def test_any_values_are_read_without_raising(values):
    """Whatever a chat holds, a read ends with a checkpoint and gives what can be stored."""
    for items in (chat(*values), log(*values)):
        texts = [block.text for message in messages(items) for block in message.blocks]
        assert [text.encode().decode() for text in texts] == texts  # no lone surrogates; a call may have no text
