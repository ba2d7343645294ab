"""A prompt that was written anew leaves what followed the old one: all of it is kept, the old branch is marked."""

from __future__ import annotations

from typing import Any

from cass.connectors import claude_code
from cass.connectors.base import Branches
from tests.connectors import reading
from tests.connectors.claude_code_files import PATH, answer, as_bytes, call, line, read, result, text, user

LINES = [
    user("build a zoo", uuid="u1"),
    answer("m1", text("built"), uuid="a1", parentUuid="u1"),
    line("progress", data={"type": "hook_progress"}, uuid="p1", parentUuid="a1"),
    user("add a lion", uuid="u2", parentUuid="p1"),
    answer("m2", text("it roars"), uuid="a2", parentUuid="u2"),
    user("add a lamb", uuid="u3", parentUuid="a1"),
    answer("m3", text("it bleats"), uuid="a3", parentUuid="u3"),
]


def branches(items: list[Any]) -> list[Any]:
    """The ranges of each record about branches."""
    return [item.off for item in items if isinstance(item, Branches)]


def test_an_edited_prompt_takes_the_place_of_the_old_one() -> None:
    """What was said from the old prompt on is off the path, also where a program's line stood before it."""
    assert branches(read(*LINES)) == [((2, 4),)]


def test_a_session_without_edits_has_no_branches() -> None:
    """Nothing is said of branches where none was left."""
    assert branches(read(*LINES[:5])) == []


def test_going_back_further_takes_earlier_branches_along() -> None:
    """Ranges that meet become one; a first prompt written anew leaves everything."""
    again = user("build a farm", uuid="u9")

    assert branches(read(*LINES, again)) == [((0, 6),)]


def test_calls_made_side_by_side_are_no_branches() -> None:
    """Each result names its own call as its parent; the next prompt follows one of them."""
    lines = [
        user("look twice", uuid="u1"),
        answer("m1", call("Read", "c1"), uuid="a1", parentUuid="u1"),
        answer("m1", call("Read", "c2"), uuid="a2", parentUuid="a1"),
        user([result("c1", "one")], uuid="r1", parentUuid="a1"),
        user([result("c2", "two")], uuid="r2", parentUuid="a2"),
        user("go on", uuid="u2", parentUuid="r1"),
    ]

    assert branches(read(*lines)) == []


def test_copies_of_another_session_do_not_begin_again() -> None:
    """A resumed file may begin with lines of the session before it: its own first prompt is no second try."""
    assert branches(read(user("old", uuid="u1", sessionId="s0"), user("new", uuid="u2"))) == []


def test_a_branch_is_seen_by_a_later_read() -> None:
    """Wherever the first read ended, the two together say what one would have said."""
    data = as_bytes(*LINES)
    for cut in range(0, len(data), 37):
        first, second = reading.two_reads(claude_code, data, cut, PATH)
        assert branches([*first, *second])[-1] == ((2, 4),), cut
