"""The query language, asked of a real index and of SQLite alone: the answer is the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cass.search.engine import search
from cass.search.request import Freshness, Request
from tests.archive import DAY_MS, NOW_MS, Home, calls, make_home, says
from tests.search.asking import found, freshen, marked, names, say

RED, BLUE, GREEN = "red", "blue", "green"


def _written(home: Home) -> Home:
    red = says("user", "the connection was refused at dawn, see src/net/pool.rs:42")
    call = says("assistant", "I look", calls("Bash", "c1", command="netstat listening"))
    home.claude(RED, red, call, title="Refused connections", workspace="/w/app")
    blue = says("user", "connecting works, the dawn was blue; migration_plan is ready")
    home.claude(BLUE, blue, title="Blue morning", workspace="/w/site", start_ms=NOW_MS - 10 * DAY_MS)
    green = says("user", "refused to eat greens. dawn of the connected migrations")
    home.claude(GREEN, green, says("assistant", "noted: a verbatim réponse"), title="Food", workspace="/w/app/deep")
    home.index()
    return home


@pytest.fixture(scope="module", params=["indexed", "no index"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = _written(make_home(tmp_path_factory.mktemp("language")))
    if request.param == "no index":
        shutil.rmtree(home.places.lexical)
    return home


QUERIES = [
    # phrases
    ('"connection was refused"', {RED}),
    ('"refused connection"', set()),
    ('"dawn was" blue', {BLUE}),
    ('"dawn was" refused', {BLUE}),
    ('"was refused at dawn, see"', {RED}),
    # words near each other
    ('"connection refused"~0', set()),
    ('"connection refused"~1', {RED}),
    ('"refused connection"~1', {RED}),
    ('"dawn refused connection"~2', set()),
    ('"dawn refused connection"~3', {RED}),
    ('"dawn dawn"~2', {RED, BLUE, GREEN}),
    ('dawn -"connection refused"~1', {BLUE, GREEN}),
    # something inside words
    ("*igrat*", {BLUE, GREEN}),
    ("*efuse* -*reen*", {RED}),
    ("*zebr*", set()),
    # beginnings
    ("migrat*", {BLUE, GREEN}),
    ("migration_pl*", {BLUE}),
    ("zebr*", set()),
    # inflections
    ("connections", {RED, BLUE, GREEN}),
    ("reponse", {GREEN}),
    # signs
    ("+refused +connection", {RED, GREEN}),
    ("dawn -refused", {BLUE}),
    ("+dawn -blue -greens", {RED}),
    ('dawn -"was refused"', {BLUE, GREEN}),
    ("+zebra dawn", set()),
    # operators
    ("refused AND dawn", {RED, GREEN}),
    ("refused AND NOT greens", {RED}),
    ("blue OR greens", {BLUE, GREEN}),
    ("(blue OR greens) AND refused", {GREEN}),
    ("blue OR refused AND greens", {BLUE, GREEN}),
    ("NOT refused AND dawn", {BLUE}),
    ("blue OR (refused -greens)", {RED, BLUE}),
    ("zebra OR blue", {BLUE}),
    ("zebra AND blue", set()),
    ("blue OR (workspace:app zebra)", {BLUE}),
    ('blue OR ("at dawn" zebra greens)', {BLUE}),
    # fields
    ("agent:claude dawn", {RED, BLUE, GREEN}),
    ("agent:!claude dawn", set()),
    ("agent:(claude OR codex) dawn", {RED, BLUE, GREEN}),
    ("workspace:(site OR deep) dawn", {BLUE, GREEN}),
    ("workspace:!(site OR deep) dawn", {RED}),
    ("title:(refused OR food) dawn", {RED, GREEN}),
    ("path:(src/net/pool.rs OR migration_plan)", {RED, BLUE}),
    ("role:(user OR tool) verbatim", set()),
    ("workspace:/w/app dawn", {RED, GREEN}),
    ("workspace:app dawn", {RED, GREEN}),
    ("workspace:site dawn", {BLUE}),
    ("workspace:!/w/app dawn", {BLUE}),
    ("role:user", {RED, BLUE, GREEN}),
    ("role:assistant", {RED, GREEN}),
    ("role:!user", {RED, GREEN}),
    ("title:refused dawn", {RED}),
    ("title:!refused dawn", {BLUE, GREEN}),
    ('title:"blue morning" dawn', {BLUE}),
    ("path:src/net/pool.rs", {RED}),
    ("path:!src/net/pool.rs dawn", {BLUE, GREEN}),
    ("path:et/pool.rs dawn", set()),
    ("tool:bash", {RED}),
    ("tool:!bash role:assistant", {GREEN}),
    ("since:7d dawn", {RED, GREEN}),
    ("until:7d dawn", {BLUE}),
    ("since:!7d dawn", {BLUE}),
    ("-agent:claude dawn", set()),
    # nested fields
    ("(title:refused refused) OR greens", {RED, GREEN}),
    ("blue OR (workspace:deep dawn)", {BLUE, GREEN}),
    ("dawn AND (workspace:site OR title:refused)", {RED, BLUE}),
    ("workspace:site OR title:refused", {RED, BLUE}),
    ("ready (dawn since:7d)", {RED, BLUE, GREEN}),
    ("(ready (dawn since:7d))", {RED, BLUE, GREEN}),
    ("(zebra (dawn since:7d)) agent:claude", {RED, GREEN}),
    ("(blue (greens until:7d)) since:8000d", {BLUE}),
    ("(blue (greens (dawn until:7d))) since:8000d", {BLUE}),
    ("(greens (dawn until:7d)) since:7d", {GREEN}),
    ("((dawn since:7d)) agent:claude", {RED, GREEN}),
    # only exclusions
    ("-dawn", {RED, GREEN}),
    ("NOT dawn", {RED, GREEN}),
    ("-dawn -netstat", {GREEN}),
    ("-agent:codex -dawn -noted", {RED}),
    # punctuation alone
    ("_", {BLUE}),
    (";", {BLUE}),
    ("/ :", set()),
    ("=>", set()),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_a_query_finds_what_it_says(home: Home, query: str, expected: set[str]) -> None:
    """Counted are the messages that have what is asked."""
    results = home.search(query, limit=100, strict=True)

    assert set(names(results)) == expected
    assert bool(results.total) == bool(expected)


@pytest.mark.parametrize("query", ["", "   ", "since:8000d", "-zebra", "role:user role:!tool"])
def test_without_words_the_newest_come_first(home: Home, query: str) -> None:
    """A list, not a ranking."""
    results = home.search(query, grouped=False)

    times = [hit.created_ms or 0 for hit in results.hits]
    assert times == sorted(times, reverse=True)
    assert {hit.match_type for hit in results.hits} == {"filter"}
    assert results.total == len(results.hits) > 2


COMMIT = "4ce7a1e09b5d3f8826c1aa70e5d49b3c71f02e8d"
COMMITS = {
    "whole": f"commit {COMMIT}",
    "cut": "4ce7a1e mend the zoo",
    "other": "4ce7a2e mend the zoo",
    "eight": "4ce7a1e0",
}
IT = {"whole", "cut", "eight"}


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize(("query", "expected"), [
    (COMMIT[:7], IT), (COMMIT[:12], IT), (COMMIT, IT), (f"{COMMIT[:7]} zoo", {"cut"}), ("4ce7a3e", set()),
])  # fmt: skip
def test_a_commit_is_found_whole_and_cut(tmp_path: Path, query: str, expected: set[str], is_indexed: bool) -> None:
    """git prints it both ways; one that occurs nowhere is not taken for another one."""
    home = say(make_home(tmp_path), **COMMITS)
    if not is_indexed:
        shutil.rmtree(home.places.lexical)

    assert set(names(home.search(query, limit=100, strict=True))) == expected


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("query", [
    "error: cannot find quokka", "\x1b[1;31merror\x1b[0m: cannot find \x1b[33mquokka\x1b[0m",
    "␛[31mquokka", "^[[31mquokka^[[0m",
])  # fmt: skip
def test_colours_hide_no_words(tmp_path: Path, query: str, is_indexed: bool) -> None:
    """Neither in what a tool printed nor in what is pasted from a terminal."""
    home = say(
        make_home(tmp_path), one="\x1b[31merror\x1b[0m: cannot find \x1b[1mquokka\x1b[0m", two="an error: cannot"
    )
    if not is_indexed:
        shutil.rmtree(home.places.lexical)

    results = home.search(query, strict=True)

    assert (names(results), results.corrected, results.dropped) == (["one"], (), ())
    assert "quokka" in [part.lower() for part in marked(results)]


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("query", ["^[[33mwarning^[[0m", "warning", "+^[[33mwarning"])
def test_colours_that_were_written_out_hide_no_words(tmp_path: Path, query: str, is_indexed: bool) -> None:
    """As `cat -v` and many a log have them."""
    home = say(make_home(tmp_path), one="log: ^[[33mwarning^[[0m unused thing", two="a thing")
    if not is_indexed:
        shutil.rmtree(home.places.lexical)

    results = home.search(query, strict=True)

    assert (names(results), marked(results)) == (["one"], ["warning"])


@pytest.mark.parametrize("is_indexed", [True, False])
@pytest.mark.parametrize("move", [
    "\x1b[?25l", "\x1b[2J", "␛[2;1H", "\x1b]0;a title\x07", "\x1b]0;never ended\n", "\x1bM", "\x1b7", "\x1b#8",
    "␛7",
])  # fmt: skip
def test_moves_of_the_cursor_hide_no_words(tmp_path: Path, move: str, is_indexed: bool) -> None:
    """Their codes end in a letter, too."""
    home = say(make_home(tmp_path), one=f"done{move}quokka found", two="a thing")
    if not is_indexed:
        shutil.rmtree(home.places.lexical)

    results = home.search("quokka", strict=True)

    assert (names(results), marked(results)) == (["one"], ["quokka"])
    assert names(home.search("done", strict=True)) == ["one"]


@pytest.mark.parametrize("mark", ["^[[33mwarning^[[0m", "\x1b[33mwarning\x1b[0m"])
def test_in_quotes_colours_are_as_they_were_written(tmp_path: Path, mark: str) -> None:
    home = say(make_home(tmp_path), one=f"log: {mark} unused", two="a thing")
    home.claude("late", f"again: {mark} unused")
    freshen(home)

    assert set(names(home.search(f'"{mark} unused"'))) == {"one", "late"}
    shutil.rmtree(home.places.lexical)
    assert set(names(home.search(f'"{mark} unused"'))) == {"one", "late"}


@pytest.mark.parametrize("query", ["unused ^[[a-z]+ thing", "^[[A-Za-z0-9]+$ thing"])
def test_a_pattern_is_no_colour(tmp_path: Path, query: str) -> None:
    """Half of it would be left, and leave messages out."""
    assert names(say(make_home(tmp_path), one="unused thing", two="walrus").search(query)) == ["one"]


@pytest.mark.parametrize("query", ["^[[33m", "␛[K", "\x1b[31m"])
def test_a_colour_alone_does_not_list_everything(tmp_path: Path, query: str) -> None:
    assert not say(make_home(tmp_path), one="an unused thing", two="a walrus").search(query).hits


def test_a_number_that_occurs_nowhere_may_begin_a_commit(tmp_path: Path) -> None:
    """One in 27 ids begins with seven digits; a number that occurs is a number."""
    home = say(make_home(tmp_path), one="commit 2026110c9d", two="on 2026110 already", three="8812345f is bad")

    assert found(home, "8812345") == {"three"}
    assert found(home, "2026110") == {"two"}


def test_a_session_is_named_by_the_beginning_of_its_id(home: Home) -> None:
    """Six digits are enough, in the query as in the option."""
    sid = home.search("netstat").hits[0].sid

    assert found(home, f"session:{sid[:8]} dawn") == {RED}
    assert found(home, f"session:!{sid} dawn") == {BLUE, GREEN}
    assert found(home, "dawn", sessions=(sid[:6],)) == {RED}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("src/net/pool.rs:42", {RED}),
        ("rc/net/po", {RED}),
        ("dawn, see", {RED}),
        ("dawn; migration_plan", set()),
        ("agent:codex", set()),
        ("refused -", set()),
        ("Refused", set()),
        ("blue;", {BLUE}),
        ("lue; migration_pl", {BLUE}),
        (". d", {GREEN}),
        ("réponse", {GREEN}),
        ("reponse", set()),
    ],
)
def test_a_literal_text_is_found_exactly_so(home: Home, text: str, expected: set[str]) -> None:
    """Capitals, accents and punctuation included; nothing in it is an operator."""
    results = home.search(text, literal=True)

    assert set(names(results)) == expected
    assert results.exact_total
    assert all(hit.snippet[slice(*hit.matches[0])] == text for hit in results.hits)


def test_nothing_literal_is_a_proof(tmp_path: Path) -> None:
    """Also inside runs of letters that are too long for the index."""
    run = "".join(chr(97 + at * 7 % 26) for at in range(300))
    home = say(make_home(tmp_path), long=f"token {run}", short="token rest")

    assert found(home, run[100:140], literal=True) == {"long"}
    assert found(home, f"token {run[:80]}", literal=True) == {"long"}
    assert found(home, "zebra", literal=True) == set()


def test_a_search_for_a_literal_text_ends_once_its_time_is_over(home: Home) -> None:
    """Neither SQLite's whole table is read after the index's candidates, nor is the same said twice."""
    seconds = iter(range(1000))
    request = Request(text="dawn", literal=True, timeout_s=0.5)

    results = search(home.places, request, home.now_ms, lambda: float(next(seconds)), "/", Freshness())

    assert (results.exact_total, len(results.notes)) == (False, len(set(results.notes)))


def test_what_is_no_utf8_is_no_question_mark(tmp_path: Path) -> None:
    """Such bytes of the command line stand for the sign that they became where they were stored."""
    home = say(make_home(tmp_path), asking="why ?? indeed", torn="why \ufffd\ufffd indeed")

    assert found(home, "\udcff\udcfe") == {"torn"}


def test_a_literal_piece_is_found_in_every_word(tmp_path: Path) -> None:
    """Where the text begins with a letter and ends with none, it may be the end of a longer word."""
    home = say(make_home(tmp_path), word="call(x)", end="recall(x)", other="call x")

    assert found(home, "call(", literal=True) == {"word", "end"}


def test_of_very_many_words_the_rarest_are_searched(tmp_path: Path) -> None:
    """A pasted page is a query, too; the answer says what was done."""
    common = [f"common{chr(97 + at // 26)}{chr(97 + at % 26)}x" for at in range(100)]
    home = say(make_home(tmp_path), one=" ".join(common), two=" ".join([*common, "zebra quagga"]))

    results = home.search(" ".join([*common, "quagga", "zebra"]))

    assert names(results)[0] == "two"
    assert any("64 rarest" in note for note in results.notes)
    assert results.rung == "all"
    assert any("64 rarest" in note for note in home.search(" OR ".join(common)).notes)


def test_signs_in_a_long_text_are_told(tmp_path: Path) -> None:
    """A pasted page holds a `-n` and a `+10`: who finds nothing by it is told why, and what reads it as it is."""
    common = [f"common{chr(97 + at // 26)}{chr(97 + at % 26)}x" for at in range(100)]
    home = say(make_home(tmp_path), one=" ".join(common))

    results = home.search(" ".join([*common, "-n +10 and -n", "-m"]))

    assert results.total == 0
    assert results.notes[-1] == "+ and - count here, too: -n +10 -m; to read a text as it is: cass like -"


@pytest.mark.parametrize(("query", "told"), [
    ("npm run build | tail -3", "-3"), ("grep -rn quokka zoo", "-rn"), ("find zoo -type f | head", "-type"),
    ("ls -l zoo -size", "-l -size"), ('grep -A zoo -"pouch"', '-A -"pouch"'),
])  # fmt: skip
def test_the_options_of_a_pasted_command_are_told(tmp_path: Path, query: str, told: str) -> None:
    """They leave out what somebody looks for: the command itself."""
    home = say(make_home(tmp_path), one="the zoo")

    assert home.search(query).notes == (f"{told}: messages with this are left out; -F searches for the text as it is",)


@pytest.mark.parametrize("query", ["zoo -quokka", "zoo --rn", "zoo a-b", "zoo - 3"])
def test_a_word_that_is_left_out_on_purpose_is_not_told(tmp_path: Path, query: str) -> None:
    """Nor what is no exclusion."""
    home = say(make_home(tmp_path), one="the zoo")

    assert home.search(query).notes == ()


def test_words_in_parentheses_are_counted_with_the_others(tmp_path: Path) -> None:
    """However they are nested; what must match stays."""
    common = [f"common{chr(97 + at // 26)}{chr(97 + at % 26)}x" for at in range(100)]
    home = say(make_home(tmp_path), one=" ".join(common), two=" ".join([*common, "zebra quagga"]))
    nested = f"({' '.join(common[:50])} OR ({' '.join(common[50:])} zebra)) AND +quagga"

    results = home.search(nested)

    assert names(results) == ["two"]
    assert any("64 rarest" in note for note in results.notes)


def test_a_literal_of_very_many_words(tmp_path: Path) -> None:
    """Some of them are enough to find where it may stand."""
    text = " ".join(f"word{at}" for at in range(500))
    home = say(make_home(tmp_path), whole=f"before {text} behind", torn=text.replace("word250", "other"))

    assert found(home, text, literal=True) == {"whole"}


def test_what_was_put_right_is_said(home: Home) -> None:
    """Unbalanced signs are closed, never refused."""
    assert "a quote was not closed: closed at the end" in home.search('"connection was').notes
    assert "a parenthesis was not closed: closed at the end" in home.search("(blue OR greens").notes
