"""Transcripts of Antigravity's command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import antigravity
from cass.connectors.base import TITLE_PROMPT, Block, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import lines
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples.antigravity import ID, SAMPLE, sample, step

LOGS = f"/h/.gemini/antigravity-cli/brain/{ID}/.system_generated/logs"
PATH = f"{LOGS}/transcript.jsonl"


def read_sample(home: Path) -> list[Any]:
    sample(home)
    return read(antigravity, SAMPLE, str(home) + PATH.removeprefix("/h"))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The history of prompts names the folder, a changed setting the model."""
    assert session(read_sample(tmp_path)) == Session(
        ID, None, "find it", TITLE_PROMPT, "/w/app", None, "Gemini 3.1 Pro (High)"
    )


def test_turns_without_what_the_program_adds():
    """Of a prompt what was asked, of a tool's step what came of it; reminders are counted and dropped."""
    items = read(antigravity, SAMPLE, PATH)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert [m.ordinal for m in messages(items)] == [0, 3, 4, 5]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "run_command"),)


def test_a_step_may_have_its_call_and_its_result():
    """Then the call is the assistant's turn, and the result the tool's."""
    call = {"tool_name": "view_file", "id": "c1", "args": {"path": "a.py"}}
    both = step(1, "MODEL", "VIEW_FILE", tool_calls=[call], content="import os", status="ERROR")

    assert [
        (m.role, m.blocks[0].text, m.blocks[0].is_error) for m in messages(read(antigravity, lines(both), PATH))
    ] == [
        ("assistant", "path: a.py", False),
        ("tool", "import os", True),
    ]


def test_the_fuller_transcript_counts(tmp_path):
    """Where there are both, they say the same conversation."""
    sample(tmp_path)
    path = tmp_path / PATH.removeprefix("/h/")
    before = antigravity.claims(str(path))
    full = path.with_name("transcript_full.jsonl")
    full.write_bytes(b"")

    assert (before, antigravity.claims(str(path)), antigravity.claims(str(full))) == (True, False, True)


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages with the same numbers."""
    check_growth(antigravity, SAMPLE, PATH)


@pytest.mark.parametrize("value", [
    {"type": 7, "source": "MODEL"}, {"type": "USER_INPUT", "content": 7}, {"type": [], "source": []},
    step(1, "MODEL", "PLANNER_RESPONSE", tool_calls=[7, {"function": 7}], thinking=7),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(read(antigravity, lines(value) + SAMPLE, PATH))[-1] == ("assistant", [("text", "In the zoo.")])


def test_where_sessions_are():
    """In the folder of Gemini CLI."""
    assert antigravity.roots(Surroundings("/h", {})) == [Root("/h/.gemini/antigravity-cli/brain", 3)]
    assert antigravity.claims(PATH)
    assert not antigravity.claims(f"/h/.gemini/antigravity-cli/brain/{ID}/transcript.jsonl")
    assert antigravity.enters(LOGS)
