"""The bell: what rings it, what does not, and what becomes of it where the system watches no more."""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cass.daemon.following import Following, best_watcher
from cass.daemon.inotify import Inotify
from cass.daemon.polling import HOT_FILES, SLICE, Polling
from cass.daemon.reading import NewMessages
from cass.disk import try_lock
from cass.indexing.rules import ALL
from cass.store.followed import Known
from tests.archive import NOW_MS, Home, make_home

linux = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
Make = Callable[[], Inotify | Polling]
both = pytest.mark.parametrize("make", [pytest.param(Inotify, marks=linux), Polling])


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = make_home(tmp_path)
    home.claude("one", "where is the walrus", "on the ice")
    home.index()
    return home


class Clock:
    """A clock that goes on when somebody waits, and a system that has its events ready before that."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def wait(self, seconds: float, also: int | None) -> None:
        self.waits.append(seconds)
        if also is None or not select.select([also], [], [], 0)[0]:
            self.now_s += seconds


class Bell:
    """A bell over a real archive, and what it says."""

    def __init__(self, home: Home, make: Make = best_watcher) -> None:
        self.clock = Clock()
        self.said: list[str] = []
        self.following = Following(home.places, home.env, lambda: ALL, self.clock, self.said.append, make)
        self.new = NewMessages(home.places, home.env, lambda: ALL, lambda: NOW_MS, self.clock, self.following.appeared)

    def rings(self, seconds: float = 30.0) -> bool:
        return self.following.wait(seconds, self.clock.wait, lambda: False)

    def read(self) -> bool:
        """As whoever hears it does."""
        found = self.new.has_new() and self.new.read()
        self.following.has_read(0.0)
        return found

    def settle(self) -> Bell:
        """Until it rings no more."""
        while self.rings(3.0):
            self.read()
        return self


def known(folder: Path, *names: str, folders: bool = True) -> Known:
    """What is known of a folder now."""
    paths = [folder / name for name in names]
    files = {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}
    return Known(files, {str(folder): folder.stat().st_mtime_ns} if folders else {})


def write(path: Path, text: str = "x") -> Path:
    with path.open("a") as file:
        file.write(text)
    return path


def session(folder: Path, name: str, *lines: str) -> bytes:
    """What an agent writes, wherever that is."""
    return make_home(folder / "elsewhere").claude(name, *lines).read_bytes()


@both
def test_what_is_written_rings(tmp_path: Path, make: Make) -> None:
    """Once, however much it is."""
    path, watcher = write(tmp_path / "one.jsonl"), make()

    assert watcher.follow(known(tmp_path, "one.jsonl"))
    assert not watcher.rang()
    write(path, "more")
    write(path, "and more")

    assert watcher.rang()
    assert not watcher.rang()
    watcher.close()


@both
def test_a_log_beside_a_database_rings(tmp_path: Path, make: Make) -> None:
    """Another program's new rows stand there first; nothing else in that folder counts."""
    write(tmp_path / "state.vscdb")
    watcher = make()
    watcher.follow(known(tmp_path, "state.vscdb", folders=False))

    write(tmp_path / "settings.json")
    assert not watcher.rang()
    write(tmp_path / "state.vscdb-wal")
    assert watcher.rang()
    watcher.close()


@both
@pytest.mark.parametrize("change", ["file", "folder", "gone"])
def test_what_comes_and_goes_rings(tmp_path: Path, make: Make, change: str) -> None:
    write(tmp_path / "one.jsonl")
    os.utime(tmp_path, ns=(1, 1))
    watcher = make()
    watcher.follow(known(tmp_path, "one.jsonl"))

    if change == "file":
        write(tmp_path / "two.jsonl")
    elif change == "folder":
        (tmp_path / "project").mkdir()
    else:
        (tmp_path / "one.jsonl").unlink()

    assert watcher.rang()
    watcher.close()


@both
def test_following_the_same_again_is_nothing_new(tmp_path: Path, make: Make) -> None:
    write(tmp_path / "one.jsonl")
    watcher, seen = make(), known(tmp_path, "one.jsonl")

    assert [watcher.follow(seen), watcher.follow(seen)] == [True, False]
    assert not watcher.follow(Known({}, {}))
    write(tmp_path / "one.jsonl")
    assert not watcher.rang()
    watcher.close()


@linux
def test_a_folder_that_is_made_again(tmp_path: Path) -> None:
    """It is another one, and followed like the first."""
    folder = tmp_path / "sessions"
    folder.mkdir()
    watcher = Inotify()
    watcher.follow(known(folder))

    folder.rmdir()
    assert watcher.rang()
    folder.mkdir()
    assert watcher.follow(known(folder))
    write(folder / "one.jsonl")
    assert watcher.rang()
    watcher.close()


