"""How many of the words a message must have, and what follows from that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cass.query.plain import least_of
from tests.archive import Home, make_home
from tests.search.asking import found, freshen, marked, names, say

SAID = {
    "both": "the walrus met a penguin",
    "walrus": "a walrus, a walrus",
    "penguin": "penguin penguin penguin",
    "late": "one more walrus",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return say(make_home(tmp_path_factory.mktemp("rungs")), **SAID)


def test_most_lacks_a_third_at_most() -> None:
    """One of two, two of three, three of four, four of six."""
    assert [least_of(words) for words in (1, 2, 3, 4, 5, 6, 9)] == [1, 1, 2, 3, 4, 4, 6]


def test_relevance_shows_every_rung(home: Home) -> None:
    """All the words first, then those that lack some; only the first kind is counted."""
    results = home.search("walrus penguin")

    assert names(results)[0] == "both"
    assert set(names(results)) == set(SAID)
    assert (results.total, results.rung) == (1, "all")
    assert [hit.match_type for hit in results.hits] == ["exact", "relaxed", "relaxed", "relaxed"]


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_an_order_by_time_shows_one_rung(home: Home, sort: str) -> None:
    """A newer message that lacks a word never stands above one that has all."""
    assert names(home.search("walrus penguin", sort=sort)) == ["both"]


def test_a_list_of_sessions_shows_one_rung(home: Home) -> None:
    """What is listed is what is counted."""
    assert names(home.search("walrus penguin", strict=True)) == ["both"]


def test_without_all_those_with_most_count(home: Home) -> None:
    """Nobody has all three: whoever has two of them does."""
    results = home.search("walrus penguin met quokkas", sort="newest", match=None)

    assert (results.rung, results.total, names(results)) == ("most", 1, ["both"])


@pytest.mark.parametrize(
    ("match", "text", "expected"),
    [
        ("all", "walrus penguin", {"both"}),
        ("most", "walrus penguin", set(SAID)),
        ("any", "walrus penguin", set(SAID)),
        ("all", "walrus penguin zzqx", set()),
        ("most", "walrus met penguin", {"both"}),
        ("any", "walrus met penguin", set(SAID)),
        ("most", "walrus", {"both", "walrus", "late"}),
        ("any", "walrus", {"both", "walrus", "late"}),
        ("any", '"walrus met"', {"both"}),
        ("most", "", set(SAID)),
    ],
)
def test_match_fixes_the_rung(home: Home, match: str, text: str, expected: set[str]) -> None:
    """Also for one word, a phrase, or nothing."""
    results = home.search(text, match=match)

    assert set(names(results)) == expected
    assert results.total == len(expected)


def test_a_word_that_occurs_nowhere_is_named(home: Home) -> None:
    """It cannot be had, so nothing has all the words."""
    results = home.search("walrus zzqx")

    assert (results.rung, results.dropped) == ("most", ("zzqx",))
    assert {hit.match_type for hit in results.hits} == {"relaxed"}


def test_a_corrected_word_counts(home: Home) -> None:
    """`walrsu penguin` is read as `walrus penguin`, and one message has both."""
    results = home.search("walrsu penguin")

    assert (results.rung, results.total, results.corrected) == ("all", 1, (("walrsu", "walrus"),))
    assert results.hits[0].match_type == "corrected"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("pnguinn", "penguin"), ("penugni", "penguin"), ("pemguim", "penguin"), ("pengwein", "penguin")],
)
def test_a_long_word_is_corrected_within_two_edits(home: Home, typed: str, meant: str) -> None:
    """Where nothing is one edit away."""
    results = home.search(f"{typed} walrus")

    assert results.corrected == ((typed, meant),)
    assert results.total == 1


def test_only_some_words_of_a_query_are_looked_for_so_far_away(home: Home) -> None:
    """A pasted log of unknown names takes no longer than a query."""
    results = home.search("pemguim pengwein pemguinn")

    assert [typed for typed, _ in results.corrected] == ["pemguim", "pengwein"]
    assert results.dropped == ("pemguinn",)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("transcript_paht", "transcript_path"),
        ("Transcript_Paht", "transcript_path"),
        ("src/nett/pool.rs:42", "src/net/pool.rs:42"),
        ("quarterly-reprot", "quarterly-report"),
        ("serv/server.py", "serve/server.py"),  # not each server in it
        ("src/lbi.rs", "src/lib.rs"),  # a short part
        ("flex-warp", "flex-wrap"),  # a slip that is a word
    ],
)
@pytest.mark.parametrize("is_indexed", [True, False])
def test_a_slip_in_a_name_is_corrected_where_the_name_stands_somewhere(
    tmp_path: Path, typed: str, meant: str, is_indexed: bool
) -> None:
    """Its other parts stand everywhere, and hide what was meant."""
    said = "the transcript_path, src/net/pool.rs:42, our quarterly-report; serve/server.py, src/lib.rs, flex-wrap"
    others = {f"other{n}": "transcript, src, pool, rs 42, quarterly, flex, server, py, warp" for n in range(5)}
    home = say(make_home(tmp_path), meant=said, **others)
    if not is_indexed:
        home.append("meant", "nothing else")
        freshen(home)

    results = home.search(typed)

    assert results.corrected == ((typed, meant),)
    assert (names(results)[0], results.hits[0].match_type, results.rung) == ("meant", "corrected", "all")
    assert marked(results)[0].lower() == meant


@pytest.mark.parametrize(
    "name",
    [
        "transcript_paht",  # path stands beside no transcript
        "server01.example.com",  # another number is another thing
        "python3.11",
        "550e8400-e29c-41d4-a716-446655440000",
        "joan.smith@example.com",
        "wouldn't",
    ],
)
def test_a_name_that_stands_nowhere_is_not_bent_into_another(tmp_path: Path, name: str) -> None:
    """Its unknown part has a neighbour, and what then stands somewhere is something else."""
    said = "server02.example.com, python2.11, 550e8400-e29b-41d4-a716-446655440000, john.smith@example.com, couldn't"
    home = say(make_home(tmp_path), one="a transcript of the way", two="its path is long", three=said)

    results = home.search(name)

    assert (results.corrected, results.dropped) == ((), (name,))
    assert not home.search(name, strict=True).hits


@pytest.mark.parametrize(("typed", "meant"), [("AgentSesion", "agentsession"), ("getSesionFile", "getsessionfile")])
def test_a_slip_that_somebody_made_before_is_one_in_a_name_of_humps(tmp_path: Path, typed: str, meant: str) -> None:
    """Its parts stand somewhere, though in no message together: that was nothing found."""
    home = say(make_home(tmp_path), one="AgentSession has a getSessionFile", two="one sesion", three="agent, get, file")

    results = home.search(typed)

    assert (names(results), results.corrected) == (["one"], ((typed, meant),))


@pytest.mark.parametrize(("typed", "meant"), [("codx", "codex"), ("commnt", "comment"), ("grah", "graph")])
def test_of_two_words_the_likelier_slip_was_meant(tmp_path: Path, typed: str, meant: str) -> None:
    """Who errs leaves a letter out or swaps two, and seldom types another; a word's use decides only beside that."""
    home = say(make_home(tmp_path), **{f"o{n}": "code commit gray" for n in range(4)}, one="a codex comment, graph")

    assert home.search(typed).corrected == ((typed, meant),)


