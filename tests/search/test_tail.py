"""Messages that SQLite has and the lexical index has not: found like all others."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.lexical import reader
from cass.search import engine
from tests.archive import MINUTE_MS, NOW_MS, Home, answers, calls, make_home, says
from tests.search.asking import found, freshen, marked, names, say

OLD = {"one": "the walrus sleeps", "two": "a penguin walks", "three": "nothing here but fish"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return say(make_home(tmp_path), **OLD)


def _add(home: Home, **texts: str) -> None:
    for name, text in texts.items():
        home.claude(name, text, start_ms=home.now_ms - MINUTE_MS)
    freshen(home)


def test_a_fresh_message_is_found_and_ranked(home: Home) -> None:
    """Where it will stand once the index has it."""
    _add(home, fresh="walrus walrus walrus", long=f"walrus {'and other things ' * 300}")
    fresh = names(home.search("walrus"))
    home.index()

    assert fresh == names(home.search("walrus")) == ["fresh", "one", "long"]


def test_a_fresh_message_is_counted(home: Home) -> None:
    """In the total, by the rungs, in the order of time."""
    _add(home, fresh="a walrus meets a penguin")
    results = home.search("walrus penguin")

    assert (results.total, results.rung, names(results)[0]) == (1, "all", "fresh")
    assert results.hits[0].match_type == "exact"
    assert {hit.match_type for hit in results.hits[1:]} == {"relaxed"}
    assert names(home.search("walrus penguin", sort="newest")) == ["fresh"]
    assert names(home.search("walrus", sort="newest")) == ["fresh", "one"]
    assert names(home.search("walrus", sort="oldest")) == ["one", "fresh"]
    assert home.search("").hits[0].external_id == "fresh"
    assert home.search("").total == 4


@pytest.mark.parametrize(
    ("text", "wishes", "expected"),
    [
        ("walrus role:user", {}, {"one", "fresh"}),
        ("walrus role:assistant", {}, set()),
        ("walrus -meets", {}, {"one"}),
        ("walrus", {"since": str(NOW_MS - 2 * MINUTE_MS)}, {"fresh"}),
        ("walr*", {}, {"one", "fresh"}),
        ('"walrus meets"', {}, {"fresh"}),
        ("walrus agent:codex", {}, set()),
        ("path:src/x.rs", {}, {"fresh"}),
        ("path:c/x.rs", {}, set()),
        ("walrus penguin", {"match": "all"}, {"fresh"}),
        ("meets", {"literal": True}, {"fresh"}),
        ("title:meets", {}, {"fresh"}),
        ("fish OR title:meets", {}, {"three", "fresh"}),
    ],
)
def test_a_fresh_message_passes_the_same_filters(
    home: Home, text: str, wishes: dict[str, object], expected: set[str]
) -> None:
    """As when it is indexed."""
    _add(home, fresh="a walrus meets a penguin in src/x.rs")
    fresh = found(home, text, **wishes)
    home.index()

    assert fresh == expected
    assert found(home, text, **wishes) == expected


def test_a_word_that_only_a_fresh_message_has_is_right(home: Home) -> None:
    """It is neither dropped nor corrected to what the index knows."""
    _add(home, fresh="the walruz of nowhere, and zorkmid")

    for word in ("walruz", "zorkmid"):
        results = home.search(word)
        assert (names(results), results.rung, results.corrected, results.dropped) == (["fresh"], "all", (), ())


def test_a_corrected_word_is_looked_for_in_fresh_messages(home: Home) -> None:
    """A slip of the finger finds old and new."""
    _add(home, fresh="a walrus again")
    results = home.search("walrsu", sort="newest")

    assert (names(results), results.total) == (["fresh", "one"], 2)
    assert {hit.match_type for hit in results.hits} == {"corrected"}
    assert marked(results) == ["walrus", "walrus"]


def test_a_changed_message_is_one_message(home: Home) -> None:
    """The agent goes on with what it said: the index has it as it was, it is shown and counted as it is."""
    home.claude("growing", "a question", _part("the walrus sleeps"))
    home.index()
    home.append("growing", _part("and snores"))
    freshen(home)

    for text in ("walrus", "snores", "walrus snores", '"sleeps and"'):
        results = home.search(text, sessions=("growing",), strict=True)
        assert (names(results), results.total, results.rung) == (["growing"], 1, "all"), text
    assert home.search("walrus", sessions=("growing",)).hits[0].snippet == "the walrus sleeps and snores"
    assert home.search("", grouped=False).total == len(home.search("", grouped=False, limit=50).hits) == 5


def _part(text: str) -> dict[str, object]:
    """One of the lines that make up a message."""
    message = {"id": "m-growing", "role": "assistant", "content": [{"type": "text", "text": text}]}
    return {"type": "assistant", "message": message}


def test_fresh_words_of_cass_itself_are_left_out(home: Home) -> None:
    """Also where the index has nothing of the kind yet."""
    call = says("assistant", calls("Bash", "c1", command="cass search walrus"))
    home.claude("asking", "look", call, says("user", answers("c1", "walrus walrus")))
    freshen(home)

    assert found(home, "walrus") == {"one"}
    assert found(home, "walrus", include_self=True) == {"one", "asking"}


@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_pages_go_on_into_fresh_messages(home: Home, sort: str) -> None:
    """Every hit once."""
    _add(home, **{f"f{at}": f"walrus {'and ' * at}" for at in range(12)})
    whole = names(home.search("walrus", limit=50, sort=sort))
    pages = [name for at in range(0, 15, 3) for name in names(home.search("walrus", limit=3, offset=at, sort=sort))]

    assert pages == whole
    assert len(whole) == 13


def test_fresh_messages_change_no_order_among_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has all the words stays first on every page, also long messages that score less than others."""
    monkeypatch.setattr(engine, "LEAST_FETCHED", 1)
    monkeypatch.setattr(reader, "PLENTY", 4)
    whole = {f"whole{at}": f"walrus penguin {'and so on ' * (90 + at)}" for at in range(8)}
    others = {f"other{at}": f"penguin {'penguin ' * at}" for at in range(8)}
    home = say(make_home(tmp_path), **whole, **others, **{f"many{at}": "walrus" for at in range(30)})
    before = names(home.search("walrus penguin", limit=50, grouped=False))
    _add(home, fresh="a penguin")
    asked = [home.search("walrus penguin", limit=2, offset=at, grouped=False) for at in range(0, 18, 2)]
    pages = [name for each in asked for name in names(each)]

    assert len(set(pages)) == len(pages)
    assert [name for name in pages if name != "fresh"] == before[: len(pages) - ("fresh" in pages)]


def test_another_form_of_a_word_scores_before_it_is_indexed(tmp_path: Path) -> None:
    """`walrus` is what was asked for by `walruses`: the message does not go behind those with less."""
    home = say(make_home(tmp_path), **{f"o{n}": f"zebra number {n} runs" for n in range(20)})
    home.claude("one", "the walrus met a penguin in the yard")
    home.claude("forms", "the walruses met penguins in the yard")
    freshen(home)

    assert set(names(home.search("walruses penguins zebra"))[:2]) == {"one", "forms"}
