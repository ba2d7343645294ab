"""Sessions of Kimi Code, and those of its sub-agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import kimi_code
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import TIME_MS, lines
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples.kimi_code import SAMPLE, SESSION, event, record, sample

AGENTS = f"/h/.kimi-code/sessions/wd_app_057f5c09ee3f/{SESSION}/agents"
PATH = f"{AGENTS}/main/wire.jsonl"


def read_sample(home: Path) -> list[Any]:
    sample(home)
    return read(kimi_code, SAMPLE, str(home) + PATH.removeprefix("/h"))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """Its state has the title and the folder, the stream the model."""
    items = read_sample(tmp_path)

    assert session(items) == Session(SESSION, None, "Quokka hunt", TITLE_GENERATED, "/w/app", None, "kimi-k2")
    assert {m.created_ms for m in messages(items)} == {TIME_MS}


def test_turns_with_calls_and_results():
    """What is repeated for the model is told once."""
    items = read(kimi_code, SAMPLE, PATH)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "Bash", "c1"),)


def test_a_sub_agents_session_is_a_child():
    """Of the session in whose folder it stands."""
    items = read(kimi_code, lines(record("turn.prompt", input="look")), f"{AGENTS}/scout/wire.jsonl")

    assert session(items) == Session(f"{SESSION}.scout", SESSION, "look", TITLE_PROMPT)


def test_a_compaction_is_a_summary_and_a_failed_tool_an_error():
    """A prompt in between interrupts nothing but the answer."""
    failed = {"output": "", "message": "no such file", "isError": True}
    items = read(kimi_code, lines(
        event("tool.result", toolCallId="c1", result=failed),
        record("context.apply_compaction", summary="all of it"),
        record("turn.steer", input=[{"type": "text", "text": "faster"}]),
    ), PATH)  # fmt: skip

    assert texts(items) == [
        ("tool", [("tool_result", "no such file")]),
        ("summary", [("text", "all of it")]),
        ("user", [("text", "faster")]),
    ]
    assert messages(items)[0].blocks[0].is_error


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages with the same numbers."""
    check_growth(kimi_code, SAMPLE, PATH)


@pytest.mark.parametrize("value", [
    {}, record("turn.prompt", input=7), record("context.append_loop_event", event=7), event("content.part", part=7),
    event("tool.call", args=[], toolCallId={}), event("tool.result", result=7), record("config.update", cwd=7),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    items = read(kimi_code, lines(value, record("turn.prompt", input="after")), PATH)

    assert texts(items)[-1] == ("user", [("text", "after")])


def test_where_sessions_are():
    """Below the user's folder, or where the environment says."""
    assert kimi_code.roots(Surroundings("/h", {})) == [Root("/h/.kimi-code/sessions", 4)]
    assert kimi_code.roots(Surroundings("/h", {"KIMI_CODE_HOME": "/x"})) == [Root("/x/sessions", 4)]
    assert kimi_code.claims(PATH)
    assert not kimi_code.claims(f"/h/.kimi-code/sessions/wd_app_057f5c09ee3f/{SESSION}/wire.jsonl")