def test_names_that_stand_nowhere_leave_long_words_to_be_corrected(tmp_path: Path) -> None:
    """Only two words of a query are looked for within two edits."""
    home = say(make_home(tmp_path), one="kubernetes restart packages/components", two="packages foo")

    results = home.search("packages/zzyyxxwwvv components/qqwweerrtt kuberentse")

    assert results.corrected == (("kuberentse", "kubernetes"),)


@pytest.mark.parametrize("word", ["pen", "wal", "12345", "wlrsxs", "xenguinn", "pxxguin7"])
def test_short_words_and_numbers_are_not_corrected(home: Home, word: str) -> None:
    """They have too many neighbours to guess."""
    results = home.search(word)

    assert (results.total, results.corrected, results.dropped) == (0, (), (word,))


def test_a_word_that_is_not_wanted_is_neither_corrected_nor_named(home: Home) -> None:
    """`-walrsu` leaves out what is not there."""
    results = home.search("penguin -walrsu")

    assert (results.total, results.corrected, results.dropped) == (2, (), ())


def test_a_word_typed_twice_is_one_word(home: Home) -> None:
    """Repeating does not make a message with one word one with most."""
    assert home.search("walrus walrus walrus penguin").total == 1
    assert home.search("met met walrus quokkas", sort="newest").total == 1


