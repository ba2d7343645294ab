"""Sessions of Grok's command line: the stream of updates, or the history where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import grok
from cass.connectors.base import TITLE_GENERATED, Block, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import TIME_MS, lines
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples.grok import HISTORY, SAMPLE, piece, sample, update

FOLDER = "/h/.grok/sessions/%2Fw%2Fapp/s1"
PATH = f"{FOLDER}/updates.jsonl"


def read_sample(home: Path) -> list[Any]:
    sample(home)
    return read(grok, SAMPLE, str(home) + PATH.removeprefix("/h"))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The summary beside it says it."""
    items = read_sample(tmp_path)

    assert session(items) == Session("s1", None, "Quokka hunt", TITLE_GENERATED, "/w/app", "main", "grok-4")
    assert {m.created_ms for m in messages(items)} == {TIME_MS}


def test_without_a_summary_the_folders_name_is_the_workspace():
    """It is the folder's path, encoded."""
    assert session(read(grok, SAMPLE, PATH)).workspace == "/w/app"


def test_pieces_are_put_together():
    """Pieces of one kind are one text; a call is told once its input is known, its result once it is over."""
    items = read(grok, SAMPLE, PATH)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "bash", "c1"),)
    assert [(m.line, m.ordinal) for m in messages(items)] == [(1, 0), (3, 1), (8, 2), (9, 3)]


def test_a_call_may_be_over_at_once():
    """With an output as it came; an edit is told by its two texts."""
    edit = [{"type": "diff", "path": "a.py", "oldText": "a", "newText": "b"}]
    items = read(grok, lines(
        update("tool_call", toolCallId="c1", title="bash", rawInput={"command": "ls"}, status="failed", rawOutput="no"),
        update("tool_call", toolCallId="c2", title="edit", rawInput={"path": "a.py"}, status="completed", content=edit),
    ), PATH)  # fmt: skip

    assert texts(items) == [
        ("assistant", [("tool_call", "ls")]),
        ("tool", [("tool_result", "no")]),
        ("assistant", [("tool_call", "path: a.py")]),
        ("tool", [("tool_result", "a.py\n--- old\na\n+++ new\nb")]),
    ]


def test_what_cass_itself_printed_is_marked():
    """Otherwise the next search finds the last one."""
    given = {"command": "cass search x"}
    items = read(grok, lines(
        update("tool_call", toolCallId="c1", title="bash", rawInput=given, status="completed", rawOutput="found"),
    ), PATH)  # fmt: skip

    assert [block.own for message in messages(items) for block in message.blocks] == [True, True]


def test_it_is_read_on_wherever_the_first_read_ended():
    """An answer that is still being written is told again as a whole, under its number."""
    check_growth(grok, SAMPLE, PATH)
    check_growth(grok, HISTORY, f"{FOLDER}/chat_history.jsonl")


def test_a_session_without_a_stream_has_its_history():
    """Only what the user wrote counts as the user's; without a summary nothing has a time."""
    items = read(grok, HISTORY, f"{FOLDER}/chat_history.jsonl")

    assert texts(items) == [("user", [("text", "and the emu?")]), ("assistant", [("text", "In the bush.")])]
    assert {m.created_ms for m in messages(items)} == {None}


def test_a_history_is_dated_by_the_sessions_start(tmp_path):
    """Its lines have no times: undated, `--since` would never find them."""
    sample(tmp_path)
    items = read(grok, HISTORY, str(tmp_path / ".grok/sessions/%2Fw%2Fapp/s1/chat_history.jsonl"))

    assert {m.created_ms for m in messages(items)} == {TIME_MS - 678}


@pytest.mark.parametrize("value", [
    {}, {"params": 7}, {"params": {"update": {"sessionUpdate": []}}}, update("agent_message_chunk", content=7),
    update("tool_call", toolCallId={}, rawInput=7, content=[7], status="completed"), update("tool_call_update"),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(read(grok, lines(value, piece("user_message_chunk", "after")), PATH))[-1] == (
        "user",
        [("text", "after")],
    )


def test_where_sessions_are(tmp_path):
    """Below the user's folder, or where the environment says; the history counts where there is no stream."""
    sample(tmp_path)
    base = tmp_path / ".grok/sessions/%2Fw%2Fapp"

    assert grok.roots(Surroundings("/h", {})) == [Root("/h/.grok/sessions", 2)]
    assert grok.roots(Surroundings("/h", {"GROK_HOME": "/x"})) == [Root("/x/sessions", 2)]
    claimed = [path for path in sorted(base.rglob("*.json*")) if grok.claims(str(path))]
    assert [str(path.relative_to(base)) for path in claimed] == ["s1/updates.jsonl", "s2/chat_history.jsonl"]
