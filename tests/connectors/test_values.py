"""What is taken out of texts and parsed JSON."""

from __future__ import annotations

import pytest

from cass.connectors.cline_sent import sent_turns
from cass.connectors.cursor_chats import asked
from cass.connectors.values import between


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a <q> b </q> c", ["b"]),
        ("<q>\n\n a b\n</q><q></q> <q>c</q>", ["a b", "", "c"]),
        ("<q>a<q>b</q></q>", ["a<q>b"]),
        ("</q><q>a", []),
    ],
)
def test_what_stands_between_two_signs(text: str, found: list[str]) -> None:
    """The first end behind a beginning ends it; one without an end is none."""
    assert between(text, "<q>", "</q>") == found


@pytest.mark.parametrize("filling", [" ", "\n"])
def test_a_long_prompt_is_looked_through_once(filling: str) -> None:
    """Thousands of blank lines in it take no time."""
    text = f"a{filling * 200_000}b"

    assert asked({"text": f"<user_query> {text} </user_query>"})[0].text == text


def test_a_long_text_of_tags_is_looked_through_once() -> None:
    """None of which is closed."""
    assert between("<q>" * 300_000, "<q>", "</q>") == []
    (turn,) = sent_turns({"role": "user", "content": "<feedback " * 100_000})

    assert turn[1][0].text.startswith("<feedback <feedback")
