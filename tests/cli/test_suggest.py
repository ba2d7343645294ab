"""What is mistyped is refused with the nearest right thing; nothing is silently read as something else."""

from __future__ import annotations

import json

import pytest

from cass.cli import app, edge, lane
from cass.cli.app import parse
from cass.cli.suggest import ELSEWHERE, MEANT
from cass.cli.table import ALIAS_WORDS, ALIASES, NAMES, command, commands, options_of
from cass.errors import UsageError


def refusal(*argv: str) -> UsageError:
    with pytest.raises(UsageError) as raised:
        parse(list(argv))
    return raised.value


@pytest.mark.parametrize(
    "argv, todo",
    [
        (("serch", "x"), "the nearest is `cass search`; to search for the words, type `cass search serch x`"),
        (("deadlock",), "to search for it, type `cass search deadlock`"),
        (("connection refused", "-n5"), "to search for it, type `cass search 'connection refused' -n5`"),
        (("tui",), "the nearest is `cass search QUERY`"),
        (("triage", "--json"), "the nearest is `cass status --check`"),
        (("analytics", "--days", "7"), "the nearest is `cass stats`"),
    ],
)
def test_a_word_that_is_no_command(argv: tuple[str, ...], todo: str):
    assert refusal(*argv).todo == todo


@pytest.mark.parametrize(
    "argv, what, todo",
    [
        (("search", "--limt", "3"), "there is no option --limt", "the nearest is --limit"),
        (("search", "-limit", "3"), "there is no option -limit", "the nearest is --limit"),
        (("search", "--Max_Tokens", "3"), "there is no option --Max_Tokens", "the nearest is --max-tokens"),
        (("search", "--top-k", "3"), "there is no option --top-k", "the nearest is --limit"),
        (("search", "--fix"), "there is no option --fix", "it belongs to `cass doctor`"),
        (("search", "-5"), "there is no option -5", "a word that starts with - goes after --: `cass search -- -5`"),
        (
            ("search", "pool", "-test", "--limit", "3"),
            "there is no option -test",
            "a word that starts with - goes after --: `cass search pool --limit 3 -- -test`",
        ),
        (
            ("search", "-test", "--", "-slow"),
            "there is no option -test",
            "a word that starts with - goes after --: `cass search -- -test -slow`",
        ),
        (
            ("search", "--verbatim=3", "pool"),
            "there is no option --verbatim",
            "a word that starts with - goes after --: `cass search pool -- --verbatim=3`",
        ),
        (("index", "-x"), "there is no option -x", "see `cass index -h`"),
        (("--jsn",), "there is no option --jsn", "the nearest is --json"),
    ],
)
def test_an_option_that_is_none(argv: tuple[str, ...], what: str, todo: str):
    error = refusal(*argv)

    assert (error.what, error.todo, error.exit_code) == (what, todo, 2)


@pytest.mark.parametrize(
    "argv, line",
    [
        (("search", "-n", "x"), "'x' is not such a number (--limit). Write a whole number, 0 or more."),
        (("show", "x", "-n", "0"), "'0' is not such a number (--line). Write a whole number, 1 or more."),
        (("search", "--match", "one"), "'one' is not one of its values (--match). Use all, most or any."),
        (("search", "--timeout", "5x"), "'5x' is not a duration (--timeout). Write it like 500ms, 2s, 30m, 2h or 7d."),
        (("search", "--today", "--week"), "--today and --week contradict each other. Keep one of them."),
        (("show",), "ID is missing (cass show). Give a session (ID), a message (ID:N), a file or FILE:LINE."),
        (("show", "a", "b"), "'b' is one word too many (cass show). See `cass show -h`."),
        (("completion", "tcsh"), "'tcsh' is not one of its values (SHELL). Use bash, zsh, fish or powershell."),
    ],
)
def test_a_bad_value_is_explained(argv: tuple[str, ...], line: str):
    assert str(refusal(*argv)) == line


def test_a_value_that_is_missing_is_explained():
    assert str(refusal("search", "-n")).endswith("(cass search). See `cass search -h`.")


def test_every_suggested_command_exists():
    """The line to type instead is understood."""
    for line in ELSEWHERE.values():
        assert parse(line.split()).command == line.split()[0]


def test_every_suggested_option_exists():
    known = {name for row in commands() for option in options_of(row) for name in option.names}

    assert set(MEANT.values()) <= known


# Every command of the Rust tool, and the other spellings that it takes.
RUST = (
    *("search", "pack", "view", "expand", "context", "sessions", "resume", "timeline", "stats", "index"),
    *("status", "state", "health", "triage", "ready", "preflight", "diag", "doctor", "capabilities"),
    *("introspect", "api-version", "robot-docs", "export", "export-html", "html-export", "pages", "sources"),
    *("models", "analytics", "mirror", "import", "daemon", "swarm", "tui", "upgrade", "completions", "man"),
    *("schedule", "find", "query", "q", "grep", "lookup", "answer", "why", "explain", "rca", "handoff", "st"),
    *("ls", "list", "info", "summary", "show", "get", "read", "reindex", "idx", "rebuild", "docs", "current"),
)


@pytest.mark.parametrize("word", RUST)
def test_a_command_of_the_rust_tool_is_ours_or_is_answered_with_the_nearest(word: str):
    if word in (*NAMES, *ALIASES):
        return
    error = refusal(word, "something", "--json")

    assert (error.what, error.exit_code, error.kind) == (f"there is no command {word!r}", 2, "usage")
    assert error.todo == f"the nearest is `cass {ELSEWHERE[word]}`"


def test_the_nearest_is_told_to_programs_too(capsys: pytest.CaptureFixture[str]):
    assert edge.run(["triage", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["hint"] == "the nearest is `cass status --check`"


GUESSED = {
    **dict.fromkeys(("find", "query", "grep"), "search"),
    **dict.fromkeys(("ls", "list"), "sessions"),
    **dict.fromkeys(("read", "view", "expand"), "show"),
    **{"st": "status", "reindex": "index", "docs": "man", "related": "like", "timeline": "stats"},
}


@pytest.mark.parametrize("alias, name", GUESSED.items())
def test_an_alias_that_agents_guess_is_its_command(alias: str, name: str):
    """On both ways to read a command line, with the same options."""
    words = [one.metavar for one in command(name).arguments if one.required]
    meant = app.parse([name, *ALIAS_WORDS.get(alias, ()), *words, "--json"])

    for found in (app.parse([alias, *words, "--json"]), lane.parse([alias, *words, "--json"])):
        assert found is not None
        assert (found.command, found.options) == (name, meant.options)


def test_every_alias_is_among_them():
    assert ALIASES == GUESSED


def test_what_we_have_is_not_called_missing():
    assert not set(ELSEWHERE) & {*NAMES, *ALIASES}
