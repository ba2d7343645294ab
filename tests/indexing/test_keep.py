"""Kept for good: which files are about to go, that their bytes are kept, and how they come back."""

from __future__ import annotations

import io
import json
import os
import random
import sqlite3
from pathlib import Path

import pytest

from cass.connectors import claude_code
from cass.indexing import forget, keep
from cass.indexing.keep import NO_DISK, NO_ROOM, Room, TakenIn, files_at_risk
from cass.store import raw
from cass.store.connect import open_reader
from cass.store.forgetting import Selection
from cass.store.raw_size import path_of
from cass.store.safety import Safety
from tests.archive import DAY_MS, NOW_MS, Home, says
from tests.indexing.keeping import MB, aged, codex, facts, home_with_old, kept, take
from tests.indexing.test_forget import forgotten, sid, tick


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_with_old(tmp_path)


# What is about to go


def test_only_what_is_about_to_be_deleted_is_kept(home: Home):
    """Claude Code deletes after thirty days; cass begins a week before."""
    done = take(home)

    assert (done.files, done.complete, done.full) == (1, True, None)
    assert kept(home) == ["old"]


def test_what_was_read_by_another_name_of_home_is_kept_too(home: Home):
    """HOME was moved, and the old name leads to it."""
    old = home.home
    home.home = old.rename(home.folder / "moved")
    old.symlink_to(home.home)

    assert take(home).files == 1
    assert kept(home) == ["old"]


def test_nothing_is_kept_by_indexing(home: Home):
    home.index(full=True)

    assert not os.path.exists(path_of(str(home.data)))


@pytest.mark.parametrize(
    ("written", "days"),
    [
        (None, 30),
        ('{"cleanupPeriodDays": 3}', 3),
        ('\ufeff{"cleanupPeriodDays": 0}', 0),
        ('{"cleanupPeriodDays": -5}', 0),
        ('{"cleanupPeriodDays": 1e999}', 30),
        ('{"cleanupPeriodDays": true}', 30),
        ('{"cleanupPeriodDays": "7"}', 30),
        ("[]", 30),
        ("{torn", 30),
    ],
)
def test_the_agents_own_settings_say_when(tmp_path: Path, written: str | None, days: int):
    """What cannot be read is the default."""
    if written is not None:
        (tmp_path / "settings.json").write_text(written, encoding="utf-8")

    assert claude_code.days_kept(str(tmp_path / "projects")) == days


def test_who_keeps_for_a_year_has_nothing_at_risk(home: Home):
    (home.home / ".claude" / "settings.json").write_text('{"cleanupPeriodDays": 365}')

    assert take(home).files == 0
    assert not os.path.exists(path_of(str(home.data)))


def test_an_agent_that_deletes_nothing_is_left_alone(home: Home):
    codex(home, "a", days=400)
    home.index()

    take(home)

    assert kept(home) == ["old"]


def test_an_agent_whose_files_vanish_deletes(home: Home):
    """Whoever cleared up did so by age: what is as old or older may be next, what is newer is not."""
    paths = [codex(home, name, days) for name, days in (("aaa", 90), ("bbb", 60), ("ccc", 30))]
    home.index()
    paths[1].unlink()
    home.index()

    take(home)

    assert kept(home) == ["old", paths[0].stem]


def test_a_folder_that_is_not_there_has_lost_nothing(home: Home):
    """An unmounted disk is not an agent that deletes."""
    paths = [codex(home, name, days) for name, days in (("aaa", 90), ("bbb", 60))]
    home.index()
    paths[1].unlink()
    home.index()
    (home.home / ".codex" / "sessions").rename(home.home / "elsewhere")

    connection = open_reader(home.places.database)
    assert connection is not None
    found = files_at_risk(connection, keep.Surroundings(str(home.home), home.env))
    assert {one.file.agent for one in found} == {"claude_code"}


def test_a_file_under_two_roots_is_at_risk_once(home: Home):
    """It belongs to the inner one, whose agent says when it goes."""
    connection = open_reader(home.places.database)
    assert connection is not None
    around = keep.Surroundings(str(home.home), home.env)
    alone = files_at_risk(connection, around)

    assert files_at_risk(connection, around, [f"claude_code={home.home}/.claude"]) == alone != []


