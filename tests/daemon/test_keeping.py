"""What the worker does beside vectors: when, and when not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cass.daemon.keeping import EVERY_S, SOON_S, Keeping, is_anything_due
from cass.disk import try_lock
from cass.errors import SystemRefused
from cass.indexing import forget
from cass.indexing.compaction import FEW_SEGMENTS
from cass.indexing.keep import kept_paths
from cass.lexical.schema import READER_LOCK
from cass.store.events import COMPACTED, FILES_KEPT, FORGOT
from cass.store.forgetting import Selection
from cass.store.raw_size import path_of
from tests.archive import DAY_MS, FIRST_MS, NOW_MS, Home, make_home
from tests.indexing.invariants import present
from tests.indexing.keeping import aged
from tests.remains import remains

SECRET = "xylophonequartz"


class World:
    """A worker's keeping, with a clock that a test holds."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.now_ms, self.now_s = NOW_MS, 0.0
        self.quiet, self.stopped = True, False
        self.notes: list[tuple[str, str]] = []
        self.begun: list[str] = []
        self.comes_back = self.refuses = False
        self.keeping = Keeping(
            home.places,
            home.env,
            lambda: self.now_ms,
            self.monotonic_s,
            lambda: self.stopped,
            self.is_quiet,
            lambda *what: self.notes.append(what),
            self.begin,
        )

    def monotonic_s(self) -> float:
        """Every look at the clock takes a moment."""
        self.now_s += 0.5
        return self.now_s

    def is_quiet(self) -> bool:
        if self.begun and self.refuses:
            raise SystemRefused("the disk is full", "/", "make room")
        return self.quiet

    def begin(self, what: str) -> None:
        self.begun.append(what)
        self.quiet = self.quiet and not self.comes_back

    def run(self, after_s: float = 0.0) -> bool:
        self.now_s += after_s
        return self.keeping.run()

    def due(self) -> bool:
        return is_anything_due(self.home.places, self.home.env, self.now_ms)

    def grow(self) -> None:
        """What was due is done; then so many runs that the index has many segments."""
        self.run()
        for number in range(FEW_SEGMENTS):
            self.home.claude(f"more{number}", f"numbat {number}")
            self.home.index()

    def setting(self, text: str) -> None:
        config = Path(self.home.env["CASS_CONFIG_DIR"])
        config.mkdir(exist_ok=True)
        (config / "cass.toml").write_text(text)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A session of long ago, whose file goes tomorrow, and one of today."""
    home = make_home(tmp_path)
    home.env |= {"CASS_CONFIG_DIR": str(tmp_path / "config"), "CASS_CACHE_DIR": str(tmp_path / "cache")}
    aged(home.claude("old", f"where is {SECRET}", "in its burrow", start_ms=FIRST_MS - 29 * DAY_MS), days=29)
    aged(home.claude("new", "where is the quokka"), days=0)
    home.index()
    return World(home)


def test_files_are_kept_and_the_log_says_so(world: World):
    """Once an hour it looks; what was done is an event."""
    assert world.due()

    assert world.run()

    assert [Path(path).stem for path in kept_paths(str(world.home.data))] == ["old"]
    [(kind, what)] = world.notes
    assert (kind, what.partition(", ")[0]) == (FILES_KEPT, "1 file")
    assert not world.due()
    assert not world.run(EVERY_S / 2)


def test_nothing_is_done_while_somebody_is_here(world: World):
    world.quiet = False
    assert not world.run()

    world.quiet = True
    assert not world.run(SOON_S / 2)
    assert world.run(SOON_S)


def test_switched_off(world: World):
    world.setting("archive.enabled = false\n")

    assert not world.due()
    assert not world.run()
    assert not os.path.exists(path_of(str(world.home.data)))


def test_what_is_too_old_is_forgotten(world: World):
    """Down to the bytes, those of its kept file too; and reading again does not bring it back."""
    world.run()
    world.setting("retention_days = 20\n")
    assert world.due()

    assert world.run(EVERY_S)

    assert world.notes[-1] == (FORGOT, "2 messages of more than 20 days ago")
    assert remains(world.home, SECRET) == []
    assert kept_paths(str(world.home.data)) == set()
    world.home.index(full=True)
    assert list(present(world.home.data)) == ["new"]


def test_age_is_counted_in_whole_days(world: World):
    """So there is work once a day at most; nothing goes before its time."""
    world.setting("retention_days = 31\narchive.enabled = false\n")
    assert not world.run()

    world.now_ms += 3 * DAY_MS
    assert world.run(EVERY_S)
    assert not world.run(EVERY_S)


def test_nothing_is_forgotten_by_itself(world: World):
    """Without the setting messages stay for ever."""
    world.now_ms += 4_000 * DAY_MS
    world.run()

    assert sorted(present(world.home.data)) == ["new", "old"]


def test_an_interrupted_wish_goes_first(world: World):
    """At once, whoever is here."""
    world.quiet = False
    forget.write_wish(world.home.places, Selection(before_ms=FIRST_MS), world.now_ms)

    assert world.run()

    assert remains(world.home, SECRET) == []


def test_while_somebody_indexes_it_waits(world: World):
    """That is nobody's fault, and no event."""
    forget.write_wish(world.home.places, Selection(before_ms=FIRST_MS), world.now_ms)

    with try_lock(world.home.places.index_lock):  # type: ignore[union-attr]
        assert not world.run()

    assert world.notes == []
    assert not world.run()
    assert world.run(SOON_S)


