"""Conversations of OpenHands, a file an event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cass.connectors import openhands
from cass.connectors.base import TITLE_PROMPT, Block, Root, Session, SourceProblem, Surroundings
from tests.archive import make_home
from tests.connectors.pi_files import TIME_MS
from tests.connectors.reading import messages, problems, read, session, texts
from tests.connectors.samples.openhands import ID, sample
from tests.indexing.invariants import check_invariants


def conversation(home: Path) -> Path:
    """The sample's file that stands for the conversation."""
    sample(home)
    return home / ".openhands/conversations" / ID / "base_state.json"


def tell(path: Path) -> list[Any]:
    return read(openhands, path.read_bytes(), str(path))


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The state has the folder and the model; times are UTC without saying so."""
    items = tell(conversation(tmp_path))

    assert session(items) == Session(ID, None, "find it", TITLE_PROMPT, "/w/app", None, "openai/large-1", whole=True)
    assert {m.created_ms for m in messages(items)} == {TIME_MS}


def test_turns_with_calls_and_results(tmp_path):
    """In the order of their numbers; the system's prompt is counted and dropped."""
    items = tell(conversation(tmp_path))

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert [m.ordinal for m in messages(items)] == [1, 2, 3, 4]
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "terminal", "c1"),)


def test_older_versions_have_actions_and_observations(tmp_path):
    """A command that ended with another code than 0 failed."""
    conversation(tmp_path)
    items = tell(tmp_path / ".openhands/sessions/s0/events/0.json")

    assert session(items) == Session("s0", None, "and the emu?", TITLE_PROMPT, "/w/app", whole=True)
    assert texts(items) == [
        ("user", [("text", "and the emu?")]),
        ("assistant", [("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "emu.txt")]),
        ("assistant", [("text", "In the bush.")]),
    ]
    assert messages(items)[2].blocks == (Block("tool_result", "emu.txt", "run", "2", is_error=True),)


def test_a_new_event_changes_where_it_stands(tmp_path):
    """So the conversation is read again, whether its state was written anew or not."""
    path = conversation(tmp_path)
    before, end = openhands.stand(str(path)), tell(path)[-1]
    (path.parent / "events/event-00005-x.json").write_text("{}")

    assert end.state == {"stand": before}
    assert openhands.stand(str(path)) != before


def test_a_conversation_grows_by_files(tmp_path):
    """An event that came after the index run is found by the next one; the others are what they were."""
    home = make_home(tmp_path)
    path = conversation(home.home)
    first = home.index().agents["openhands"]
    event = {"kind": "MessageEvent", "source": "user", "llm_message": {"content": "and the kookaburra?"}}
    (path.parent / "events/event-00005-x.json").write_text(json.dumps(event))

    second = home.index().agents["openhands"]

    assert (first.read, second.read, second.unchanged) == (2, 1, 1)
    assert {(hit.external_id, hit.ordinal) for hit in home.search("kookaburra").hits} == {(ID, 5)}
    assert home.index().agents["openhands"].bytes_read == 0
    check_invariants(home.data)


def test_events_without_a_state_are_still_read(tmp_path):
    """What is damaged beside them hides nothing."""
    path = conversation(tmp_path)
    path.write_text("{")

    assert len(messages(tell(path))) == 4
    assert session(tell(path)).workspace is None


def test_a_torn_event_is_told_and_costs_only_itself(tmp_path):
    """With its own path."""
    path = conversation(tmp_path)
    torn = path.parent / "events/event-00002-0199.json"
    torn.write_text('{"kind": ')

    assert len(messages(tell(path))) == 3
    assert [problem.path for problem in problems(tell(path))] == [str(torn)]
    assert isinstance(problems(tell(path))[0], SourceProblem)


@pytest.mark.parametrize("value", [
    7, {}, {"kind": []}, {"kind": "MessageEvent", "llm_message": 7}, {"kind": "ActionEvent", "tool_call": 7},
    {"observation": {"content": 7}}, {"observation": 7, "extras": 7, "cause": {}}, {"action": "run", "args": 7},
    {"kind": "AgentErrorEvent", "error": 7}, {"kind": "Condensation", "summary": 7},
])  # fmt: skip
def test_a_bad_event_costs_only_itself(tmp_path, value):
    """What stands behind it is read."""
    path = conversation(tmp_path)
    (path.parent / "events/event-00000-0199.json").write_text(json.dumps(value))

    assert texts(tell(path))[-1] == ("assistant", [("text", "In the zoo.")])


def test_where_conversations_are():
    """One file of each stands for it."""
    assert openhands.roots(Surroundings("/h", {})) == [
        Root("/h/.openhands/conversations", 1),
        Root("/h/.openhands/sessions", 2),
    ]
    assert openhands.claims(f"/h/.openhands/conversations/{ID}/base_state.json")
    assert openhands.claims("/h/.openhands/sessions/s0/events/0.json")
    assert not openhands.claims(f"/h/.openhands/conversations/{ID}/events/event-00001-x.json")
    assert not openhands.enters(f"/h/.openhands/conversations/{ID}/events")
