"""Codex's rollouts become one session each, whatever generation and wherever they are."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from cass.connectors import codex
from cass.connectors.base import (
    TITLE_GENERATED,
    TITLE_PROMPT,
    Block,
    Checkpoint,
    Message,
    Resume,
    Root,
    Session,
    SourceProblem,
    Surroundings,
)
from tests.connectors.codex_files import (
    ID,
    PATH,
    SAMPLE,
    TIME,
    TIME_MS,
    answer,
    bare_message,
    call,
    event,
    file,
    give,
    item,
    meta,
    output,
    thought,
    user,
    wrapped,
)
from tests.connectors.reading import messages, problems, read, resume, session, stored, texts, two_reads

# The generations


def test_bare_items_have_the_headers_time():
    """The first files say when the session began, and nothing more; the folder stands in the first message."""
    items = give(
        {"id": ID, "timestamp": TIME, "instructions": None, "git": {"branch": "dev"}},
        {"record_type": "state"},
        bare_message("user", "<environment_context>\nCurrent working directory: /w/old\n</environment_context>"),
        bare_message("user", "hello"),
        {"record_type": "state"},
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
        bare_message("assistant", "hi"),
    )

    assert texts(items) == [("user", [("text", "hello")]), ("assistant", [("thinking", "hm"), ("text", "hi")])]
    assert {m.created_ms for m in messages(items)} == {TIME_MS}
    assert session(items) == Session(ID, None, "hello", TITLE_PROMPT, "/w/old", "dev")


def test_one_json_document():
    """It is rewritten whole, so it is read whole."""
    document = {"session": {"id": "s1", "timestamp": TIME, "instructions": ""},
                "items": [bare_message("user", "hello"), bare_message("assistant", "hi"), 7]}  # fmt: skip
    items = read(codex, json.dumps(document).encode(), "/h/sessions/rollout-2025-04-01-s1.json")

    assert messages(items) == [
        Message("s1", 0, "user", TIME_MS, (Block("text", "hello"),)),
        Message("s1", 1, "assistant", TIME_MS, (Block("text", "hi"),)),
    ]
    assert items[-1].resumable is False


def test_events_speak_where_there_are_no_items():
    """A file with nothing but events is not empty."""
    items = give(meta(), event("user_message", message="hello"), event("agent_reasoning", text="hm"),
                 event("agent_message", message="hi"))  # fmt: skip

    assert texts(items) == [("user", [("text", "hello")]), ("assistant", [("thinking", "hm"), ("text", "hi")])]
    assert session(items).title == "hello"


def test_events_that_were_read_alone_give_way_to_items():
    """While a file has only events the next read starts anew, and what it gives replaces them."""
    early = file(meta(), event("user_message", message="hello"))
    late = early + file(user("<environment_context>"), user("hello"))
    first, second = read(codex, early, PATH), read(codex, late, PATH, Resume(0, 0, {}))

    assert first[-1] == Checkpoint(0, 0, {})
    assert session(second).whole
    assert list(stored(first, second)) == [(ID, 1)]


def test_a_file_of_many_events_is_settled():
    """After some lines no twin is to be expected, and reading on is cheap."""
    events = [event(kind, message=str(n)) for n in range(15) for kind in ("user_message", "agent_message")]
    data = file(meta(), *events)
    items = read(codex, data, PATH)

    assert len(messages(items)) == 30
    assert items[-1].offset == len(data)


# Sessions


def test_the_first_header_names_the_session():
    """A fork or a sub-agent holds the headers of what it copied behind its own."""
    items = give(meta(), wrapped("session_meta", {"id": "another", "cwd": "/else"}), user("a"))

    assert {i.external_id for i in items if isinstance(i, Session)} == {ID}
    assert session(items).workspace == "/w/app"


@pytest.mark.parametrize("header", [
    {"source": {"subagent": {"thread_spawn": {"parent_thread_id": "mother", "depth": 1}}}},
    {"parent_thread_id": "mother"},
])  # fmt: skip
def test_a_sub_agent_is_its_parents_child(header):
    """Every record of the session says so, also in a later read."""
    data = file(meta(**header), user("a"), wrapped("turn_context", {"model": "m"}), user("b"))
    for items in two_reads(codex, data, data.rindex(b'{"timestamp'), PATH):
        assert {i.parent_external_id for i in items if isinstance(i, Session)} == {"mother"}


def test_without_a_header_the_files_name_is_the_id():
    """So is its time."""
    items = give(item(bare_message("user", "a"), None))

    assert session(items).external_id == ID
    assert messages(items)[0].created_ms == int(datetime(2026, 1, 2, 3, 4, 5).timestamp() * 1000)


def test_an_id_that_is_taken_is_replaced():
    """Where two files claim one session, the caller names the second."""
    assert session(give(meta(), user("a"), external_id="other")).external_id == "other"


@pytest.mark.parametrize("told", [
    event("user_message", message="fix the parser\nplease"),
    event("item_completed", item={"type": "UserMessage", "content": [{"type": "text", "text": "fix the parser"}]}),
])  # fmt: skip
def test_the_title_is_what_the_user_typed(told):
    """Of what was sent in the user's name some is a program's, in wrappers that nobody knows yet; it is kept, too."""
    other = event("item_completed", item={"type": "AgentMessage", "content": [{"type": "text", "text": "Hello."}]})
    later = event("user_message", message="and the lexer")
    sent = (user("<new_wrapper>Rules of the house</new_wrapper>"), user("fix the parser"))
    data = file(meta(), *sent, other, told, answer("Done."), user("and the lexer"), later)
    items = read(codex, data, PATH)

    assert (session(items).title, session(items).title_rank) == ("fix the parser", TITLE_PROMPT)
    assert [m.blocks[0].text for m in messages(items)][:2] == ["<new_wrapper>Rules of the house</new_wrapper>",
                                                               "fix the parser"]  # fmt: skip
    for cut in range(len(data)):
        first, second = two_reads(codex, data, cut, PATH)
        assert session([*first, *second]).title == "fix the parser", cut


def test_a_thread_can_be_named():
    """A name of its own is better than the first prompt."""
    items = give(meta(), user("a"), event("thread_name_updated", thread_id=ID, thread_name="Fix the parser"))

    assert (session(items).title, session(items).title_rank) == ("Fix the parser", TITLE_GENERATED)


def test_the_index_names_threads():
    """It gives titles and no messages; the last line of a thread wins."""
    rows = file({"id": ID, "thread_name": "One"}, {"id": ID, "thread_name": ""}, [], {"id": ID, "thread_name": "Two"})
    items = read(codex, rows, "/h/.codex/session_index.jsonl")

    assert [i.title for i in items if isinstance(i, Session)] == ["One", "Two"]
    assert problems(items) == [SourceProblem("/h/.codex/session_index.jsonl", 3, "not a JSON object")]
    assert items[-1] == Checkpoint(len(rows), 4, {})


def test_where_sessions_are():
    """In CODEX_HOME, or below the user's folder."""
    assert [r.path for r in codex.roots(Surroundings("/h", {}))] == [
        "/h/.codex/session_index.jsonl", "/h/.codex/sessions", "/h/.codex/archived_sessions"]  # fmt: skip
    assert codex.roots(Surroundings("/h", {"CODEX_HOME": "/x"}))[1] == Root("/x/sessions", depth=4)


