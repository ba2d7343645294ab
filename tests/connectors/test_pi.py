"""Files of Pi and of the agents built on it become sessions; of branches all is kept, those that were left marked."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import clawdbot, oh_my_pi, openclaw, pi
from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Branches, Root, Session, Surroundings
from cass.records import replace
from tests.connectors.pi_files import ID, NAME, SAMPLE, TIME_MS, answer, call, entry, header, lines, result, text, user
from tests.connectors.reading import messages, problems, read, session, stored, texts, two_reads
from tests.corpus import corpus_folder, corpus_home

PATH = f"/h/.pi/agent/sessions/--w-app--/{NAME}"


def said(*values: Any, path: str = PATH) -> list[Any]:
    return read(pi, lines(*values), path)


def test_a_session_is_told_with_all_that_is_known():
    """The header names the folder, the answers the model; the first prompt is the title."""
    items = said(header(), user("find\nit"), answer(text("Found.")))

    assert session(items) == Session(ID, None, "find", TITLE_PROMPT, "/w/app", None, "large-1")
    assert [m.created_ms for m in messages(items)] == [TIME_MS, TIME_MS]
    assert [m.line for m in messages(items)] == [2, 3]


def test_older_files_are_lists():
    """Entries without ids; the header has the model, a copy names what it was branched from and is no child of it."""
    old = {"type": "message", "timestamp": "2026-01-02T03:04:05.678Z", "message": {"role": "user", "content": "go"}}
    head = {"type": "session", "id": "s1", "cwd": "/w", "provider": "x", "modelId": "m-1", "branchedFrom": "/a/b.jsonl"}

    assert session(said(head, old)) == Session("s1", None, "go", TITLE_PROMPT, "/w", None, "m-1")


def test_thoughts_calls_and_results():
    """A call has its name and what it was given; its result stands in a turn of the tool."""
    thought = {"type": "thinking", "thinking": "hm", "thinkingSignature": "AAAA"}
    items = said(user("a"), answer(thought, call("bash", "c1", command="ls")), result("c1", "no", isError=True))

    assert texts(items)[1:] == [
        ("assistant", [("thinking", "hm"), ("tool_call", "ls")]),
        ("tool", [("tool_result", "no")]),
    ]
    (block,) = messages(items)[2].blocks
    assert (block.tool, block.call_id, block.is_error) == ("bash", "c1", True)


def test_a_command_the_user_typed():
    """It is the user's, its output a tool's."""
    typed = {"role": "bashExecution", "command": "make", "output": "x", "exitCode": 2}
    ran = entry("message", "b1", "u1", message=typed)

    assert texts(said(user("a"), ran))[1:] == [("user", [("text", "! make")]), ("tool", [("tool_result", "x")])]


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    items = said(answer(call("bash", "c1", command="cass search x")), result("c1", "found"))

    assert [block.own for message in messages(items) for block in message.blocks] == [True, True]


def test_summaries_and_what_extensions_show():
    """Compactions and branches are summed up; of extensions only what is shown counts."""
    items = said(
        user("a"),
        entry("compaction", "c1", "u1", summary="all of it"),
        entry("custom_message", "x1", "c1", content="look", display=True),
        entry("custom_message", "x2", "x1", content="hidden", display=False),
        entry("message", "x3", "x2", message={"role": "branchSummary", "summary": "tried"}),
    )

    assert texts(items)[1:] == [
        ("summary", [("text", "all of it")]),
        ("system", [("notice", "look")]),
        ("summary", [("text", "tried")]),
    ]


def test_a_failed_answer_says_why():
    """The message of the failure is a notice, and an error."""
    (message,) = messages(said(answer(text("half"), errorMessage="overloaded", stopReason="error")))

    assert [(b.kind, b.text, b.is_error) for b in message.blocks] == [
        ("text", "half", False),
        ("notice", "overloaded", True),
    ]


def test_a_name_the_user_gave_is_the_title():
    """It may come before the first prompt."""
    named = session(said({"type": "session_info", "id": "i1", "name": "Zoo"}, user("a", parent="i1")))

    assert (named.title, named.title_rank) == ("Zoo", TITLE_CUSTOM)


def test_a_session_without_turns_is_none():
    """Pi makes the file before anybody speaks."""
    assert [item for item in said(header()) if isinstance(item, Session)] == []


def test_a_branch_that_was_left_is_marked():
    """The last line is where the user is; what does not lead there was left."""
    branches = [item for item in read(pi, SAMPLE, PATH) if isinstance(item, Branches)]

    assert branches == [Branches(ID, ((4, 5),))]


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages with the same numbers, the same branches, all facts of the session."""
    whole = read(pi, SAMPLE, PATH)
    for cut in range(0, len(SAMPLE), 7):
        first, second = two_reads(pi, SAMPLE, cut, PATH)
        assert stored(first, second) == stored(whole), cut
        assert replace(session([*first, *second]), whole=False) == session(whole), cut
        told = [item for item in [*first, *second] if isinstance(item, Branches)]
        assert told[-1].off == ((4, 5),), cut


