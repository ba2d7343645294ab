"""What Claude Code's lines become: sessions and turns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cass.connectors import claude_code
from cass.connectors.base import (
    TITLE_CUSTOM,
    TITLE_GENERATED,
    TITLE_NAME,
    TITLE_PROMPT,
    TITLE_SUMMARY,
    Checkpoint,
    Session,
)
from cass.connectors.common import iso_ms
from tests.connectors import reading
from tests.connectors.claude_code_files import (
    PATH,
    answer,
    as_bytes,
    call,
    line,
    progress,
    queue,
    read,
    result,
    text,
    user,
)
from tests.connectors.reading import messages, session, stored, texts


def only_block(*lines: Any) -> Any:
    [message] = messages(read(*lines))[-1:]
    [block] = message.blocks
    return block


# What a session is


def test_a_session_is_named_after_its_file_and_known_by_its_first_lines():
    items = read(user("fix the parser"), answer("m1", text("done")))

    assert session(items) == Session("s1", None, "fix the parser", TITLE_PROMPT, "/w/app", "main", "large-1")
    assert isinstance(items[0], Session)


def test_another_name_is_taken_where_a_file_already_has_this_one():
    items = read(user("hi"), progress("a7", user("look around")), external_id="s1-2")

    assert {m.session for m in messages(items)} == {"s1-2", "s1-2.agent-a7"}


def test_a_message_knows_its_time_its_line_and_its_bytes():
    first, second = as_bytes(user("one")), as_bytes(user("two", timestamp="2026-01-02T03:04:06Z"))
    last = messages(reading.read(claude_code, first + second, PATH))[-1]

    assert (last.ordinal, last.line, last.start, last.end) == (1, 2, len(first), len(first + second) - 1)
    assert last.created_ms == iso_ms("2026-01-02T03:04:06Z")


@pytest.mark.parametrize("branch", ["", "HEAD", None, 5])
def test_a_branch_without_a_name_is_no_branch(branch: Any):
    assert session(read(user("hi", gitBranch=branch))).git_branch is None


def test_the_model_is_the_latest_real_one():
    items = read(user("hi"), answer("m1", text("a")), answer("m2", text("b"), model="small-2"),
                 answer("m3", text("c"), model="<synthetic>"))  # fmt: skip

    assert session(items).model == "small-2"


def test_the_workspace_is_the_first_folder_unless_the_session_moved():
    assert session(read(user("hi"), user("there", cwd="/w/app/src"))).workspace == "/w/app"
    assert session(read(user("hi"), {"type": "relocated", "relocatedCwd": "/w/new"})).workspace == "/w/new"
    moved = {"type": "worktree-state", "worktreeSession": {"worktreePath": "/w/tree"}}
    assert session(read(user("hi"), moved)).workspace == "/w/tree"


TITLES = [
    (TITLE_NAME, {"type": "agent-name", "agentName": "title 2"}),
    (TITLE_SUMMARY, {"type": "summary", "summary": "title 3", "leafUuid": "u1"}),
    (TITLE_GENERATED, {"type": "ai-title", "aiTitle": "title 4"}),
    (TITLE_CUSTOM, {"type": "custom-title", "customTitle": "title 5"}),
]


@pytest.mark.parametrize("best", range(len(TITLES)))
def test_a_better_title_wins_whatever_the_order(best: int):
    rank, _ = TITLES[best]
    lines = [entry for _, entry in TITLES[: best + 1]]

    for order in (lines, lines[::-1]):
        found = session(read(user("the prompt"), *order, user("another prompt")))
        assert (found.title, found.title_rank) == (f"title {rank}", rank)


def test_commands_alone_leave_a_session_the_name_that_the_program_drew():
    """Until there is a prompt, in whatever reading."""
    alone = as_bytes(user("<command-name>/clear</command-name>", slug="happy-dancing-fox"))
    asked = as_bytes(user("fix the parser", slug="happy-dancing-fox"))
    first, second = reading.two_reads(claude_code, alone + asked, len(alone), PATH)

    assert session(first).title == "happy-dancing-fox"
    assert (session(second).title, session(first + second).title) == ("fix the parser", "fix the parser")


def test_the_last_title_of_a_kind_counts_but_the_first_prompt():
    named = [{"type": "ai-title", "aiTitle": title} for title in ("early", "late")]

    assert session(read(user("one"), *named)).title == "late"
    assert session(read(user("one"), user("two"))).title == "one"


def test_a_summary_before_all_turns_waits_for_the_leaf_that_it_names():
    """Old versions begin a file with summaries of other sessions."""
    other = {"type": "summary", "summary": "another session", "leafUuid": "elsewhere"}
    this = {"type": "summary", "summary": "this session", "leafUuid": "u9"}

    assert session(read(other, user("the prompt"))).title == "the prompt"
    assert session(read(other, this, user("the prompt"), user("more", uuid="u9"))).title == "this session"


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("<command-name>/clear</command-name>", None),
        ("<command-name>/review</command-name>\n<command-args>the parser</command-args>", "/review the parser"),
        ("Implement the following plan:\n\n# A new parser\n\nFirst", "A new parser"),
        ("\n\n  two\twords \nmore", "two words"),
    ],
)
def test_a_prompt_makes_a_title_when_it_says_something(prompt: str, title: str | None):
    assert session(read(user(prompt))).title == title


def test_a_file_without_messages_is_no_session():
    lines = [{"type": "summary", "summary": "words"}, line("progress", data={"type": "hook_progress"})]
    [item] = read(*lines)

    assert isinstance(item, Checkpoint)
    assert (item.offset, item.line) == (len(as_bytes(*lines)), 2)


# Turns


def test_the_lines_of_one_answer_are_one_message():
    items = read(
        user("go"),
        answer("m1", {"type": "thinking", "thinking": "hm", "signature": "x"}),
        line("progress", data={"type": "hook_progress"}),
        answer("m1", text("I look.")),
        answer("m1", call("Bash", "c1", command="ls", description="List files")),
        answer("m2", text("next")),
    )

    assert texts(items) == [
        ("user", [("text", "go")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls\nList files")]),
        ("assistant", [("text", "next")]),
    ]
    assert [m.ordinal for m in messages(items)] == [0, 1, 2]


def test_an_answer_goes_on_after_the_results_of_its_calls():
    items = read(answer("m1", call("Glob", "c1", pattern="*.py")), user([result("c1", "a.py")]),
                 answer("m1", call("Glob", "c2", pattern="*.c")), user([result("c2", "b.c")]))  # fmt: skip
    kept = stored(items)

    assert [(m.role, len(m.blocks)) for m in kept.values()] == [("assistant", 2), ("tool", 1), ("tool", 1)]
    assert [m.continues for m in messages(items)] == [False, False, True, False]


def test_answers_written_at_the_same_time_stay_two():
    items = read(answer("m1", text("a")), answer("m2", text("x")), answer("m1", text("b")), answer("m2", text("y")))

    assert [[b.text for b in m.blocks] for m in stored(items).values()] == [["a", "b"], ["x", "y"]]


def test_answers_without_an_id_stay_apart():
    bare = line("assistant", message={"role": "assistant", "content": "words"})

    assert len(messages(read(bare, bare))) == 2


def test_each_result_is_a_message_tied_to_its_call():
    asked = answer("m1", call("Read", "c1", file_path="/w/a"), call("Bash", "c2", command="false"))
    items = read(asked, user([result("c1", "words"), result("c2", [text("failed")], is_error=True), text("and now?")]))
    first, second, prompt = messages(items)[1:]

    assert [m.role for m in (first, second, prompt)] == ["tool", "tool", "user"]
    assert [m.ordinal for m in (first, second, prompt)] == [1, 2, 3]
    assert (first.blocks[0].tool, first.blocks[0].call_id, first.blocks[0].is_error) == ("Read", "c1", False)
    assert (second.blocks[0].tool, second.blocks[0].text, second.blocks[0].is_error) == ("Bash", "failed", True)
    assert prompt.blocks[0].text == "and now?"


def test_summaries_and_what_the_program_says_are_not_prompts():
    items = read(user("This session is being continued", isCompactSummary=True), user("A skill's text", isMeta=True))

    assert [m.role for m in messages(items)] == ["summary", "system"]
    assert session(items).title is None


@pytest.mark.parametrize(
    "noise",
    [
        user("<local-command-stdout>ok</local-command-stdout>"),
        user("<local-command-caveat>Caveat: …</local-command-caveat>", isMeta=True),
        user("Caveat: The messages below were generated by the user", isMeta=True),
        user("<task-notification>\n<task-id>b</task-id></task-notification>"),
        user([text("[Request interrupted by user for tool use]")]),
        user([text("<ide_opened_file>The user opened a.py</ide_opened_file>")]),
        user("<system-reminder>be brief</system-reminder>"),
        user("Warmup"),
        user(""),
        user(None),
        line("system", subtype="turn_duration", durationMs=5),
        line("system", subtype="api_error", content="529"),
        line("system", subtype="compact_boundary", content="Conversation compacted"),
        line("attachment", attachment={"type": "skill_listing", "content": "- a"}),
        answer("m9", {"type": "redacted_thinking", "data": "xx"}),
        answer("m9", text("No response requested."), model="<synthetic>"),
    ],
    ids=lambda entry: json.dumps(entry)[100:180],
)
def test_noise_is_not_given_but_counts_as_a_turn(noise: dict[str, Any]):
    items = read(noise, user("real"))

    assert [(m.ordinal, m.blocks[0].text) for m in messages(items)] == [(1, "real")]


@pytest.mark.parametrize("kind", ["progress", "file-history-snapshot", "mode", "last-prompt", "pr-link", "unheard-of"])
def test_lines_outside_the_conversation_do_not_count(kind: str):
    items = read(line(kind, data={"type": "bash_progress"}, content="words"), user("real"))

    assert [m.ordinal for m in messages(items)] == [0]


def test_the_answer_to_a_cache_warm_up_is_dropped():
    items = read(user("Warmup"), answer("m1", text("ready")), user("go"), answer("m2", text("gone")))

    assert [m.ordinal for m in messages(items)] == [2, 3]


@pytest.mark.parametrize(
    ("typed", "role", "said"),
    [
        ("<command-message>fix</command-message>\n<command-name>/fix</command-name>\n<command-args>it</command-args>",
         "user", "/fix it"),
        ("<bash-input>ls -l</bash-input>", "user", "! ls -l"),
        ("<bash-stdout>a.py</bash-stdout><bash-stderr></bash-stderr>", "tool", "a.py"),
        ("do<system-reminder>not</system-reminder> it", "user", "do it"),
        ("<div> is wrong", "user", "<div> is wrong"),
        ("Can you?", "user", "Can you?"),
    ],
)  # fmt: skip
def test_prompts_are_unwrapped(typed: str, role: str, said: str):
    [message] = messages(read(user(typed)))

    assert (message.role, message.blocks[0].text) == (role, said)


def test_a_failed_request_is_a_notice():
    block = only_block(answer("m1", text("API Error: 529"), model="<synthetic>", isApiErrorMessage=True))

    assert (block.kind, block.is_error) == ("notice", True)


def test_pictures_are_mentioned_and_never_stored():
    picture = {"type": "image", "source": {"type": "base64", "data": "QUJD" * 99}}
    items = read(user([text("look"), picture]), user([result("c1", [picture, text("ok")])]))

    assert texts(items) == [
        ("user", [("text", "look"), ("image", "[image]")]),
        ("tool", [("tool_result", "[image]\nok")]),
    ]


def test_attached_files_and_queued_commands_are_kept():
    attached = {"type": "file", "filename": "a.py", "content": {"type": "text", "file": {"content": "x = 1"}}}
    opened = {"type": "opened_file_in_ide", "filename": "b.py"}
    queued = {"type": "queued_command", "prompt": "and test it", "commandMode": "prompt"}
    items = read(*(line("attachment", attachment=one) for one in (attached, opened, queued)))

    assert texts(items) == [
        ("system", [("notice", "a.py\nx = 1")]),
        ("system", [("notice", "b.py")]),
        ("user", [("text", "and test it")]),
    ]


# Prompts that were queued


def test_a_queued_prompt_that_became_a_line_is_given_once():
    items = read(user("go"), queue("enqueue", "then push"), queue("dequeue"), user("then push"))

    assert [m.blocks[0].text for m in messages(items)] == ["go", "then push"]


def test_a_queued_prompt_that_never_became_a_line_is_given_when_it_is_removed():
    items = read(user("go"), queue("enqueue", "then push"), queue("enqueue", "and rest"), queue("remove"))

    assert [(m.ordinal, m.role, m.blocks[0].text) for m in messages(items)][1:] == [(1, "user", "then push")]


GIVEN_BACK = [user("go"), queue("enqueue", "then push"), queue("enqueue", "and rest"), queue("popAll")]


def test_queued_prompts_that_were_given_back_are_kept():
    """Nothing else tells them, when the user goes on with something else; of the one that is sent there is a line."""
    items = read(*GIVEN_BACK, answer("m1", text("Done.")), user("and rest, but lock up"), user("bye"))

    assert [(m.ordinal, m.role, m.blocks[0].text) for m in messages(items)] == [
        (0, "user", "go"),
        (1, "assistant", "Done."),
        (2, "user", "then push"),
        (3, "user", "and rest, but lock up"),
        (4, "user", "bye"),
    ]


def test_queued_prompts_that_were_given_back_wait_for_what_is_sent():
    """They may be sent yet: a file that ends there may go on."""
    assert [m.blocks[0].text for m in messages(read(*GIVEN_BACK))] == ["go"]


@pytest.mark.parametrize("attached_first", [True, False])
def test_a_removed_prompt_that_is_also_attached_is_given_once(attached_first: bool):
    attached = line("attachment", attachment={"type": "queued_command", "prompt": "then push"})
    ends = [attached, queue("remove")] if attached_first else [queue("remove"), attached]
    items = read(user("go"), queue("enqueue", "then push"), *ends)

    assert [m.blocks[0].text for m in messages(items)] == ["go", "then push"]
