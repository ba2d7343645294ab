"""The events of GitHub Copilot's command line become sessions, sub-agents children of theirs."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.connectors import copilot_cli
from cass.connectors.base import TITLE_GENERATED, Block, Message, Root, Session, Surroundings
from tests.connectors.reading import messages, problems, read, session, stored, texts, two_reads
from tests.corpus import corpus_folder

TIME = "2026-01-02T03:04:05.678Z"
TIME_MS = 1767323045678
PATH = "/h/.copilot/session-state/s1/events.jsonl"
OLD = "/h/.copilot/history-session-state/session_s1.json"


def event(kind: str, agent: str | None = None, **data: Any) -> dict[str, Any]:
    known = {"type": kind, "data": data, "id": "e", "timestamp": TIME, "parentId": None}
    return known | ({"agentId": agent} if agent else {})


def user(text: Any, **more: Any) -> dict[str, Any]:
    return event("user.message", content=text, transformedContent=f"<now/>{text}", **more)


def answer(text: Any, *calls: Any, **more: Any) -> dict[str, Any]:
    return event("assistant.message", messageId="m", content=text, toolRequests=list(calls), **more)


def call(name: str, given: Any, call_id: str = "c1") -> dict[str, Any]:
    return {"toolCallId": call_id, "name": name, "arguments": given, "type": "function"}


def done(content: Any, call_id: str = "c1", **more: Any) -> dict[str, Any]:
    return event("tool.execution_complete", toolCallId=call_id, **({"success": True, "result": content} | more))


def rows(*events: Any) -> bytes:
    return b"".join(e if isinstance(e, bytes) else json.dumps(e).encode() + b"\n" for e in events)


def log(*events: Any, path: str = PATH) -> list[Any]:
    return read(copilot_cli, rows(*events), path)


START = event("session.start", sessionId="s1", context={"cwd": "/w/app", "branch": "main"}, selectedModel="small")
CALL = call("bash", {"command": "make", "description": "Build"})
SAMPLE = (
    START, event("hook.start"), event("system.message", content="You are"), user("mend\nit"),
    event("assistant.turn_start"), event("assistant.reasoning", content="hm"),
    answer("I build.", CALL, model="big", reasoningText="hm"),
    event("tool.execution_start", toolCallId="c1", toolName="bash", arguments=CALL["arguments"]),
    done({"content": "failed", "detailedContent": "long"}, success=False), event("session.truncation"),
    event("session.compaction_complete", summaryContent="all of it"), answer("No.", reasoningText="so"),
)  # fmt: skip


def test_each_event_is_a_turn():
    """A thought is given once, where it was told first; what only moves the program is no turn."""
    given = [(m.ordinal, m.role, [(b.kind, b.text) for b in m.blocks]) for m in messages(log(*SAMPLE))]

    assert given == [
        (0, "user", [("text", "mend\nit")]),
        (1, "assistant", [("thinking", "hm")]),
        (2, "assistant", [("text", "I build."), ("tool_call", "make")]),
        (3, "tool", [("tool_result", "failed")]),
        (4, "summary", [("text", "all of it")]),
        (5, "assistant", [("thinking", "so"), ("text", "No.")]),
    ]


def test_a_message_knows_its_line():
    """And its call, and whether that failed."""
    data = rows(*SAMPLE)

    assert messages(log(*SAMPLE))[3] == Message(
        "s1", 3, "tool", TIME_MS, (Block("tool_result", "failed", "bash", "c1", is_error=True),), 9,
        data.index(b'{"type": "tool.execution_complete"'), data.index(b'{"type": "session.truncation"'))  # fmt: skip


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The file beside the events has a title and a branch."""
    path = tmp_path / "s1/events.jsonl"
    path.parent.mkdir()
    assert session(log(*SAMPLE, path=str(path))) == Session("s1", None, "mend", 1, "/w/app", "main", "big")

    path.with_name("workspace.yaml").write_text('id: s1\nsummary: "Mends it"\nbranch: fix\nsummary_count: 0\n')
    told = session(log(*SAMPLE, path=str(path)))

    assert (told.title, told.title_rank, told.git_branch) == ("Mends it", TITLE_GENERATED, "fix")


