"""How far two words are apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.lexical.corrections import is_near
from cass.query.variants import one_edit


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("walrus", "walrus", 0),
        ("walrus", "walrsu", 1),
        ("walrus", "wallrus", 1),
        ("walrus", "alrus", 1),
        ("walrus", "awlrsu", 2),
        ("walrus", "wxlrxs", 2),
        ("walrus", "wrs", 3),
        ("walrus", "penguin", 6),
        ("", "ab", 2),
    ],
)
def test_edits_are_counted(one: str, other: str, edits: int) -> None:
    assert [is_near(one, other, most) for most in range(7)] == [most >= edits for most in range(7)]


@given(st.text("abc", min_size=1, max_size=6), st.data())
def test_an_edit_of_an_edit_is_two_edits_away(word: str, data: st.DataObject) -> None:
    """The same edits as those that are tried one at a time."""
    once = data.draw(st.sampled_from(one_edit(word)))
    twice = data.draw(st.sampled_from(one_edit(once)))

    assert is_near(word, once, 1)
    assert is_near(once, word, 1)
    # A letter put in between two that were swapped is one edit more here.
    assert is_near(word, twice, 3)
