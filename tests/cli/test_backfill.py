"""`cass backfill` as a person and a program meet it."""

from __future__ import annotations

import calendar
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cass.cli.verbs.backfill import next_at
from cass.clock import now_ms
from cass.daemon.control import pause
from cass.disk import try_lock
from tests.archive import Home, make_home
from tests.schemas.checking import faults

A_MINUTE_MS, A_DAY_MS = 60_000, 86_400_000
TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "a walrus sleeps", "where does it sleep?", "on the ice")
    home.index()
    return home


def test_for_people(home: Home) -> None:
    """A line a tier, and the next step where one is missing."""
    done = home.cass("backfill")

    assert done.returncode == 0
    fast, quality, stopped, room = done.stdout.splitlines()
    assert fast.startswith("fast tier: 3 vectors of 3 texts in 1 s")
    assert quality == "quality tier: nothing was made"
    assert stopped == "  Stopped: the model minilm is not installed. Next: cass models install minilm"
    assert room.startswith("All of it takes ")


def test_again(home: Home) -> None:
    """Nothing is owed: it says so, and that is no error."""
    home.cass("backfill")

    done = home.cass("backfill", "--tier", "fast")

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "fast tier: nothing new; 100% of 3 texts")


def test_for_programs(home: Home) -> None:
    """As the schema says, whatever happened."""
    first = json.loads(home.cass("backfill", "--json").stdout)
    (home.data / "derived" / "vectors" / "fast" / "1.rows").unlink()
    mended = json.loads(home.cass("backfill", "--json", "--force").stdout)

    assert faults("backfill", first) == []
    assert faults("backfill", mended) == []
    assert (first["tiers"]["fast"]["texts"], mended["tiers"]["fast"]["texts"]) == (3, 3)
    assert "missing" in mended["tiers"]["fast"]["dropped"][0]["why"]
    assert not first["complete"]


def test_before_anything_is_indexed(tmp_path: Path) -> None:
    """The next step is to index."""
    home = make_home(tmp_path)

    done = home.cass("backfill")

    assert (done.returncode, done.stdout) == (0, "Stopped: nothing is indexed yet. Next: cass index\n")
    assert faults("backfill", json.loads(home.cass("backfill", "--json").stdout)) == []


def test_words_only(home: Home) -> None:
    """A setting switches it off, and what stood goes."""
    home.cass("backfill")

    done = home.cass("backfill", env={"CASS_SEMANTIC_MODE": "lexical_only"})

    assert done.stdout.splitlines()[-1].startswith("Stopped: the mode is lexical_only.")
    assert "dropped fast/1" in done.stdout


def test_who_comes_second(home: Home) -> None:
    """Exit 7, with the process that works."""
    held = try_lock(str(home.data / "worker.lock"))
    assert held is not None

    with held:
        done = home.cass("backfill")

    assert done.returncode == 7
    assert "is making vectors already" in done.stderr


def test_quietly(home: Home) -> None:
    assert home.cass("backfill", "--quiet").stdout == ""


def test_a_pause_holds_for_it_too(home: Home) -> None:
    """Nothing is made, and the way back is named."""
    pause(str(home.data), now_ms())

    done = home.cass("backfill", "--force")

    assert (done.returncode, done.stdout) == (0, "Stopped: it is paused. Next: cass worker unpause\n")
    assert not (home.data / "derived" / "vectors" / "fast").exists()


def test_what_goes_for_the_disk_is_said(home: Home) -> None:
    """Not in the log alone; and so much is written as people write it."""
    home.cass("backfill")

    done = home.cass("backfill", env={"CASS_SEMANTIC_MIN_FREE_DISK_MB": "100000000"})

    removed, *_, stopped = done.stdout.splitlines()
    assert removed.startswith("removed fast/1 (") and removed.endswith("): the disk is nearly full")
    assert stopped.startswith("Stopped: 100,000,000 MB of the disk are to stay free, and ")


def test_an_empty_archive_somewhere_else(home: Home, tmp_path: Path) -> None:
    """The next step is for the folder that was named."""
    other = tmp_path / "other"

    told = home.cass("backfill", "--data-dir", str(other)).stdout
    said = json.loads(home.cass("backfill", "--json", "--data-dir", str(other)).stdout)

    assert told == f"Stopped: nothing is indexed yet. Next: cass index --data-dir {other}\n"
    assert said["tiers"]["fast"]["stopped"]["next_step"] == f"cass index --data-dir {other}"


@given(TIMES, st.integers(0, 4_000_000_000_000))
def test_the_next_time_of_day(shown: tuple[int, int], now_ms: int) -> None:
    """Within a day, or the hour more that one day in spring or autumn has; the night in which it is left out aside."""
    wish = f"{shown[0]}:{shown[1]:02}"
    found_ms = next_at(wish, now_ms)

    assert 0 < found_ms - now_ms <= A_DAY_MS + 3_600_000
    assert next_at(wish, found_ms - A_MINUTE_MS) == found_ms
    assert next_at(wish, found_ms) > found_ms


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system has one zone for all")
@pytest.mark.parametrize(
    ("now", "wish", "found"),
    [
        ("2026-10-25T00:10", "02:30", "2026-10-25T00:30"),
        ("2026-10-25T00:40", "02:30", "2026-10-25T01:30"),
        ("2026-10-25T01:40", "02:30", "2026-10-26T01:30"),
        ("2026-10-24T20:00", "02:30", "2026-10-25T00:30"),
        ("2026-03-28T22:00", "02:30", "2026-03-29T01:30"),
    ],
    ids=["the first of two", "the second of two", "after both", "the evening before", "an hour that is left out"],
)
def test_the_next_time_of_day_where_clocks_change(
    now: str, wish: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times are UTC; in spring clocks go from 2 to 3, in autumn from 3 to 2."""

    def ms(text: str) -> int:
        return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M")) * 1000

    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        assert next_at(wish, ms(now)) == ms(found)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "time_of_day", ["7", "24:00", "07:60", "7am", "", "07:0", "-1:00", "٠٧:٠٠", "00007:00", "9" * 5000 + ":00"]
)
def test_what_is_no_time_of_day_is_refused(home: Home, time_of_day: str) -> None:
    done = home.cass("backfill", f"--until={time_of_day}")

    assert done.returncode == 2
    assert "--until 07:00" in done.stderr


def test_a_tier_that_was_not_looked_at_is_covered_by_nobody_knows_how_much(home: Home) -> None:
    """Neither without its model, nor switched off, nor in a pause; what was made is told."""
    without = json.loads(home.cass("backfill", "--json").stdout)
    switched_off = json.loads(home.cass("backfill", "--json", "--semantic-embedder", "hash").stdout)
    pause(str(home.data), now_ms(), None)
    paused = json.loads(home.cass("backfill", "--json").stdout)

    told = [
        {name: tier["coverage"] for name, tier in said["tiers"].items()} for said in (without, switched_off, paused)
    ]
    assert told == [{"fast": 1.0, "quality": None}, {"fast": 1.0, "quality": None}, {"fast": None, "quality": None}]
    assert [faults("backfill", said) for said in (without, switched_off, paused)] == [[], [], []]
