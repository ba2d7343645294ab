"""A value that cannot be read is a problem with key, origin, text and accepted form; the layer below counts."""

from __future__ import annotations

import pytest

from cass.errors import UsageError
from cass.settings import foreign
from cass.settings.hot import OTHER_VARIABLES, plain_values
from cass.settings.kinds import accepted
from cass.settings.near import nearest
from cass.settings.problems import MOST_STRAY, stray_key, unknown_key
from cass.settings.quick import SENT_TO
from cass.settings.table import (
    AGENTS,
    BY_KEY,
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


@pytest.mark.parametrize(
    "key, near",
    [
        ("semantic_mode", "mode"),
        ("semantic.mode", "mode"),
        ("search_limit", "search.limit"),
        ("CASS_PAGER", "pager"),
        ("--semantic-embedder", "quality_tier_embedder"),
        ("two_tier_fast_dim", "fast_dimension"),
        ("max_chars", "pack.max_chars"),
        ("search", "search.limit"),
        ("zzz", None),
        ("x" * 20_000, None),
    ],
)
def test_a_key_is_known_by_the_spellings_of_its_variables_and_its_option(key: str, near: str | None):
    assert nearest(key) == near


@pytest.mark.parametrize(
    "key, near",
    [
        ("nope", None),
        ("offset", None),
        ("sort", None),
        ("links", None),
        ("s", None),
        ("plane", "plain"),
        ("colour", "color"),
        ("idle_delay", "idle_delay_seconds"),
        ("budget", "semantic_budget_mb"),
    ],
)
def test_only_what_is_near_is_taken_for_the_key_that_was_meant(key: str, near: str | None):
    """Most of its letters, or a word of it; a guess that is none sends people astray."""
    assert nearest(key) == near


@pytest.mark.parametrize("head", sorted({key.partition(".")[0].upper() for key in BY_KEY if "." in key}))
def test_a_variable_that_begins_like_ours_is_meant_for_us(config: Config, head: str):
    """Of every section, as `worker.batch` has it, also where nothing is like it."""
    [problem] = config.load({f"CASS_{head}_QQQQQQQQQQQQQQQ": "1"}).problems

    assert problem.what == f"the variable CASS_{head}_QQQQQQQQQQQQQQQ sets nothing"


@pytest.mark.parametrize("name, near", [("CASS_MAX_TOKENS", "CASS_PACK_MAX_TOKENS"), ("CASS_COLOUR", "CASS_COLOR")])
def test_a_variable_that_is_nearly_ours_is_meant_for_us(config: Config, name: str, near: str):
    assert [problem.accepted for problem in config.load({name: "1"}).problems] == [near]


def test_the_variables_that_a_search_knows_are_those_of_the_table():
    """They are written down once more, so that it need not load the table."""
    table = {name for row in ROWS if row.kind != CONSTANT for name in row.variables}

    assert set(foreign.KNOWN) == table | set(OTHER_VARIABLES)
    sections = {f"CASS_{key.partition('.')[0].upper()}_" for key in BY_KEY if "." in key}
    assert set(foreign.OURS) == sections | {"CASS_SEMANTIC_", "CASS_TWO_TIER_"}


def test_who_has_a_variable_of_somebody_else_is_no_slower(config: Config):
    """A search reads no table of settings for it."""
    assert plain_values(config.places, {"CASS_OPERATIONS": "1", "CASS_HOME": "/x"}) == {}
    assert plain_values(config.places, {"CASS_WORKER_BATCHES": "1"}) is None


def test_the_variable_that_holds_the_key_sets_nothing_and_is_no_mistake(config: Config):
    config.write("cass.toml", 'remote.key_env = "CASS_REMOTE_KEY_OF_MINE"\n')

    assert config.load({"CASS_REMOTE_KEY_OF_MINE": "secret"}).problems == []


def test_a_file_with_thousands_of_unknown_keys_is_told_in_some_lines(config: Config):
    """It is a file of something else; a search before which it is read must not take seconds, nor fill the screen."""
    path = config.write("cass.toml", "".join(f"k{at} = 1\n" for at in range(12_000)) + "search.limit = 3\n")

    settings = config.load()

    assert len(settings.problems) == MOST_STRAY + 1
    assert str(settings.problems[-1]) == (
        f"and {12_000 - MOST_STRAY} more keys from here on that this file cannot set ({path}:{MOST_STRAY + 1})."
        " Take them out."
    )
    assert settings.value("search.limit") == 3


def test_a_name_that_fills_pages_is_shortened_in_its_middle(config: Config):
    config.write("cass.toml", f"{'a' * 10_000}{'z' * 10_000} = 1\n")

    problems = [*config.load().problems, *config.load({f"CASS_WORKER_{'Q' * 20_000}": "1"}).problems]

    assert all(len(str(problem)) < 400 for problem in problems)
    assert "there is no setting aaaa" in str(problems[0]) and "zzzz (" in str(problems[0])
    assert len(str(unknown_key("x" * 20_000))) < 200


@pytest.mark.parametrize("text, told", [("9" * 19, "9" * 19), ("9" * 500, "(a number of some 500 digits)")])
def test_a_number_that_is_too_long_is_told_so(config: Config, text: str, told: str):
    """It is a whole number, as accepted: only its length is wrong."""
    config.write("cass.toml", f"search.limit = {text}\n")

    [problem] = config.load().problems

    assert (problem.text, problem.todo) == (told, "use a whole number, 0 or more, of at most 18 digits")
    assert config.load({"CASS_SEARCH_LIMIT": text}).problems[-1].todo == problem.todo


def test_half_a_character_in_a_variable_is_said_in_whole_ones(config: Config):
    """Programs that read the JSON refuse halves."""
    env = {"CASS_PAGER": "less\udcff", "CASS_EMBEDDER_URL": "unix:///x\udcff", "CASS_SEARCH_\udcff": "1"}

    problems = config.load(env).problems

    assert [problem.text for problem in problems] == ["unix:///x\ufffd", "less\ufffd", ""]
    assert problems[2].origin == "CASS_SEARCH_\ufffd"


@pytest.mark.parametrize(
    "host", ["300.1.1.1", "1.2.3", "a b", "-x", "x-", "a..b", "::zz", "http://x", "x/y", "x:80", ""]
)
def test_what_no_machine_is_called_is_no_host(config: Config, host: str):
    assert [problem.key for problem in config.load({"CASS_SERVE_HOST": host}).problems] == ["serve.host"]