def test_what_goes_wrong_is_an_event(world: World):
    """And looked at again later; vectors are made meanwhile."""
    Path(path_of(str(world.home.data))).write_bytes(b"no database " * 100)

    assert not world.run()

    assert world.notes[0][1].startswith("it failed: ")
    assert not world.run(SOON_S)


def test_an_index_of_many_segments_is_laid_together(world: World):
    """While nobody would notice; said before, because it takes a while, and noted when it is done."""
    world.grow()
    world.notes.clear()
    assert world.due()

    world.quiet = False
    assert not world.run(after_s=EVERY_S)
    assert world.begun == []
    world.quiet = True
    assert world.run(after_s=SOON_S)

    assert world.begun == ["the search index is laid together"]
    assert world.notes == [(COMPACTED, f"the search index: {FEW_SEGMENTS + 1} segments before, 1 now")]
    assert not world.due()
    assert world.home.search("numbat").total == FEW_SEGMENTS


def test_an_index_that_cannot_be_laid_together_is_an_event(world: World):
    """Of the kind of what was tried."""
    world.grow()
    world.notes.clear()
    world.refuses = True

    assert not world.run(after_s=EVERY_S)

    assert world.notes == [(COMPACTED, "it failed: the disk is full (/). Make room.")]


def test_what_was_read_when_it_was_replaced_goes_soon(world: World):
    """Or the disk would hold two indexes until the next messages come."""
    world.grow()
    lexical = Path(world.home.places.lexical)
    with try_lock(str(lexical / "1" / READER_LOCK), shared=True):  # type: ignore[union-attr]
        assert world.run(after_s=EVERY_S)
        assert sorted(path.name for path in lexical.iterdir()) == ["1", "2", "current"]

    world.run(after_s=SOON_S)

    assert sorted(path.name for path in lexical.iterdir()) == ["2", "current"]


def test_who_comes_back_while_it_is_laid_together_is_not_disturbed_again_at_once(world: World):
    """It is given up, and tried in an hour, not in the next short rest."""
    world.grow()

    world.comes_back = True
    assert not world.run(after_s=EVERY_S)
    world.quiet, world.comes_back = True, False

    assert not world.run(after_s=2 * SOON_S)
    assert world.due()
    assert world.run(after_s=EVERY_S)
    assert not world.due()
