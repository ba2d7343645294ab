"""What Claude Code's tools were asked and answered, its sub-agents, and where its files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import claude_code
from cass.connectors.base import (
    Surroundings,
)
from tests.connectors.claude_code_files import (
    AGENT_PATH,
    answer,
    call,
    progress,
    read,
    result,
    text,
    user,
)
from tests.connectors.reading import messages, session


def only_block(*lines: Any) -> Any:
    [message] = messages(read(*lines))[-1:]
    [block] = message.blocks
    return block


# What tools were asked, and answered


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (call("Bash", "c", command='echo "a\nb"', timeout=5), 'echo "a\nb"\ntimeout: 5'),
        (call("Read", "c", file_path="/w/a.py", limit=10), "/w/a.py"),
        (call("Edit", "c", file_path="/w/a.py", old_string="x\n", new_string="y"), "/w/a.py\n--- old\nx\n\n+++ new\ny"),
        (call("Write", "c", file_path="/w/a.py", content="x = 1"), "/w/a.py\nx = 1"),
        (call("Task", "c", prompt="look", nested={"deep": [1, True, None]}),
         "prompt: look\nnested.deep: 1\nnested.deep: true"),
        ({"type": "tool_use", "id": "c", "name": "Odd", "input": ["a", "b"]}, "a\nb"),
    ],
)  # fmt: skip
def test_a_call_reads_as_a_person_would_say_it(asked: dict[str, Any], said: str):
    assert only_block(answer("m1", asked)).text == said


def test_an_edit_is_told_by_its_patch_and_not_twice():
    hunk = {"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["-x", "+y"]}
    structured = {"filePath": "/w/a.py", "originalFile": 'x "structuredPatch":[{' * 9, "structuredPatch": [hunk]}
    edited = user([result("c1", "The file has been updated")], toolUseResult=structured)

    assert only_block(edited).text == "/w/a.py\n@@ -1,1 +1,1 @@\n-x\n+y"


def test_other_structured_results_are_left_out():
    ran = user([result("c1", "a.py")], toolUseResult={"stdout": "a.py", "stderr": ""})

    assert only_block(ran).text == "a.py"


def test_a_key_of_that_name_inside_a_call_is_not_taken_for_the_lines_own():
    block = only_block(answer("m1", call("Odd", "c1", a=1, toolUseResult={"b": 2}, c=3)))

    assert block.text == "a: 1\ntoolUseResult.b: 2\nc: 3"


def test_hidden_reminders_are_cut_from_results():
    hidden = "one\n<system-reminder>\nsecret\n</system-reminder>\ntwo<system-reminder>open"

    assert only_block(user([result("c1", hidden)])).text == "one\n\ntwo<system-reminder>open"


def test_calls_of_cass_itself_and_their_results_are_marked():
    items = read(answer("m1", call("Bash", "c1", command="cass search parser"), call("Bash", "c2", command="ls")),
                 user([result("c1", "hit"), result("c2", "a")]))  # fmt: skip

    assert [[b.own for b in m.blocks] for m in messages(items)] == [[True, False], [True], [False]]


# Sub-agents


def test_a_sub_agents_file_is_a_child_session():
    items = read(user("look", isSidechain=True), answer("m1", text("seen"), isSidechain=True), path=AGENT_PATH)

    assert {m.session for m in messages(items)} == {"agent-a1"}
    assert session(items).parent_external_id == "s1"


def test_a_sub_agents_file_in_its_parents_folder_knows_the_parent_by_it():
    path = "/home/me/.claude/projects/-w-app/s1/subagents/agent-a1.jsonl"

    assert session(read(user("look", sessionId=None), path=path)).parent_external_id == "s1"


def test_side_chains_among_the_lines_are_child_sessions():
    items = read(
        user("go"),
        user("look at a", isSidechain=True, uuid="a-1"),
        user("look at b", isSidechain=True, uuid="b-1"),
        answer("m1", text("a seen"), isSidechain=True, uuid="a-2", parentUuid="a-1"),
        answer("m2", text("b seen"), isSidechain=True, uuid="b-2", parentUuid="b-1"),
        answer("m3", text("done")),
    )

    assert [(m.session, m.ordinal, m.blocks[0].text) for m in messages(items)] == [
        ("s1", 0, "go"),
        ("s1.side-a-1", 0, "look at a"),
        ("s1.side-b-1", 0, "look at b"),
        ("s1", 1, "done"),
        ("s1.side-a-1", 1, "a seen"),
        ("s1.side-b-1", 1, "b seen"),
    ]
    assert session(items, "s1.side-b-1").parent_external_id == "s1"


def test_the_progress_of_a_sub_agent_without_a_file_is_its_session():
    copies = progress("a7", answer("m1", text("seen")))
    copies["data"] = {"message": copies["data"]["message"], "normalizedMessages": [user("look")],
                      "type": "agent_progress", "agentId": "a7"}  # fmt: skip
    items = read(user("go"), progress("a7", user("look")), copies)

    assert [(m.session, m.role) for m in messages(items)][1:] == [("s1.agent-a7", "user"), ("s1.agent-a7", "assistant")]
    assert session(items, "s1.agent-a7").workspace == "/w/app"


@pytest.mark.parametrize("place", ["agent-a7.jsonl", "s1/subagents/agent-a7.jsonl"])
def test_the_progress_of_a_sub_agent_with_a_file_is_passed_over(tmp_path: Path, place: str):
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).touch()
    items = read(user("go"), progress("a7", user("look")), path=str(tmp_path / "s1.jsonl"))

    assert {m.session for m in messages(items)} == {"s1"}


# Where sessions are


DESKTOP = "Library/Application Support/Claude/local-agent-mode-sessions"


def test_sessions_are_looked_for_in_both_usual_folders():
    assert [root.path for root in claude_code.roots(Surroundings("/home/me", {}))] == [
        "/home/me/.claude/projects",
        "/home/me/.config/claude/projects",
        f"/home/me/{DESKTOP}",
    ]


def test_configured_folders_replace_the_usual_ones():
    env = {"CLAUDE_CONFIG_DIR": "~/one, /two/", "CLAUDE_CONFIG_DIRS": "/two,/three/projects"}

    assert [root.path for root in claude_code.roots(Surroundings("/home/me", env))] == [
        "/home/me/one/projects",
        "/two/projects",
        "/three/projects",
        f"/home/me/{DESKTOP}",
    ]


def test_agents_of_claude_desktop_have_homes_of_their_own(tmp_path: Path):
    """Some folders down; what they work on is not gone through."""
    for place in ("x/y/local_1/.claude/projects", "local_2/.claude/projects", "local_2/work/.claude/projects",
                  "a/b/c/d/e/.claude/projects"):  # fmt: skip
        (tmp_path / DESKTOP / place).mkdir(parents=True)
    (tmp_path / DESKTOP / "loop").symlink_to(tmp_path / DESKTOP)
    roots = [root.path for root in claude_code.roots(Surroundings(str(tmp_path), {}))]

    assert [path.partition(DESKTOP)[2] for path in roots[2:-1]] == [
        "/local_2/.claude/projects",
        "/x/y/local_1/.claude/projects",
    ]


ROOT = "/home/me/projects/conf/projects"


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        ("-w-app/s1.jsonl", True),
        ("-w-app/agent-a1.jsonl", True),
        ("-w-app/s1/subagents/agent-a1.jsonl", True),
        ("-w-app/s1/subagents/deeper/agent-a1.jsonl", True),
        ("-w-app/s1/subagents/agent-a1.meta.json", False),
        ("-w-app/s1/subagents/journal.jsonl", False),
        ("-w-app/s1/tool-results/x.jsonl", False),
        ("-w-app/memory/notes.md", False),
        ("history.jsonl", False),
    ],
)
def test_files_are_claimed_by_their_place(path: str, claimed: bool):
    assert claude_code.claims(f"{ROOT}/{path}") is claimed
    assert claude_code.claims(f"C:/Users/me/.claude/projects/{path}".replace("/", "\\")) is claimed


@pytest.mark.parametrize(
    ("folder", "entered"),
    [
        ("", True),
        ("/-w-app", True),
        ("/-w-app/s1", True),
        ("/-w-app/memory", False),
        ("/-w-app/s1/subagents", True),
        ("/-w-app/s1/subagents/deeper", True),
        ("/-w-app/s1/tool-results", False),
        ("/-w-app/s1/other", False),
    ],
)
def test_only_folders_with_sessions_are_entered(folder: str, entered: bool):
    assert claude_code.enters(ROOT + folder) is entered
