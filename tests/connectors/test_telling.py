"""A session is told once, before its first turn, and again when more is known."""

from __future__ import annotations

import json

from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Block, Message, Session
from cass.connectors.jsonl import Line
from cass.connectors.telling import Telling, spoken

SAID = (Block("text", "hello"),)


def test_facts_are_told_with_the_first_turn():
    """What says nothing is no fact, and a fact is told once."""
    told = Telling("s")
    told.know(workspace="/w", model=None, git_branch="  ")
    assert list(told.drained()) == []

    told.turn("user", 7, SAID, Line(3, 10, 20, None))
    told.know(workspace="/w", model="m")

    assert list(told.drained()) == [
        Session("s", workspace="/w"),
        Message("s", 0, "user", 7, SAID, 3, 10, 20),
        Session("s", model="m"),
    ]


def test_an_empty_turn_is_counted():
    """So that a later noise rule renumbers nothing; a session of nothing else is none."""
    told = Telling("s")
    told.turn("user", 7, ())
    assert list(told.drained()) == []

    told.turn("user", 7, SAID)

    assert [item.ordinal for item in told.drained() if isinstance(item, Message)] == [1]


def test_a_lesser_title_changes_nothing():
    """Its first line is taken."""
    told = Telling("s", "mother")
    for text, rank in (("Named\nso", TITLE_CUSTOM), ("asked", TITLE_PROMPT), (None, TITLE_CUSTOM), (" ", TITLE_CUSTOM)):
        told.title(text, rank)

    assert list(told.drained()) == [Session("s", "mother"), Session("s", "mother", "Named", TITLE_CUSTOM)]


def test_a_later_read_goes_on():
    """With the next number, and knowing what was told."""
    first = Telling("s", "mother")
    first.know(model="m")
    first.turn("user", 7, SAID)
    again = Telling("s", None, json.loads(json.dumps(first.state())))
    again.know(model="m")
    again.turn("user", 7, SAID)

    assert list(again.drained()) == [Session("s", "mother"), Message("s", 1, "user", 7, SAID)]


def test_what_cannot_be_stored_is_mended():
    """Half a surrogate pair becomes the replacement character."""
    assert spoken("text", "a \ud83d") == (Block("text", "a \ufffd"),)
    assert spoken("text", " \n") == spoken("text", None) == ()
