"""One line of JSON, whoever writes it."""

from __future__ import annotations

import json
import math
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cass.render import json_text
from tests.cli.test_cold import loaded_by

SIGNS = 'a" \\/\b\f\n\r\t\x00\x1b\x7f\x85\xa0é\u2028\u202e日\U0001f600\udcff'
TEXTS = st.text(alphabet=SIGNS, max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(TEXTS, inner), max_leaves=12
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_with_the_library_and_without_it_the_same_is_written(value: object):
    """To the last sign, so that an answer is the same from a worker and from a process of its own."""
    assert json_text.dumps(value) == json_text._dumps(value)


@settings(deadline=None)
@given(TEXTS)
def test_what_is_written_is_read_again(text: str):
    """As JSON, in one line that a terminal may show."""
    line = json_text.dumps({"text": text, "more": [text, 1, None]})

    assert json.loads(line) == {"text": text, "more": [text, 1, None]}
    assert not any(sign < " " or "\x7f" <= sign <= "\x9f" for sign in line)


@pytest.mark.parametrize(
    ("value", "line"),
    [(math.nan, "null"), ([math.inf, 0.5], "[null, 0.5]"), (MappingProxyType({"a": (1, True)}), '{"a": [1, true]}')],
)
def test_what_json_has_no_word_for(value: object, line: str):
    assert json_text.dumps(value) == line


def test_the_library_is_not_loaded_for_it():
    assert "json" not in loaded_by("from cass.render.json_text import dumps; dumps({'a': [1, 'b']})")
