"""A session is found although the words of a query are spread over several of its messages."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cass.search.refine import PRINTED
from cass.search.together import beyond_chance
from tests.archive import DAY_MS, Home, make_home
from tests.search.asking import freshen, names

SENTENCE = "where did we say that the walrus and the lantern are kept"


def spread_home(folder: Path) -> Home:
    """Three words: `session` has each in a message of its own; `lone` has only one, and says little else."""
    home = make_home(folder)
    for number in range(40):
        home.claude(f"other{number}", f"ship number {number} sails", f"past island {number}", "and is gone")
    home.claude("lone", "walrus walrus", "so it is", "and it goes on")
    home.claude("session", "a walrus and a boat were seen near the coast", "the penguin is well", "lantern is lit")
    home.index()
    return home


def test_a_session_with_all_words_is_first(tmp_path: Path) -> None:
    """What its messages say between them counts for each of them; the message that says most is shown."""
    found = spread_home(tmp_path).search("walrus penguin lantern", limit=2)

    assert names(found) == ["session", "lone"]
    assert found.hits[0].match_type == "relaxed"


def test_a_message_with_all_words_stays_first(tmp_path: Path) -> None:
    """What has them all needs nothing from its session, and nothing that has not gets past it."""
    home = spread_home(tmp_path)
    home.claude("whole", "far behind: " + "word " * 200 + "walrus penguin lantern", "yes", "no")
    home.index()

    assert names(home.search("walrus penguin lantern", limit=2)) == ["whole", "session"]


def test_a_filter_holds_for_the_session_too(tmp_path: Path) -> None:
    """Under `role:assistant` the session has the words that the agent said, not those of the user."""
    found = spread_home(tmp_path).search("walrus penguin lantern role:assistant")

    assert [(hit.external_id, hit.role) for hit in found.hits] == [("session", "assistant")]


def test_where_filters_leave_nothing_the_index_answers(tmp_path: Path) -> None:
    """That no message is left to be ranked is no damage of the index."""
    found = spread_home(tmp_path).search("walrus penguin lantern tool:sonar")

    assert (found.hits, found.answered_by, found.notes) == ((), ("lexical",), ())


def test_messages_alone_are_ranked_alone(tmp_path: Path) -> None:
    """Whoever lists messages, not sessions, sees first what has the words most often."""
    assert names(spread_home(tmp_path).search("walrus penguin lantern", grouped=False, limit=1)) == ["lone"]


def test_pages_are_parts_of_one_order(tmp_path: Path) -> None:
    home = spread_home(tmp_path)
    whole = names(home.search("walrus penguin lantern ship island", limit=30))

    pages = [names(home.search("walrus penguin lantern ship island", limit=7, offset=at)) for at in range(0, 30, 7)]
    assert [name for page in pages for name in page][:30] == whole


def test_a_session_is_found_while_its_end_is_not_indexed(tmp_path: Path) -> None:
    home = spread_home(tmp_path)
    home.append("lone", "nothing of the kind")
    freshen(home)

    assert names(home.search("walrus penguin lantern", limit=2)) == ["session", "lone"]


def test_what_was_said_goes_before_what_was_printed(tmp_path: Path) -> None:
    """Of two texts that are as good, a sentence finds the one that somebody said."""
    home = make_home(tmp_path)
    printed = {"type": "user", "message": {"role": "user", "content": [_result("the walrus and the lantern are old")]}}
    home.claude("printed", "run it", printed, start_ms=home.now_ms - DAY_MS)
    home.claude("said", "the walrus and the lantern are cold", "fine", start_ms=home.now_ms - 2 * DAY_MS)
    home.index()

    assert PRINTED < 1
    assert names(home.search(SENTENCE)) == ["said", "printed"]
    assert names(home.search("walrus lantern")) == ["printed", "said"]


def test_newer_messages_gain_where_it_is_wished(tmp_path: Path) -> None:
    """`search.half_life_days`: a slightly better message of long ago goes behind one of today."""
    home = make_home(tmp_path)
    text = "one walrus among many words " * 20
    home.claude("old", text, start_ms=home.now_ms - 900 * DAY_MS)
    home.claude("new", text + "and a few more " * 4, start_ms=home.now_ms - DAY_MS)
    home.index()

    assert names(home.search("walrus")) == ["old", "new"]
    assert names(home.search("walrus", semantic=(("search.half_life_days", 30),))) == ["new", "old"]


def _result(text: str) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": "t1", "content": text}


def test_a_session_with_words_as_often_as_others_has_them_by_chance() -> None:
    """A word in 5 of its 50 messages, as in a tenth of all: nothing.  In 10: twice as often."""
    assert beyond_chance([5], 50, [0.1]) == pytest.approx(0, abs=1e-4)
    assert beyond_chance([10, 5], 50, [0.1, 0.1]) == pytest.approx(math.log(2), abs=1e-4)