@pytest.mark.parametrize("agent", [{"agent": "c1"}, {"parentToolCallId": "c1"}, {}])
def test_a_sub_agent_is_a_child(agent):
    """It was asked what the call says."""
    asked = call("task", {"prompt": "look around", "agent_type": "explore"})
    started = event("subagent.started", agent.get("agent"), toolCallId="c1", agentName="explore",
                    **{k: v for k, v in agent.items() if k != "agent"})  # fmt: skip
    said = event("assistant.message", agent.get("agent"), content="I look.", parentToolCallId="c1")
    items = log(START, user("go"), answer("", asked), started, said, done({"content": "all well"}))

    assert [(m.session, m.ordinal, m.role, m.blocks[0].text) for m in messages(items)] == [
        ("s1", 0, "user", "go"), ("s1", 1, "assistant", "prompt: look around\nagent_type: explore"),
        ("s1.c1", 0, "user", "look around"), ("s1.c1", 1, "assistant", "I look."), ("s1", 2, "tool", "all well"),
    ]  # fmt: skip
    assert session(items, "s1.c1").parent_external_id == "s1"


def test_skills_do_not_speak_for_the_user():
    """What the program adds in the user's name is the system's."""
    assert [m.role for m in messages(log(user("x", source="skill-pdf"), user("y", source="user")))] == [
        "system",
        "user",
    ]


def test_attached_files_are_named():
    """By their paths."""
    items = log(user("see", attachments=[{"type": "file", "path": "/w/a.py"}, {"displayName": "b.py"}]))

    assert texts(items) == [("user", [("text", "see"), ("notice", "/w/a.py\nb.py")])]


def test_a_tool_that_nobody_asked_for_in_words_is_a_call():
    """The user may run one, and some versions tell it only when it begins."""
    asked = {"toolCallId": "c1", "toolName": "bash", "arguments": {"command": "ls"}}
    items = log(event("tool.user_requested", **asked), event("tool.execution_start", **asked))

    assert messages(items)[0].blocks == (Block("tool_call", "ls", "bash", "c1"),)
    assert len(messages(items)) == 1


@pytest.mark.parametrize(("data", "text", "failed"), [
    ({"result": "ok"}, "ok", False), ({"result": {"detailedContent": "diff"}}, "diff", False),
    ({"result": None, "success": False, "error": {"message": "no", "code": "x"}}, "no", True),
    ({"result": None, "stdout": "a", "stderr": "b", "exitCode": 1}, "a\nb", True),
])  # fmt: skip
def test_a_tools_answer_has_many_forms(data, text, failed):
    """What the model saw, else what was shown, else the error."""
    block = messages(log(done(**{"content": None} | data)))[0].blocks[0]

    assert (block.text, block.is_error) == (text, failed)


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    items = log(answer("", call("bash", {"command": "cass search x"})), done({"content": "found"}))

    assert [b.own for m in messages(items) for b in m.blocks] == [True, True]


def test_flat_events_of_the_first_versions():
    """Without an envelope, times in milliseconds."""
    items = log({"session_id": "s1", "cwd": "/w", "type": "user.message", "prompt": "hello", "timestamp": TIME_MS},
                {"session_id": "s1", "type": "assistant.message", "output": "hi", "timestamp": TIME_MS})  # fmt: skip

    assert texts(items) == [("user", [("text", "hello")]), ("assistant", [("text", "hi")])]
    assert {m.created_ms for m in messages(items)} == {TIME_MS}
    assert session(items).workspace == "/w"


# Read in parts


def test_a_file_that_grows_is_read_on():
    """Cut anywhere, two reads give what one does."""
    data = rows(*SAMPLE)
    whole = stored(read(copilot_cli, data, PATH))
    for cut in range(0, len(data), 37):
        assert stored(*two_reads(copilot_cli, data, cut, PATH)) == whole, cut


def test_a_torn_last_event_waits():
    """It is not a problem: the rest is still to come."""
    items = log(user("a"), b'{"type":"user.mess')

    assert (len(messages(items)), problems(items)) == (1, [])


# Documents of the first versions


def document(**members: Any) -> list[Any]:
    known = {"sessionId": "s1", "startTime": TIME, "selectedModel": "m", **members}
    return read(copilot_cli, json.dumps(known).encode(), OLD)


def test_a_document_is_read_as_it_was_shown():
    """What was sent to the model has no times and is left."""
    timeline = [
        {"type": "user", "text": "mend it", "timestamp": TIME}, {"type": "info", "text": "Welcome"},
        {"type": "tool_call_completed", "callId": "c1", "name": "bash", "arguments": {"command": "ls"},
         "result": {"type": "success", "log": "a.py"}, "timestamp": TIME},
        {"type": "copilot", "text": "Done.", "timestamp": TIME},
    ]  # fmt: skip
    items = document(timeline=timeline, chatMessages=[{"role": "user", "content": "x"}])

    assert texts(items) == [
        ("user", [("text", "mend it")]), ("assistant", [("tool_call", "ls")]), ("tool", [("tool_result", "a.py")]),
        ("assistant", [("text", "Done.")]),
    ]  # fmt: skip
    assert [m.ordinal for m in messages(items)] == [0, 2, 3, 4]
    assert session(items) == Session("s1", None, "mend it", 1, model="m")


