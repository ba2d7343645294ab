"""Search as you type: what the last word may become, and what nobody wants to hear of while typing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cass.lexical import typed as typing
from cass.lexical import unusual
from tests.archive import Home, make_home
from tests.search.asking import found, freshen, marked, names, say

SAID = {
    "pool": "the connection pool is exhausted",
    "pools": "connections are never closed, so the poll of the queue hangs",
    "walrus": "a walrus read src/parser.rs and slept",
    "test": "the test is flaky",
    "testament": "a testament of walruses",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("live")), **SAID)


def typed(home: Home, text: str) -> set[str]:
    return found(home, text, live=True)


@pytest.mark.parametrize(
    ("text", "sessions"),
    [
        ("connec", {"pool", "pools"}),
        ("CONNECTION", {"pool", "pools"}),
        ("src/pars", {"walrus"}),
        ("title walr", {"walrus", "testament"}),
        ("wa", {"walrus", "testament"}),
        ('"connection po', {"pool"}),
        ('"po', {"pool", "pools"}),
        ("a (walr", {"walrus", "testament"}),
        ("walrus OR", {"walrus", "testament"}),
        ("walrus -fla", {"walrus", "testament"}),
        ("po*", {"pool", "pools"}),
    ],
)
def test_the_last_word_may_go_on(home: Home, text: str, sessions: set[str]) -> None:
    """Also inside what is not closed yet."""
    assert typed(home, text) >= sessions
    assert home.search(text, live=True).notes == ()


def test_only_the_last_word_goes_on(home: Home) -> None:
    """The ones before it, and it too behind a space, are whole."""
    assert typed(home, "walr slept") == {"walrus"}
    assert typed(home, "connec ") == set()


def test_a_word_that_is_being_typed_is_not_corrected(home: Home) -> None:
    """The same word is, once a space ends it."""
    assert home.search("walrsu", live=True).corrected == ()
    assert home.search("walrsu ", live=True).corrected == (("walrsu", "walrus"),)


def test_the_word_as_it_stands_comes_first(home: Home) -> None:
    """`test` may become testament, and mostly is what it is."""
    assert names(home.search("test", live=True)) == ["test", "testament"]


def test_what_the_word_became_is_set_off(home: Home) -> None:
    """All of it, not only the part that was typed."""
    assert marked(home.search("walr", live=True)) == ["walruses", "walrus"]


def test_the_answer_is_sure_of_nothing_yet(home: Home) -> None:
    """Who is still typing has not said what they look for."""
    assert home.search("conn", live=True).confidence is None


def test_of_many_words_only_some_are_looked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most frequent ones; then the count is a lower bound."""
    monkeypatch.setattr(unusual, "GROWN_TERMS", 1)
    results = home.search("test", live=True)

    assert (results.total, results.exact_total) == (2, True)

    results = home.search("po", live=True)
    assert (results.total, results.exact_total) == (1, False)


