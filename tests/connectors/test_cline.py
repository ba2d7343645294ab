"""Tasks of Cline and its forks become sessions: as they were shown, else as they were sent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cass.connectors import bigjson, cline, kilo_code, roo_code
from cass.connectors.base import Block, Message, Session, Surroundings
from tests.connectors.reading import messages, problems, read, session, texts

TIME_MS = 1767323045678
TASK = "/h/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks/1767323045000"
SHOWN, SENT = f"{TASK}/ui_messages.json", f"{TASK}/api_conversation_history.json"


def say(kind: str, text: Any = None, **more: Any) -> dict[str, Any]:
    return {"ts": TIME_MS, "type": "say", "say": kind, "text": text, **more}


def ask(kind: str, text: Any = None, **more: Any) -> dict[str, Any]:
    return {"ts": TIME_MS, "type": "ask", "ask": kind, "text": text, **more}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": c} if isinstance(c, str) else c for c in content]}


def shown(*entries: Any, path: str = SHOWN) -> list[Any]:
    return read(cline, json.dumps(entries).encode(), path)


def sent(*entries: Any, path: str = SENT) -> list[Any]:
    return read(cline, json.dumps(entries).encode(), path)


# What was shown


def test_each_entry_is_a_turn():
    """What moves the program is only counted."""
    items = shown(
        say("task", "mend it", images=["data:image/png;base64,AA"]), say("api_req_started", '{"request":"x"}'),
        say("reasoning", "hm"), say("text", "I look."), say("checkpoint_created"),
        ask("tool", json.dumps({"tool": "editedExistingFile", "path": "a.py", "diff": "-x\n+y"})),
        say("completion_result", "Done.HAS_CHANGES"), ask("completion_result", ""), say("user_feedback", "thanks"),
    )  # fmt: skip

    assert [(m.ordinal, m.role, [(b.kind, b.text) for b in m.blocks]) for m in messages(items)] == [
        (0, "user", [("text", "mend it"), ("image", "[image]")]),
        (2, "assistant", [("thinking", "hm")]),
        (3, "assistant", [("text", "I look.")]),
        (5, "assistant", [("tool_call", "a.py\n-x\n+y")]),
        (6, "assistant", [("text", "Done.")]),
        (8, "user", [("text", "thanks")]),
    ]
    assert session(items) == Session("1767323045000", None, "mend it", 1)


def test_a_commands_output_comes_in_pieces():
    """And is one turn, at the time of the first."""
    items = shown(say("task", "a"), ask("command", "makeREQ_APP"), say("command_output", "one"),
                  ask("command_output", ""), say("command_output", "two", ts=TIME_MS + 9),
                  say("text", "b"))  # fmt: skip

    assert messages(items)[1:3] == [
        Message("1767323045000", 1, "assistant", TIME_MS, (Block("tool_call", "make", "execute_command"),)),
        Message("1767323045000", 2, "tool", TIME_MS, (Block("tool_result", "one\ntwo", "execute_command"),)),
    ]


def test_tools_that_look_are_told_with_what_they_found():
    """A file that is read is not: it stands on the disk."""
    find = {"tool": "searchFiles", "path": "src", "regex": "x+", "content": "src/a.py: xx"}
    items = shown(say("task", "a"), say("tool", json.dumps(find)),
                  say("tool", json.dumps({"tool": "readFile", "path": "a.py", "content": "/w/a.py"})))  # fmt: skip

    assert texts(items)[1:] == [
        ("assistant", [("tool_call", "src\nregex: x+")]), ("tool", [("tool_result", "src/a.py: xx")]),
        ("assistant", [("tool_call", "a.py")]),
    ]  # fmt: skip


def test_other_servers_tools_are_calls():
    """Their arguments stand in JSON within JSON."""
    made = {"serverName": "zoo", "type": "use_mcp_tool", "toolName": "find", "arguments": '{"name": "quokka"}'}
    items = shown(say("task", "a"), ask("use_mcp_server", json.dumps(made)), say("mcp_server_response", "found"))

    assert [m.blocks for m in messages(items)[1:]] == [
        (Block("tool_call", "name: quokka", "zoo/find"),), (Block("tool_result", "found", "mcp_server_response"),)
    ]  # fmt: skip


@pytest.mark.parametrize(("entry", "role", "text"), [
    (ask("followup", '{"question": "Which?", "options": ["a", "b"]}'), "assistant", "Which?\na\nb"),
    (ask("followup", '{"question": "Which?", "suggest": [{"answer": "a"}]}'), "assistant", "Which?\na"),
    (ask("plan_mode_respond", '{"response": "First this.", "options": []}'), "assistant", "First this."),
    (say("user_feedback_diff", '{"tool": "x", "path": "a.py", "diff": "+y"}'), "user", "a.py\n+y"),
    (say("condense_context", "", contextCondense={"summary": "all of it"}), "summary", "all of it"),
    (say("browser_action_result", '{"screenshot": "data:", "logs": "ok", "currentUrl": "http://x"}'), "tool",
     "http://x\nok"),
    (say("error", "no such tool"), "system", "no such tool"),
])  # fmt: skip
def test_other_entries(entry, role, text):
    """Questions and plans stand in JSON; failures are notices."""
    last = messages(shown(say("task", "a"), entry))[-1]

    assert (last.role, last.blocks[0].text, last.blocks[0].is_error) == (role, text, role == "system")


def test_what_is_still_being_written_waits():
    """It is only counted."""
    items = shown(say("task", "a"), say("text", "hal", partial=True), say("text", "b"))

    assert [m.ordinal for m in messages(items)] == [0, 2]


def test_the_first_text_is_the_prompt():
    """Roo Code has no other mark for it."""
    assert [m.role for m in messages(shown(say("text", "mend it"), say("text", "I look.")))] == ["user", "assistant"]


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    items = shown(say("task", "a"), say("command", "cass search x"), say("command_output", "found"), say("text", "b"))

    assert [b.own for m in messages(items) for b in m.blocks] == [False, True, True, False]


# What was sent


def test_what_the_program_adds_to_a_prompt_is_left_out():
    """And its wrapping is taken off."""
    items = sent(user("<task>\nmend it\n</task>", "<environment_details>\n# Time\n</environment_details>"),
                 user("[TASK RESUMPTION] It was interrupted", "<user_message>\ngo on\n</user_message>"))  # fmt: skip

    assert texts(items) == [("user", [("text", "mend it")]), ("user", [("text", "go on")])]
    assert session(items).title == "mend it"


def test_tools_answer_in_the_users_name():
    """As parts of their own, or in the oldest versions as text."""
    made = {"type": "tool_use", "id": "c1", "name": "execute_command", "input": {"command": "make"}}
    answer = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, made]}
    result = {
        "type": "tool_result",
        "tool_use_id": "c1",
        "content": [{"type": "text", "text": "bad"}],
        "is_error": True,
    }
    items = sent(
        answer, user(result), user("[read_file for 'a.py'] Result:", "x = 1"), user("[list_files] Result: a.py")
    )

    assert [(m.role, m.blocks) for m in messages(items)] == [
        ("assistant", (Block("thinking", "hm"), Block("tool_call", "make", "execute_command", "c1"))),
        ("tool", (Block("tool_result", "bad", None, "c1", is_error=True),)),
        ("tool", (Block("tool_result", "x = 1", "read_file"),)),
        ("tool", (Block("tool_result", "a.py", "list_files"),)),
    ]


def test_a_message_without_a_time_has_the_tasks():
    """Cline calls a task by the time it began."""
    assert [m.created_ms for m in messages(sent(user("a"), user("b") | {"ts": TIME_MS}))] == [1767323045000, TIME_MS]


def test_the_command_line_keeps_sessions(tmp_path):
    """With what is known of them beside."""
    path = tmp_path / "sessions/s1/s1.messages.json"
    path.parent.mkdir(parents=True)
    about = {"cwd": "/w/app", "model": "m", "metadata": {"title": "Mends it", "git": {"branch": "main"}}}
    path.with_name("s1.json").write_text(json.dumps(about))
    items = read(cline, json.dumps({"messages": [user('<user_input mode="act">a</user_input>')]}).encode(), str(path))

    assert session(items) == Session("s1", None, "Mends it", 4, "/w/app", "main", "m")
    assert texts(items) == [("user", [("text", "a")])]


@pytest.mark.parametrize(("data", "said"), [("", 1), ("[]", 0), ('[{"ts": 1', 1), ('[{"type": "say"}]', 0)])
def test_where_nothing_was_shown_what_was_sent_is_read(tmp_path: Path, data: str, said: int):
    """It may be all that is left of the task; a torn file is said nevertheless."""
    folder = task(tmp_path)
    folder.joinpath("api_conversation_history.json").write_text(json.dumps([user("<task>\nmend it\n</task>")]))
    items = read(cline, data.encode(), str(folder / "ui_messages.json"))

    assert texts(items) == [("user", [("text", "mend it")])]
    assert [problem.torn for problem in problems(items)] == [True] * said


def test_an_empty_file_is_read_again_when_more_was_sent(tmp_path: Path):
    """It does not change by itself; one with entries changes with each."""
    folder = task(tmp_path)
    empty, history = folder / "ui_messages.json", folder / "api_conversation_history.json"
    empty.write_text("[]")
    history.write_text("[]")
    before = read(cline, b"[]", str(empty))[-1].state["stand"]
    history.write_text(json.dumps([user("a")]))

    assert cline.stand(str(empty)) not in (None, before)
    empty.write_text(json.dumps([say("task", "a")]))
    assert cline.stand(str(empty)) is None


# What stands beside a task


def task(tmp_path: Path, name: str = "t1") -> Path:
    folder = tmp_path / "ext/tasks" / name
    folder.mkdir(parents=True)
    return folder


def test_a_task_knows_its_parent_and_folder(tmp_path):
    """Roo Code keeps them in the task's folder."""
    folder = task(tmp_path)
    folder.joinpath("history_item.json").write_text('{"id": "t1", "workspace": "/w/app", "parentTaskId": "t0"}')
    told = session(shown(say("text", "a"), path=str(folder / "ui_messages.json")))

    assert (told.parent_external_id, told.workspace) == ("t0", "/w/app")