def test_an_unreadable_neighbour_hides_no_deleted_file(home: Home):
    """Though its name is how that of the file's folder begins."""
    (home.path("old").parent.parent / "-w").symlink_to("-w")
    home.path("old").unlink()

    home.index()

    assert facts(home).only_here == 1


# Manners and room


def test_it_stops_when_asked_and_goes_on(home: Home):
    """Also within a file: what was packed is not packed again."""
    assert take(home, stops=(True,)) == TakenIn(complete=False)
    assert take(home, stops=(False, True)) == TakenIn(complete=False)
    assert kept(home) == []
    assert take(home).files == 1


def test_nothing_is_done_while_somebody_indexes(home: Home):
    from cass.disk import try_lock

    with try_lock(home.places.index_lock):  # type: ignore[union-attr]
        assert take(home) == TakenIn(complete=False)
    assert take(home).files == 1


def noise(home: Home, name: str, seed: int, days: float) -> Path:
    """A session of 200 kB that cannot be packed."""
    text = random.Random(seed).randbytes(100_000).hex()
    return aged(home.claude(name, f"look {text}"), days)


def test_a_full_budget_takes_nothing_more_and_says_so(home: Home):
    """What is kept already stays; the reason is written down, and goes when there is room."""
    noise(home, "large", 1, 27)
    home.index()

    full = take(home, Room(170_000, 0, lambda: 1 << 40))

    assert (full.full, kept(home)) == (NO_ROOM, ["old"])
    assert facts(home).full == NO_ROOM
    assert take(home).full is None
    assert (kept(home), facts(home).full) == (["large", "old"], None)


def test_what_exists_nowhere_else_is_never_dropped(home: Home):
    """What still stands and is in no danger any more is, for what is about to go."""
    home.path("new").unlink()
    gone = noise(home, "gone", 1, 28)
    renewed = noise(home, "renewed", 2, 28)
    home.index()
    take(home)
    gone.unlink()
    aged(renewed, days=0)
    noise(home, "next", 3, 28)
    home.index()

    take(home, Room(420_000, 0, lambda: 1 << 40))

    assert kept(home) == ["gone", "next", "old"]


def test_the_disk_is_not_filled(home: Home):
    assert take(home, Room(100 * MB, 10 * MB, lambda: 9 * MB)).full == NO_DISK


def test_a_file_that_is_written_to_is_taken_at_another_time(home: Home, monkeypatch: pytest.MonkeyPatch):
    """Its bytes are of one moment, or not kept."""
    before = raw.cut

    def cut(file: io.BufferedReader):
        yield from before(file)
        home.append("old", "wait, also this")

    monkeypatch.setattr(raw, "cut", cut)

    assert take(home).files == 0
    assert kept(home) == []


@pytest.mark.parametrize("content", [b"", b"x" * 3 * MB, b"line\n" * 400_000, os.urandom(100) + b"\n\n\r\n"])
def test_pieces_together_are_the_file(content: bytes):
    pieces = list(raw.cut(io.BytesIO(content)))

    assert b"".join(pieces) == content
    assert all(len(piece) <= raw.MOST_BYTES for piece in pieces)


def test_a_fork_shares_the_pieces_of_its_session(home: Home):
    """What repeats is found wherever it stands: the copy of three megabytes costs next to nothing."""
    lines = [json.dumps(says("user", random.Random(at).randbytes(500).hex())).encode() + b"\n" for at in range(3000)]
    for name, first in (("one", b'{"type":"summary"}\n'), ("two", b'{"type":"summary","summary":"a fork"}\n')):
        home.path(name).write_bytes(first + b"".join(lines))
        aged(home.path(name), 28)
        home.index()
        take(home)
        sizes = home.__dict__.setdefault("sizes", [])
        with raw.open_to_write(str(home.data)) as store:
            sizes.append(store.used_bytes())

    assert sizes[1] < 1.4 * sizes[0]


# What status tells


def test_counts_of_what_is_safe(home: Home):
    """Soon to go, then gone; and of how many the file is kept."""
    assert facts(home) == Safety(expiring=1)
    take(home)
    assert facts(home) == Safety(expiring=1, expiring_kept=1)
    assert facts(home, NOW_MS + 25 * DAY_MS).expiring == 2

    home.path("old").unlink()
    home.path("new").unlink()
    home.index()

    assert facts(home) == Safety(only_here=2, restorable=1)


