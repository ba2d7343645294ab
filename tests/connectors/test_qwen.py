"""Chats of Qwen Code become sessions, without the telemetry between their lines."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import qwen
from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Branches, Root, Session, Surroundings
from cass.records import replace
from tests.connectors.qwen_files import PATH, SAMPLE, answer, call, lines, result, system, user
from tests.connectors.reading import messages, problems, read, session, stored, texts, two_reads
from tests.corpus import corpus_folder, corpus_home


def said(*values: Any) -> list[Any]:
    return read(qwen, lines(*values), PATH)


def test_a_session_is_told_with_all_that_is_known():
    """Every line has the folder and the branch: where it began counts."""
    items = said(user("find\nit"), answer({"text": "Found."}), user("b", cwd="/w/other"))

    assert session(items) == Session("s1", None, "find", TITLE_PROMPT, "/w/app", "main", "qwen-large")


def test_thoughts_calls_and_results():
    """What the tool answered to the model, as a turn of the tool."""
    items = said(
        answer({"text": "hm", "thought": True}, call("run_shell_command", "c1", command="ls")),
        result("c1", {"error": "no such file"}, status="error"),
    )

    assert texts(items) == [
        ("assistant", [("thinking", "hm"), ("tool_call", "ls")]),
        ("tool", [("tool_result", "no such file")]),
    ]
    assert [(b.call_id, b.is_error) for b in messages(items)[1].blocks] == [("c1", True)]


def test_of_an_edit_the_difference_counts():
    """The tool's own words say only that it was done."""
    display = {"fileDiff": "@@ -1 +1 @@\n-a\n+b", "fileName": "x.py", "originalContent": "a", "newContent": "b"}

    assert texts(said(result("c1", {"output": "Successfully modified"}, display=display))) == [
        ("tool", [("tool_result", "@@ -1 +1 @@\n-a\n+b")])
    ]


def test_what_the_program_writes_in_the_users_name_is_dropped():
    """A notification is counted as a turn, and nobody's words."""
    items = said(user("<task-notification>done", subtype="notification"), user("a", "u2"))

    assert [(m.ordinal, m.blocks[0].text) for m in messages(items)] == [(1, "a")]


def test_what_was_typed_while_tools_ran_is_the_users():
    """It is a line of a kind of its own, and the model is sent more than was typed."""
    sent = "\n[User message received during tool execution]: the wombat first"
    shown = {"displayText": "the wombat first"}
    items = said(user("a"), user(sent, "u2", "u1", subtype="mid_turn_user_message", systemPayload=shown))

    assert [(m.role, m.blocks[0].text) for m in messages(items)] == [("user", "a"), ("user", "the wombat first")]


def test_pasted_files_are_no_prompt():
    """Parts behind the prompt hold what `@file` named, as in Gemini CLI."""
    prompt = user("look at @a.py")
    marks = ["\n--- Content from referenced files ---", "\nContent from @a.py:\n", "import os"]
    prompt["message"]["parts"] += [{"text": text} for text in marks]

    assert texts(said(prompt)) == [("user", [("text", "look at @a.py")])]