def test_the_list_of_tasks_knows_their_folders(tmp_path):
    """Cline keeps one for all; which models were used stands beside the task."""
    folder = task(tmp_path)
    (tmp_path / "ext/state").mkdir()
    (tmp_path / "ext/state/taskHistory.json").write_text('[{"id": "t1", "cwdOnTaskInitialization": "/w/app"}, 7]')
    folder.joinpath("task_metadata.json").write_text('{"model_usage": [{"model_id": "a"}, {"model_id": "b"}]}')
    told = session(shown(say("task", "a"), path=str(folder / "ui_messages.json")))

    assert (told.workspace, told.model) == ("/w/app", "b")


def test_else_the_surroundings_that_were_sent_name_the_folder(tmp_path):
    """In what was sent, or in the request that old versions show."""
    folder = task(tmp_path)
    sent_text = json.dumps([user("# Current Workspace Directory (/w/app) Files\na.py")])
    folder.joinpath("api_conversation_history.json").write_text(sent_text)
    request = say("api_req_started", json.dumps({"request": "# Current Working Directory (/w/b) Files\n"}))

    assert session(shown(say("task", "a"), path=str(folder / "ui_messages.json"))).workspace == "/w/app"
    assert session(shown(say("task", "a"), request, say("text", "b"))).workspace == "/w/b"


