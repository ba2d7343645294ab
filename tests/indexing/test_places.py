"""The data folder: private to its last file, and named where it cannot be made."""

from __future__ import annotations

import os
import sys
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


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are text")
def test_a_data_folder_whose_name_is_no_text_is_refused(home: Home) -> None:
    """Nothing is left half made, and status says so, too."""
    home.env["CASS_DATA_DIR"] = str(home.folder / "\udcff")

    done, status = home.cass("index"), home.cass("status", "--check")

    assert (done.returncode, status.returncode) == (10, 1)
    assert "the name of the data folder is not UTF-8 text" in done.stderr
    assert "the name of the data folder is not UTF-8 text" in status.stdout
    assert not (home.folder / "\udcff").exists()


@pytest.mark.skipif(os.name != "posix", reason="links of Unix")
@pytest.mark.parametrize(
    "words",
    [
        ("index",),
        ("search", "quokka"),
        ("search", "x", "--refresh", "off"),
        ("backfill",),
        ("worker", "start"),
        ("worker", "retry-dead"),
        ("uninstall", "--dry-run"),
    ],
)
def test_a_data_folder_that_cannot_be_entered_is_refused(home: Home, words: tuple[str, ...]) -> None:
    """It is there: nobody says that it cannot be made, or that nothing is indexed yet."""
    home.data.symlink_to(home.data)

    done = home.cass(*words)

    assert done.returncode == 10
    assert str(home.data) in done.stderr
    assert "be made" not in done.stderr and "nothing is indexed" not in done.stderr