def test_status_and_doctor_say_so(home: Home):
    take(home)
    home.path("old").unlink()
    home.index()

    said = json.loads(home.cass("status", "--json").stdout)["archive"]
    page, doctor = home.cass("status").stdout, json.loads(home.cass("doctor", "--json").stdout)

    assert (said["sessions_only_here"], said["restorable"], said["budget_mb"], said["enabled"]) == (1, 1, 2000, True)
    assert said["bytes"] == os.stat(path_of(str(home.data))).st_size
    assert "1 session only here, text and files safe" in " ".join(page.split())
    evidence = {check["name"]: check["evidence"] for check in doctor["checks"]}["kept for good"]
    assert evidence.startswith("1 session only here, text and files safe")


def test_a_hit_says_that_its_file_can_come_back(home: Home):
    take(home)
    home.path("old").unlink()
    home.path("new").unlink()
    home.index()

    assert [home.search(word).hits[0].state for word in ("wombat", "quokka")] == ["restorable", "gone"]


def test_switched_off(home: Home):
    """By its own setting; status says so."""
    off = {"CASS_ARCHIVE_ENABLED": "false"}

    said = json.loads(home.cass("status", "--json", env=off).stdout)["archive"]

    assert (said["enabled"], said["reason"]) == (False, "archive.enabled is false")


# What was not taken to its end


@pytest.fixture
def half(home: Home) -> Path:
    """A session of two megabytes, of which one is taken in; it goes before the others."""
    path = aged(home.claude("half", *[random.Random(at).randbytes(10_000).hex() for at in range(100)]), days=29)
    home.index()
    take(home, stops=(False, False, True))
    assert (kept(home), pieces(home)) == ([], 1)
    return path


def pieces(home: Home) -> int:
    """How many `archive.db` holds, of whatever file."""
    with sqlite3.connect(path_of(str(home.data))) as database:
        number: int = database.execute("SELECT count(*) FROM pieces").fetchone()[0]
    database.close()
    return number


def test_what_an_agent_deletes_meanwhile_takes_no_room(home: Home, half: Path):
    """The next round that comes to its end lets go of what there was of it."""
    half.unlink()

    take(home, stops=(True,))
    assert pieces(home) == 1
    take(home)

    assert (kept(home), pieces(home)) == (["old"], 1)


def test_a_forgotten_session_leaves_no_piece(home: Home, half: Path):
    """Also where nothing says whose it is, because the file was not taken to its end."""
    forgotten(home, sessions=(sid(home, "half"),))

    assert pieces(home) == 0


# What was forgotten


def test_a_forgotten_session_is_not_kept(home: Home):
    """Nor taken in again; one of which a part was forgotten neither."""
    aged(home.claude("part", "where is the bilby", "gone"), days=28)
    home.index()
    take(home)
    assert kept(home) == ["old", "part"]

    forgotten(home, sessions=(sid(home, "old"),))
    forgotten(home, messages=((sid(home, "part"), 1),))

    assert kept(home) == []
    assert take(home).files == 0


def test_kept_files_that_somebody_reads(home: Home):
    """It is not finished before the bytes are gone, however often a command comes by meanwhile."""
    take(home)
    reader = sqlite3.connect(path_of(str(home.data)), isolation_level=None)
    reader.execute("BEGIN")
    (piece,) = reader.execute("SELECT data FROM pieces").fetchone()
    forget.write_wish(home.places, Selection(sessions=(sid(home, "old"),)), home.now_ms)

    reading = [forget.finish(home.places, lambda: home.now_ms, tick) for _ in range(2)]
    assert reading == [forget.Unfinished("another process still reads the kept files")] * 2
    reader.close()

    assert forget.finish(home.places, lambda: home.now_ms, tick) is None
    assert not any(piece in path.read_bytes() for path in home.data.glob("archive.db*"))


def test_kept_files_are_written_anew_only_for_what_was_forgotten(home: Home):
    """They may be gigabytes, of which most wishes name nothing."""
    take(home)
    before = home.data.joinpath("archive.db").read_bytes()

    forgotten(home, sessions=(sid(home, "new"),))

    assert home.data.joinpath("archive.db").read_bytes() == before
