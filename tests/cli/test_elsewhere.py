"""Who names a data folder is told commands for that folder, not for the usual one."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cass.cli.elsewhere import folder_in, named_there
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


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())
