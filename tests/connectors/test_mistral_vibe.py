"""Session logs of Mistral Vibe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cass.connectors import mistral_vibe
from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import TIME_MS, lines
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples.mistral_vibe import FOLDER, SAMPLE, sample

PATH = f"/h/.vibe/logs/session/{FOLDER}/messages.jsonl"


def read_sample(home: Path) -> list[Any]:
    sample(home)
    return read(mistral_vibe, SAMPLE, str(home / ".vibe/logs/session" / FOLDER / "messages.jsonl"))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """It stands beside the messages; its start is the only time there is."""
    items = read_sample(tmp_path)

    assert session(items) == Session("0199aaaa", None, "Quokka hunt", TITLE_CUSTOM, "/w/app", "main", "devstral")
    assert {m.created_ms for m in messages(items)} == {TIME_MS}


def test_turns_with_calls_and_results():
    """What the model thought, called and was answered."""
    assert texts(read(mistral_vibe, SAMPLE, PATH)) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]


def test_without_what_stands_beside_it_the_prompt_is_the_title():
    """And nothing has a time."""
    items = read(mistral_vibe, SAMPLE, PATH)

    assert (session(items).title, session(items).title_rank) == ("find it", TITLE_PROMPT)
    assert {m.created_ms for m in messages(items)} == {None}


def test_what_the_program_put_in_the_users_place_is_dropped():
    """It is counted as a turn."""
    injected = {"role": "user", "content": "plan mode is on", "injected": True}

    assert [m.ordinal for m in messages(read(mistral_vibe, lines(injected) + SAMPLE, PATH))] == [1, 2, 3, 4]


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages with the same numbers."""
    check_growth(mistral_vibe, SAMPLE, PATH)


@pytest.mark.parametrize("value", [
    {"role": []}, {"role": "user", "content": 7}, {"role": "tool", "content": {}, "tool_call_id": 7},
    {"role": "assistant", "content": None, "tool_calls": [7, {"function": 7}]},
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(read(mistral_vibe, lines(value) + SAMPLE, PATH))[-1] == ("assistant", [("text", "In the zoo.")])


def test_where_sessions_are():
    """Below the user's folder, or where the environment says."""
    assert mistral_vibe.roots(Surroundings("/h", {})) == [Root("/h/.vibe/logs/session", 2)]
    assert mistral_vibe.roots(Surroundings("/h", {"VIBE_HOME": "/x"})) == [Root("/x/logs/session", 2)]
    assert mistral_vibe.claims(PATH)
    assert not mistral_vibe.claims(f"/h/.vibe/logs/session/{FOLDER}/meta.json")
