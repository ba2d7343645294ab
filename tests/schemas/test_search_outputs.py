"""`cass search --json` and `--jsonl`, as printed, against their schemas."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home
from tests.schemas.asking import ask, ask_lines, full_home
from tests.schemas.checking import faults

WALRUS = ("search", "walrus", "--refresh", "off")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return full_home(tmp_path_factory.mktemp("full"))


def hits(said: dict[str, Any], key: str) -> set[Any]:
    return {hit[key] for hit in said["hits"]}


@pytest.mark.parametrize(
    "words",
    [
        ("walrus",),
        ("pool timeout",),
        ("zzqx",),
        ("walrus", "--limit", "0"),
        ("walrus", "--offset", "50"),
        ("walrus", "--group", "none", "--limit", "2", "--request-id", "r1"),
        ("walrus", "--role", "assistant", "--since", "2020-01-01", "--mode", "lexical"),
        ("walrus", "--sort", "oldest", "--offsets", "utf8"),
        ("-F", "a.py"),
        ("walrus", "-c"),
        ("walrus", "-l"),
        ("walrus (sleeps", "--timeout", "5s"),
    ],
)
def test_an_answer_is_as_described(home: Home, words: tuple[str, ...]) -> None:
    """With hits or without, a page of them or the count alone."""
    assert faults("search", ask(home, "search", "--json", *words)) == []


def test_a_search_without_words_matches_by_filter(home: Home) -> None:
    said = ask(home, "search", "--json", "--limit", "1000", "--group", "none")

    assert faults("search", said) == []
    assert hits(said, "match_type") == {"filter"}
    assert hits(said, "agent") == {"claude_code", "codex", "gemini", "aider"}
    assert None in hits(said, "parent_session_id") and len(hits(said, "parent_session_id")) > 1


def test_corrected_and_dropped_words_are_as_described(home: Home) -> None:
    corrected, relaxed = ask(home, "search", "--json", "walrsu"), ask(home, "search", "--json", "walrus zzqx")

    assert faults("search", corrected) + faults("search", relaxed) == []
    assert (hits(corrected, "match_type"), corrected["meta"]["corrected"]) == ({"corrected"}, {"walrsu": "walrus"})
    assert (hits(relaxed, "match_type"), relaxed["meta"]["dropped"]) == ({"relaxed"}, ["zzqx"])


def test_hits_that_the_agent_dropped_are_as_described(home: Home) -> None:
    """A negative number in the id; a file that went away."""
    said = ask(home, *WALRUS, "--json", "--group", "none")

    assert faults("search", said) == []
    assert hits(said, "source_state") == {"present", "gone"}
    assert min(hits(said, "message_index")) < 0


def test_neighbours_are_as_described(home: Home) -> None:
    """`context` comes with -C."""
    said = ask(home, *WALRUS, "--json", "-C", "1", "--max-tokens", "5000")

    assert faults("search", said) == []
    assert any("context" in hit for hit in said["hits"])


@pytest.mark.parametrize("fields", ["minimal", "summary", "content", "context,id", "", "score,id,matches,resume"])
def test_chosen_fields_are_as_described(home: Home, fields: str) -> None:
    """They have a schema of their own: that of whole hits demands every key."""
    asked = (*WALRUS, "--fields", fields, "-C", "1")
    said, lines = ask(home, *asked, "--json"), ask_lines(home, *asked, "--jsonl")

    assert faults("search-fields", said) == []
    assert [fault for line in lines for fault in faults("search-lines-fields", line)] == []
    assert faults("search", said) != []


def test_each_line_is_as_described(home: Home) -> None:
    """Hits, then meta; without a hit, meta alone."""
    lines = [*ask_lines(home, *WALRUS, "--jsonl", "-C", "1"), *ask_lines(home, "search", "zzqx", "--jsonl")]

    assert [fault for line in lines for fault in faults("search-lines", line)] == []
    assert [line["type"] for line in lines] == ["hit"] * (len(lines) - 2) + ["meta", "meta"]


def test_an_error_line_is_as_described(home: Home) -> None:
    """It stands alone, and is also what `error` describes."""
    (line,) = ask_lines(home, *WALRUS, "--jsonl", "--agent", "nobody", codes=(2,))

    assert faults("search-lines", line) + faults("search-lines-fields", line) + faults("error", line) == []
    assert line["type"] == "error"


def test_an_answer_from_the_database_is_as_described(home: Home, tmp_path: Path) -> None:
    """Without an index: the same keys, and a note."""
    shutil.copytree(home.data, tmp_path / "data")
    shutil.rmtree(tmp_path / "data" / "derived")

    said = ask(home, *WALRUS, "--json", "--data-dir", str(tmp_path / "data"))

    assert faults("search", said) == []
    assert said["meta"]["answered_by"] == ["database"]
    assert hits(said, "match_type") == {"exact"} and said["meta"]["notes"]