def test_system_lines():
    """A title, a command the user typed, a compression; telemetry says nothing and is no turn."""
    history = [{"role": "user", "parts": [{"text": "all of it"}]}, {"role": "user", "parts": [{"text": "again"}]}]
    items = said(
        system("custom_title", {"customTitle": "Zoo"}),
        system("ui_telemetry", {"uiEvent": {}}),
        system("slash_command", {"phase": "invocation", "rawCommand": "/compress"}),
        system("slash_command", {"phase": "result", "rawCommand": "/compress"}),
        system("chat_compression", {"compressedHistory": history}),
        user("a"),
    )

    assert texts(items) == [
        ("user", [("notice", "/compress")]),
        ("summary", [("text", "all of it")]),
        ("user", [("text", "a")]),
    ]
    assert (session(items).title, session(items).title_rank) == ("Zoo", TITLE_CUSTOM)


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    items = said(answer(call("run_shell_command", "c1", command="cass search x")), result("c1", {"output": "found"}))

    assert [block.own for message in messages(items) for block in message.blocks] == [True, True]


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages, the same facts, the same branch that was left."""
    whole = read(qwen, SAMPLE, PATH)
    for cut in range(0, len(SAMPLE), 13):
        first, second = two_reads(qwen, SAMPLE, cut, PATH)
        assert stored(first, second) == stored(whole), cut
        assert replace(session([*first, *second]), whole=False) == session(whole), cut
        assert [item.off for item in [*first, *second] if isinstance(item, Branches)][-1] == ((4, 5),), cut


@pytest.mark.parametrize("value", [
    {"type": "user", "message": 7}, {"type": "assistant", "message": {"parts": [7, {"text": 7}, {"functionCall": {}}]}},
    {"type": "tool_result", "toolCallResult": 7, "message": {"parts": [{"functionResponse": {"response": 7}}]}},
    {"type": "system", "subtype": "chat_compression", "systemPayload": []}, {"type": [], "uuid": 7}, {},
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(said(value, user("after")))[-1] == ("user", [("text", "after")])


def test_older_versions_have_geminis_files():
    """They are read as Gemini CLI's, under the name of Qwen."""
    path = "/projects/h/.qwen/tmp/0123/chats/session-2026-01-02T03-04-s1.json"
    document = {"sessionId": "s1", "messages": [{"id": "1", "type": "user", "content": "go"}]}

    assert qwen.claims(path)
    assert texts(read(qwen, json.dumps(document).encode(), path)) == [("user", [("text", "go")])]


def test_where_sessions_are():
    """Below the user's folder, or where the environment says."""
    assert qwen.roots(Surroundings("/h", {})) == [Root("/h/.qwen/projects", 2), Root("/h/.qwen/tmp", 3)]
    assert qwen.roots(Surroundings("/h", {"QWEN_HOME": "/x"}))[0] == Root("/x/projects", 2)
    assert qwen.claims(PATH)
    assert not qwen.claims("/h/.qwen/projects/-w-app/memory.jsonl")


# Real files

ROLES = {"user": "user", "assistant": "assistant", "tool_result": "tool"}


def counted(path: Path) -> tuple[Counter[str], list[int]]:
    """Roles and times of what speaks, from the raw lines alone."""
    roles: Counter[str] = Counter()
    times = []
    for value in map(json.loads, path.read_text().splitlines()):
        parts = value.get("message", {}).get("parts", [])
        if any(part.get("text", "").strip() or part.keys() - {"text", "thought"} for part in parts):
            roles[ROLES[value["type"]]] += 1
            times.append(round(datetime.fromisoformat(value["timestamp"]).timestamp() * 1000))
    return roles, times


def test_real_files_give_the_turns_that_stand_in_them():
    """One session a file, named as it is; roles, first and last time as counted from the raw lines."""
    paths = sorted((corpus_home() / ".qwen/projects").rglob("*.jsonl"))
    assert len(paths) == 12
    for path in paths:
        items = read(qwen, path.read_bytes(), str(path))
        roles, times = counted(path)
        found = messages(items)
        stamps = [m.created_ms for m in found if m.created_ms is not None]

        assert Counter(m.role for m in found) == roles, path
        assert {m.session for m in found} <= {path.stem}
        assert [min(stamps, default=0), max(stamps, default=0)] == [min(times, default=0), max(times, default=0)]
        assert problems(items) == []


def test_every_fixture_is_read_or_a_named_problem():
    """Hand-made edge cases."""
    found = {
        path.name: len(problems(read(qwen, path.read_bytes(), PATH)))
        for path in (corpus_folder("corpus/fixtures") / "qwen").rglob("*.jsonl")
    }

    assert {name for name, count in found.items() if count} == {"session-malformed.jsonl"}
