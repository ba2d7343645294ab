"""A data folder without room, or one that may not be written: said in words, nothing lost."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.archive import Home, make_home
from tests.indexing.invariants import check_invariants, opened, present, rows
from tests.mounting import small_disk

SIZE_MB = 6
FIRST_SESSIONS = 15
SESSIONS = 120


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A HOME with more than fits into its data folder, which is a small volume of its own."""
    home = make_home(tmp_path)
    with small_disk(home.data, f"{SIZE_MB}m"):
        _write_sessions(home, 0, FIRST_SESSIONS)
        yield home


def _write_sessions(home: Home, first: int, last: int) -> None:
    rng = random.Random(first)
    for number in range(first, last):
        words = " ".join(f"{rng.randrange(1 << 40):x}" for _ in range(6_000))
        home.claude(f"s{number}", f"where is the quokka {number}", words)


def test_a_disk_that_is_full_from_the_start_wants_room(home: Home) -> None:
    """It is one's own folder already: to own another mends nothing."""
    with open(home.data / "filling", "wb", buffering=0) as filling, suppress(OSError):
        while filling.write(bytes(4096)):
            pass

    done = home.cass("index")

    assert done.returncode == 10
    assert done.stderr.endswith("Make room, or set CASS_DATA_DIR to a folder on another disk.\n")


def test_a_full_disk_ends_the_run_and_nothing_else(home: Home) -> None:
    """Exit 10 and words; what was committed is found; with more room the next run completes."""
    assert home.cass("index").returncode == 0
    _write_sessions(home, FIRST_SESSIONS, SESSIONS)

    refused = home.cass("index", "--json")
    asked = home.cass("search", "--json", "--refresh", "off", "quokka")
    again = home.cass("index", "--json")
    stored = present(home.data)
    subprocess.run(["mount", "-o", f"remount,size={SIZE_MB * 20}m", str(home.data)], check=True)
    done = home.cass("index", "--json")

    error = json.loads(refused.stdout)["error"]
    assert (refused.returncode, error["kind"]) == (10, "system-refused"), refused.stdout + refused.stderr
    assert "room" in error["hint"]
    assert (asked.returncode, again.returncode) == (0, 10), asked.stdout + again.stdout
    assert FIRST_SESSIONS <= json.loads(asked.stdout)["total_matches"] <= len(stored) < SESSIONS
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(present(home.data)) == SESSIONS
    assert stored.items() <= present(home.data).items()
    with opened(home.data) as database:
        assert rows(database, "PRAGMA integrity_check") == [("ok",)]
    check_invariants(home.data)


@pytest.mark.parametrize("place", ["a file stands there", "a file is above", "a link to itself"])
def test_a_data_folder_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    """Exit 10, the folder's name, and which variable chooses another."""
    home = make_home(tmp_path)
    home.claude("one", "where is the quokka")
    if place == "a file stands there":
        home.data.write_text("mine")
    elif place == "a file is above":
        (tmp_path / "file").write_text("mine")
        home.env["CASS_DATA_DIR"] = str(tmp_path / "file" / "data")
    else:
        home.data.symlink_to(home.data)

    done = home.cass("index", "--json")

    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["kind"]) == (10, "system-refused")
    assert error["where"].startswith(home.env["CASS_DATA_DIR"])
    assert "CASS_DATA_DIR" in error["hint"]
