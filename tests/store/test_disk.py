"""Locks that die with their process, files replaced whole, the user's folders on each system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest

from cass.disk import folder_bytes, free_bytes, held_by, lock_holder, make_private_folder, try_lock, write_whole
from cass.paths import home_folder, places
from tests.archive import REPO

HOLD = """
import sys
from cass.disk import try_lock
lock = try_lock(sys.argv[1])
sys.stdout.write("held\\n" if lock else "refused\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that takes the lock and keeps it until its stdin ends."""
    env = {"PYTHONPATH": str(REPO)}
    pipe = subprocess.PIPE
    other = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], env=env, stdin=pipe, stdout=pipe, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    return other


def test_a_lock_is_one_process_at_a_time(tmp_path: Path) -> None:
    """While another process has it, nobody gets it; it says who that is; and it ends with a kill."""
    path = tmp_path / "lock"
    other = hold(path)

    assert try_lock(str(path)) is None
    assert try_lock(str(path), shared=True) is None
    assert lock_holder(str(path)) == held_by(str(path)) == str(other.pid)

    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert held_by(str(path)) is None
    lock = try_lock(str(path))
    assert lock is not None
    assert lock_holder(str(path)) == str(os.getpid())
    lock.release()
    lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no pipes in folders")
def test_a_pipe_in_a_locks_place_is_a_lock(tmp_path: Path) -> None:
    """Nobody can be named then, and nobody waits for who reads it."""
    path = str(tmp_path / "lock")
    os.mkfifo(path)

    with try_lock(path) or pytest.fail("nobody holds it"):
        assert try_lock(path) is None
        assert lock_holder(path) is None


def test_readers_share_a_lock(tmp_path: Path) -> None:
    """Any number of readers, or one writer."""
    path = str(tmp_path / "lock")
    one, two = try_lock(path, shared=True), try_lock(path, shared=True)
    assert one is not None
    assert two is not None

    one.release()
    assert try_lock(path) is None
    two.release()
    with try_lock(path) or pytest.fail("nobody holds it any more"):
        pass


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    """No file, no name."""
    assert lock_holder(str(tmp_path / "lock")) is held_by(str(tmp_path / "lock")) is None
    assert not (tmp_path / "lock").exists()


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Nothing is left beside it, and it is this user's alone."""
    path = tmp_path / "file"
    path.write_text("before")

    write_whole(str(path), b"after")

    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path: Path) -> None:
    """The old one stands."""
    (tmp_path / "file").mkdir()

    with pytest.raises(OSError):
        write_whole(str(tmp_path / "file"), b"after")

    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_a_private_folder_is_private_when_it_is_new(tmp_path: Path) -> None:
    """An existing one is left as it is."""
    make_private_folder(str(tmp_path / "new" / "data"))
    (tmp_path / "old").mkdir(mode=0o755)
    make_private_folder(str(tmp_path / "old"))

    assert (tmp_path / "new" / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o755


def test_sizes(tmp_path: Path) -> None:
    """Of a folder with all below, and of the volume of a path that need not exist."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_bytes(b"12345")
    (tmp_path / "y").write_bytes(b"123")

    assert folder_bytes(str(tmp_path)) == 8
    assert (free_bytes(str(tmp_path / "not" / "yet")) or 0) > 0


HOME = "/home/you" if os.sep == "/" else "C:\\Users\\you"
PLATFORMS = {
    "linux": (
        {"HOME": HOME},
        (".local/share/cass", ".config/cass", ".cache/cass", ".cache/cass/run"),
    ),
    "darwin": (
        {"HOME": HOME},
        (
            "Library/Application Support/cass",
            "Library/Application Support/cass",
            "Library/Caches/cass",
            "Library/Caches/TemporaryItems/cass",
        ),
    ),
    "win32": (
        {"USERPROFILE": HOME},
        ("AppData/Local/cass", "AppData/Local/cass", "AppData/Local/cass/Cache", "AppData/Local/Temp/cass"),
    ),
}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_folders_of_each_system(platform: str) -> None:
    """Where its users look for them."""
    env, expected = PLATFORMS[platform]

    found = places(env, platform)

    whole = tuple(os.path.join(HOME, *each.split("/")) for each in expected)
    assert (found.data, found.config, found.cache, found.runtime) == whole


def test_the_variables_of_each_folder() -> None:
    """One variable a folder, and `--data-dir` before them."""
    env = {"HOME": HOME} | {f"CASS_{name}_DIR": f"{HOME}/{name}" for name in ("DATA", "CONFIG", "CACHE", "RUNTIME")}
    at = places(env, "linux")

    assert [at.data, at.config, at.cache, at.runtime] == [
        os.path.abspath(f"{HOME}/{name}") for name in ("DATA", "CONFIG", "CACHE", "RUNTIME")
    ]
    assert places(env, "linux", f"{HOME}/mine").data == os.path.abspath(f"{HOME}/mine")
    assert at.database == os.path.join(at.data, "cass.db")


@pytest.mark.parametrize("value", ["", "  ", "relative/path"])
def test_a_freedesktop_variable_that_is_no_absolute_path_does_not_count(value: str) -> None:
    """So says its specification."""
    env = {"HOME": HOME, "XDG_DATA_HOME": value, "XDG_CONFIG_HOME": value, "XDG_RUNTIME_DIR": value}

    assert places(env, "linux") == places({"HOME": HOME}, "linux")


ELSEWHERE = {"XDG_DATA_HOME": "/x/d", "XDG_CONFIG_HOME": "/x/c", "XDG_CACHE_HOME": "/x/h"}


@pytest.mark.parametrize("variables", [{}, ELSEWHERE])
def test_the_same_folders_as_other_programs_use(variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On the system that runs this: what platformdirs says, which a search cannot wait for."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    env = {name: value for name, value in os.environ.items() if not name.startswith("CASS_")}

    found = places(env)

    theirs = platformdirs.PlatformDirs("cass", appauthor=False)
    assert (found.data, found.config, found.cache) == (
        theirs.user_data_dir,
        theirs.user_config_dir,
        theirs.user_cache_dir,
    )


def test_home_is_what_the_environment_says() -> None:
    """`HOME=/some/folder cass index` reads that folder's sessions, also on Windows."""
    assert home_folder({"HOME": "/x"}, "linux") == "/x"
    assert home_folder({"HOME": "/x", "USERPROFILE": "/y"}, "win32") == "/x"
    assert home_folder({"USERPROFILE": "/y"}, "win32") == "/y"
