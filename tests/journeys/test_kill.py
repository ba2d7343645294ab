"""Kill `cass index` anywhere: it costs repeated work and nothing else."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.archive import Home, make_home
from tests.indexing.invariants import check_invariants, one, present
from tests.journeys.processes import start, stop_when, stored_bytes

SESSIONS = 250
KILLS = 5
ANIMALS = ("quokka", "wombat", "numbat", "bilby", "potoroo")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A HOME with many small sessions, some of them copies, and an archive that was never disturbed."""
    home = make_home(tmp_path_factory.mktemp("whole"))
    for number in range(SESSIONS):
        animal = ANIMALS[number % len(ANIMALS)]
        home.claude(f"s{number}", f"where is {animal} {number}", f"in house {number} " + "and so on " * 60, animal)
    copies = home.path("s0").parent.parent / "-w-copies"
    copies.mkdir()
    for number in range(0, SESSIONS, 10):
        shutil.copy2(home.path(f"s{number}"), copies)
    home.index()
    check_invariants(home.data)
    return home


def beside(whole: Home, folder: Path) -> Home:
    """The same sessions, another archive."""
    home = make_home(folder)
    home.home, home.env["HOME"] = whole.home, str(whole.home)
    return home


def answers(home: Home) -> dict[str, Any]:
    """What a person would notice."""
    found = {word: home.search(word, grouped=False, limit=200) for word in (*ANIMALS, "house", "17")}
    return {word: (each.total, sorted((hit.sid, hit.ordinal) for hit in each.hits)) for word, each in found.items()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kill_minus_nine(whole: Home, tmp_path: Path, seed: int) -> None:
    """However often it is killed: one more run, and the archive is as if nothing had happened."""
    rng, home = random.Random(seed), beside(whole, tmp_path)
    full = stored_bytes(whole)
    codes = []
    for _ in range(KILLS):
        enough = stored_bytes(home) + rng.randrange(full // KILLS)
        index = start(home, "index", "--json")
        codes.append(stop_when(index, lambda at=enough: stored_bytes(home) > at, signal.SIGKILL))  # type: ignore[misc]

    home.index()

    assert {-signal.SIGKILL} <= set(codes) <= {0, -signal.SIGKILL}
    assert present(home.data) == present(whole.data)
    assert answers(home) == answers(whole)
    check_invariants(home.data)


@pytest.mark.parametrize("made", ["index.lock", "cass.db", "derived/lexical/1/meta.json", "derived/lexical/current"])
def test_kill_while_the_archive_is_being_made(whole: Home, tmp_path: Path, made: str) -> None:
    """A data folder that is only half there is no error, neither for a search nor for the next run."""
    home = beside(whole, tmp_path)
    stop_when(start(home, "index"), (home.data / made).exists, signal.SIGKILL)

    asked = home.cass("search", "--refresh", "off", "--json", "quokka")
    home.index()

    assert asked.returncode in (0, 3), asked
    assert present(home.data) == present(whole.data)
    check_invariants(home.data)


def test_control_c(whole: Home, tmp_path: Path) -> None:
    """Ctrl-C ends with 130, and everything that was stored so far is found."""
    home = beside(whole, tmp_path)
    is_made = (home.data / "derived/lexical/current").exists

    def is_halfway() -> bool:
        return is_made() and one(home.data, "SELECT value FROM meta WHERE key='messages'") >= SESSIONS

    code = stop_when(start(home, "index"), is_halfway, signal.SIGINT)

    assert code == 130
    check_invariants(home.data)
    stored = present(home.data)
    assert stored.items() <= present(whole.data).items()
    assert home.search("house", grouped=False).total == sum(not name.count("~") for name in stored)
