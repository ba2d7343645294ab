"""How sure an answer is, and what is said where it is not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from cass.records import replace
from cass.render.search_text import about
from cass.render.terminal import Style
from cass.search.engine import Search, search
from cass.search.request import Found, Freshness, Request
from tests.archive import Home, make_home
from tests.search.asking import freshen, say

PLAIN = Style(color=False, plain=True, links="", terminal=False, width=80)
# Many words, none of them twice.
NUMBERS = [f"number{n}" for n in range(3000)]
QUESTION = "why did the tokenizers loop on empty input"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One session about a tokenizer among others about ships."""
    ships = {f"ship{n}": f"ship number {n} sails past an island on its way" for n in range(30)}
    said = {"fixed": "the tokenizer panicked on empty input, so the loop now returns early", **ships}
    return say(make_home(tmp_path_factory.mktemp("confidence")), **said)


def test_what_has_most_of_the_question_is_trusted(home: Home) -> None:
    """Little words and other forms do not matter."""
    confidence = home.search(QUESTION).confidence

    assert confidence is not None and confidence > 0.9


def test_a_question_from_elsewhere_is_told_so(home: Home) -> None:
    """Something is shown, and that it is probably not what was meant."""
    results = home.search("does aspirin on an island lower the risk of colorectal cancer")

    assert results.hits
    assert results.confidence is not None and results.confidence < 0.1
    assert "probably not in your history" in about(results, PLAIN)


def test_a_session_that_has_the_words_between_its_messages_is_not_denied(tmp_path: Path) -> None:
    """No message has two of them; a session that has only some of them is no answer yet."""
    home = make_home(tmp_path)
    home.claude("between", "a walrus in the harbour", "the penguin came late", "who lit the lantern", "bread")
    home.claude("part", "a zebra in the harbour", "the ostrich came late")
    say(home, **{f"ship{n}": f"ship number {n} sails past an island" for n in range(30)})

    spread, apart = home.search("walrus penguin lantern"), home.search("zebra ostrich lantern")

    assert spread.confidence is not None and spread.confidence >= 0.5
    assert "probably not" not in about(spread, PLAIN)
    assert apart.confidence is not None and apart.confidence < 0.5


@pytest.mark.parametrize(
    ("query", "sure"), [("E0433", False), ("tokenizre", True), ("E0433 tokenizer loop empty input", True)]
)
def test_another_number_is_no_slip(tmp_path: Path, query: str, sure: bool) -> None:
    """The nearest code is shown, and not taken for the one that was asked for; other words may outweigh it."""
    texts = {"code": "E0432: the tokenizer panicked on empty input in a loop"} | {
        f"ship{n}": f"ship {n}" for n in range(30)
    }
    results = say(make_home(tmp_path), **texts).search(query)

    assert results.corrected and results.hits
    assert results.is_unlikely != sure


@pytest.mark.parametrize(
    ("query", "sure"),
    [
        ("tokenizre", True),  # swapped
        ("tokeizer panicked", True),  # left out
        ("tokenizxer", True),  # put in
        ("tokeniser", True),  # another letter of a long word
        ("soul", False),  # of soup another letter makes another word
        ("lokenizer", False),  # nobody errs in the first letter
        ("tokenixor", False),  # two letters
        ("kuberentse", True),  # of a very long word
        ("docs/soul.md", False),  # nor in a part of a name
        ("tokenixor panicked", True),  # beside a word that is right
        ("soul kitchen", True),
        ("docs/tokenizre.md", True),
    ],
)
def test_where_no_word_was_right_only_a_likely_slip_is_taken_for_one(tmp_path: Path, query: str, sure: bool) -> None:
    """`divorce` finds what diverges, and says that it is not what was meant."""
    texts = {"code": "the tokenizer panicked", "eat": "a soup kitchen", "yaml": "kubernetes"}
    files = {"files": "docs/soup.md docs/tokenizer.md"}
    ships = {f"ship{n}": f"ship {n}" for n in range(30)}
    results = say(make_home(tmp_path), **texts, **files, **ships).search(query)

    assert results.corrected and results.hits
    assert results.is_unlikely != sure


@pytest.mark.parametrize(
    ("name", "web"),
    [
        ("packages/web/src/components", 30),
        ("packages/web/src/components", 1),
        ("web.components", 30),
        ("web.components", 1),
        ("getUserName", 30),
    ],
)
def test_a_name_that_stands_nowhere_is_not_had_by_its_parts(tmp_path: Path, name: str, web: int) -> None:
    """Every project has such folders, and says get, user and name."""
    texts = {f"web{n}": f"get user: name the packages of web, src and components {n}" for n in range(web)}
    ships = {f"ship{n}": f"ship number {n} sails past an island" for n in range(40)}
    results = say(make_home(tmp_path), **texts, **ships).search(name)

    assert results.hits and results.dropped and results.is_unlikely


