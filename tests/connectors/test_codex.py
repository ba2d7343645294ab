"""Codex's rollouts become messages, one for every turn."""

from __future__ import annotations

import pytest

from cass.connectors import codex
from cass.connectors.base import TITLE_PROMPT, Block, Message, Session
from tests.connectors.codex_files import (
    ID,
    PATH,
    SAMPLE,
    TIME_MS,
    answer,
    bare_message,
    call,
    give,
    item,
    meta,
    output,
    user,
    wrapped,
)
from tests.connectors.reading import messages, read, session, texts, two_reads

# What a turn is


def test_a_turn_is_one_message():
    """Reasoning, text and calls up to the next speaker are one message; each tool result is one."""
    assert texts(read(codex, SAMPLE, PATH)) == [
        ("user", [("text", "fix it")]),
        ("assistant", [("thinking", "Looking"), ("text", "I look."), ("tool_call", "ls é"),
                       ("tool_call", "cass search x")]),
        ("tool", [("tool_result", "a.py\n")]),
        ("tool", [("tool_result", "found")]),
        ("assistant", [("thinking", "So"), ("text", "Done.")]),
        ("user", [("text", "thanks")]),
        ("assistant", [("text", "Welcome.")]),
    ]  # fmt: skip


def test_ordinals_count_the_turns_that_are_dropped():
    """A rule that drops more or less renumbers nothing."""
    assert [m.ordinal for m in messages(read(codex, SAMPLE, PATH))] == [1, 2, 3, 4, 5, 6, 7]


def test_a_result_is_tied_to_its_call():
    """It knows the tool's name, the call, whether it failed, and whether cass itself was run."""
    results = [m.blocks[0] for m in messages(read(codex, SAMPLE, PATH)) if m.role == "tool"]

    assert results == [
        Block("tool_result", "a.py\n", "shell", "c1"),
        Block("tool_result", "found", "shell", "c2", is_error=True, own=True),
    ]


def test_a_message_knows_its_lines():
    """`line` is where it begins, `start` and `end` hold all its lines."""
    first, turn, *_ = messages(read(codex, SAMPLE, PATH))
    rows = SAMPLE.splitlines(keepends=True)

    assert (first.line, SAMPLE[first.start : first.end]) == (5, rows[4])
    assert (turn.line, SAMPLE[turn.start : turn.end]) == (8, b"".join(rows[7:12]))
    assert turn.created_ms == TIME_MS


def test_a_session_is_told_with_all_that_is_known():
    """Workspace, branch, model and a title from the first prompt."""
    assert session(read(codex, SAMPLE, PATH)) == Session(ID, None, "fix it", TITLE_PROMPT, "/w/app", "main", "gpt-5")


def test_the_session_comes_before_its_first_message():
    """Also in a read that goes on where another ended."""
    first, second = two_reads(codex, SAMPLE, len(SAMPLE) - 300, PATH)

    for items in (first, second):
        kinds = [type(i) for i in items if isinstance(i, Session | Message)]
        assert kinds[0] is Session


# What is dropped and what is kept of it


@pytest.mark.parametrize("text", [
    "<environment_context>\n<cwd>/w</cwd></environment_context>", "# AGENTS.md instructions for /w\n\nbe kind",
    "<user_instructions>\nbe kind</user_instructions>", "<permissions instructions>x", "<collaboration_mode>x",
    "<skills_instructions>x", "<apps_instructions>x", "<plugins_instructions>x", "<skill>\nx", "<turn_aborted>\nx",
    "<subagent_notification>x", "<model_switch>x", "<personality_spec>x",
    "# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n",
])  # fmt: skip
def test_what_the_program_says_in_the_users_name_is_dropped(text):
    """Instructions and surroundings are nobody's words; the turn still counts."""
    items = give(meta(), user(text), user("hello"))

    assert [(m.ordinal, m.blocks[0].text) for m in messages(items)] == [(1, "hello")]
    assert session(items).title == "hello"


def test_parts_of_a_message_are_dropped_one_by_one():
    """Surroundings and a prompt may stand in one message."""
    assert texts(give(meta(), user("<environment_context>x", "hello"))) == [("user", [("text", "hello")])]


def test_of_the_editors_wrapping_only_the_request_stays():
    """Open tabs are not what the user said."""
    text = "# Context from my IDE setup:\n\n## Open tabs:\n- a.py\n\n## My request for Codex:\nrename it\n"

    assert texts(give(meta(), user(text))) == [("user", [("text", "rename it")])]


def test_developers_and_systems_are_dropped():
    """Their turns count and end the turn before."""
    items = give(meta(), user("a"), answer("b"), item(bare_message("developer", "be kind")), answer("c"))

    assert [(m.ordinal, m.role) for m in messages(items)] == [(0, "user"), (1, "assistant"), (3, "assistant")]


def test_a_compaction_is_a_summary():
    """Its message is kept, the history it replaces is not."""
    compacted = wrapped("compacted", {"message": "So far…", "replacement_history": [bare_message("user", "again")]})

    assert texts(give(meta(), user("a"), compacted))[1:] == [("summary", [("text", "So far…")])]


