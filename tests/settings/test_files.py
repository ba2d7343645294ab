"""The files of settings as people leave them: where each key stands, and files that cannot be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.records import replace
from cass.settings.hot import plain_values
from cass.settings.layers import MOST_BYTES
from cass.settings.quick import load
from cass.settings.table import ROWS
from tests.settings.layering import Config

WRITTEN = [
    ("color = 'never'\nsearch.limit = 7\n", 2),
    ("[search]\nlimit = 7\n", 2),
    ("# search.limit = 1\n\n[ search ]  # mine\n\n  limit=7 # here\n", 5),
    ('["search"]\n"limit" = 7\n', 2),
    ("search = { refresh = 'off', limit = 7 }\n", 1),
    ('"search.limit" = 7\n', 1),
    ("x = '''\nsearch.limit = 1\n[search]\n'''\nsearch.limit = 7\n", 5),
    ('x = """a\\""" = \n"""\nsearch . limit = 7\n', 3),
    ("x = [\n  '[search]', # limit = 3\n  {limit = 4},\n]\n[search]\nlimit = 7\n", 6),
    ("[[x]]\nlimit = 1\n[[x]]\n[search]\nlimit = 7", 5),
    ("x = 1979-05-27 07:32:00\r\nsearch.limit = 7\r\n", 2),
    ("\ufeffsearch.limit = 7\n", 1),
    ("\ufeff# by a Windows editor\r\n[search]\r\nlimit = 7", 3),
]


@pytest.mark.parametrize("text, line", WRITTEN, ids=range(len(WRITTEN)))
def test_a_key_is_found_however_it_is_written(config: Config, text: str, line: int):
    """Value and line."""
    path = config.write("cass.toml", text)

    answer = config.load().effective().get("search.limit")

    assert (answer.value, answer.origin) == (7, f"{path}:{line}")


@pytest.mark.parametrize(
    "text, line",
    [
        ("# mine\n\n[[reranker]]\nname = 'a'\n\n[[reranker]]\nname = 'b'\n", 3),
        ("quality_weight = 0.5\n  [[ reranker ]]\n", 2),
        ("\n[mode]\n", 2),
        ("\n[search]\n\n[search.mode]\n", 4),
        ("\n[search]\n[[search.words]]\nx = 1\n", 3),
    ],
)
def test_a_table_in_the_place_of_a_value_is_named_by_its_heading(config: Config, text: str, line: int):
    path = config.write("semantic.toml", text)

    problems = config.load().problems

    assert [problem.origin for problem in problems] == [f"{path}:{line}"]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "[search]\n", "search = {}\n", "\ufeff"])
def test_an_empty_file_sets_nothing(config: Config, text: str):
    config.write("cass.toml", text)

    settings = config.load()

    assert (settings.given, settings.problems) == ({}, [])


def broken(config: Config, name: str, content: bytes, line: int | None) -> str:
    """The sentence about a file whose content is no TOML; nothing in it counts."""
    path = config.path(name)
    path.write_bytes(content)
    settings = config.load()
    (problem,) = settings.problems
    assert settings.given == {}
    assert problem.origin == (f"{path}:{line}" if line else str(path))
    return problem.what


def test_a_file_torn_at_any_byte_is_said_or_still_good(config: Config):
    """Never a crash, never half a file: all keys, all of the first lines, or none with the reason."""
    whole = 'mode = "off"\nreranker = "größer"\nquality_weight = 0.25\n[x]\n'.encode()
    for length in range(len(whole)):
        config.path("semantic.toml").write_bytes(whole[:length])
        settings = config.load()
        torn = [problem for problem in settings.problems if problem.key == ""]
        assert not (torn and settings.given)
        assert torn or whole[:length].count(b"\n") <= len(settings.given) + len(settings.problems)


