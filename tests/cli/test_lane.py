"""The fast lane: how a command line is read."""

from __future__ import annotations

import pytest

from cass.cli.lane import Invocation, parse


def read(*argv: str) -> Invocation:
    found = parse(list(argv))
    assert found is not None
    return found


def chosen(*argv: str) -> dict[str, object]:
    """The options that differ from those of the command alone."""
    found = read(*argv)
    plain = read(found.command)
    return {key: value for key, value in found.options.items() if value != plain.options[key]}


def test_cass_alone_is_home():
    assert read().command == "home"


def test_every_key_of_the_row_is_there():
    """A verb never asks whether an option was given."""
    assert read("version").options == {
        "json": False,
        "data_dir": None,
        "color": "auto",
        "plain": False,
        "no_pager": False,
        "quiet": False,
        "verbose": 0,
    }


@pytest.mark.parametrize("argv", [("-n5",), ("-n", "5"), ("--limit=5",), ("--limit", "5"), ("-n9", "-n5")])
def test_a_number_may_stand_in_many_ways(argv: tuple[str, ...]):
    """The last one counts."""
    assert chosen("search", *argv) == {"limit": 5}


def test_short_flags_may_be_bundled():
    assert chosen("search", "-lc0n7") == {"sessions_only": True, "count": True, "null": True, "limit": 7}


def test_options_may_stand_between_the_words():
    assert chosen("search", "lost", "--agent", "codex", "socket", "--agent=pi") == {
        "query": ["lost", "socket"],
        "agent": ["codex", "pi"],
    }


def test_two_dashes_end_the_options():
    assert chosen("search", "--json", "--", "--limit", "-5") == {"json": True, "query": ["--limit", "-5"]}


def test_a_lone_dash_is_a_word():
    """The verb reads the query from standard input."""
    assert chosen("search", "-") == {"query": ["-"]}


def test_verbose_counts():
    assert chosen("status", "-vv", "--verbose") == {"verbose": 3}


@pytest.mark.parametrize(
    "alias, name",
    [("find", "search"), ("ls", "sessions"), ("view", "show"), ("st", "status"), ("reindex", "index"), ("docs", "man")],
)
def test_an_alias_is_its_command(alias: str, name: str):
    words = ["x"] if name == "show" else []

    assert read(alias, *words).command == name


@pytest.mark.parametrize(
    "word, mode",
    [
        ("hybrid", "hybrid_preferred"),
        ("Auto", "hybrid_preferred"),
        ("hybrid-preferred", "hybrid_preferred"),
        ("lex", "lexical_only"),
        ("lexical_only", "lexical_only"),
        ("semantic", "strict_semantic"),
        ("strict-semantic", "strict_semantic"),
    ],
)
def test_a_mode_has_many_spellings(word: str, mode: str):
    assert chosen("search", "--mode", word) == {"mode": mode}


@pytest.mark.parametrize(
    "argv, since",
    [(("--days", "3"), "3d"), (("--today",), "today"), (("--week",), "7d"), (("--days=3", "--since=3d"), "3d")],
)
def test_hidden_spellings_of_since(argv: tuple[str, ...], since: str):
    assert chosen("search", *argv) == {"since": since}


@pytest.mark.parametrize(
    "argv, key",
    [
        (("--robot",), "json"),
        (("--robot-format", "json"), "json"),
        (("--robot-format=jsonl",), "jsonl"),
        (("--jsonl",), "jsonl"),
    ],
)
def test_hidden_spellings_of_json(argv: tuple[str, ...], key: str):
    assert chosen("search", *argv) == {key: True}


@pytest.mark.parametrize(
    "text, seconds", [("500ms", 0.5), ("2", 2.0), ("1.5s", 1.5), ("30m", 1800.0), ("2h", 7200.0), ("1d", 86400.0)]
)
def test_a_duration_is_in_seconds(text: str, seconds: float):
    assert chosen("search", "--timeout", text) == {"timeout_s": seconds}


@pytest.mark.parametrize("ask, full", [("-h", False), ("--help", True)])
def test_help_is_a_verb(ask: str, full: bool):
    """It wins over words that are missing or too many."""
    found = read("show", ask)

    assert (found.command, found.options["topic"], found.options["full"]) == ("help", "show", full)


def test_help_without_a_command_is_about_all():
    assert read("--help").options["topic"] is None


def test_version_can_be_asked_of_every_command():
    found = read("search", "--version", "--json")

    assert (found.command, found.options["json"]) == ("version", True)


@pytest.mark.parametrize(
    "line",
    [
        "serch x",
        "home",
        "search --limt 3",
        "search -n",
        "search -n x",
        "search -n -5",
        "search -n 1_000",
        "search -5",
        "search --json=1",
        "search --mode best",
        "search --timeout soon",
        "search --since 1d --today",
        "search --role boss",
        "show",
        "show a b",
        "show x --line 0",
        "completion tcsh",
        "status extra",
        "--json search x",
    ],
)
def test_what_needs_explaining_is_left_to_the_app(line: str):
    assert parse(line.split()) is None


@pytest.mark.parametrize("word", ["lexical", " Lexical-Only ", "LEX"])
def test_words_of_a_mode_are_trimmed(word: str):
    found = parse(["search", "x", "--mode", word])
    assert found is not None
    assert found.options["mode"] == "lexical_only"