def test_what_the_index_has_not_yet_is_judged_alike(tmp_path: Path) -> None:
    """One word of many is as little in a message that waits as in one that is indexed."""
    ships = {f"ship{n}": f"ship number {n} sails past an island" for n in range(40)}
    home = say(make_home(tmp_path), **ships)
    home.claude("late", "the quagmire scheduler drops heartbeat packets")
    freshen(home)

    before = home.search("how do I bake sourdough bread with quagmire")
    home.index()
    after = home.search("how do I bake sourdough bread with quagmire")

    assert before.hits and after.hits
    assert before.is_unlikely and after.is_unlikely


def test_an_answer_that_is_trusted_says_nothing(home: Home) -> None:
    """No line about confidence in the text."""
    assert "probably not" not in about(home.search(QUESTION), PLAIN)


def test_nothing_found_is_no_confidence(home: Home) -> None:
    """For words that occur nowhere."""
    assert home.search("zymurgy quokka").confidence == 0.0


@pytest.mark.parametrize(
    "query", ["agent:claude_code", "+tokenizer walrus", '"empty input" walrus', '"empty input"', "+tokenizer loop"]
)
def test_conditions_are_not_judged(home: Home, query: str) -> None:
    """What they find is what was asked for."""
    assert home.search(query).confidence is None


@pytest.mark.parametrize(
    "wishes",
    [{"counts_only": True}, {"strict": True}, {"sort": "newest"}, {"match": "all"}, {"literal": True}, {"limit": 0}],
)
@pytest.mark.parametrize("query", ["tokenizer", "tokenizer penguin quokka"])
def test_what_shows_no_first_page_is_not_judged(home: Home, query: str, wishes: dict[str, object]) -> None:
    """Counts, lists and other orders, also where all the words are had."""
    assert home.search(query, **wishes).confidence is None


def test_a_later_page_is_not_judged(home: Home) -> None:
    """It is the first page that has what was meant, or has not."""
    assert home.search("aspirin ship", offset=10).confidence is None


def test_what_chance_brings_together_is_doubted(tmp_path: Path) -> None:
    """A long message has three of any four words; a short one has them because somebody meant them."""
    words = [f"{first}{last}" for first in ("sail", "rope", "mast", "keel") for last in ("maker", "yard", "end", "s")]
    ships = {f"ship{n}": " ".join([*words[n % 8 :: 5], "on its way past an island"]) for n in range(60)}
    texts = {"long": "\n".join([*words, *NUMBERS]), "short": "the walrus mended a lantern for the penguin"}
    home = say(make_home(tmp_path), **ships, **texts)

    by_chance = home.search("sailmaker mastyard keelend penguin")
    meant = home.search("walrus lantern penguin sailmaker")

    assert by_chance.rung == meant.rung == "most"
    assert by_chance.is_unlikely
    assert meant.confidence is not None and meant.confidence > 0.7


def test_all_of_four_words_may_be_an_accident_and_of_three_is_not(tmp_path: Path) -> None:
    """Four stand together in a long message anyway, if each is in half of all; ten messages with them are an answer."""
    halves = {f"half{n}": " ".join(("oak", "elm", "ash", "fir")[n % 2 :: 2]) for n in range(60)}
    home = say(make_home(tmp_path), **halves, long="\n".join(["oak", "elm", "ash", "fir", *NUMBERS]))

    four, three = home.search("oak elm ash fir"), home.search("oak elm ash")

    assert four.rung == three.rung == "all"
    assert four.confidence is not None and three.confidence is not None
    assert four.confidence < three.confidence == 0.99


def test_a_slip_in_a_short_word_costs_little(home: Home) -> None:
    """Nobody can correct `dyw`, as nobody corrects words of three letters; that the rest is there tells more."""
    short, long = home.search("dyw tokenizer panicked empty"), home.search("dywqr tokenizer panicked empty")

    assert short.rung == long.rung == "most"
    assert short.confidence is not None and long.confidence is not None
    assert short.confidence > long.confidence


@pytest.mark.parametrize(
    ("query", "alike", "trusted"),
    [
        ("does aspirin on an island lower the risk of cancer", 0.65, True),
        ("does aspirin on an island lower the risk of cancer", 0.45, False),
        ("aspirin island colorectal cancer", 0.65, False),
        ("aspirin island colorectal cancer", 0.8, True),
    ],
)
def test_keywords_must_come_nearer_in_meaning_than_a_sentence(
    home: Home, query: str, alike: float, trusted: bool
) -> None:
    """Four words come near to some text of any archive."""
    request = Request(query, mode="lexical_only")
    results = search(home.places, request, 0, lambda: 0.0, "/", Freshness(), after=partial(_as_near_as, alike))

    assert results.is_unlikely != trusted


def _as_near_as(alike: float, looking: Search, found: Found) -> Found:
    return replace(found, alike=alike)


def test_a_short_word_alone_is_as_unknown_as_any(home: Home) -> None:
    assert home.search("dyw zymurgy").confidence == 0.0
