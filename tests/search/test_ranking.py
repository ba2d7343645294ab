"""Which of several messages with the words of a query comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.lexical import compile, reader
from tests.archive import make_home
from tests.search.asking import names, say

# Other messages, so that the words of a query are rare.
OTHERS = {f"other{n}": f"ship number {n} sails past island {n}" for n in range(50)}


def first_of(folder: Path, query: str, **said: str) -> list[str]:
    return names(say(make_home(folder), **said, **OTHERS).search(query))


def test_a_line_that_is_pasted_finds_itself(tmp_path: Path) -> None:
    """Words next to each other as they were typed count more than the same words apart."""
    found = first_of(
        tmp_path,
        "broken pipe",
        apart="the pipe was laid where a cable had been broken",
        line="it ended with a broken pipe and where nobody had seen it",
    )

    assert found == ["line", "apart"]


def test_a_foreign_word_costs_little(tmp_path: Path) -> None:
    """A message with all words but one stands above one that has a single word many times."""
    found = first_of(
        tmp_path,
        "walrus penguin lantern zebra",
        many="walrus walrus walrus walrus",
        most="a walrus and a penguin by the light of a lantern",
        zebra="one zebra, far away",
    )

    assert found[0] == "most"


def test_a_hyphen_does_not_outweigh_the_sentence(tmp_path: Path) -> None:
    """What is spelled as typed gains by as much as it is of the query."""
    found = first_of(
        tmp_path,
        "which slow-moving glacier carried granite boulders across the frozen valley",
        spelled="a slow-moving queue",
        meant="the glacier, slow and moving, carried boulders of granite across a valley that was frozen",
    )

    assert found[:2] == ["meant", "spelled"]


def test_what_a_hyphen_joins_counts_alone_but_finds_nothing(tmp_path: Path) -> None:
    """Beside another word `speeds` adds to a message; by itself `high-speed` means both words."""
    said = {"both": "a high-speed train", "part": "a train of all speeds", "none": "one more train"}
    home = say(make_home(tmp_path), **said, **OTHERS)

    assert names(home.search("high-speed")) == ["both"]
    assert names(home.search("high-speed train")) == ["both", "part", "none"]


def test_the_form_that_was_typed_comes_first(tmp_path: Path) -> None:
    """Another form of the word finds a message too, and counts less."""
    found = first_of(tmp_path, "compile", other="it compiled at noon", typed="compile it at noon")

    assert found == ["typed", "other"]


def test_in_a_long_sentence_another_form_counts_as_much(tmp_path: Path) -> None:
    """What is told in many words was not typed for the endings."""
    found = first_of(
        tmp_path,
        "please tell me once more when and why our builders compile things",
        short="we compile",
        meant="builders compiled things once",
    )

    assert found == ["meant", "short"]


@pytest.mark.parametrize("postings", [0, compile.COMMON])
def test_common_words_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postings: int) -> None:
    """Where words are common, what lacks two of them is looked at last, and the pages are pages of one order."""
    monkeypatch.setattr(compile, "COMMON", postings)
    all_of = {f"all{n:02}": f"walrus penguin lantern zebra {'ice ' * n}" for n in range(12)}
    three = {f"three{n:02}": f"walrus penguin lantern {'ice ' * n}" for n in range(12)}
    one = {f"one{n:02}": f"a zebra {'ice ' * n}" for n in range(12)}
    home = say(make_home(tmp_path), **one, **three, **all_of, **OTHERS)

    results = home.search("walrus penguin lantern zebra", limit=100)
    pages = [names(home.search("walrus penguin lantern zebra", limit=9, offset=at)) for at in range(0, 36, 9)]

    assert sorted(names(results)[:12]) == sorted(all_of)
    assert sorted(names(results)[12:24]) == sorted(three)
    assert sorted(names(results)[24:]) == sorted(one)
    assert [name for page in pages for name in page] == names(results)
    assert results.total == 12


def test_what_has_all_common_words_need_not_be_looked_for_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few messages have them all: told which, or asked once more, the order and the scores are the same."""
    monkeypatch.setattr(compile, "COMMON", 0)
    all_of = {f"all{n}": f"walrus penguin lantern zebra {'ice ' * 9 * n}" for n in range(3)}
    three = {f"three{n}": f"walrus walrus penguin lantern {'ice ' * n}" for n in range(12)}
    home = say(make_home(tmp_path), **three, **all_of, **OTHERS)
    answers = []
    for few in (0, reader.FEW_WITH_ALL):
        monkeypatch.setattr(reader, "FEW_WITH_ALL", few)
        answers.append([(hit.external_id, hit.score) for hit in home.search("walrus penguin lantern zebra").hits])

    assert answers[0] == answers[1]
    assert {name for name, _ in answers[0][:3]} == set(all_of)


@pytest.mark.parametrize("postings", [0, compile.COMMON])
def test_two_common_words_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postings: int) -> None:
    """Looked for form by form, both words are found in every form, the typed ones first."""
    monkeypatch.setattr(compile, "COMMON", postings)
    both = {f"both{n}": f"a walrus meets a penguin {'ice ' * n}" for n in range(4)}
    forms = {f"forms{n}": f"the walruses and the penguins {'ice ' * n}" for n in range(4)}
    alone = {"walrus": "one walrus", "penguins": "some penguins"}
    home = say(make_home(tmp_path), **both, **forms, **alone, **OTHERS)

    results = home.search("walrus penguin", limit=100)

    assert names(results) == [*sorted(both), *sorted(forms), *names(results)[8:]]
    assert (sorted(names(results)[8:]), results.total) == (sorted(alone), 8)


@pytest.mark.parametrize("postings", [0, compile.COMMON])
def test_a_rare_word_among_common_ones_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postings: int) -> None:
    """Where nothing has all the words, what has the rare one and another stands first, however it was looked for."""
    monkeypatch.setattr(compile, "COMMON", postings)
    common = {f"common{n:02}": f"walrus penguin {'ice ' * n}" for n in range(30)}
    home = say(make_home(tmp_path), rare="a walrus and a zebra", other="zebra, penguin, ice", **common, **OTHERS)

    results = home.search("walrus penguin zebra", limit=100)

    assert set(names(results)[:2]) == {"rare", "other"}
    assert sorted(names(results)[2:]) == sorted(common)
    assert (results.total, results.rung) == (32, "most")
    for wish in ({"match": "most"}, {"sort": "newest"}, {"strict": True}):
        only = home.search("walrus penguin zebra", limit=100, **wish)
        assert (sorted(names(only)), only.total) == (sorted(names(results)), 32)
