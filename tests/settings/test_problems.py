"""A value that cannot be read is a problem with key, origin, text and accepted form; the layer below counts."""

from __future__ import annotations

import pytest

from cass.errors import UsageError
from cass.settings.kinds import accepted
from cass.settings.problems import stray_key
from cass.settings.quick import SENT_TO
from cass.settings.table import (
    AGENTS,
    COMMAND,
    CONSTANT,
    LINK,
    NAME,
    PATTERNS,
    ROOTS,
    ROWS,
    VARIABLE,
    Setting,
    default_of,
)
from cass.settings.write import value_text
from tests.settings.layering import BAD, SETTABLE, Config, good, told

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
each_settable = pytest.mark.parametrize("row", SETTABLE, ids=lambda row: row.key)


@each_row
def test_a_bad_value_in_a_file(config: Config, row: Setting):
    path = config.write(row.file, f"{row.key} = {value_text(BAD[row.kind])}\n")

    settings = config.load()

    (problem,) = settings.problems
    assert (problem.key, problem.origin, problem.text) == (row.key, f"{path}:1", told(row))
    assert problem.accepted == accepted(row)
    assert (settings.value(row.key), settings.source(row.key)) == (default_of(row), "compiled_default")


@each_row
def test_a_bad_value_in_a_variable(config: Config, row: Setting):
    """What the file says counts instead, unless texts go there; a constant has no say anywhere."""
    if row.kind != CONSTANT:
        config.write(row.file, f'{row.key} = "{good(row, 0)[0]}"\n')
    settings = config.load({row.variables[0]: BAD[row.kind]})

    (problem,) = settings.problems
    assert (problem.key, problem.origin, problem.text) == (row.key, row.variables[0], told(row))
    assert problem.accepted == accepted(row)
    assert settings.source(row.key) == ("compiled_default" if row.kind in (CONSTANT, *SENT_TO) else "config")


@pytest.mark.parametrize("row", [row for row in ROWS if row.flag], ids=lambda row: row.key)
def test_a_bad_flag_ends_the_command(config: Config, row: Setting):
    with pytest.raises(UsageError) as raised:
        config.load(flags={row.key: BAD[row.kind]})

    assert (raised.value.exit_code, raised.value.where) == (2, row.flag)
    assert raised.value.todo == f"use {accepted(row)}"


def test_nothing_but_hash_makes_the_fast_tier(config: Config):
    """A search opens no model for it: vectors of any other would be made and never read."""
    settings = config.load({"CASS_SEMANTIC_FAST_EMBEDDER": "minilm"})

    (problem,) = settings.problems
    assert (problem.text, problem.accepted) == ("minilm", "hash, and nothing else")
    assert settings.policy().fast_tier_embedder == "hash"


def test_a_secret_in_the_wrong_place_is_not_repeated(config: Config):
    """A setting names the variable of a key; whoever writes the key itself there does not find it in a log."""
    config.write("cass.toml", 'remote.key_env = "sk-123abc"\nremote.base_url = "http://me:123abc@localhost"\n')

    told = " ".join([f"{problem} {problem!r}" for problem in config.load().problems])

    assert ("remote.key_env" in told, "remote.base_url" in told, "123abc" in told) == (True, True, False)


@each_settable
@pytest.mark.parametrize("toml", ["{}", "{a = 1}", "[[1]]", "2020-01-01", "nan", "-inf", "-7", "1e300"])
def test_what_has_another_type_is_no_value(config: Config, row: Setting, toml: str):
    """Tables, dates, infinities: whatever TOML can hold ends in problems, never in a crash."""
    config.write(row.file, f"{row.key} = {toml}\n")

    settings = config.load()

    assert len(settings.problems) == 1
    assert settings.value(row.key) == default_of(row)


@pytest.mark.parametrize("row", [row for row in SETTABLE if row.kind == "whole"], ids=lambda row: row.key)
@pytest.mark.parametrize("text", ["", "x", "1_0", "+1", "1.0", "0x10", "٣", "9" * 40, "true"])
def test_only_plain_digits_are_a_whole_number(config: Config, row: Setting, text: str):
    assert len(config.load({row.variables[0]: text}).problems) == 1


def test_a_truth_value_is_no_number(config: Config):
    config.write("cass.toml", "search.limit = true\n")

    assert str(config.load().problems[0]) == (
        f"true is no value for search.limit ({config.path('cass.toml')}:1). Use a whole number, 0 or more."
    )


