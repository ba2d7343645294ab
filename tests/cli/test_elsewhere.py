"""Who names a data folder is told commands for that folder, not for the usual one."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

import cass
from cass.cli.elsewhere import folder_in, named_there, writing_there
from tests.archive import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("s1", "the pool timed out", "raise the pool size")
    return home


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("cass index --rebuild", "cass index --data-dir '/an archive' --rebuild"),
        ("mv a b && cass index", "mv a b && cass index --data-dir '/an archive'"),
        ("cass models install", "cass models --data-dir '/an archive' install"),
        ("it is damaged; cass index mends it", "it is damaged; cass index --data-dir '/an archive' mends it"),
        ("run: cass agent-context", "run: cass agent-context --data-dir '/an archive'"),
        ("a newer cass wrote it", "a newer cass wrote it"),
        ("pipx upgrade cass-search", "pipx upgrade cass-search"),
        ("cass index --data-dir '/an archive'", "cass index --data-dir '/an archive'"),
    ],
)
def test_each_command_of_ours_names_the_folder(text: str, there: str) -> None:
    assert named_there(text, "/an archive") == there
    assert named_there(text, None) == text


def test_the_last_folder_counts_and_words_behind_two_dashes_are_words() -> None:
    assert folder_in(["search", "--data-dir", "a", "x", "--data-dir=b", "--", "--data-dir=c"]) == "b"
    assert folder_in(["search", "--data-dir"]) is None


def test_what_is_recommended_mends_the_archive_that_was_looked_at(home: Home, tmp_path: Path) -> None:
    """The index of another archive is lost: followed to the letter, the advice brings that one back."""
    other = tmp_path / "another archive"
    home.cass("index", "--data-dir", str(other))
    shutil.rmtree(other / "derived")
    said = json.loads(home.cass("status", "--json", "--data-dir", str(other)).stdout)

    [advice] = said["recommended"]
    assert shlex.split(advice["command"]) == ["cass", "index", "--data-dir", str(other)]
    home.cass(*shlex.split(advice["command"])[1:])
    assert json.loads(home.cass("status", "--json", "--data-dir", str(other)).stdout)["healthy"]
    assert not Path(home.places.database).exists()


def test_doctor_searches_and_errors_name_it_as_well(home: Home, tmp_path: Path) -> None:
    """Wherever a command is recommended."""
    other = tmp_path / "other"
    assert f"cass index --data-dir {other}" in _said(home.cass("show", "abcdef", "--data-dir", str(other)))
    home.cass("index", "--data-dir", str(other))
    shutil.rmtree(other / "derived")

    found = json.loads(home.cass("search", "pool", "--json", "--refresh", "off", "--data-dir", str(other)).stdout)
    assert any(f"cass index --data-dir {other} mends it" in note for note in found["meta"]["notes"])
    assert f"cass index --data-dir {other}" in _said(home.cass("doctor", "--data-dir", str(other)))


def test_who_named_a_risky_folder_is_sent_to_another_one(home: Home, tmp_path: Path) -> None:
    """Not to read everything into the same one again."""
    risky = tmp_path / "Dropbox" / "cass"

    checks = json.loads(home.cass("doctor", "--json", "--data-dir", str(risky)).stdout)["checks"]

    (place,) = [one for one in checks if one["name"] == "place"]
    assert place["level"] == "warn"
    assert place["command"] == "set CASS_DATA_DIR to a local FOLDER, after cass index --data-dir FOLDER"


def test_the_other_commands_name_it_too(home: Home, tmp_path: Path) -> None:
    """Pages, hints, and what a process answers that stays."""
    other = tmp_path / "other"
    there = ("--data-dir", str(other))
    assert f"cass index {' '.join(there)}" in _said(home.cass(*there))
    home.cass("index", *there)
    home.cass("backfill", "--tier", "fast", *there)

    summary = json.loads(home.cass("status", "--json", *there).stdout)["semantic"]["summary"]
    assert f"`cass models {' '.join(there)} install`" in summary
    assert f"cass search {' '.join(there)} WORDS" in _said(home.cass(*there))
    assert f"cass models {' '.join(there)} install minilm" in _said(home.cass("models", *there))
    shutil.rmtree(other / "derived")
    done = home.cass("search", "--stdio", "--refresh", "off", *there, stdin='{"query": "pool"}\n')
    assert f"cass index {' '.join(there)} mends it" in " ".join(json.loads(done.stdout)["meta"]["notes"])
    packed = home.cass("pack", "pool", "--refresh", "off", *there)
    assert f"cass index {' '.join(there)} mends it" in _said(packed)


def test_a_stream_may_name_it_as_well() -> None:
    """Hints below an answer are not part of it."""
    stream = StringIO()
    writing_there(stream, "/there").write("2 session files not read yet: cass index\n")

    assert stream.getvalue() == "2 session files not read yet: cass index --data-dir /there\n"


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.skipif(os.name == "nt", reason="a folder that somebody stands in cannot be deleted there")
@pytest.mark.parametrize("words", [("show", "abcdef"), ("search", "pool"), ("status",), ("config", "get", "mode")])
def test_a_folder_named_from_one_that_was_deleted_is_an_error_in_words(
    home: Home, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """It cannot be told from the root on: that is said, with what named it and what to do, and is no bug."""
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); from cass.cli.edge import run; "
    code += f"sys.exit(run([*{words!r}, '--data-dir', 'rel']))"
    env = home.env | {"PYTHONPATH": str(Path(cass.__file__).parents[1])}

    done = subprocess.run(
        [sys.executable, "-P", "-c", code, gone], env=env, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (10, "")
    assert done.stderr == (
        "cass: the folder that you are in was deleted, and a folder is named from it on (--data-dir)."
        " Name it from the root on, or go to a folder that is there.\n"
    )
