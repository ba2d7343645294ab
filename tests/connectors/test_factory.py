"""Sessions of Factory's droid."""

from __future__ import annotations

from typing import Any

import pytest

from cass.connectors import factory
from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Branches, Root, Session, Surroundings
from tests.connectors.growing import check_growth
from tests.connectors.pi_files import TIME, TIME_MS, lines
from tests.connectors.reading import messages, read, session, texts
from tests.connectors.samples.factory import SAMPLE, sample

PATH = "/h/.factory/sessions/-w-app/s1.jsonl"


def message(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "message", "id": "m1", "timestamp": TIME, "message": {"role": role, "content": content}, **more}


def said(*values: Any) -> list[Any]:
    return read(factory, lines(*values), PATH)


def test_a_session_is_told_with_all_that_is_known(tmp_path):
    """The model stands in the settings beside it; the title is droid's own."""
    sample(tmp_path)
    path = tmp_path / ".factory/sessions/-w-app/s1.jsonl"

    items = read(factory, path.read_bytes(), str(path))

    assert session(items) == Session("s1", None, "Quokka hunt", TITLE_GENERATED, "/w/app", None, "large-1")


def test_turns_without_what_the_program_adds():
    """Reminders to the model are nobody's words; results are the tool's."""
    items = read(factory, SAMPLE, PATH)

    assert texts(items) == [
        ("user", [("text", "find it")]),
        ("assistant", [("thinking", "hm"), ("text", "I look."), ("tool_call", "ls")]),
        ("tool", [("tool_result", "quokka.txt")]),
        ("assistant", [("text", "In the zoo.")]),
    ]
    assert {m.created_ms for m in messages(items)} == {TIME_MS}
    assert messages(items)[2].blocks == (Block("tool_result", "quokka.txt", "Execute", "c1"),)


def test_an_unnamed_session_is_called_by_its_first_prompt():
    """Droid's own placeholder says nothing."""
    named = session(said({"type": "session_start", "id": "s1", "title": "New Session"}, message("user", "mend it")))

    assert (named.title, named.title_rank) == ("mend it", TITLE_PROMPT)


def test_a_sub_agents_session_is_a_child():
    """It names the session that called it."""
    start = {"type": "session_start", "id": "s1", "callingSessionId": "s0"}

    assert session(said(start, message("user", "look"))).parent_external_id == "s0"


def test_a_compaction_is_a_summary():
    """It repeats older text."""
    assert texts(said({"type": "compaction_state", "summaryText": "all of it"})) == [
        ("summary", [("text", "all of it")])
    ]


def test_a_branch_that_was_left_is_marked():
    """Where messages name their parents."""
    tree = [("a", None), ("b", "a"), ("c", "a")]
    items = said(*(message("user", name, id=name, parentId=parent) for name, parent in tree))

    assert [item.off for item in items if isinstance(item, Branches)] == [((1, 2),)]


def test_it_is_read_on_wherever_the_first_read_ended():
    """The same messages with the same numbers."""
    check_growth(factory, SAMPLE, PATH)


@pytest.mark.parametrize("value", [
    {"type": "message"}, {"type": "message", "message": {"role": [], "content": {}}},
    {"type": "session_start", "id": 7},
    message("assistant", [7, {"type": "tool_use"}]), message("user", [{"type": "tool_result", "content": {"a": 1}}]),
])  # fmt: skip
def test_a_bad_line_costs_only_itself(value):
    """What stands behind it is read."""
    assert texts(said(value, message("user", "after")))[-1] == ("user", [("text", "after")])


def test_where_sessions_are():
    """Below the user's folder, or where the environment says; settings are none."""
    assert factory.roots(Surroundings("/h", {})) == [Root("/h/.factory/sessions", 1)]
    assert factory.roots(Surroundings("/h", {"FACTORY_HOME": "/x"})) == [Root("/x/sessions", 1)]
    assert factory.claims(PATH)
    assert not factory.claims("/h/.factory/sessions/-w-app/s1.settings.json")
