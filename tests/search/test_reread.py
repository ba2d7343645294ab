"""A sentence of which no message has all words: the best candidates' texts are read, and tell them apart."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest

from cass.lexical.reader import Candidate
from cass.search import reread
from cass.search.reread import Sought, gains
from tests.archive import make_home
from tests.search.asking import names, say

FILLER = {f"filler{n:02}": f"the ship number {n} is past the island and gone" for n in range(30)}
ASKED = "which walrus had sunk a trawler near the lighthouse"
NONE = "and then it was what we had for all of them"


def idf(word: str) -> float:
    return log(1 + 30 / (1 + len(word) % 3))


def head(count: int) -> list[Candidate]:
    """So many candidates of different sessions, equally good."""
    return [Candidate(at, 5.0, at, None, at) for at in range(count)]


def sought(text: str, *pairs: tuple[int, int]) -> Sought:
    words = text.split()
    return Sought({word: at for at, word in enumerate(words)}, [2.0] * len(words), pairs)


def test_words_near_each_other_gain() -> None:
    """In either order, and with a word or two between; not at the two ends of a text."""
    texts = [f"{text} {NONE}".split() for text in ("walrus trawler", "trawler or walrus", "gone walrus")]
    far = f"walrus {NONE} trawler".split()

    near, turned, alone, apart = gains([*texts, far], head(4), sought("walrus trawler", (0, 1)), idf)

    assert near == pytest.approx(turned, abs=0.05)
    assert min(near, turned) > apart + reread.PAIRS_PART / 2 > alone


def test_a_word_counts_in_all_its_forms() -> None:
    """Two forms of a word, each once, are as much as one of them twice."""
    wanted = Sought({"sink": 0, "sunk": 0}, [2.0], ())

    twice, both, once = gains([["sink", "sink", "a"], ["sink", "sunk", "a"], ["sink", "b", "a"]], head(3), wanted, idf)

    assert twice == both > once


def test_what_the_best_have_in_common_counts() -> None:
    """A text that has it is nearer to them than one that has words of its own."""
    texts = [text.split() for text in ("walrus ice tusk", "walrus tusk floe", "walrus cake rum", "walrus tusk")]

    one, other, alone, short = gains(texts, head(4), sought("walrus"), idf)

    assert min(one, other, short) > alone


def test_texts_without_words_gain_nothing() -> None:
    assert gains([[], []], head(2), sought("walrus"), idf) == [0.0, 0.0]


def test_a_sentence_finds_what_says_it_in_one_breath(tmp_path: Path) -> None:
    """Of two messages with the same words the one comes first that has them side by side."""
    scattered = (
        "the walrus is here, the weather is fine and the trawler, they say, was there; one of them may have sunk"
    )
    together = (
        "a trawler was sunk by a walrus; the weather is fine and they say that one of them may have been there too"
    )
    home = say(make_home(tmp_path), together=together, scattered=scattered, **FILLER)

    assert names(home.search(ASKED, limit=2)) == ["together", "scattered"]


def test_pages_of_a_sentence_are_pages_of_one_order(tmp_path: Path) -> None:
    """The same candidates are read for each page."""
    texts = {
        f"s{n:02}": f"walrus {'sunk ' * (n % 4)} near {'ice ' * n} trawler {'lighthouse ' * (n % 3)}" for n in range(30)
    }
    home = say(make_home(tmp_path), **texts, **FILLER)
    whole = names(home.search(ASKED, limit=30))

    pages = [names(home.search(ASKED, limit=6, offset=at)) for at in range(0, 30, 6)]

    assert [name for page in pages for name in page] == whole


def test_keywords_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only sentences pay for it, and only those of which no message has all the words."""
    home = say(make_home(tmp_path), one="a walrus near the lighthouse", other="which trawler had sunk it", **FILLER)
    read: list[str] = []
    monkeypatch.setattr(reread, "reread", lambda search, reader, found: read.append(search.request.text) or found)

    for text in ("walrus trawler lighthouse", "which trawler had it", ASKED):
        home.search(text)

    assert read == [ASKED]
