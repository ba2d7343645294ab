"""The data folder: private to its last file, and named where it cannot be made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.archive import Home, make_home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "a quokka smiles")
    return home


@pytest.mark.skipif(os.name != "posix", reason="needs modes of files")
def test_every_file_is_private(home: Home) -> None:
    """Those that libraries make, too."""
    assert home.cass("index").returncode == 0

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in home.data.rglob("*") if path.is_file()}
    assert {name: mode for name, mode in modes.items() if mode != "0o600"} == {}
    assert any(name.endswith(".idx") for name in modes)


def test_a_file_in_the_place_of_a_folder_is_named(home: Home) -> None:
    """The way out is to move it, not another data folder."""
    home.data.mkdir()
    (home.data / "derived").write_text("mine")

    done = home.cass("index")

    assert done.returncode == 10
    assert f"({home.data / 'derived'})" in done.stderr
    assert "move it away" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="links of Unix")
@pytest.mark.parametrize("words", [("index",), ("search", "quokka"), ("search", "x", "--refresh", "off")])
def test_a_data_folder_that_cannot_be_entered_is_refused(home: Home, words: tuple[str, ...]) -> None:
    """It is there: nobody says that it cannot be made, or that nothing is indexed yet."""
    home.data.symlink_to(home.data)

    done = home.cass(*words)

    assert done.returncode == 10
    assert str(home.data) in done.stderr
    assert "be made" not in done.stderr and "nothing is indexed" not in done.stderr
