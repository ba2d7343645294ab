"""Whatever happens to the agents' files, however often they are read meanwhile: the archive ends where it should."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cass.indexing.refresh import refresh
from cass.store.connect import open_reader
from cass.store.look import look
from tests.archive import MINUTE_MS, Home, as_bytes, iso_time, make_home, says
from tests.indexing.invariants import check_invariants, present

NAMES = ("a", "b")
FIRST_MS = 1_767_323_045_000
SECOND_NS = 10**9
# Every run ends with a commit to the disk: in memory that costs nothing.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Disk:
    """Some session files, what was deleted of them, and a clock that gives each change another time.

    Files stay below 4 KB: of larger ones only the beginning and the end of what was read are looked at again.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.lines: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
        self.away: dict[str, bytes] = {}
        self.tick = 0
        home.path("a").parent.mkdir(parents=True)

    def write(self, name: str, data: bytes) -> None:
        self.away.pop(name, None)
        self.home.path(name).write_bytes(data)
        self.touch(name, 0)

    def save(self, name: str) -> None:
        self.write(name, as_bytes(self.lines[name]))

    def append(self, name: str, kind: int) -> None:
        self.lines[name].append(_line(len(self.lines[name]), kind))
        self.save(name)

    def edit(self, name: str, at: int) -> None:
        if self.lines[name]:
            at %= len(self.lines[name])
            self.lines[name][at] = _line(at, 10 + self.tick % 3)
        self.save(name)

    def insert(self, name: str, at: int) -> None:
        self.lines[name].insert(at, _line(at, 20))
        self.save(name)

    def shorten(self, name: str, at: int) -> None:
        del self.lines[name][at:]
        self.save(name)

    def tear(self, name: str, at: int) -> None:
        """Cut into the last line; the next write completes it."""
        data = as_bytes(self.lines[name])
        self.write(name, data[: max(0, len(data) - at * 7)])

    def delete(self, name: str, _: int) -> None:
        path = self.home.path(name)
        if path.exists():
            self.away[name] = path.read_bytes()
            path.unlink()

    def restore(self, name: str, _: int) -> None:
        if name in self.away:
            self.write(name, self.away[name])

    def touch(self, name: str, _: int) -> None:
        self.tick += 1
        if self.home.path(name).exists():
            os.utime(self.home.path(name), ns=(self.tick * SECOND_NS, self.tick * SECOND_NS))


def _line(at: int, kind: int) -> dict[str, Any]:
    """A prompt, or a line of an answer; kinds 2 and 3 are lines of one answer, and some texts occur often."""
    line = says("user" if kind % 2 == 0 and kind != 2 else "assistant", f"text {kind} {at % 2}")
    if kind in (2, 3):
        line["message"]["id"] = "m"
    return line | {"cwd": "/w", "timestamp": iso_time(FIRST_MS + at * MINUTE_MS)}


DO: dict[str, Callable[[Disk, str, int], None]] = {
    name: getattr(Disk, name) for name in ("append", "edit", "insert", "shorten", "tear", "delete", "restore", "touch")
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*["append"] * 4, *DO]),
        st.sampled_from(NAMES),
        st.integers(0, 5),
        st.sampled_from(("nobody", "index", "search", "better")),
    ),
    max_size=9,
)


def _search_reads(home: Home) -> None:
    """What a search does first: look at what is known, and read what changed into the database alone."""
    database = open_reader(home.places.database)
    if database is not None:
        changed = look(database, lambda: 0.0)
        database.close()
        refresh(home.places, str(home.home), home.env, changed, lambda: home.now_ms, lambda: 0.0)


def _better_reads(home: Home) -> None:
    """All that was read so far was read by an older reader."""
    if os.path.exists(home.places.database):
        with sqlite3.connect(home.places.database) as database:
            database.execute("UPDATE files SET reader=0")
        database.close()
    home.index()


READERS: dict[str, Callable[[Home], object]] = {
    "nobody": str,
    "index": Home.index,
    "search": _search_reads,
    "better": _better_reads,
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
@example([("insert", "a", 2, "index"), ("insert", "a", 0, "nobody")])  # the same text at another time
def test_the_archive_agrees_with_the_files(steps: list[tuple[str, str, int, str]]) -> None:
    """After any changes, read on the way by index or search, the present messages are those of a first reading."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY))
    try:
        home = make_home(folder / "grown")
        disk = Disk(home)
        for step, name, number, reader in steps:
            DO[step](disk, name, number)
            READERS[reader](home)
        home.index()
        check_invariants(home.data)
        assert _still_there(home) == _first_reading(home, folder / "fresh")
    finally:
        shutil.rmtree(folder)


def _still_there(home: Home) -> dict[str, Any]:
    return {name: turns for name, turns in present(home.data).items() if home.path(name).exists()}


def _first_reading(home: Home, folder: Path) -> dict[str, Any]:
    fresh = make_home(folder)
    fresh.home, fresh.env["HOME"] = home.home, str(home.home)
    fresh.index()
    check_invariants(fresh.data)
    return present(fresh.data)
