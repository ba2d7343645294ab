"""Stop `cass backfill` anywhere: it costs repeated work and nothing else."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.disk import folder_bytes
from cass.semantic.manifest import FAST
from cass.semantic.vectors import Tier
from tests.archive import FIRST_MS, Home, make_home
from tests.backfill.vectors_made import is_each_once, vectors_made
from tests.journeys.processes import start, stop_when

SESSIONS, LINES = 20, 500
KILLS = 5
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An archive that takes several writes."""
    home = make_home(tmp_path_factory.mktemp("whole"))
    for number in range(SESSIONS):
        said = [f"walrus {number} says line {line}: tusks of ice" for line in range(LINES)]
        home.claude(f"s{number}", *said, start_ms=FIRST_MS + number * 10**8)
    home.index()
    return home


@pytest.fixture(scope="module")
def undisturbed(home: Home) -> Files:
    """The vectors of a run that nothing stopped."""
    home.cass("backfill", "--tier", "fast")
    return made(home)


def vectors(home: Home) -> Path:
    return home.data / "derived" / "vectors"


def made(home: Home) -> Files:
    files = {path.name: path.read_bytes() for path in (vectors(home) / FAST).glob("*")}
    return {name: data for name, data in files.items() if name != "current"}  # that one knows when it was made


def removed(home: Home) -> None:
    for path in (vectors(home) / FAST).glob("*"):
        path.unlink()


def grown(home: Home, enough: int) -> Callable[[], bool]:
    return lambda: folder_bytes(str(vectors(home))) >= enough


def ids(home: Home) -> list[int]:
    tier = Tier.open(str(vectors(home)), FAST)
    return tier.ids().tolist() if isinstance(tier, Tier) else []


def test_kill_minus_nine(home: Home, undisturbed: Files) -> None:
    """However often it is killed: one more run, and every byte is as if nothing had happened."""
    removed(home)
    rng, size = random.Random(4), sum(map(len, undisturbed.values()))
    codes, known = set(), [0]
    for kill in range(KILLS):
        enough = rng.randrange(size * kill // KILLS, size * (kill + 1) // KILLS)
        codes.add(stop_when(start(home, "backfill", "--tier", "fast"), grown(home, enough), signal.SIGKILL))
        known.append(len(ids(home)))

    home.cass("backfill", "--tier", "fast")

    assert -signal.SIGKILL in codes
    assert known == sorted(known)
    assert made(home) == undisturbed
    assert len(ids(home)) == SESSIONS * LINES


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop(home: Home, undisturbed: Files, number: signal.Signals, code: int) -> None:
    """It ends within a batch, says what it did, and goes on from there."""
    removed(home)
    running = start(home, "backfill", "--tier", "fast", "--json")
    while not grown(home, 1000)():
        assert running.poll() is None
    running.send_signal(number)
    said, _ = running.communicate()

    tier = json.loads(said)["tiers"]["fast"]
    assert running.returncode == code
    assert tier["stopped"]["kind"] == "interrupted"
    assert tier["texts"] == len(ids(home)) == SESSIONS * LINES - tier["left"]
    home.cass("backfill", "--tier", "fast")
    assert made(home) == undisturbed


def test_kill_minus_nine_while_sessions_arrive(tmp_path: Path) -> None:
    """No vector is lost and none is there twice: the same as in one go, whenever a session came."""
    home = make_home(tmp_path)
    rng, codes = random.Random(5), set()
    for number in range(KILLS):
        said = [f"walrus {number} says line {line}: tusks of ice" for line in range(LINES)]
        home.claude(f"s{number}", *said, start_ms=FIRST_MS + number * 10**8)
        home.index()
        running = start(home, "backfill", "--tier", "fast")
        home.append(f"s{number}", f"a last word {number}", f"and one more {number}")
        home.index()
        enough = folder_bytes(str(vectors(home))) + rng.randrange(1, LINES * 200)
        codes.add(stop_when(running, grown(home, enough), signal.SIGKILL))
    home.cass("backfill", "--tier", "fast")
    disturbed = vectors_made(str(vectors(home)))
    removed(home)
    home.cass("backfill", "--tier", "fast")

    assert -signal.SIGKILL in codes
    assert is_each_once(disturbed)
    assert disturbed == vectors_made(str(vectors(home)))
    assert len(disturbed) == KILLS * (LINES + 2)