def test_an_inflection_is_the_word(home: Home) -> None:
    """Whoever asks for penguins means a penguin."""
    assert found(home, "penguins", sort="newest") == {"both", "penguin"}
    assert home.search("penguins").rung == "all"


@pytest.mark.parametrize("indexed", [True, False])
def test_one_and_several_are_the_same_word(tmp_path: Path, indexed: bool) -> None:
    """Also where their stem ends before -ence or -ity, the ends of few of its forms."""
    home = say(make_home(tmp_path), one="a reference to the utility", several="references of utilities")
    if not indexed:
        shutil.rmtree(home.places.lexical)

    for word in ("reference", "references", "utility", "utilities"):
        assert found(home, word, sort="newest") == {"one", "several"}


def test_a_compound_that_stands_nowhere_is_named_and_its_parts_are_found(home: Home) -> None:
    """Messages with its parts are better than none, and are not said to have it."""
    results = home.search("walrus/penguin.rs:42")

    assert (results.rung, results.dropped) == ("any", ("walrus/penguin.rs:42",))
    assert set(names(results)) == set(SAID)
    assert {hit.match_type for hit in results.hits} == {"relaxed"}
    assert all(hit.matches for hit in results.hits)
    assert names(home.search("walrus/penguin")) == ["both"]


def test_under_any_those_with_all_words_are_exact(home: Home) -> None:
    """The match type is the message's own, whatever the rung."""
    for sort in ("relevance", "newest"):
        results = home.search("walrus penguin", match="any", sort=sort)
        types = {hit.external_id: hit.match_type for hit in results.hits}
        assert types == {"both": "exact", "walrus": "relaxed", "penguin": "relaxed", "late": "relaxed"}


def test_a_name_that_stands_nowhere_is_named_and_its_parts_are_found(home: Home) -> None:
    """`walrusPenguin` is nobody's name here; the message about both comes nearest."""
    results = home.search("walrusPenguin")

    assert (results.rung, results.dropped, names(results)) == ("any", ("walrusPenguin",), ["both"])
    assert [hit.snippet[start:end] for hit in results.hits for start, end in hit.matches] == ["walrus", "penguin"]


def test_words_beside_a_phrase_take_nothing_away(tmp_path: Path) -> None:
    """What has the phrase is found without them, also where one of two words is all that any message has."""
    home = say(make_home(tmp_path), one="a polar bear and a walrus", none="a polar bear alone", other="a penguin")

    results = home.search('walrus penguin "polar bear"')

    assert (names(results), results.rung) == (["one", "none"], "most")


COUNTED: dict[str, object] = {"counts_only": True, "strict": True}
LISTED: dict[str, object] = {"strict": True}
NEWEST: dict[str, object] = {"sort": "newest"}
MOST = [
    ("walrus zebra unicorn", 0),
    ("+walrus zebra unicorn", 0),
    ('"walrus met" zebra unicorn', 0),
    ("walrus zebra", 3),
    ("+walrus zebra", 3),
    ('"walrus met" zebra', 1),
]


@pytest.fixture(scope="module", params=["indexed", "not yet", "no index"])
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The same messages in the index, in the database alone, and where no index is."""
    home = say(
        make_home(tmp_path_factory.mktemp("rungs")), **({"seal": "a seal"} if request.param == "not yet" else SAID)
    )
    if request.param == "not yet":
        for name, said in SAID.items():
            home.claude(name, said)
        freshen(home)
    if request.param == "no index":
        shutil.rmtree(home.places.lexical)
    return home


@pytest.mark.parametrize("way", [COUNTED, LISTED, NEWEST])
@pytest.mark.parametrize(("text", "total"), MOST)
def test_what_counts_lists_or_orders_otherwise_wants_most_of_the_words(
    archive: Home, text: str, total: int, way: dict[str, object]
) -> None:
    """What has only some of them is no answer there; what must be there is one of the words."""
    results = archive.search(text, **way)

    assert (results.total, results.rung) == (total, "most" if total else None)
    assert len(results.hits) == (0 if way is COUNTED else total)


@pytest.mark.parametrize(("text", "_total"), MOST)
def test_relevance_and_who_asks_for_it_see_what_has_some_of_the_words(archive: Home, text: str, _total: int) -> None:
    """Further down, and under `--match any`."""
    assert archive.search(text).hits
    assert archive.search(text, match="any", **LISTED).hits
    assert archive.search(text, match="any", **NEWEST).hits
