"""`cass config`: show, get, set, unset, path and edit, as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cass.settings.table import ROWS
from tests.archive import Home, make_home


class User:
    """A user with a config folder of their own."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.folder = home.folder / "config"
        self.env = {"CASS_CONFIG_DIR": str(self.folder), "CASS_CACHE_DIR": str(home.folder / "cache")}

    def config(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.home.cass("config", *words, env={**self.env, **env})

    def said(self, *words: str, **env: str) -> Any:
        return json.loads(self.config(*words, "--json", **env).stdout)

    def path(self, name: str) -> Path:
        return self.folder / name

    def write(self, name: str, text: str) -> Path:
        self.folder.mkdir(exist_ok=True)
        self.path(name).write_text(text)
        return self.path(name)


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(make_home(tmp_path))


def editor(tmp_path: Path, code: str) -> str:
    """An editor that runs `code` with the file's path as `path`."""
    script = tmp_path / "editor.py"
    script.write_text(f"import sys\nfrom pathlib import Path\npath = Path(sys.argv[-1])\n{code}\n")
    return f'"{sys.executable}" "{script}"' if os.name == "nt" else f"{sys.executable} {script}"


def test_config_alone_shows_every_setting_with_its_layer(user: User):
    user.write("cass.toml", "[search]\nlimit = 7\n")

    done = user.config(CASS_PLAIN="off")

    shown = [line.split() for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert [row[0] for row in shown] == [row.key for row in ROWS]
    assert ["search.limit", "7", "hits", "file"] in shown
    assert ["semantic_budget_mb", "500", "MB", "default"] in shown
    assert ["plain", "false", "environment"] in shown


def test_origin_says_where_it_stands_and_what_it_hides(user: User):
    path = user.write("cass.toml", "[search]\nlimit = 7\n")

    done = user.config("show", "search.limit", "--origin", CASS_SEARCH_LIMIT="5")

    assert done.stdout == (
        f"search.limit  5 hits  environment  CASS_SEARCH_LIMIT\n    hides 7 (file, {path}:2)\n    hides 10 (default)\n"
    )


def test_plain_is_one_fact_a_line(user: User):
    """Here by the setting itself."""
    user.write("cass.toml", "plain = true\nsearch.limit = 7\n")

    done = user.config("show", "search.limit", "--origin")

    assert done.stdout == (
        f"search.limit: 7 hits (file, {user.path('cass.toml')}:2)\nsearch.limit hides: 10 (default)\n"
    )


def test_show_as_json_has_the_provenance_and_the_problems(user: User):
    path = user.write("semantic.toml", "semantic_budget_mb = 77\nmode = 'hybird'\n")

    said = user.said("show")

    assert [one["name"] for one in said["settings"]] == [row.key for row in ROWS]
    assert said["settings"][9] == {
        "name": "semantic_budget_mb",
        "value": 77,
        "unit": "MB",
        "source": "config",
        "origin": f"{path}:1",
        "env_var": "CASS_SEMANTIC_BUDGET_MB",
        "flag": "--semantic-budget-mb",
        "hides": [{"source": "compiled_default", "value": 500, "origin": None}],
    }
    (problem,) = said["problems"]
    assert problem == {
        "key": "mode",
        "origin": f"{path}:2",
        "text": "hybird",
        "accepted": "hybrid_preferred, lexical_only or strict_semantic",
        "what": "'hybird' is no value for mode",
        "todo": "use hybrid_preferred, lexical_only or strict_semantic",
    }
    assert said["files"] == [str(path), str(user.path("cass.toml"))]


def test_a_problem_is_said_once_and_stops_nothing(user: User):
    user.write("semantic.toml", "mode = 'hybird'\n")

    done = user.config("get", "mode")

    assert (done.returncode, done.stdout) == (0, "hybrid_preferred\n")
    assert done.stderr == (
        f"cass: 'hybird' is no value for mode ({user.path('semantic.toml')}:1)."
        " Use hybrid_preferred, lexical_only or strict_semantic.\n"
    )


def test_set_get_unset(user: User):
    """A whole round; each command says what holds afterwards."""
    path = user.path("cass.toml")
    assert user.config("set", "search.limit", "25").stdout == f"search.limit = 25 ({path}:1)\n"
    assert user.config("get", "search.limit").stdout == "25\n"
    assert user.said("get", "search.limit")["setting"]["origin"] == f"{path}:1"
    assert user.config("unset", "search.limit").stdout == "search.limit = 10\n"
    assert (path.read_text(), user.config("get", "search.limit").stdout) == ("", "10\n")


@pytest.mark.parametrize(
    "words, name, line",
    [
        (("mode", "off"), "semantic.toml", 'mode = "lexical_only"'),
        (("search.timeout_s", "500ms"), "cass.toml", "search.timeout_s = 0.5"),
        (("sources.disabled", "claude", "Aider"), "cass.toml", 'sources.disabled = ["claude_code", "aider"]'),
        (("pager", "less -R"), "cass.toml", 'pager = "less -R"'),
        (("pager", ""), "cass.toml", 'pager = ""'),
        (("plain", "yes"), "cass.toml", "plain = true"),
    ],
)
def test_set_writes_the_value_that_was_meant(user: User, words: tuple[str, ...], name: str, line: str):
    assert user.config("set", *words).returncode == 0
    assert user.path(name).read_text() == line + "\n"


@pytest.mark.parametrize(
    "words, error",
    [
        (("set", "search.limt", "3"), "there is no setting 'search.limt'. The nearest is search.limit."),
        (("get", "limit"), "there is no setting 'limit'. The nearest is search.limit."),
        (("set", "search.limit", "x"), "'x' is no value for search.limit. Use a whole number, 0 or more."),
        (("set", "search.limit"), "VALUE is missing (cass config set). Give a whole number, 0 or more."),
        (("set", "search.limit", "3", "4"), "'4' is one word too many (cass config set). Put the value in quotes."),
        (("get", "plain", "x"), "'x' is one word too many (cass config get). See `cass config -h`."),
        (("get",), "KEY is missing (cass config). Give a setting, such as search.limit."),
        (("set", "semantic_schema_version", "2"), "semantic_schema_version is a constant of the program."),
        (("set", "sources.disabled", "cluade"), "'cluade' is not an agent that cass reads"),
        (("set", "sources.disabled", "cluade"), "'cluade' is not an agent that cass reads. Did you mean claude_code?"),
        (("set", "sources.roots", "~/old", "codx=/x"), "'codx' is not an agent that cass reads. Did you mean codex?"),
        (("set", "quality_tier_embedder", "nosuch"), "'nosuch' is not an embedder. Use hash, minilm, openai,"),
        (("set", "search.limit", "-5"), "'-5' is no value for search.limit. Use a whole number, 0 or more."),
        (("set", "quality_weight", "-.5"), "'-.5' is no value for quality_weight. Use a number from 0.0 to 1.0."),
        (("set", "search.limit", "-x"), "there is no option -x (cass config). See `cass config -h`."),
        (("set", "serve.host", "300.1.1.1"), "'300.1.1.1' is no value for serve.host. Use an address such as"),
        (("gte", "plain"), "'gte' is not one of its values (ACTION). The nearest is `cass config get`; use show, "),
        (("plain",), "'plain' is not one of its values (ACTION). The nearest is `cass config get plain`; use show,"),
        (("plain", "on"), "'plain' is not one of its values (ACTION). The nearest is `cass config set plain on`; use"),
        (("path", "--origin"), "--origin is of no use here (cass config path). It belongs to show and get."),
        (("put", "plain"), "'put' is not one of its values (ACTION). Use show, get, set, unset, path, edit."),
    ],
)
def test_what_is_mistyped_is_refused_and_nothing_written(user: User, words: tuple[str, ...], error: str):
    done = user.config(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"cass: {error}")
    assert not user.folder.exists()


def test_set_in_a_torn_file_is_an_error_of_the_configuration(user: User):
    path = user.write("cass.toml", "search.limit = \n")

    done = user.config("set", "search.limit", "3", "--json")

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"], error["where"]) == (11, "configuration", f"{path}:1")
    assert path.read_text() == "search.limit = \n"


def test_what_cannot_be_changed_in_one_line_says_in_which_file(user: User):
    path = user.write("cass.toml", "search = {limit = 3}\n")

    done = user.config("set", "search.fetch_k", "4")

    assert (done.returncode, path.read_text()) == (11, "search = {limit = 3}\n")
    assert done.stderr == (
        f"cass: this file is too unusual to change one line ({path}). Do it by hand: cass config edit cass.toml.\n"
    )


def test_set_says_when_the_environment_is_stronger(user: User):
    done = user.config("set", "search.limit", "3", CASS_SEARCH_LIMIT="8")

    assert done.stdout == f"search.limit = 3 ({user.path('cass.toml')}:1)\n"
    assert done.stderr == "cass: the environment is stronger: CASS_SEARCH_LIMIT says 8\n"


def test_unset_of_what_is_not_set_says_so(user: User):
    done = user.config("unset", "plain")

    assert (done.returncode, done.stdout) == (0, "plain = false\n")
    assert done.stderr == f"cass: plain was not set in {user.path('cass.toml')}\n"


def test_path_says_where_the_files_are(user: User):
    both = f"{user.path('semantic.toml')}\n{user.path('cass.toml')}\n"

    assert user.config("path").stdout == both
    assert user.config("path", "mode").stdout == f"{user.path('semantic.toml')}\n"
    assert user.said("path")["config_dir"] == str(user.folder)


def test_edit_checks_afterwards_and_keeps_what_the_person_wrote(user: User, tmp_path: Path):
    wrong = "search.limit = 'many'\n"

    done = user.config("edit", VISUAL=editor(tmp_path, f"path.write_text({wrong!r})"))

    assert (done.returncode, user.path("cass.toml").read_text()) == (11, wrong)
    assert done.stderr.startswith(f"cass: 'many' is no value for search.limit ({user.path('cass.toml')}:1).")


def test_edit_of_a_new_file_begins_with_all_settings_commented_out(user: User, tmp_path: Path):
    change = "path.write_text(path.read_text().replace('# mode = \"hybrid_preferred\"', 'mode = \"off\"'))"

    done = user.config("edit", "mode", EDITOR=editor(tmp_path, change))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert user.config("get", "mode").stdout == "lexical_only\n"
    assert "# quality_weight = 0.7\n" in user.path("semantic.toml").read_text()


def test_edit_that_changes_nothing_leaves_no_file(user: User, tmp_path: Path):
    done = user.config("edit", "semantic", "--json", EDITOR=editor(tmp_path, "print('hello')"))

    assert json.loads(done.stdout)["problems"] == []
    assert not user.path("semantic.toml").exists()


def test_an_editor_that_is_none_is_said(user: User):
    done = user.config("edit", VISUAL="no-such-editor --wait")

    assert done.returncode == 2
    assert "the editor 'no-such-editor' cannot be started" in done.stderr
    assert not user.path("cass.toml").exists()


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_an_editor_that_draws_is_not_started_without_a_terminal(user: User, form: tuple[str, ...]):
    """It would wait for keys that nobody can press; no file is begun for it."""
    path = user.path("cass.toml")
    done = user.config("edit", *form, EDITOR="/no/such/folder/vim -n")

    todo = f"use cass config set KEY VALUE, or edit {path} yourself"
    said = json.loads(done.stdout)["error"] if form else None
    assert done.returncode == 2
    if said is None:
        assert done.stderr == f"cass: vim needs a terminal (cass config edit). {todo[0].upper()}{todo[1:]}.\n"
    else:
        assert (said["message"], said["hint"]) == ("vim needs a terminal", todo)
    assert not path.exists()


def test_a_folder_in_place_of_the_file_is_not_edited(user: User):
    """An editor would open it and show something else."""
    user.path("cass.toml").mkdir(parents=True)

    done = user.config("edit", EDITOR="true")

    assert (done.returncode, done.stdout) == (11, "")
    assert "it is not a file" in done.stderr


def test_get_with_its_origin(user: User):
    """As show says it of one setting; for programs the value's provenance is there anyway."""
    user.write("cass.toml", "search.limit = 7\n")

    assert (
        user.config("get", "search.limit", "--origin").stdout == user.config("show", "search.limit", "--origin").stdout
    )
    assert user.said("get", "search.limit", "--origin") == user.said("get", "search.limit")


@pytest.mark.parametrize(
    "there, opened",
    [(["semantic.toml"], "semantic.toml"), (["cass.toml"], "cass.toml"), (["semantic.toml", "cass.toml"], "cass.toml")],
)
def test_edit_without_a_name_opens_the_only_file_there_is(user: User, there: list[str], opened: str):
    for name in there:
        user.write(name, "# mine\n")

    assert user.said("edit", EDITOR="true")["path"] == str(user.path(opened))


def test_edit_says_what_only_other_rooms_know(user: User, tmp_path: Path):
    done = user.config("edit", EDITOR=editor(tmp_path, "path.write_text('sources.disabled = [\"codeks\"]')"))

    assert done.returncode == 11
    assert done.stderr.startswith("cass: 'codeks' is not an agent that cass reads")


def test_an_agent_that_nobody_knows_is_said(user: User):
    """The table of settings knows words alone; what no connector reads disables nothing."""
    said = user.said("show", CASS_SOURCES_DISABLED="aider,codeks")

    assert [(each["key"], each["origin"], each["text"]) for each in said["problems"]] == [
        ("sources.disabled", "CASS_SOURCES_DISABLED", "codeks")
    ]


def test_a_length_that_the_model_s_vectors_do_not_have_is_said(user: User):
    """By config and status, with where it stands and what the model makes; what fits is not worth a word."""
    user.write("semantic.toml", "quality_dimension = 512\n")

    (said,) = user.said("show")["problems"]
    (listed,) = json.loads(user.home.cass("status", "--json", env=user.env).stdout)["problems"]

    for each in (said, listed):
        assert (each["key"], each["text"], each["accepted"]) == ("quality_dimension", "512", "384")
    assert "quality_dimension is 512, and the vectors of minilm have 384 floats" in user.config("show").stderr
    assert user.said("show", CASS_REMOTE_DIMENSION="512", CASS_SEMANTIC_EMBEDDER="openai")["problems"] == []
    assert user.said("show", CASS_SEMANTIC_EMBEDDER="org/unknown")["problems"] == []
    assert user.said("show", CASS_SEMANTIC_QUALITY_DIMENSION="384")["problems"] == []