@pytest.mark.parametrize(
    "content, line, what",
    [
        (b'mode = "off"\nquality_weight = 0.', 2, "the file is not TOML: "),
        (b'mode = "off"\nmode = "off"\n', 2, "the file is not TOML: cannot overwrite a value"),
        (b'mode = "off', None, "the file is not TOML: "),
        (b"\xff\xfem\x00o\x00", None, "the file is not UTF-8 text"),
        (b"mode = 'o\xe9f'", None, "the file is not UTF-8 text"),
        (b"a" * (MOST_BYTES + 1), None, f"the file cannot be read: it has more than {MOST_BYTES} bytes"),
        (b"x = " + b"[" * 100_000, None, "the file is nested too deeply"),
        (b"mode = 'off'\rplain = true", 1, "the file is not TOML: "),
    ],
    ids=range(8),
)
def test_a_broken_file_is_said_and_defaults_serve(config: Config, content: bytes, line: int | None, what: str):
    assert broken(config, "semantic.toml", content, line).startswith(what)


def test_the_other_file_still_counts(config: Config):
    config.write("semantic.toml", "mode = ")
    config.write("cass.toml", "search.limit = 3")

    assert config.load().value("search.limit") == 3


def test_a_folder_in_the_place_of_a_file(config: Config):
    config.path("semantic.toml").mkdir()

    (problem,) = config.load().problems

    assert str(problem) == (
        f"the file cannot be read: it is not a file ({config.path('semantic.toml')})."
        " Mend it: until then nothing in it counts."
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")
def test_a_named_pipe_is_not_waited_for(config: Config):
    os.mkfifo(config.path("cass.toml"))

    assert len(config.load().problems) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(config: Config):
    config.write("cass.toml", "plain = true").chmod(0)

    assert "permission denied" in config.load().problems[0].what


def test_a_link_that_leads_in_a_circle(config: Config):
    config.path("cass.toml").symlink_to(config.path("cass.toml"))

    assert len(config.load().problems) == 1


@pytest.mark.parametrize("name", ["semantic.toml", "cass.toml"])
def test_a_link_that_leads_nowhere_is_not_passed_over(config: Config, name: str):
    """The folder with somebody's dotfiles may be away for a while."""
    config.path(name).symlink_to(config.folder / "away" / name)

    (problem,) = config.load().problems

    assert (problem.origin, problem.what) == (
        str(config.path(name)),
        "the file cannot be read: it is a link that leads nowhere",
    )


@pytest.mark.parametrize("below", ["", "deeper/config"])
def test_a_config_folder_that_is_none(config: Config, below: str):
    """It is said once, with what stands in the way; no file of settings can be there."""
    config.folder.rmdir()
    config.folder.write_text("not a folder")
    places = replace(config.places, config=os.path.join(config.places.config, below).rstrip(os.sep))

    (problem,) = load(places, {}).problems

    assert (problem.origin, problem.what) == (str(config.folder), "the config folder is not a folder")
    assert plain_values(places, {}) is None


def test_who_names_no_folder_wants_none(config: Config):
    assert load(replace(config.places, config=os.devnull), {}).problems == []


def test_a_linked_file_is_read_and_named_as_the_person_knows_it(config: Config, tmp_path: Path):
    (tmp_path / "dotfiles.toml").write_text("search.limit = 3")
    config.path("cass.toml").symlink_to(tmp_path / "dotfiles.toml")

    assert config.load().effective().get("search.limit").origin == f"{config.path('cass.toml')}:1"


def test_a_key_that_stands_twice_is_a_problem(config: Config):
    """TOML itself refuses nearly all of them."""
    config.write("cass.toml", '"search.limit" = 3\nsearch.limit = 4\n')

    settings = config.load()

    assert (len(settings.problems), settings.problems[0].key) == (1, "search.limit")
    assert settings.source("search.limit") == "config"


def test_every_other_setting_survives_a_bad_one(config: Config):
    rows = [row for row in ROWS if row.file == "semantic.toml" and row.kind == "whole"]
    config.write("semantic.toml", "mode = 3\n" + "".join(f"{row.key} = 44\n" for row in rows))

    settings = config.load()

    assert [settings.value(row.key) for row in rows] == [44] * len(rows)
    assert len(settings.problems) == 1
