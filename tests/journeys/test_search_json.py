"""`cass search --json` as programs read it: every key, its type, the exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home, make_home, says

HEX = set("0123456789abcdef")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = make_home(tmp_path_factory.mktemp("json"))
    home.claude("one", "a naïve walrus 🦭 sleeps", says("assistant", "the walrus " * 400), title="Walrus ☃")
    hostile = home.claude("two", "walrus\x00andHALF penguin\n\n\tin   two lines \x1b[31mred\x1b[0m \u202edesrever")
    hostile.write_bytes(hostile.read_bytes().replace(b"HALF", b"\\ud800"))
    home.claude("three", "a walrus named C++ in src/x.rs:42")
    home.index()
    return home


def ask(home: Home, *words: str, code: int = 0) -> dict[str, Any]:
    done = home.cass("search", "--json", *words)
    assert done.returncode == code, done.stderr + done.stdout
    assert done.stdout.count("\n") == 1
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _is_list(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(of, value))


def _one_of(*words: str | None) -> Callable[[Any], bool]:
    return lambda value: value in words


TEXT, WHOLE, MAYBE_TEXT, MAYBE_WHOLE = _is(str), _is(int), _is(str, type(None)), _is(int, type(None))
HIT: dict[str, Callable[[Any], bool]] = {
    "id": TEXT,
    "session_id": lambda value: len(value) == 16 and set(value) <= HEX,
    "parent_session_id": MAYBE_TEXT,
    "external_id": TEXT,
    "agent": TEXT,
    "role": _one_of("user", "assistant", "tool", "system", "summary"),
    "title": MAYBE_TEXT,
    "workspace": MAYBE_TEXT,
    "git_branch": MAYBE_TEXT,
    "source_id": _one_of("local"),
    "source_path": TEXT,
    "source_state": _one_of("present", "gone", "restorable"),
    "line_number": MAYBE_WHOLE,
    "message_index": WHOLE,
    "created_at": MAYBE_WHOLE,
    "rank": WHOLE,
    "score": _is(int, float),
    "match_type": _one_of("exact", "relaxed", "corrected", "semantic", "filter"),
    "snippet": lambda value: isinstance(value, str) and len(value) <= 240 and len(value.splitlines()) <= 1,
    "matches": _is_list(lambda span: len(span) == 2 and 0 <= span[0] < span[1]),
    "resume": _is_list(TEXT),
    "also": WHOLE,
}
META: dict[str, Callable[[Any], bool]] = {
    "took_ms": _is(int, float),
    "request_id": MAYBE_TEXT,
    "mode": _one_of("hybrid_preferred", "lexical_only", "strict_semantic"),
    "answered_by": _is_list(TEXT),
    "rung": _one_of("all", "most", "any", "semantic", None),
    "confidence": lambda value: value is None or 0 <= value <= 1,
    "coverage": _is(dict),
    "notes": _is_list(TEXT),
    "corrected": lambda value: all(map(TEXT, [*value, *value.values()])),
    "dropped": _is_list(TEXT),
    "next_cursor": MAYBE_TEXT,
    "index": lambda value: _check(value, {"messages": WHOLE, "behind_files": WHOLE, "last_indexed_at": MAYBE_WHOLE}),
}
ANSWER: dict[str, Callable[[Any], bool]] = {
    "schema_version": lambda value: value == 1,
    "query": TEXT,
    "limit": WHOLE,
    "offset": WHOLE,
    "count": WHOLE,
    "total_matches": WHOLE,
    "total_is_exact": _is(bool),
    "hits": _is_list(lambda hit: _check(hit, HIT)),
    "meta": lambda value: _check(value, META),
}


def _check(value: dict[str, Any], shape: dict[str, Callable[[Any], bool]]) -> bool:
    assert set(shape) <= set(value)
    assert [key for key, test in shape.items() if not test(value[key])] == []
    return True


@pytest.mark.parametrize(
    "words",
    [
        ("walrus",),
        (),
        ("zzqx",),
        ("walrus zzqx",),
        ("walrsu",),
        ("src/x.rs:42",),
        ("-F", "C++"),
        ("walrus", "--group", "none", "--limit", "1"),
        ("walrus", "--limit", "0"),
        ("walrus", "--sort", "newest", "--session", "one"),
        ("walrus", "-c"),
        ("walrus", "-l"),
        ("walrus", "--robot"),
        ("walrus", "--mode", "lexical", "--request-id", "r1"),
    ],
)
def test_an_answer_has_every_key(home: Home, words: tuple[str, ...]) -> None:
    """With its type, also when nothing is found; the words may be anything."""
    answer = ask(home, *words)

    assert _check(answer, ANSWER)
    assert answer["count"] == len(answer["hits"])
    for hit in answer["hits"]:
        assert hit["id"] == f"{hit['session_id']}:{hit['message_index']}"
        assert hit["match_type"] == "filter" or hit["matches"]
        assert all(end <= len(hit["snippet"]) for _, end in hit["matches"])


def test_a_line_number_is_the_line_in_the_file(home: Home) -> None:
    """Counted from one; the message is there."""
    for hit in ask(home, "walrus", "--group", "none")["hits"]:
        line = Path(hit["source_path"]).read_bytes().splitlines()[hit["line_number"] - 1]
        assert b"walrus" in line
        assert hit["resume"] == ["claude", "--resume", hit["external_id"]]


@pytest.mark.parametrize(("unit", "coding", "size"), [("utf8", "utf-8", 1), ("utf16", "utf-16-le", 2)])
def test_matches_in_other_units(home: Home, unit: str, coding: str, size: int) -> None:
    """Bytes for one language, UTF-16 units for another; all name the same letters."""
    chars = ask(home, "sleeps")["hits"][0]
    hit = ask(home, "sleeps", "--offsets", unit)["hits"][0]
    ((start, end),) = hit["matches"]

    assert hit["matches"] != chars["matches"]
    assert hit["snippet"].encode(coding)[start * size : end * size].decode(coding) == "sleeps"


def test_hostile_text_is_valid_json(home: Home) -> None:
    """Half a surrogate pair, NUL and escapes survive as something that every parser reads."""
    done = home.cass("search", "--json", "penguin", "--fields", "content,snippet,matches")
    hit = json.loads(done.stdout)["hits"][0]

    assert not {"\x1b", "\u202e", "\ud83d"} & set(done.stdout)
    assert hit["content"] == "walrus\ufffdand\ufffd penguin\n\n\tin   two lines \x1b[31mred\x1b[0m \u202edesrever"
    assert hit["snippet"].isprintable()
    assert hit["snippet"][slice(*hit["matches"][0])] == "penguin"


def test_words_of_the_command_line_may_be_no_text(home: Home) -> None:
    """A file name in another coding is searched as well as can be."""
    for words in (["\udcff walrus"], ["-F", "\udcff"], ["\udcff"], ["walrus", "--request-id", "\udcff"]):
        done = home.cass("search", "--json", *words)
        assert done.returncode == 0, done.stderr
        assert "hits" in json.loads(done.stdout)


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ("minimal", ["id", "source_path", "line_number", "agent"]),
        ("summary", ["id", "source_path", "line_number", "agent", "title", "score", "created_at"]),
        ("score,id, content", ["score", "id", "content"]),
    ],
)
def test_fields_are_chosen(home: Home, fields: str, keys: list[str]) -> None:
    """A few by name, or two sets that have one."""
    assert [list(hit) for hit in ask(home, "walrus", "--fields", fields)["hits"]] == [keys] * 3


def test_an_unknown_field_is_refused(home: Home) -> None:
    """With those there are."""
    error = ask(home, "walrus", "--fields", "id,colour", code=2)["error"]

    assert error["kind"] == "usage"
    assert "snippet" in error["hint"]


def test_content_is_bounded_in_characters(home: Home) -> None:
    """Each text by itself, the sign of a cut included."""
    hits = ask(home, "walrus", "--group", "none", "--fields", "content", "--max-content-length", "20")["hits"]

    assert max(len(hit["content"]) for hit in hits) == 20
    assert {hit["content"][-1] for hit in hits if len(hit["content"]) == 20} == {"…"}
    none = ask(home, "walrus", "--fields", "content", "--max-content-length", "0")
    assert {hit["content"] for hit in none["hits"]} == {""}


@pytest.mark.parametrize("form", ["--json", "--jsonl"])
@pytest.mark.parametrize("most", [200, 400, 800, 10_000])
def test_an_answer_is_bounded_in_tokens(home: Home, most: int, form: str) -> None:
    """A token is four bytes, rounded up; the bound is for everything that is printed."""
    printed = home.cass("search", "walrus", "--group", "none", form, "--max-tokens", str(most)).stdout

    assert len(printed.rstrip("\n").encode()) <= 4 * most
    assert ('"rank": 1' in printed) is (most > 200)


def test_what_did_not_fit_is_on_the_next_page(home: Home) -> None:
    """No hit is lost between two answers that were bounded."""
    whole = ask(home, "walrus", "--group", "none")["hits"]
    start = ask(home, "walrus", "--group", "none", "--max-tokens", "600")
    rest = ask(home, "walrus", "--group", "none", "--cursor", start["meta"]["next_cursor"])["hits"]

    assert [hit["id"] for hit in start["hits"] + rest] == [hit["id"] for hit in whole]


def test_the_texts_of_a_hit_that_is_too_long_are_cut(home: Home) -> None:
    """Part of the first hit is more use than none."""
    (whole,) = ask(home, "walrus", "--fields", "id,content", "-n", "1")["hits"]
    printed = home.cass("search", "walrus", "--fields", "id,content", "-n", "1", "--json").stdout
    less = str(len(printed) // 4 - 1)
    (hit,) = ask(home, "walrus", "--fields", "id,content", "-n", "1", "--max-tokens", less)["hits"]

    assert hit["id"] == whole["id"]
    assert hit["content"] == whole["content"][: len(hit["content"])] != whole["content"]


def test_a_page_for_people_is_bounded_too(home: Home) -> None:
    """The line below says where the rest begins."""
    done = home.cass("search", "walrus", "--group", "none", "--max-tokens", "120")

    assert 0 < len(done.stdout.encode()) <= 480
    assert "more with --offset" in done.stderr


def test_one_object_a_line(home: Home) -> None:
    """Hits, then what there is to say about them."""
    done = home.cass("search", "--jsonl", "walrus")
    *hits, meta = [json.loads(line) for line in done.stdout.splitlines()]

    assert {hit["type"] for hit in hits} == {"hit"}
    assert meta["type"] == "meta"
    assert all(_check(hit, HIT) for hit in hits)
    assert _check(meta, META)
    assert (meta["count"], meta["total_matches"]) == (3, 4)
    (only,) = home.cass("search", "--jsonl", "zzqx").stdout.splitlines()
    assert json.loads(only)["type"] == "meta"


ERRORS = [
    (("--limit", "-1"), 2, "usage"),
    (("--limit", "ten"), 2, "usage"),
    (("--offset", "-3"), 2, "usage"),
    (("--agent", "nobody"), 2, "unknown-agent"),
    (("--since", "someday"), 2, "bad-date"),
    (("--cursor", "77-10"), 2, "cursor-expired"),
    (("--cursor", "x"), 2, "usage"),
    (("--session", "ffffffff"), 1, "not-found"),
    (("--role", "nobody"), 2, "usage"),
    (("--mode", "strict"), 15, "semantic-unavailable"),
    (("--colour",), 2, "usage"),
]


@pytest.mark.parametrize(("words", "code", "kind"), ERRORS)
def test_an_error_is_an_object(home: Home, words: tuple[str, ...], code: int, kind: str) -> None:
    """With the stable name that programs go by."""
    error = ask(home, "walrus", *words, code=code)["error"]

    assert {"kind", "message", "where", "hint", "retryable"} <= set(error)
    assert error["kind"] == kind
    (line,) = home.cass("search", "--jsonl", "walrus", *words).stdout.splitlines()
    assert json.loads(line)["type"] == "error"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("walrus",), 0),
        (("zzqx",), 1),
        (("zzqx", "--exit-zero"), 0),
        (("zzqx", "-c"), 1),
        (("zzqx", "-l"), 1),
        (("-F", "zzqx"), 1),
        (("zzqx", "--json"), 0),
        (("zzqx", "--jsonl"), 0),
        (("zzqx", "--json", "--exit-status"), 1),
        (("walrus", "--json", "--exit-status"), 0),
        (("walrus", "--offset", "50"), 0),
        (("walrus", "--limit", "0"), 0),
        (("walrus", "--limit", "-1"), 2),
        (("walrus", "--limit", "many"), 2),
        (("walrus", "--mode", "strict"), 15),
        (("walrus", "--bogus"), 2),
        (("-F", "walrus", "--timeout", "0.001ms"), 8),
        (("-F", "walrus", "--timeout", "0.001ms", "-c"), 8),
        (("-F", "walrus", "--timeout", "0.001ms", "--json"), 8),
        (("-F", "walrus", "--timeout", "0.001ms", "--exit-zero"), 8),
    ],
)
def test_the_exit_code_says_how_it_went(home: Home, words: tuple[str, ...], code: int) -> None:
    """Nothing found is a failure for people's shells and a result for programs."""
    assert home.cass("search", *words).returncode == code