@pytest.mark.parametrize(("path", "claimed"), [
    (PATH, True), ("/h/.codex/sessions/rollout-2025-04-01-a.json", True), ("/h/.codex/session_index.jsonl", True),
    ("/h/.codex/archived_sessions/old.jsonl", True), ("/h/.codex/history.jsonl", False),
    ("/h/.codex/auth.json", False), ("/h/.codex/sessions/notes.md", False), (PATH + ".zst", True),
    ("/h/.codex/archived_sessions/old.jsonl.zst", True), ("/h/.codex/sessions/rollout-2025-04-01-a.json.zst", False),
    ("/h/.codex/session_index.jsonl.zst", False),
])  # fmt: skip
def test_which_files_are_claimed(path, claimed):
    """Rollouts, archives and the index; never credentials."""
    assert codex.claims(path) is claimed


# Reading on


EVENTS_FIRST = SAMPLE.splitlines(keepends=True)[3] + SAMPLE
EVENTS_ONLY = file(meta(), event("user_message", message="a"), event("agent_message", message="b"), call("x", {}),
                   output("y"), event("agent_message", message="c"))  # fmt: skip


@pytest.mark.parametrize("sample", [SAMPLE, EVENTS_FIRST, EVENTS_ONLY])
def test_reading_in_two_parts_is_reading_at_once(sample):
    """Wherever the file ended at the first read, in the end the same messages are stored."""
    whole = stored(read(codex, sample, PATH))

    for cut in range(len(sample)):
        assert stored(*two_reads(codex, sample, cut, PATH)) == whole, cut


def test_a_turn_that_goes_on_gives_only_its_new_blocks():
    """Under the same ordinal, marked as continuing."""
    cut = SAMPLE.index(b'{"timestamp": "2026', SAMPLE.index(b'I look."}]'))
    _, second = two_reads(codex, SAMPLE, cut, PATH)

    turn = messages(second)[0]
    assert (turn.ordinal, turn.continues) == (2, True)
    assert [b.text for b in turn.blocks] == ["ls é", "cass search x"]


def test_a_whole_last_line_without_newline_is_taken_and_read_again():
    """Its message is given, and the checkpoint stays before it."""
    data = file(meta(), user("a"), answer("b"), user("c"))[:-1]
    items = read(codex, data, PATH)

    assert [m.blocks[0].text for m in messages(items)] == ["a", "b", "c"]
    assert items[-1].offset == data.rindex(b"\n") + 1
    assert (items[-1].line, items[-1].state["next"]) == (3, 2)


def test_a_whole_last_line_that_continues_a_turn_waits():
    """Given twice, its block would stand there twice."""
    data = file(meta(), user("a"), thought("b"), answer("c"))[:-1]

    assert texts(read(codex, data, PATH)) == [("user", [("text", "a")]), ("assistant", [("thinking", "b")])]


def test_a_torn_last_line_waits():
    """It is not a problem: the rest is still to come."""
    items = read(codex, file(meta(), user("a")) + b'{"timestamp":"2026', PATH)

    assert problems(items) == []
    assert items[-1].line == 2


def test_checkpoints_come_every_two_megabytes():
    """A kill in the middle of a large file repeats little."""
    items = give(meta(), user("a"), *[answer("x" * 100_000) for _ in range(60)])

    offsets = [i.offset for i in items if isinstance(i, Checkpoint)]
    assert len(offsets) == 3
    assert len(next(iter(stored(items).values())).blocks) == 1
    assert len(stored(items)[ID, 1].blocks) == 60
    assert len(messages(read(codex, file(meta(), user("a"), *[answer("x")] * 3), PATH))) == 2


def test_state_is_small_and_made_of_json():
    """Only recent calls are remembered."""
    items = give(meta(), user("a"), *[call("shell", {"command": "x"}, f"c{n}") for n in range(1000)])

    assert len(json.dumps(items[-1].state)) < 10_000
    assert resume(items).state == items[-1].state