@linux
def test_an_overflow_rings(tmp_path: Path) -> None:
    """Which events were lost does not matter: everything is looked at once."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    watcher = Inotify()
    watcher.follow(known(tmp_path, folders=False))
    watcher.follow(Known({str(tmp_path / "other"): (0, 0)}, {}))
    for number in range(limit // 2 + 1):
        path = tmp_path / str(number)
        path.touch()
        path.unlink()

    assert watcher.rang()
    assert not watcher.rang()
    watcher.close()


def test_cold_files_have_their_turn(tmp_path: Path) -> None:
    """Polling looks at those that were written last each time, and at each of the others before long."""
    count = HOT_FILES + 2 * SLICE
    files = {str(tmp_path / str(number)): (-1, -1) for number in range(count)}
    watcher = Polling()
    watcher.follow(Known(files, {}))

    write(tmp_path / "0")
    assert watcher.rang()
    write(tmp_path / str(count - 1))
    assert [watcher.rang(), watcher.rang(), watcher.rang()].count(True) == 1


@both
def test_a_new_line_is_found(home: Home, make: Make) -> None:
    """The bell rings within a second and a moment; what is read then can be searched."""
    bell = Bell(home, make).settle()
    began_s = bell.clock.now_s
    home.append("one", "and the narwhal?")

    assert bell.rings()
    assert bell.clock.now_s - began_s <= 1.5
    assert bell.read()
    assert home.search("narwhal").total == 1
    bell.following.close()


@both
def test_a_new_session_in_a_new_folder_is_followed(tmp_path: Path, home: Home, make: Make) -> None:
    """What is written right after the folder was made is not lost."""
    bell = Bell(home, make).settle()
    folder = home.path("one").parents[1] / "-w-other"
    folder.mkdir()

    assert bell.rings()
    bell.read()
    (folder / "two.jsonl").write_bytes(session(tmp_path, "two", "a penguin, too"))
    bell.settle()
    assert home.search("penguin").total == 1
    (folder / "two.jsonl").write_bytes(session(tmp_path, "two", "a penguin, too", "and a puffin"))
    bell.settle()

    assert home.search("puffin").total == 1
    bell.following.close()


@both
def test_an_agent_that_is_used_for_the_first_time(tmp_path: Path, home: Home, make: Make) -> None:
    """Its folder did not exist when the others were listed; within a second it is asked for."""
    bell = Bell(home, make).settle()
    folder = home.home / ".config" / "claude" / "projects" / "-w-app"
    folder.mkdir(parents=True)
    (folder / "two.jsonl").write_bytes(session(tmp_path, "two", "a penguin, too"))

    assert bell.rings()
    assert bell.read()

    assert home.search("penguin").total == 1
    bell.following.close()


def test_nothing_rings_while_nothing_happens(home: Home) -> None:
    """The wait is as long as was asked for, and looks once a second."""
    bell = Bell(home).settle()
    bell.clock.waits.clear()

    assert not bell.rings(30.0)

    assert len(bell.clock.waits) <= 32
    bell.following.close()


def test_a_long_reading_is_followed_by_a_rest(home: Home) -> None:
    """Agents that write all the time do not keep a core busy."""
    bell = Bell(home).settle()
    bell.following.has_read(10.0)
    began_s = bell.clock.now_s
    home.append("one", "and the narwhal?")

    assert bell.rings()
    assert bell.clock.now_s - began_s == pytest.approx(0.5)
    bell.following.close()


class Full(Polling):
    """A system that watches no more."""

    def __init__(self, at: str) -> None:
        super().__init__()
        if at == "begin":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    def follow(self, known: Known) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("at", ["begin", "follow"])
def test_a_system_that_watches_no_more(home: Home, at: str) -> None:
    """Files are polled instead, and that is said once."""
    bell = Bell(home, lambda: Full(at)).settle()
    home.append("one", "and the narwhal?")

    assert bell.rings()
    assert bell.read()
    assert bell.following.watcher.name == "polling"
    assert len(bell.said) == 1
    assert "max_user_watches" in bell.said[0]


def test_no_archive_yet(tmp_path: Path) -> None:
    """There is nothing to follow, and a wait is a wait."""
    home = make_home(tmp_path)
    bell = Bell(home)

    assert not bell.rings(5.0)
    home.claude("one", "where is the walrus")
    home.index()
    assert bell.rings(5.0)
    bell.following.close()


def test_somebody_else_is_indexing(home: Home) -> None:
    """What could not be read is read as soon as they are done, not after a back-off."""
    bell = Bell(home).settle()
    home.append("one", "and the narwhal?")
    lock = try_lock(home.places.index_lock)
    assert lock is not None

    with lock:
        assert not bell.read()
        assert bell.new.last.is_busy
    assert bell.read()
    assert home.search("narwhal").total == 1
    bell.following.close()
