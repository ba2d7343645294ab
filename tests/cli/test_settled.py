"""Settings stand behind the options of every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cass.cli.table import HOME, NAMES, command, options_of
from cass.settings.table import BY_KEY, CHOICE, ROWS, default_of
from tests.archive import Home, make_home

BACKED = {option.name: option for name in (*NAMES, HOME) for option in options_of(command(name)) if option.setting}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("lost", "where are the sessions", "in their folders")
    home.index()
    return home


def env(home: Home, **more: str) -> dict[str, str]:
    config = home.folder / "config"
    config.mkdir(exist_ok=True)
    return {"CASS_CONFIG_DIR": str(config), "CASS_CACHE_DIR": str(home.folder / "cache"), **more}


def write(home: Home, text: str, name: str = "cass.toml") -> None:
    env(home)
    (home.folder / "config" / name).write_text(text)


def limit(home: Home, *argv: str, **more: str) -> int:
    answer: int = json.loads(home.cass("search", "--json", *argv, env=env(home, **more)).stdout)["limit"]
    return answer


@pytest.mark.parametrize("name", BACKED)
def test_an_option_and_its_setting_agree(name: str):
    """One default, written twice because help shows the one and `cass config` the other."""
    option = BACKED[name]
    row = BY_KEY[option.setting]

    assert row.flag in option.names or option.name == "--mode"  # the short spelling
    assert option.setting == "pager" or (option.default or default_of(row)) == default_of(row)
    assert row.kind != CHOICE or set(option.values) in (set(), set(row.values))


@pytest.mark.parametrize("name", ["search", "status", "doctor", "backfill", "models"])
def test_every_semantic_flag_is_an_option_with_the_words_of_its_row(name: str):
    options = {option.name: option for option in options_of(command(name))}

    for row in ROWS:
        if (row.flag or "").startswith("--semantic"):
            assert (options[row.flag or ""].doc, options[row.flag or ""].setting) == (row.doc, row.key)


@pytest.mark.parametrize("flag", ["--semantic-budget-mb=-1", "--semantic-quality-weight=2", "--semantic-wait=soon"])
def test_a_bad_flag_is_wrong_use(home: Home, flag: str):
    """Exit 2, and what would be accepted."""
    done = home.cass("status", flag, env=env(home))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cass: ") and "Use " in done.stderr


def test_a_semantic_flag_holds_for_one_command(home: Home):
    """It is the strongest layer, and is written nowhere."""
    write(home, "semantic_budget_mb = 77\n", "semantic.toml")

    def budget(*argv: str) -> tuple[object, object]:
        said = json.loads(home.cass("status", "--json", *argv, env=env(home)).stdout)
        found = next(one for one in said["settings"] if one["name"] == "semantic_budget_mb")
        return (said["semantic"]["budget_mb"], found["source"])

    assert budget("--semantic-budget-mb", "5") == (5, "cli")
    assert budget() == (77, "config")


def test_two_spellings_of_the_mode_may_not_differ(home: Home):
    done = home.cass("search", "x", "--mode", "lexical", "--semantic-mode", "hybrid", env=env(home))

    assert (done.returncode, "contradict" in done.stderr) == (2, True)


def test_each_layer_is_stronger_than_the_one_before(home: Home):
    assert limit(home) == 10
    write(home, "[search]\nlimit = 3\n")
    assert limit(home) == 3
    assert limit(home, CASS_SEARCH_LIMIT="4") == 4
    assert limit(home, "-n", "5", CASS_SEARCH_LIMIT="4") == 5


def test_a_flag_that_repeats_the_default_still_wins(home: Home):
    write(home, "[search]\nlimit = 3\n")

    assert limit(home, "--limit", "10") == 10


def test_what_is_wrong_is_said_and_the_search_answers(home: Home):
    """By every command but those that list it themselves."""
    write(home, "[search]\nlimit = 'many'\nrefresh = 'off'\n")

    done = home.cass("search", "--json", "sessions", env=env(home))

    assert (done.returncode, json.loads(done.stdout)["limit"]) == (0, 10)
    assert done.stderr.count("cass: ") == 1
    assert "'many' is no value for search.limit" in done.stderr


@pytest.mark.parametrize("text", ["[search\n", "\x00", "limit = "])
def test_a_torn_file_is_said_and_the_defaults_serve(home: Home, text: str):
    write(home, text)

    done = home.cass("search", "--json", "x", env=env(home))

    assert (done.returncode, json.loads(done.stdout)["limit"]) == (0, 10)
    assert "cass.toml" in done.stderr


def test_the_mode_is_a_setting_of_search(home: Home):
    """The same words as --mode, which is stronger."""
    write(home, "mode = 'lexical'\n", "semantic.toml")

    said = json.loads(home.cass("search", "--json", "x", env=env(home)).stdout)
    spoken = json.loads(home.cass("search", "--json", "--mode", "hybrid", "x", env=env(home)).stdout)

    assert (said["meta"]["mode"], spoken["meta"]["mode"]) == ("lexical_only", "hybrid_preferred")


def test_color_and_plain_are_settings(home: Home):
    write(home, "color = 'always'\n")
    assert "\x1b[" in home.cass("sessions", env=env(home)).stdout
    assert "\x1b[" not in home.cass("sessions", "--color", "never", env=env(home)).stdout
    write(home, "plain = true\n")
    assert home.cass("sessions", env=env(home)).stdout == home.cass("sessions", "--plain", env=env(home)).stdout


def test_the_files_of_a_disabled_agent_are_not_read(home: Home):
    """By no run and no search; what was read before stays."""
    write(home, "[sources]\ndisabled = ['claude-code']\n")
    home.append("lost", "where is the needle")

    found = json.loads(home.cass("search", "--json", "needle", env=env(home)).stdout)
    read = json.loads(home.cass("index", "--json", env=env(home)).stdout)

    assert found["total_matches"] == 0
    assert "claude_code" not in {name for name, tally in read["agents"].items() if tally["files"]["seen"]}
    assert read["messages"] == 2
    assert json.loads(home.cass("index", "--json", "--agent", "claude", env=env(home)).stdout)["messages"] == 3