@pytest.mark.parametrize(
    "name, key, near, line",
    [
        ("cass.toml", "search.limt", "search.limit", 1),
        ("cass.toml", "limit", "search.limit", 1),
        ("cass.toml", "search.limit.x", "search.limit", 1),
        ("cass.toml", "semantic.quality-weight", "quality_weight", 1),
        ("semantic.toml", "semantic_budget", "semantic_budget_mb", 1),
        ("semantic.toml", "zzz", "", 1),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest(config: Config, name: str, key: str, near: str, line: int):
    path = config.write(name, f"{key} = 3\n")

    (problem,) = config.load().problems
    assert (problem.key, problem.origin, problem.text, problem.accepted) == (key, f"{path}:{line}", "3", near)


@pytest.mark.parametrize(
    "name, key, right", [("cass.toml", "mode", "semantic.toml"), ("semantic.toml", "plain", "cass.toml")]
)
def test_a_key_in_the_wrong_file_is_told_the_right_one(config: Config, name: str, key: str, right: str):
    config.write(name, f"\n{key} = 'off'\n")

    settings = config.load()

    (problem,) = settings.problems
    assert str(problem) == f"{key} does not belong in this file ({config.path(name)}:2). Move it to {right}."
    assert settings.source(key) == "compiled_default"


@pytest.mark.parametrize(
    "name, near",
    [
        ("CASS_SEARCH_LIMT", "CASS_SEARCH_LIMIT"),
        ("CASS_SEMANTIC_BUDGET", "CASS_SEMANTIC_BUDGET_MB"),
        ("CASS_DATADIR", "CASS_DATA_DIR"),
        ("CASS_TWO_TIER_ZZZZZZZZZZZZZZZZZZZZ", ""),
    ],
)
def test_a_variable_that_sets_nothing_is_reported_with_the_nearest(config: Config, name: str, near: str):
    (problem,) = config.load({name: "perhaps a secret"}).problems

    assert (problem.key, problem.origin, problem.text, problem.accepted) == (name, name, "", near)


def test_variables_of_others_are_theirs(config: Config):
    """CASS_ is no name of ours alone."""
    env = {
        "CASS_DATA_DIR": "/d",
        "CASS_REMOTE_API_KEY": "x",
        "CASS_OPERATIONS": "1",
        "CASSANDRA_HOME": "/c",
        "PATH": "",
    }

    assert config.load(env).problems == []


def test_problems_come_in_the_order_of_the_layers(config: Config):
    config.write("cass.toml", "plain = 3\ncolor = 'red'\n")
    config.write("semantic.toml", "mode = 'x'\n")

    keys = [problem.key for problem in config.load({"CASS_PAGER": "\x07"}).problems]

    assert keys == ["mode", "plain", "color", "pager"]


@pytest.mark.parametrize("text", [f"0x{'f' * 5000}", f"[0x{'f' * 5000}]", f"{{a = 0x{'f' * 5000}}}", f"'{'x' * 5000}'"])
@each_settable
def test_a_value_of_thousands_of_digits_is_a_problem_like_others(config: Config, row: Setting, text: str):
    """It is said in words that fit a screen, and stops no command."""
    config.write(row.file, f"{row.key} = {text}\n")

    problems = config.load().problems

    # A long text is a value of some.
    assert problems or (text.startswith("'") and row.kind in (NAME, COMMAND, PATTERNS, ROOTS, AGENTS, VARIABLE, LINK))
    assert all(len(problem.text) < 400 and len(problem.what) < 600 for problem in problems)


def test_an_address_that_cannot_be_read_is_no_other_one(config: Config):
    """Texts do not go to the server of the layer below, from which somebody wanted to turn away."""
    config.write("cass.toml", 'remote.base_url = "http://localhost:1/v1"\nembedder.url = "unix:///run/one"\n')

    settings = config.load({"CASS_REMOTE_BASE_URL": "localhost:2", "CASS_EMBEDDER_URL": "nowhere at all"})

    assert (settings.value("remote.base_url"), settings.value("embedder.url")) == ("", "")
    assert {problem.origin for problem in settings.problems} == {"CASS_REMOTE_BASE_URL", "CASS_EMBEDDER_URL"}


def test_a_secret_in_a_key_that_nobody_knows_is_not_shown():
    [problem] = stray_key("remote.api_key", "sk-live-0123456789", "cass.toml:1")

    assert problem.text == "***"
    assert "sk-live" not in str(problem)