def test_without_an_archive_and_without_reading_there_is_an_error(tmp_path: Path) -> None:
    """Three: no index yet."""
    home = make_home(tmp_path)
    done = home.cass("search", "walrus", "--refresh", "off", "--json")
    error = json.loads(done.stdout)["error"]

    assert (done.returncode, error["kind"], error["hint"]) == (3, "missing-index", "run: cass index")


def test_a_page_says_where_it_begins(home: Home) -> None:
    """By an offset or by a cursor, also behind the last hit."""
    first = ask(home, "walrus", "--limit", "1")
    second = ask(home, "walrus", "--limit", "1", "--cursor", first["meta"]["next_cursor"])
    behind = ask(home, "walrus", "--cursor", first["meta"]["next_cursor"].replace("-1", "-50"))

    assert (first["offset"], second["offset"], second["hits"][0]["rank"]) == (0, 1, 2)
    assert (behind["offset"], behind["count"], ask(home, "walrus", "--offset", "2")["offset"]) == (50, 0, 2)


def test_counts_and_lists_agree(home: Home) -> None:
    """`-c` counts messages with all the words, `-l` lists their sessions."""
    assert home.cass("search", "walrus sleeps", "-c").stdout == "1\n"
    listed = home.cass("search", "walrus sleeps", "-l").stdout.split()
    assert listed == [ask(home, "sleeps")["hits"][0]["session_id"]]
    assert home.cass("search", "walrus", "-l", "-0").stdout.count("\0") == 3


def test_a_query_may_come_from_standard_input(home: Home) -> None:
    """And may begin with a dash behind `--`."""
    assert json.loads(home.cass("search", "-", "--json", stdin="sleeps\n").stdout)["query"] == "sleeps"
    assert home.cass("search", "-c", "--", "-sleeps").stdout == "3\n"
