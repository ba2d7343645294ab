"""Sessions of Kimi's first command line: its stream of events, or what was sent to the model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import kimi
from cass.connectors.base import TITLE_CUSTOM, Block, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import TIME_MS, lines
from tests.connectors.reading import messages, read, session, stored, texts, two_reads
from tests.connectors.samples.kimi import CONTEXT, FOLDER, SAMPLE, event, sample

SESSION = f"/h/.kimi/sessions/{FOLDER}/s1"
PATH = f"{SESSION}/wire.jsonl"


def read_sample(home: Path, path: str = PATH, data: bytes = SAMPLE) -> list[Any]:
    sample(home)
    return read(kimi, data, str(home) + path.removeprefix("/h"))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The list of folders knows which one has this hash; the user may have named the session."""
    items = read_sample(tmp_path)

    assert session(items) == Session("s1", None, "Quokka hunt", TITLE_CUSTOM, "/w/app")
    assert {m.created_ms for m in messages(items)} == {TIME_MS}


def test_pieces_are_put_together():
    """Of what was said, and of the input of a tool."""
    items = read(kimi, SAMPLE, PATH)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "Shell", "c1"),)
    assert [m.line for m in messages(items)] == [2, 4, 11, 13]


def test_a_prompt_may_have_parts_and_a_tool_may_fail():
    """Without an output its message counts."""
    failed = {"is_error": True, "output": "", "message": "no such file"}
    items = read(kimi, lines(
        event("TurnBegin", user_input=[{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {}}]),
        event("ToolResult", tool_call_id="c1", return_value=failed),
    ), PATH)  # fmt: skip

    assert texts(items) == [
        ("user", [("text", "see"), ("image", "[image]")]),
        ("tool", [("tool_result", "no such file")]),
    ]
    assert messages(items)[1].blocks[0].is_error


def test_a_sub_agents_events_are_a_session_of_their_own(tmp_path):
    """A child of the session among whose events they stand, also where the reading is interrupted."""
    inner = [
        {"type": "ContentPart", "payload": {"type": "text", "text": "I look "}},
        {"type": "ContentPart", "payload": {"type": "text", "text": "around."}},
        {"type": "ToolCall", "payload": {"id": "c9", "function": {"name": "Shell", "arguments": '{"comm'}}},
        {"type": "ToolCallPart", "payload": {"arguments_part": 'and": "ls"}'}},
        {"type": "ToolResult", "payload": {"tool_call_id": "c9", "return_value": {"output": "emu.txt"}}},
        {"type": "StepBegin", "payload": {"n": 2}},
        {"type": "ContentPart", "payload": {"type": "text", "text": "An emu."}},
    ]
    data = SAMPLE + lines(*(event("SubagentEvent", task_tool_call_id="c1", event=each) for each in inner))
    whole = read_sample(tmp_path, data=data)

    assert session(whole, "s1.c1") == Session("s1.c1", "s1", workspace="/w/app")
    assert [
        (m.role, m.ordinal, block.kind, block.text, block.tool)
        for m in messages(whole)
        if m.session == "s1.c1"
        for block in m.blocks
    ] == [
        ("assistant", 0, "text", "I look around.", None),
        ("assistant", 0, "tool_call", "ls", "Shell"),
        ("tool", 1, "tool_result", "emu.txt", "Shell"),
        ("assistant", 2, "text", "An emu.", None),
    ]
    for cut in range(len(SAMPLE), len(data), 17):
        assert stored(*two_reads(kimi, data, cut, PATH)) == stored(read(kimi, data, PATH)), cut


def test_it_is_read_on_wherever_the_first_read_ended():
    """A call whose input is still coming is told again as a whole, under its turn's number."""
    check_growth(kimi, SAMPLE, PATH)
    check_growth(kimi, CONTEXT, f"{SESSION}/context.jsonl")


@pytest.mark.parametrize("name", ["s2.jsonl", "s2/context.jsonl"])
def test_an_older_session_has_only_what_was_sent_to_the_model(tmp_path, name):
    """In a file of its own, or in a folder; nothing has a time."""
    items = read_sample(tmp_path, f"/h/.kimi/sessions/{FOLDER}/{name}", CONTEXT)

    assert texts(items) == [
        ("user", [("text", "and the emu?")]),
        ("assistant", [("thinking", "hm"), ("text", "In the bush."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "emu.txt")]),
    ]
    assert (session(items).external_id, session(items).workspace) == ("s2", "/w/app")
    assert {m.created_ms for m in messages(items)} == {None}


def test_what_was_sent_before_it_was_compacted_is_told_first(tmp_path):
    """Kimi puts it aside under a number, and begins anew with what it keeps of it."""
    folder = tmp_path / ".kimi" / "sessions" / FOLDER / "s3"
    folder.mkdir(parents=True)
    first = lines({"role": "user", "content": "and the emu?"}, {"role": "assistant", "content": "In the bush."})
    kept = lines({"role": "user", "content": "and the wombat?"})
    (folder / "context_2.jsonl").write_bytes(kept + lines({"role": "assistant", "content": "No."}))
    (folder / "context_1.jsonl").write_bytes(first + kept)
    path, data = str(folder / "context.jsonl"), kept + lines({"role": "assistant", "content": "In its burrow."})

    items = read(kimi, data, path)

    assert texts(items) == [
        ("user", [("text", "and the emu?")]),
        ("assistant", [("text", "In the bush.")]),
        ("user", [("text", "and the wombat?")]),
        ("assistant", [("text", "No.")]),
        ("assistant", [("text", "In its burrow.")]),
    ]
    assert [(m.ordinal, m.line) for m in messages(items)] == [(0, None), (1, None), (2, None), (3, None), (4, 2)]
    for cut in range(len(data)):
        assert stored(*two_reads(kimi, data, cut, path)) == stored(items), cut


@pytest.mark.parametrize("value", [
    {}, {"message": 7}, event("ContentPart", type="text", text=7), event("ToolResult", return_value=7, tool_call_id=[]),
    event("ToolCall", id=7, function=7), event("ToolCallPart", arguments_part=7), event("TurnBegin", user_input=7),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(read(kimi, lines(value, event("TurnBegin", user_input="after")), PATH))[-1] == (
        "user",
        [("text", "after")],
    )


def test_where_sessions_are(tmp_path):
    """Below the user's folder, or where the environment says; what was sent counts where there is no stream."""
    sample(tmp_path)
    base = tmp_path / ".kimi/sessions"

    assert kimi.roots(Surroundings("/h", {})) == [Root("/h/.kimi/sessions", 2)]
    assert kimi.roots(Surroundings("/h", {"KIMI_SHARE_DIR": "/x"})) == [Root("/x/sessions", 2)]
    claimed = [path for path in sorted(base.rglob("*.json*")) if kimi.claims(str(path))]
    assert [str(path.relative_to(base / FOLDER)) for path in claimed] == ["s1/wire.jsonl", "s2.jsonl"]
