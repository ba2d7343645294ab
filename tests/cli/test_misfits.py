"""Values that the table of settings cannot judge, and config folders that are none: said by whatever command is run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cass import clock
from cass.cli.settled import JUDGED, is_sure
from cass.records import replace
from cass.settings.hot import FILES
from cass.settings.layers import read_files
from cass.settings.table import BY_KEY
from tests.archive import make_home
from tests.cli.test_config import User


@pytest.fixture
def user(tmp_path: Path) -> User:
    return User(make_home(tmp_path))


MISFITS = {
    "sources.disabled": ('["aider", "codeks"]', "codeks", "'codeks' is not an agent that cass reads"),
    "sources.roots": ('["~/old", "codx=/x"]', "codx=/x", "'codx' is not an agent that cass reads"),
    "quality_tier_embedder": ('"nosuch"', "nosuch", "'nosuch' is not an embedder"),
    "quality_dimension": ("512", "512", "quality_dimension is 512, and the vectors of minilm have 384 floats"),
}


@pytest.mark.parametrize("key", JUDGED)
def test_what_only_other_rooms_know_is_said_by_all(user: User, key: str):
    """Config, status and doctor list it, and every other command says it once; also when the file was read before."""
    text, word, what = MISFITS[key]
    path = user.write(BY_KEY[key].file, f"{key} = {text}\n")
    os.utime(path, (1, 1))
    user.home.claude("one", "a walrus sleeps")
    user.home.index()

    for listed in (user.said("show"), json.loads(user.home.cass("status", "--json", env=user.env).stdout)):
        assert [(each["key"], each["text"]) for each in listed["problems"]] == [(key, word)]
    assert what in " ".join(user.home.cass("doctor", env=user.env).stdout.split())
    remember(user)
    for words in (("search", "walrus"), ("search", "walrus"), ("index",)):
        said = user.home.cass(*words, env=user.env).stderr
        assert (said.count(what), f"({path}:1)" in said) == (1, True)


def remember(user: User) -> None:
    """What a command that runs some seconds later leaves in the cache."""
    places = user.home.places
    places = replace(places, config=str(user.folder), cache=user.env["CASS_CACHE_DIR"])
    found = tuple(name for name in FILES if user.path(name).exists())
    read_files(places, found, {}, lambda: clock.now_ms() + 10_000)


def test_what_is_as_other_rooms_know_it_is_taken_from_the_cache(user: User):
    """Nobody is slower for having said it."""
    values = {"sources.disabled": ("aider",), "sources.roots": ("~/old", "codex=/x"), "quality_tier_embedder": "openai"}

    assert is_sure(values)
    assert is_sure({"quality_tier_embedder": "BAAI/bge-small-en-v1.5"})
    assert not is_sure(values | {"sources.roots": ("codx=/x",)})
    assert not is_sure(values | {"quality_tier_embedder": "nosuch"})
    assert not is_sure({"quality_dimension": 384})


def test_an_embedder_that_is_none_leaves_a_next_step_that_works(user: User):
    """The one that takes the wrong name out, where it stands."""
    user.home.claude("one", "a walrus sleeps")
    user.home.index()
    user.home.cass("backfill", "--tier", "fast")

    def meaning(**env: str) -> Any:
        return json.loads(user.home.cass("status", "--json", env=user.env | env).stdout)["semantic"]

    assert meaning(CASS_SEMANTIC_EMBEDDER="nosuch")["next_step"] == "unset CASS_SEMANTIC_EMBEDDER"
    user.write("semantic.toml", "quality_tier_embedder = 'nosuch'\n")
    step = meaning()["next_step"]
    assert step == "cass config set quality_tier_embedder minilm"
    assert user.home.cass(*step.split()[1:], env=user.env).returncode == 0
    assert meaning()["next_step"] == "cass models install"


def test_an_option_that_names_no_embedder_is_refused(user: User):
    done = user.home.cass("status", "--semantic-embedder", "nosuch", env=user.env)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cass: 'nosuch' is not an embedder (--semantic-embedder).")


def test_doctor_looks_with_the_options_that_it_was_given(user: User):
    """They hold for that one command."""
    user.write("semantic.toml", "quality_dimension = 512\n")

    def settings(*options: str) -> Any:
        found = json.loads(user.home.cass("doctor", "--json", *options, env=user.env).stdout)["checks"]
        return next(each["level"] for each in found if each["name"] == "settings")

    assert (settings(), settings("--semantic-embedder", "org/unknown")) == ("warn", "ok")


def test_a_config_folder_that_is_a_file_is_said_with_what_mends_it(user: User):
    user.folder.write_text("")

    done = user.home.cass("status", "--json", env=user.env)

    [advice] = [each for each in json.loads(done.stdout)["recommended"] if each["command"] != "cass index"]
    assert advice["command"] == f"mv {user.folder} {user.folder}.aside"
    assert "the config folder is not a folder" in user.home.cass("sources", env=user.env).stderr