# Places


@pytest.mark.parametrize(("agent", "place"), [
    (cline, "/h/.config/Code/User/globalStorage/saoudrizwan.claude-dev/tasks"), (cline, "/h/.cline/data/tasks"),
    (roo_code, "/h/Library/Application Support/Cursor/User/globalStorage/rooveterinaryinc.roo-cline/tasks"),
    (kilo_code, "/h/.vscode-server/data/User/globalStorage/kilocode.kilo-code/tasks"),
])  # fmt: skip
def test_where_tasks_are(agent: ModuleType, place: str):
    """In the storage of the extension, in every editor."""
    assert place in [root.path for root in agent.roots(Surroundings("/h", {}))]


def test_the_environment_may_name_clines_folder():
    """CLINE_DIR stands for ~/.cline."""
    assert "/x/data/tasks" in [root.path for root in cline.roots(Surroundings("/h", {"CLINE_DIR": "/x"}))]


def test_one_file_of_a_task_is_read(tmp_path):
    """What was shown; what was sent only without it."""
    folder = task(tmp_path)
    names = ("api_conversation_history.json", "claude_messages.json", "ui_messages.json")
    for count in (1, 2, 3):
        folder.joinpath(names[count - 1]).touch()
        claimed = [name for name in names[:count] if cline.claims(str(folder / name))]
        assert claimed == [names[count - 1]]
    assert not cline.claims(str(folder / "task_metadata.json"))


@pytest.mark.parametrize("bad", [
    7, None, {}, {"type": "say", "say": []}, say("tool", "{"), say("tool", "[7]"),
    say("tool", '{"tool": 7, "diff": 7}'), say("command", 7), ask("use_mcp_server", "7"), say("task", {"a": 1}),
    ask("followup", '{"question": 7, "options": 7}'),
    say("command_output", 7), say("browser_action_result", "{}"), {"role": "user", "content": 7},
    {"role": "assistant", "content": [7, {"type": "tool_use", "id": 7, "name": 7}]}, {"role": [], "content": [[]]},
])  # fmt: skip
def test_a_bad_entry_costs_only_itself(bad):
    """What stands behind it is read."""
    assert texts(shown(say("task", "a"), bad, say("user_feedback", "after")))[-1] == ("user", [("text", "after")])
    assert texts(sent(bad, user("after")))[-1] == ("user", [("text", "after")])


def test_a_torn_document_is_told():
    """And nothing else is."""
    assert [p.line for p in problems(read(cline, b'[{"ts": 1', SHOWN))] == [None]


def test_large_files_are_read_element_by_element(monkeypatch):
    """With the same result."""
    entries = [say("task", "a"), *(say("text", f"{number}") for number in range(50))]
    whole = messages(shown(*entries))
    monkeypatch.setattr(bigjson.parts, "__defaults__", (0,))

    assert messages(shown(*entries)) == whole
    assert Counter(m.role for m in whole) == {"user": 1, "assistant": 50}
