"""Hits that say the same thing are put apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.cli.app import parse as slowly
from cass.cli.lane import parse
from cass.errors import UsageError
from cass.search.diverse import diverse, mark_of
from cass.search.request import DIVERSE_DEPTH
from cass.settings.table import BY_KEY
from tests.archive import Home, make_home
from tests.search.asking import say

SAID = {
    "first": "walrus walrus walrus: the build fails with a missing header",
    "again": "walrus walrus walrus: the build fails with a missing header, too",
    "other": "a walrus, and deploys to the second region are slow since monday at noon",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("diverse")), **SAID)


def order(home: Home, *words: str, **env: str) -> list[str]:
    said = json.loads(home.cass("search", "walrus", "--json", *words, env=env).stdout)
    return [hit["external_id"] for hit in said["hits"]]


def order_set(home: Home, value: str, *words: str) -> list[str]:
    """The same where `search.diversity` is set."""
    return order(home, *words, CASS_SEARCH_DIVERSITY=value)


def test_what_is_different_comes_before_what_repeats(home: Home) -> None:
    """The best hit stays first."""
    plain = order(home)

    assert plain.index("other") == 2
    assert order(home, "--diverse=0.3") == [plain[0], "other", plain[1]]
    assert order(home, "--diverse=0.1") == [plain[0], "other", plain[1]]


def test_pages_are_pieces_of_one_order(tmp_path: Path) -> None:
    """Each page orders as many hits as any other: nothing comes twice, nothing is left out."""
    many = {f"s{at:03}": f"{'walrus ' * (at % 7 + 1)}{'seal ' * (at % 5)}and {at} fish" for at in range(130)}
    home = say(make_home(tmp_path), **many)
    whole = order(home, "--diverse", "-n", "130")

    pages = [order(home, "--diverse", "-n", "13", "--offset", str(at)) for at in range(0, 130, 13)]

    assert [name for page in pages for name in page] == whole
    assert len(set(whole)) == 130


def test_only_the_best_hits_are_put_in_another_order(tmp_path: Path) -> None:
    """As many as `search.diversity_depth` says, 100 if it says nothing; a page is a piece of the same order."""
    home = say(make_home(tmp_path), **SAID, last="one walrus, after a great many other words about ships")
    depth = {"CASS_SEARCH_DIVERSITY_DEPTH": "3"}
    plain = order(home)

    assert BY_KEY["search.diversity_depth"].default == DIVERSE_DEPTH
    assert order(home, "--diverse=0.1")[-1] == plain[1]
    assert order(home, "--diverse=0.1", **depth) == [plain[0], plain[2], plain[1], plain[3]]
    assert order(home, "--diverse=0.1", "-n", "1", "--offset", "1", **depth) == [plain[2]]


def test_if_relevance_is_all_nothing_moves(home: Home) -> None:
    assert order(home, "--diverse=1") == order(home)


def test_an_order_by_time_is_left_alone(home: Home) -> None:
    """And said so."""
    done = home.cass("search", "walrus", "--diverse", "--sort", "newest")

    assert "--diverse changes only an order by relevance" in done.stderr


def test_a_setting_does_what_the_option_does(home: Home) -> None:
    """`search.diversity`, unless the command says otherwise."""
    plain = order(home)

    assert order_set(home, "0.3") == order(home, "--diverse=0.3") != plain
    assert order_set(home, "on") == order(home, "--diverse") == order(home, "--diverse=on")
    assert order_set(home, "off") == order_set(home, "0.3", "--diverse=off") == plain
    assert order_set(home, "0.3", "--diverse=1") == order_set(home, "1") == plain
    assert order_set(home, "off", "--diverse=0.3") == order(home, "--diverse=0.3")


@pytest.mark.parametrize("words", [("walrus", "--sort", "newest"), ("agent:claude_code",), ("walrus", "--count")])
def test_a_setting_leaves_other_orders_alone(home: Home, words: tuple[str, ...]) -> None:
    """Without a word: nobody asked for it."""
    plain = home.cass("search", "--jsonl", *words)
    done = home.cass("search", "--jsonl", *words, env={"CASS_SEARCH_DIVERSITY": "0.3"})

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:-1] == plain.stdout.splitlines()[:-1]
    assert "--diverse" not in done.stdout


def test_a_request_may_switch_the_setting_off(home: Home, tmp_path: Path) -> None:
    """One line of standard input as well as the command."""
    (tmp_path / "cass.toml").write_text("search.diversity = 0.3\n")

    def first(request: str) -> list[str]:
        said = home.cass("search", "--stdio", env={"CASS_CONFIG_DIR": str(tmp_path)}, stdin=request).stdout
        return [hit["external_id"] for hit in json.loads(said)["hits"]]

    assert first('{"query": "walrus"}') == order(home, "--diverse=0.3")
    assert first('{"query": "walrus", "diverse": false}') == order(home)


@pytest.mark.parametrize(
    ("words", "share"),
    [
        ((), None),
        (("--diverse",), 0.5),
        (("--diverse=0.7",), 0.7),
        (("--diverse=off",), "off"),
        (("--diverse", "0.3"), 0.3),
        (("--diverse", ".25"), 0.25),
        (("--diverse", "1"), 1.0),
        (("--diverse", "--", "0.3"), 0.5),
        (("--diverse", "404"), 0.5),
        (("--diverse", "off"), 0.5),
        (("--diverse", "1.0.2"), 0.5),
        (("--diverse=0.7", "0.3"), 0.7),
        (("--", "--diverse"), None),
        (("--", "--diverse", "0.3"), None),
    ],
)
def test_the_share_is_optional(words: tuple[str, ...], share: float | str | None) -> None:
    """Read the same way by both parsers; a word behind it that is no such number is a word of the query."""
    argv = ["search", "x", *words]
    quick = parse(argv)

    assert quick is not None
    slow = slowly(argv)
    assert quick.options["diverse"] == slow.options["diverse"] == share
    assert quick.options["query"] == slow.options["query"]


def test_a_number_behind_it_is_no_word_of_the_query() -> None:
    """`--diverse 0.3 walrus` looks for walruses alone."""
    for argv in (["search", "--diverse", "0.3", "walrus"], ["search", "walrus", "--diverse", "0.3"]):
        found = parse(argv)
        assert found is not None
        assert found.options["query"] == slowly(argv).options["query"] == ["walrus"]


@pytest.mark.parametrize("share", ["1.1", "-1", "x", "0.5.5"])
def test_a_share_beyond_one_is_refused(share: str) -> None:
    assert parse(["search", "x", f"--diverse={share}"]) is None
    with pytest.raises(UsageError, match="from 0 to 1"):
        slowly(["search", "x", f"--diverse={share}"])


def test_a_share_beyond_one_is_no_word_either() -> None:
    """What was meant as a number is not searched for."""
    with pytest.raises(UsageError, match="from 0 to 1"):
        slowly(["search", "x", "--diverse", "1.5"])


SCORES = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 2**12)), min_size=1, max_size=12)


@given(SCORES, st.floats(0, 1))
def test_the_running_maximum_is_the_definition(items: list[tuple[float, int]], share: float) -> None:
    """Compared with the formula written out: at each step the best of those left."""
    scores, marks = [score for score, _ in items], [mark for _, mark in items]
    low, high = min(scores), max(scores)

    def worth(at: int, before: list[int]) -> float:
        alike = [
            (marks[at] & marks[other]).bit_count() / ((marks[at] | marks[other]).bit_count() or 1) for other in before
        ]
        relevance = (scores[at] - low) / (high - low) if high > low else 1.0
        return share * relevance - (1 - share) * max(alike, default=0.0)

    chosen = diverse(scores, marks, share, len(items))

    assert sorted(chosen) == list(range(len(items)))
    for step, at in enumerate(chosen):
        left = set(chosen[step:])
        assert worth(at, chosen[:step]) == pytest.approx(max(worth(each, chosen[:step]) for each in left))


def test_a_text_has_the_same_mark_everywhere(tmp_path: Path) -> None:
    assert mark_of("walrus") == mark_of("Walrus, walrus!")
    assert mark_of("walrus").bit_count() == 1
    assert mark_of("") == 0
