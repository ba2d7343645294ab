"""The fast lane and the Typer app read every command line alike."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cass.cli import app, lane
from cass.cli.table import ALIASES, HOME, NAMES, Option, command, options_of
from cass.errors import UsageError

WORDS = st.sampled_from(
    ["lost", "-", "", "--", "a b", "5", "-5", "--no-such", "-z", "é", "show", "bash", "=", "-=", "--="]
)
VALUES = st.sampled_from(
    [
        "5",
        "0",
        "0.3",
        "x",
        "",
        "-1",
        "1.5s",
        "all",
        "user",
        "json",
        "jsonl",
        "today",
        "2h",
        "--json",
        "--",
        "auto",
        "=3",
    ]
)


def spellings(option: Option) -> st.SearchStrategy[list[str]]:
    """One option as a person may write it, right or wrong."""
    name = st.sampled_from(option.names)
    good = st.sampled_from(option.values) if option.values else VALUES
    value = VALUES | good
    alone = st.builds(lambda n: [n], name)
    joined = st.builds(lambda n, v: [n + ("=" if n.startswith("--") else "") + v], name, value)
    return alone | joined | st.builds(lambda n, v: [n, v], name, value)


def lines(name: str) -> st.SearchStrategy[list[str]]:
    """Command lines of one command: its options, in any order, between words."""
    options = options_of(command(ALIASES.get(name, name)))
    short = "".join(n[1] for option in options for n in option.names if not n.startswith("--"))
    bundle = st.text(short, min_size=1, max_size=4).map(lambda letters: ["-" + letters])
    part = st.one_of(WORDS.map(lambda w: [w]), st.sampled_from(options).flatmap(spellings), bundle)
    tail = st.lists(part, max_size=6).map(lambda parts: [one for part in parts for one in part])
    return tail.map(lambda rest: rest if name == HOME else [name, *rest])


def slowly(argv: list[str]) -> tuple[str, dict[str, object]] | None:
    try:
        found = app.parse(argv)
    except UsageError:
        return None
    return found.command, found.options


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*NAMES, *ALIASES, HOME]).flatmap(lines))
def test_the_lane_says_nothing_or_what_the_app_says(argv: list[str]):
    quick = lane.parse(argv)

    assert quick is None or (quick.command, quick.options) == slowly(argv)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMES).flatmap(lines))
def test_what_begins_with_a_command_never_needs_the_slow_way(argv: list[str]):
    """The app is for explaining: what it understands, the lane understood."""
    assert slowly(argv) is None or lane.parse(argv) is not None


def test_global_options_may_stand_in_front():
    before = app.parse(["--json", "--data-dir", "here", "search", "lost"])

    assert before.options == app.parse(["search", "lost", "--json", "--data-dir", "here"]).options


def test_help_behind_a_late_command_is_about_that_command():
    assert lane.parse(["--json", "search", "-h"]) is None
    assert app.parse(["--json", "search", "-h"]).options["topic"] == "search"


def test_a_number_below_0_is_a_value_where_values_stand():
    """Its setting says what is wrong with it, and no option is looked for."""
    for argv in (
        ["config", "set", "search.limit", "-5"],
        ["config", "--color", "never", "set", "quality_weight", "-.5"],
    ):
        found = lane.parse(argv)
        assert found is not None
        assert (found.options, found.options["words"]) == (app.parse(argv).options, ["set", *argv[-2:]])
    assert lane.parse(["search", "-5"]) is None