@pytest.mark.parametrize("value", [
    {"type": "message", "message": 7}, {"type": "message", "id": 7, "parentId": [], "message": {"role": 7}},
    {"type": "message", "message": {"role": "assistant", "content": {"a": 1}}}, {"type": []}, {},
    {"type": "message", "message": {"role": "toolResult", "content": 7, "toolCallId": {}}},
    {"type": "session", "id": 7, "cwd": []}, {"type": "compaction", "summary": 7},
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(said(value, user("after")))[-1] == ("user", [("text", "after")])


def test_where_sessions_are():
    """Below the user's folder, or where the environment says."""
    assert pi.roots(Surroundings("/h", {})) == [Root("/h/.pi/agent/sessions", 1)]
    assert pi.roots(Surroundings("/h", {"PI_CODING_AGENT_DIR": "/x"})) == [Root("/x/sessions", 1)]
    assert openclaw.roots(Surroundings("/h", {})) == [Root("/h/.openclaw/agents", 2)]
    assert clawdbot.roots(Surroundings("/h", {})) == [Root("/h/.clawdbot/agents", 2)]
    assert oh_my_pi.roots(Surroundings("/h", {}))[0] == Root("/h/.omp/agent/sessions", 3)


def test_clawdbots_folder_may_be_a_link_to_openclaws(tmp_path):
    """Then its sessions are OpenClaw's."""
    (tmp_path / ".openclaw").mkdir()
    (tmp_path / ".clawdbot").symlink_to(tmp_path / ".openclaw")

    assert clawdbot.roots(Surroundings(str(tmp_path), {})) == []


def test_openclaw_keeps_what_was_reset():
    """Under a longer name; a lock beside the session is none."""
    folder = "/h/.openclaw/agents/main/sessions"

    assert openclaw.claims(f"{folder}/s1.jsonl")
    assert openclaw.claims(f"{folder}/s1.jsonl.reset.2026-01-02T03-04-05.678Z")
    assert not openclaw.claims(f"{folder}/s1.jsonl.lock")
    assert not openclaw.claims(f"{folder}/sessions.json")


def test_a_sub_agent_of_oh_my_pi_is_a_child():
    """Its file stands in a folder with its parent's name."""
    path = f"/h/.omp/agent/sessions/-w-app/{NAME.removesuffix('.jsonl')}/Scout.jsonl"
    items = read(oh_my_pi, lines(header(id="child"), user("look around")), path)

    assert (session(items).external_id, session(items).parent_external_id) == ("child", ID)
    assert oh_my_pi.claims(path)
    assert oh_my_pi.enters(path.rpartition("/")[0])


# Real files

ROLES = {"user": ["user"], "assistant": ["assistant"], "toolResult": ["tool"], "compaction": ["summary"]}
ROLES["bashExecution"] = ["user", "tool"]


def counted(path: Path) -> tuple[Counter[str], set[str], str]:
    """Roles, times and the id, from the raw lines alone."""
    roles: Counter[str] = Counter()
    times, name = set(), ""
    for value in map(json.loads, filter(str.strip, path.read_text().split("\n"))):
        kind = value["message"]["role"] if value["type"] == "message" else value["type"]
        name = value["id"] if kind == "session" else name
        message = value.get("message", {})
        said = value.get("summary") or message.get("content") or message.get("errorMessage") or message.get("output")
        if kind in ROLES and said and any(part for part in said if not isinstance(part, dict) or _speaks(part)):
            roles.update(ROLES[kind])
            times.add(value["timestamp"])
    return roles, times, name


def _speaks(part: dict[str, Any]) -> bool:
    return part["type"] in ("toolCall", "image") or bool((part.get("text") or part.get("thinking") or "").strip())


def test_real_files_give_the_turns_that_stand_in_them():
    """One session a file; roles, first and last time as counted from the raw lines."""
    paths = sorted((corpus_home() / ".pi").rglob("*.jsonl"))
    assert len(paths) == 2
    for path in paths:
        items = read(pi, path.read_bytes(), str(path))
        roles, times, name = counted(path)
        found = messages(items)
        stamps = [m.created_ms for m in found if m.created_ms is not None]

        assert Counter(m.role for m in found) == roles, path
        assert {m.session for m in found} == {name}
        assert (min(stamps), max(stamps)) == (_ms(min(times)), _ms(max(times)))
        assert problems(items) == []


def test_every_fixture_is_read_or_a_named_problem():
    """Hand-made edge cases, and the files of another agent with the same name."""
    paths = sorted((corpus_folder("corpus/fixtures") / "pi").rglob("*.jsonl"))
    assert len(paths) > 100
    for path in paths:
        items = read(pi, path.read_bytes(), str(path))
        torn = sum(not _is_json(line) for line in path.read_bytes().splitlines() if line.strip())
        assert len(problems(items)) == torn, path


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _ms(time: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(time).timestamp() * 1000)