def test_a_common_word_is_looked_for_as_it_stands(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What begins so would be far behind it; the count is a lower bound."""
    monkeypatch.setattr(unusual, "COMMON_AS_TYPED", 0)
    results = home.search("test", live=True)

    assert (names(results), results.total, results.exact_total) == (["test"], 1, False)
    assert typed(home, "tes") == {"test", "testament"}


def test_the_beginning_of_a_common_word_is_looked_for_as_that_word(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its forms, so that every key on the way to it asks for the same; the count is a lower bound."""
    monkeypatch.setattr(unusual, "GROWN_FOUND", 0)
    monkeypatch.setattr(unusual, "COMMON_AS_TYPED", 0)
    answers = [home.search(text, live=True) for text in ("walru", "walrus")]

    assert [names(each) for each in answers] == [["walrus", "testament"], ["walrus", "testament"]]
    assert [(each.total, each.exact_total) for each in answers] == [(2, False), (2, False)]
    assert [marked(each) for each in answers] == [["walrus", "walruses"], ["walrus", "walruses"]]


def test_a_common_word_alone_is_looked_for_without_its_inflections(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be far behind; once it is asked for without typing on, they come."""
    monkeypatch.setattr(typing, "COMMON_AS_TYPED", 0)
    monkeypatch.setattr(typing, "ENOUGH", 1)
    results = home.search("walrus ", live=True, strict=True)

    assert (names(results), results.total, results.exact_total) == (["walrus"], 1, False)
    assert found(home, "walrus", strict=True) == {"walrus", "testament"}


def test_a_common_word_is_not_enough_alone_where_filters_leave_few(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is common in the archive, not in what is searched."""
    monkeypatch.setattr(typing, "COMMON_AS_TYPED", 0)
    results = home.search("walrus ", live=True, strict=True, roles=("user",))

    assert (set(names(results)), results.total, results.exact_total) == ({"walrus", "testament"}, 2, True)


def test_what_is_there_only_inflected_is_looked_for_in_every_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of its forms is the word as it was typed."""
    for name, value in (("COMMON_AS_TYPED", 0), ("FOUND_SOON", 0), ("ENOUGH", 1)):
        monkeypatch.setattr(typing, name, value)
    home = say(make_home(tmp_path), past="connected in Lima", now="connecting in Lima", other="Lima")

    assert found(home, "connect ", live=True, strict=True) == {"past", "now"}
    assert found(home, "connect lima ", live=True, strict=True) == {"past", "now"}


@pytest.mark.parametrize(
    "text",
    [
        "walrus OR slept ",
        "walrus AND NOT slept ",
        "(walrus OR agent:claude) ",
        "agent:codex OR agent:claude ",
    ],
)
def test_operators_mean_the_same_while_somebody_types(home: Home, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Only words side by side are looked for sooner."""
    for name, value in (("COMMON_AS_TYPED", 0), ("FOUND_SOON", 0), ("ENOUGH", 1)):
        monkeypatch.setattr(typing, name, value)
    live, later = (home.search(text, live=live, strict=True) for live in (True, False))

    assert (names(live), live.total, live.rung, live.notes) == (names(later), later.total, later.rung, later.notes)


@pytest.mark.parametrize(("enough", "sessions"), [(1, ["both"]), (2, ["both", "others"])])
def test_words_are_enough_as_they_are_typed_where_they_fill_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough: int, sessions: list[str]
) -> None:
    """Else their inflections are looked for, too."""
    monkeypatch.setattr(typing, "FOUND_SOON", 0)
    monkeypatch.setattr(typing, "ENOUGH", enough)
    said = {"both": "a walrus meets a penguin", "others": "walruses meet penguins", "one": "one walrus"}
    home = say(make_home(tmp_path), **said)

    results = home.search("walrus penguin", live=True, strict=True)
    assert (sorted(names(results)), results.exact_total) == (sessions, enough == 2)
    newest = home.search("walrus penguin", live=True, strict=True, sort="newest")
    assert sorted(names(newest)) == ["both", "others"]
    assert sorted(names(home.search("walrus penguin", strict=True))) == ["both", "others"]


def test_a_word_that_is_hardly_begun_takes_nothing_away(home: Home) -> None:
    """No message has both: those with the words before it stay, and the answer says what was left out."""
    results = home.search("walrus slept fl", live=True)
    assert (results.rung, results.dropped) == ("all", ("fl",))
    assert names(results)[0] == "walrus"
    assert {hit.match_type for hit in results.hits} == {"relaxed"}

    longer = home.search("walrus slept fla", live=True)
    assert (longer.rung, longer.dropped) == ("most", ())
    assert home.search("walrus fl", live=True, match="all").hits == ()


def test_a_word_that_is_hardly_begun_takes_nothing_away_from_what_is_new(tmp_path: Path) -> None:
    """A message that is not in the index yet has the words before it, or all of them."""
    home = say(make_home(tmp_path), old="a walrus slept", other="flour")
    home.claude("new", "another walrus slept in al")
    home.claude("newest", "flags")
    freshen(home)

    results = home.search("walrus slept fl", live=True)
    assert (results.rung, results.total, results.exact_total, results.dropped) == ("all", 2, True, ("fl",))
    assert set(names(results)) == {"old", "new", "other", "newest"}
    assert {hit.match_type for hit in results.hits} == {"relaxed"}
    assert found(home, "walrus slept fl", live=True, strict=True) == {"old", "new"}

    results = home.search("walrus slept al", live=True, strict=True)
    assert (names(results), results.total, results.dropped) == (["new"], 1, ())


def test_in_a_large_archive_two_letters_are_too_few(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at all words that begin so would take longer than typing one more."""
    monkeypatch.setattr(unusual, "MANY_DOCUMENTS", 2)

    assert (typed(home, "wa"), typed(home, "wal")) == (set(), {"walrus", "testament"})


@pytest.mark.parametrize("text", ["walrus agent:co", "walrus agent:", "walrus workspace:nowh", "walrus (a OR agent:cl"])
def test_a_field_limits_nothing_before_it_says_something(home: Home, text: str) -> None:
    """A half typed name is no error."""
    assert typed(home, text) >= {"walrus", "testament"}


def test_a_field_that_is_typed_to_its_end_limits(home: Home) -> None:
    assert typed(home, "walrus agent:codex") == set()
    assert typed(home, "walrus agent:claude") == {"walrus", "testament"}


def test_without_an_index_the_last_word_may_go_on_too(home: Home, tmp_path) -> None:
    """Whatever answers, it is the same question."""
    other = say(make_home(tmp_path), **SAID)
    for path in sorted((other.data / "derived" / "lexical").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()

    assert typed(other, "connec") == {"pool", "pools"}
    assert typed(other, "src/pars") == {"walrus"}


@pytest.mark.parametrize(
    ("text", "marks"), [(".NET", ["net"]), (".ne", ["net"]), ("ß", ["sso", "ßtart"]), ("ǅ", ["dzungla"])]
)
def test_what_is_found_is_marked(tmp_path_factory: pytest.TempPathFactory, text: str, marks: list[str]) -> None:
    """Also where the index writes what is typed in other letters, or without its punctuation."""
    home = say(
        make_home(tmp_path_factory.mktemp("marked")), a="a net-enabled toaster", b="the sso ßtart", c="a dzungla"
    )

    assert marked(home.search(text, live=True)) == marks