def test_without_a_timeline_what_was_sent_is_read():
    """All of it with the session's start."""
    made = {"id": "c1", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}
    sent = [{"role": "system", "content": "You are"}, {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": [made]},
            {"role": "tool", "tool_call_id": "c1", "content": "a.py"}]  # fmt: skip

    assert [(m.ordinal, m.role, m.created_ms) for m in messages(document(chatMessages=sent))] == [
        (1, "user", TIME_MS), (2, "assistant", TIME_MS), (3, "tool", TIME_MS)]  # fmt: skip


@pytest.mark.parametrize("name", ["session_d1-0_2_1750000000000.json", "session_d1-0_2.json", "d1-0_2.json"])
def test_a_documents_name_holds_the_sessions_own_id(name):
    """Whoever resumes it names that id; newer versions carry the session on under it."""
    document = b'{"chatMessages": [{"role": "user", "content": "a"}]}'
    items = read(copilot_cli, document, f"/h/history-session-state/{name}")

    assert session(items).external_id == "d1-0_2"


# Places


def test_where_sessions_are():
    """In the program's own folder, or where the environment says."""
    assert copilot_cli.roots(Surroundings("/h", {})) == [
        Root("/h/.copilot/session-state", 1, watch_below=False),
        Root("/h/.copilot/history-session-state", watch_below=False)]  # fmt: skip
    for key, value, place in (("COPILOT_HOME", "/x", "/x"), ("XDG_STATE_HOME", "/s", "/s/.copilot")):
        assert f"{place}/session-state" in [root.path for root in copilot_cli.roots(Surroundings("/h", {key: value}))]


@pytest.mark.parametrize(("path", "claimed"), [
    (PATH, True), (OLD, True), ("/h/.copilot/session-state/s1.jsonl", True),
    ("/h/.copilot/session-state/s1/workspace.yaml", False), ("/h/.copilot/session-state/s1/files/x.jsonl", False),
    ("/h/.copilot/config.json", False), ("/h/.copilot/logs/x.jsonl", False),
])  # fmt: skip
def test_which_files_are_claimed(path, claimed):
    """Sessions only."""
    assert copilot_cli.claims(path) is claimed


def test_a_session_that_got_a_folder_is_read_once(tmp_path):
    """Newer versions move the file there."""
    old = tmp_path / "session-state/s1.jsonl"
    (tmp_path / "session-state/s1").mkdir(parents=True)
    assert copilot_cli.claims(str(old))

    (tmp_path / "session-state/s1/events.jsonl").touch()
    assert not copilot_cli.claims(str(old))


@pytest.mark.parametrize("bad", [
    b"not json\n", b"7\n", b"\x00\n", {"type": []}, event("user.message", content=7, attachments=[7, {}]),
    answer({}, 7, {"name": [], "arguments": "{"}), done([7]), event("subagent.started", toolCallId=[]),
    event("session.start", context=7), {"type": "user.message", "data": 7, "timestamp": "soon"},
])  # fmt: skip
def test_a_bad_event_costs_only_itself(bad):
    """What stands behind it is read."""
    assert texts(log(bad, user("after")))[-1] == ("user", [("text", "after")])


KEYS = st.sampled_from(["content", "name", "toolCallId", "arguments", "result", "context", "prompt"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
KINDS = st.sampled_from([each["type"] for each in SAMPLE] + ["subagent.started", "session.error"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(lambda kind, data: event(kind) | {"data": data}, KINDS, VALUES), max_size=5))
def test_any_values_are_read_without_raising(events):
    """Whatever a file holds, a read ends with a checkpoint and gives what can be stored."""
    for items in (log(*events), document(timeline=events, chatMessages=events)):
        assert all(block.text.encode() is not None for message in messages(items) for block in message.blocks)


# Real files


def test_real_events_give_the_turns_that_stand_in_them():
    """As counted by hand: each line of a user or the assistant is one, at its own time."""
    found = sorted(corpus_folder("corpus/fixtures").glob("copilot-cli/**/*.jsonl"))
    assert found
    for path in found:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        items = read(copilot_cli, path.read_bytes(), str(Path("/h/.copilot/session-state/x/events.jsonl")))

        assert Counter(m.role for m in messages(items)) == Counter(line["type"].split(".")[0] for line in lines)
        assert [m.created_ms for m in messages(items)] == [line["timestamp"] for line in lines]
        assert session(items).workspace == lines[0]["cwd"]
        assert problems(items) == []
