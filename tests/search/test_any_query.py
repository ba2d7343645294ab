"""No query ends a search badly, and every message is found by its own words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cass.errors import NotFound, UsageError
from cass.query.words import pieces, tokens
from tests.archive import Home, make_home
from tests.search.asking import found, names, say

SAID = {
    "prose": "The walrus and the carpenter were walking close at hand; they wept like anything to see such sand.",
    "code": "def parseQueryString(text: str) -> dict[str, list[str]]:\n    return foo_bar(text, 0x1F) # v1.2.3 C++",
    "letters": "用户认证的令牌 naïve Straße ÆON ﬁne İstanbul ᴀʙᴄ 한국어 문장 ①②",
    "marks": "--flag => a.b.c C:\\temp\\x.txt /usr/bin/env {\"k\": [1, 2]} 'x' `y` ~/.zshrc $HOME 50% (a|b)* [^c]+ \\d",
    "long": f"{'x' * 65} {'y' * 64} {'z' * 300} walrus",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("any")), **SAID)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """The same without an index."""
    home = say(make_home(tmp_path_factory.mktemp("scanned")), **SAID)
    shutil.rmtree(home.places.lexical)
    yield home


WORDS = st.sampled_from(
    [
        *["walrus", '"', "(", ")", "*", "+", "-", "AND", "OR", "NOT", "agent:", "claude", "title:", "role:user"],
        *[
            "session:",
            "since:",
            "7d",
            "!",
            "~3",
            "path:",
            "a*",
            "wal*",
            "令牌",
            "C++",
            "v1.2.3",
            "=>",
            "\\",
            "^",
            "[",
            "{1",
            "\0",
            " ",
        ],
    ]
)
ODD = [
    "x" * 10_000,
    "walrus " * 5_000,
    " ".join(f"w{at}" for at in range(5_000)),
    "(" * 1_000 + "walrus" + ")" * 1_000,
    "NOT " * 1_000 + "walrus",
    " OR ".join(["walrus"] * 1_000),
    " AND ".join(f"w{at}" for at in range(1_000)),
    '"' + "walrus " * 2_000 + '"',
    "a*",
    "w* x* y* z*",
    ".*",
    "(a|b)*",
    "[^c]+*",
    "wal.*",
    "\\d{3}*",
    "$HOME*",
    "a.b.c*",
    "\ud800",
    "\0",
    "walrus\0",
    "-",
    "+",
    '""',
    "()",
    "agent:",
    "agent:!",
    "workspace:.",
    "workspace:\0",
    "path:",
    "path:=>",
    "title:=>",
    "tool:\0",
    "session:zzzzzz",
    "since:99999999999999999999",
    "until:0000-00-00",
    "since:-1d",
    "since:99999999d",
]


@pytest.mark.parametrize("literal", [False, True])
@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_an_odd_query_is_answered_or_refused(home: Home, scanned: Home, text: str, literal: bool) -> None:
    """In words; never with an error of a library."""
    for asked in (home, scanned):
        try:
            results = asked.search(text, literal=literal)
        except (UsageError, NotFound):
            assert not literal
            continue
        assert not any("failed" in note for note in results.notes)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=8).map(" ".join), st.lists(WORDS, max_size=8).map("".join))
)
@example("walrus NOT")
def test_any_text_is_a_query(home: Home, text: str) -> None:
    """It is answered, or refused as a mistake of usage."""
    try:
        results = home.search(text)
        literal = home.search(text, literal=True)
    except (UsageError, NotFound):
        return
    assert not any("failed" in note for note in (*results.notes, *literal.notes))
    for hit in results.hits:
        assert len(hit.snippet) <= 240
        assert hit.snippet.isprintable() or not hit.snippet.isascii()
        assert hit.matches or hit.match_type == "filter" or any(sign in text for sign in ("NOT", "-", ":"))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_text_finds_the_same_without_an_index(home: Home, scanned: Home, data: st.DataObject) -> None:
    """Words, phrases, prefixes, signs and operators; but nothing is corrected."""
    words = st.sampled_from(["walrus", "close hand", '"the carpenter"', "parse*", "-sand", "foo_bar", "令牌", "C++"])
    more = st.sampled_from(["+walking", "NOT", "OR", "AND", "(", ")", "v1.2.3", "strasse", "role:user", "fine", "=>"])
    text = " ".join(data.draw(st.lists(st.one_of(words, more), min_size=1, max_size=6)))
    wishes = {"match": data.draw(st.sampled_from([None, "all", "most", "any"]))}

    one, other = home.search(text, **wishes), scanned.search(text, **wishes)
    assert set(names(one)) == set(names(other))
    assert (one.total, one.rung) == (other.total, other.rung)


# Python and the index do not know the same new letters and the same marks of rare scripts (query/words.py).
KNOWN_LETTERS = st.characters(max_codepoint=0xFFFF, exclude_categories=("Cs", "Cn"))


def _words_and_pairs(text: str) -> tuple[list[str], list[str]]:
    """The words of a text as they stand there, and its neighbours as phrases; without those too long for the index."""
    words = [word if tokens(word) else "" for word in pieces(text)]
    return [word for word in words if word], [f'"{one} {two}"' for one, two in pairwise(words) if one and two]


@pytest.mark.parametrize("name", SAID)
def test_a_message_is_found_by_each_of_its_words(home: Home, scanned: Home, name: str) -> None:
    """And by any two neighbours as a phrase."""
    words, pairs = _words_and_pairs(SAID[name])
    for asked in (home, scanned):
        assert [word for word in words if name not in found(asked, f"({word} )", match="any")] == []
        assert [pair for pair in pairs if name not in found(asked, pair)] == []


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(KNOWN_LETTERS, min_size=1, max_size=60).filter(tokens), min_size=1, max_size=4))
def test_a_message_of_any_letters_is_found_by_its_words(
    tmp_path_factory: pytest.TempPathFactory, said: list[str]
) -> None:
    """Whatever they are."""
    texts = {f"s{at}": text for at, text in enumerate(said)}
    home = say(make_home(tmp_path_factory.mktemp("letters")), **texts)
    for name, text in texts.items():
        words, pairs = _words_and_pairs(text)
        assert [word for word in words if not _seen(home, word, name)] == []
        assert [pair for pair in pairs if not _seen(home, pair, name)] == []


def _seen(home: Home, text: str, name: str) -> bool:
    """Copies of a text are one hit, so that another session may stand for this one."""
    results = home.search(text, match="any", limit=100, grouped=False)
    return name in names(results) or any(hit.also for hit in results.hits)
