"""A query against a plain text, without an index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.query.match import Matcher, rung_of
from cass.query.parse import parse
from cass.query.plain import Word
from cass.query.syntax import Field

TEXT = "The tokenizer panicked in src/query/parse.rs:42: parseQueryString lost a café"

RUNGS = [
    ("tokenizer panicked", "all"),
    ("PANICKED", "all"),
    ("tokenizer exploded", "most"),
    ("tokenizer exploded twice", "any"),
    ("tokenizer panicked twice", "most"),
    ("exploded", None),
    ("token", None),
    ("token*", "all"),
    ("zebra*", None),
    ("cafe", "all"),
    ("CAFÉ", "all"),
    ("parse.rs:42", "all"),
    ("query/parse", "all"),
    ("rs.parse", None),
    ("query", "all"),
    ("string lost", "all"),
    ("uery", None),
    ('"the tokenizer"', "all"),
    ('"tokenizer the"', None),
    ('"tokenizer lost" panicked', None),
    ('"panicked in" exploded', "most"),
    ('"panicked in" exploded twice', "any"),
    ('"panicked in" lost exploded', "most"),
    ("+tokenizer exploded", "most"),
    ("+tokenizer exploded twice", "any"),
    ("+tokenizer panicked exploded", "most"),
    ("+exploded tokenizer", None),
    ("tokenizer -panicked", None),
    ("tokenizer -exploded", "all"),
    ("-exploded", "all"),
    ("-tokenizer", None),
    ("NOT tokenizer", None),
    ("tokenizer AND panicked", "all"),
    ("tokenizer AND exploded", None),
    ("tokenizer AND NOT exploded", "all"),
    ("exploded OR panicked", "all"),
    ("(exploded OR panicked) AND lost", "all"),
    ("exploded OR NOT tokenizer", None),
    ("(exploded panicked) AND lost", "all"),
    ("(exploded -panicked) OR lost", "all"),
    ("lost (exploded OR zebra)", "most"),
    ("=>", None),
    ("/", "all"),
    ("", "all"),
]


@pytest.mark.parametrize(("query", "rung"), RUNGS)
def test_a_text_has_all_most_or_any_of_the_words(query: str, rung: str | None):
    """Words are counted; phrases and signs decide, and what must be there counts, too."""
    assert Matcher(parse(query)).rung(TEXT) == rung


# Each text is found by the queries under it, and by no other query of this card but where the card says so.
CARD = [
    ("认证", "请检查认证令牌"),
    ("令牌", "请检查认证令牌"),
    ("视频下载", "视频下载失败"),
    ("1.0.21", "upgraded to v1.0.21 today"),
    ("v1.0.21", "upgraded to 1.0.21 today"),
    ("foo_bar", "call foo_bar-baz first"),
    ("foo_bar-baz", "call foo_bar-baz first"),
    ("E0432", "error[E0432]: unresolved import"),
    ("C++", "a C++ template"),
    ("std::vector", "use std::vector<int> here"),
    ("--no-verify", "git commit --no-verify"),
    ("cafe", "a Café in town"),
    ("upgrade zebra", "the upgrade is done"),
]


@pytest.mark.parametrize(("query", "text"), CARD)
def test_words_that_other_tools_lose_are_found(query: str, text: str):
    """Every word of a document counts, code words too, and nothing else on the card is found by it."""
    matcher = Matcher(parse(query))

    assert matcher.rung(text) in ("all", "most")
    others = [other for _, other in CARD if other != text and query.casefold() not in other.casefold()]
    assert [other for other in others if matcher.rung(other) and query.strip("v") != "1.0.21"] == []


def test_names_made_of_punctuation_are_not_their_letters():
    """C++ is neither C nor C#, .NET is not the end of a host name."""
    found = [Matcher(parse(name)).rung("plain C and c#; foo.net") for name in ("C++", "C#", ".NET", "C")]

    assert found == [None, "all", None, "all"]


def test_fields_inside_the_tree_are_asked_for():
    """The caller knows the agent of a text; the filters of the whole query are its own."""
    matcher = Matcher(parse("zebra OR agent:codex role:user"))
    asked: list[Field] = []

    assert matcher.rung(TEXT, lambda field: not asked.append(field)) == "all"
    assert asked == [Field("agent", "codex")]
    assert matcher.rung(TEXT, lambda field: False) is None


def test_english_forms_are_found_when_asked_for():
    """Stemming is a choice: quoted code words are better without."""
    query = parse("panicking tokenizers")

    assert Matcher(query).rung(TEXT) is None
    assert Matcher(query, english=True).rung(TEXT) == "all"


def test_letters_that_fold_to_two_are_found_both_ways():
    """Straße and strasse are one word."""
    assert Matcher(parse("strasse")).rung("In der Straße") == "all"
    assert Matcher(parse("Straße")).rung("in der STRASSE") == "all"


def test_most_lacks_a_third_at_most():
    """Four of five, two of three, one of two."""
    rungs = {(have, of): rung_of(have, of) for of in (1, 2, 3, 5) for have in range(of + 1)}

    assert [pair for pair, rung in rungs.items() if rung == "most"] == [(1, 2), (2, 3), (4, 5)]
    assert [pair for pair, rung in rungs.items() if rung == "any"] == [(1, 3), (1, 5), (2, 5), (3, 5)]
    assert [pair for pair, rung in rungs.items() if rung is None] == [(0, 1), (0, 2), (0, 3), (0, 5)]


@given(st.text(), st.text())
def test_any_query_can_be_put_to_any_text(query: str, text: str):
    """No text of query or document raises."""
    assert Matcher(parse(query), english=True).rung(text) in ("all", "most", "any", None)


@given(st.text(min_size=1), st.text(), st.text())
def test_a_word_is_found_where_it_stands_alone(word: str, before: str, after: str):
    """Whatever its letters are, between spaces it is a word."""
    query = parse(word)
    if query.root == Word(word):
        assert Matcher(query).rung(f"{before} {word} {after}") == "all"
