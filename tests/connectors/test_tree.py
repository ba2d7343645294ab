"""Which entries of a tree are on the path to its last one."""

from __future__ import annotations

import json

import pytest

from cass.connectors import tree
from cass.connectors.tree import Tree


def grown(*entries: tuple[str, str | None], turns: int = 1) -> Tree:
    """A tree of entries (id, parent's id) that stand for so many turns each."""
    made = Tree()
    for at, (name, parent) in enumerate(entries):
        made.add(name, parent, at * turns)
    return made


def test_a_list_has_no_branches():
    """Each entry's parent is the one before it."""
    assert grown(("a", None), ("b", "a"), ("c", "b")).news(3) is None


def test_what_was_left_is_told_once():
    """The path goes from the last entry up; the rest is off it, in ranges."""
    made = grown(("a", None), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "d"))

    assert (made.news(5), made.news(5)) == (((1, 3),), None)


def test_going_back_to_a_branch_puts_it_on_the_path():
    """What was left before may be where the user is now."""
    made = grown(("a", None), ("b", "a"), ("c", "a"))
    first = made.news(3)
    made.add("d", "b", 3)

    assert (first, made.news(4)) == (((1, 2),), ((2, 3),))


def test_a_second_root_leaves_everything_before():
    """The user went back to before the first entry."""
    assert grown(("a", None), ("b", "a"), ("c", None), turns=2).news(6) == ((0, 4),)


def test_entries_without_turns_leave_nothing():
    """A change of the model is an entry, and nobody's turn."""
    assert grown(("a", None), ("b", "a"), ("c", "a"), turns=0).news(0) is None


def test_a_parent_nobody_has_heard_of_is_the_entry_before():
    """As it is after a line that could not be read."""
    assert grown(("a", None), ("b", "lost"), ("c", "b")).news(3) is None


def test_it_goes_on_from_what_was_kept():
    """Written as JSON between two reads."""
    entries = [("a", None), ("b", "a"), ("c", "a"), ("d", "b"), ("e", "d"), ("f", None)]
    for cut in range(len(entries)):
        made = Tree(json.loads(json.dumps(grown(*entries[:cut]).kept())))
        for at, (name, parent) in enumerate(entries[cut:], cut):
            made.add(name, parent, at)
        assert made.news(6) == ((0, 5),), cut


def test_too_long_a_tree_starts_anew(monkeypatch: pytest.MonkeyPatch):
    """What was left before stays so."""
    monkeypatch.setattr(tree, "MAX_ENTRIES", 3)
    made = grown(("a", None), ("b", "a"), ("c", "a"), ("d", "c"), ("e", "a"))

    assert made.news(5) == ((1, 2),)