def test_encrypted_reasoning_says_nothing():
    """Neither a block nor a turn."""
    hidden = item({"type": "reasoning", "summary": [], "content": None, "encrypted_content": "gAAAA"})

    assert texts(give(meta(), user("a"), hidden, user("b"))) == [("user", [("text", t)]) for t in "ab"]


def test_images_leave_a_mark():
    """Their bytes are dropped."""
    picture = {"type": "input_image", "image_url": "data:image/png;base64," + "A" * 100}
    shown = item({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "see"}, picture]})

    assert messages(give(meta(), shown))[0].blocks == (Block("text", "see"), Block("image", "[image]"))


# Calls and their outputs


@pytest.mark.parametrize(("name", "arguments", "text"), [
    ("shell", {"command": ["bash", "-lc", "cd x && ls"], "timeout": 10}, "cd x && ls"),
    ("shell", {"command": ["powershell.exe", "-NoLogo", "-Command", "Get-Item 'a b'"]}, "Get-Item 'a b'"),
    ("shell", {"command": ["grep", "-c", "a b", "f"]}, "grep -c 'a b' f"),
    ("shell_command", {"command": "git status", "workdir": "/w"}, "git status"),
    ("exec_command", {"cmd": "ls -l"}, "ls -l"),
    ("shell", {"command": ["apply_patch", "*** Begin Patch\n+a"]}, "*** Begin Patch\n+a"),
    ("apply_patch", {"input": "*** Begin Patch\n+b"}, "*** Begin Patch\n+b"),
    ("update_plan", {"explanation": "so", "plan": [{"step": "one", "status": "done"}]},
     "explanation: so\nplan.step: one\nplan.status: done"),
    ("odd", "a\nb", "a\nb"),
    ("odd", None, ""),
])  # fmt: skip
def test_a_call_reads_as_a_person_would_write_it(name, arguments, text):
    """A shell line, a patch, or `key: value` lines; never JSON with its escapes."""
    turn = messages(give(meta(), call(name, arguments)))[0]

    assert turn.blocks == (Block("tool_call", text, name, "c1"),)


@pytest.mark.parametrize(("payload", "block"), [
    ({"type": "custom_tool_call", "name": "apply_patch", "input": "*** Begin", "call_id": "c"},
     Block("tool_call", "*** Begin", "apply_patch", "c")),
    ({"type": "local_shell_call", "call_id": "c", "action": {"type": "exec", "command": ["ls", "-l"]}},
     Block("tool_call", "ls -l", "local_shell", "c")),
    ({"type": "web_search_call", "action": {"type": "search", "query": "rust"}},
     Block("tool_call", "type: search\nquery: rust", "web_search")),
    ({"type": "image_generation_call", "id": "i", "revised_prompt": "a cat", "result": "iVBORw0KGgo"},
     Block("tool_call", "a cat", "image_generation", "i")),
])  # fmt: skip
def test_other_kinds_of_calls(payload, block):
    """Patches, shells, searches and pictures are calls like any other."""
    assert messages(give(meta(), item(payload)))[0].blocks == (block,)


@pytest.mark.parametrize(("given_output", "text", "failed"), [
    ('{"output":"hi\\n","metadata":{"exit_code":0,"duration_seconds":0.1}}', "hi\n", False),
    ('{"output":"no","metadata":{"exit_code":2}}', "no", True),
    ("Exit code: 1\nWall time: 1.2 seconds\nOutput:\nno such file", "no such file", True),
    ("Chunk ID: a1\nWall time: 1 seconds\nProcess exited with code 0\nOutput:\nyes", "yes", False),
    ("plain text", "plain text", False),
    ("error: invalid patch", "error: invalid patch", True),
    ([{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}], "a\nb", False),
    ('[{"text":"a\\nb"}]', "a\nb", False),
    ({"content": "x", "success": False}, "x", True),
    ('{"output": torn', '{"output": torn', False),
    ('{"content": [{"type": "text", "text": "no"}], "isError": true}', "no", True),
    ('{"content":[{"type":"image","data":"iVBORw0KGgo","mimeType":"image/png"}]}', "[image]", False),
    ('[{"type":"image","data":"iVBORw0KGgo","mimeType":"image/png"}]', "[image]", False),
    ('{"content": [{"title": "a file"}]}', '{"content": [{"title": "a file"}]}', False),
])  # fmt: skip
def test_an_output_is_what_the_tool_printed(given_output, text, failed):
    """Wrapping is taken off, and tells whether it failed."""
    result = messages(give(meta(), call("x", {}), output(given_output)))[1].blocks[0]

    assert (result.text, result.is_error) == (text, failed)


def test_a_long_output_keeps_head_and_tail():
    """What people search for stands there."""
    text = messages(give(meta(), output("a" * 100_000 + "the end")))[0].blocks[0].text

    assert len(text) < 70_000
    assert text.endswith("the end")
