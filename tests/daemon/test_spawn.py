"""Processes that belong to nobody, logs that stay small, and the priorities of each system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cass.daemon.manners import WAYS, granted, trim_log
from cass.daemon.spawn import (
    PACKAGE_PARENT,
    WINDOWS_FLAGS,
    start_detached,
    wait_until_held,
    windows_options,
    worker_command,
)
from cass.store.worker_state import Holder

posix = pytest.mark.skipif(sys.platform == "win32", reason="forks")
TOLD = """
import os, sys
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
open_ones = [number for number in range(3, 64) if is_open(number)]
try:
    os.open("/dev/tty", os.O_RDWR)
    terminal = True
except OSError:
    terminal = False
said = [os.getcwd(), os.getsid(0) != int(sys.argv[2]), terminal, open_ones, sorted(os.environ), sys.stdin.read()]
print("printed", flush=True)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(repr(said))
os.rename(sys.argv[1] + ".new", sys.argv[1])
"""


def read_when_there(path: Path) -> str:
    while not path.exists():
        pass
    return path.read_text()


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_that_belongs_to_nobody(tmp_path: Path) -> None:
    """No terminal, no parent to wait for it, no pipe of its starter's, and its words in the log."""
    read, write = os.pipe()
    os.set_inheritable(write, True)
    out, log = tmp_path / "out", tmp_path / "log"
    command = [sys.executable, "-c", TOLD, str(out), str(os.getsid(0))]

    start_detached(command, str(log), {"ONLY": "this", "LC_ALL": "C"}, cwd=str(tmp_path))
    os.close(write)

    assert os.read(read, 1) == b""  # closed: nobody has it open any more
    os.close(read)
    assert read_when_there(out) == repr([str(tmp_path), True, False, [], ["LC_ALL", "ONLY"], ""])
    assert log.read_text() == "printed\n"
    assert log.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    """It starts without one."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", TOLD, str(out), "0"]

    start_detached(command, str(tmp_path / "no" / "log"), {}, cwd=str(tmp_path))

    assert "printed" not in read_when_there(out)


@posix
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """Nobody comes, which whoever waits for the lock finds out; nothing is left in this process."""
    start_detached([str(tmp_path / "none")], str(tmp_path / "log"), {}, cwd=str(tmp_path))

    assert wait_until_held(lambda: None, 1.0, iter([0.0, 0.5, 1.0]).__next__, lambda _: None) is None
    assert wait_until_held(lambda: Holder(1, "worker"), 1.0, lambda: 0.0, lambda _: None) == Holder(1, "worker")
    assert wait_until_held(lambda: None, 1.0, lambda: 0.0, lambda _: None, is_over=lambda: True) is None


def test_windows() -> None:
    """No console, a group of its own, and out of the terminal's job where that lets it go."""
    assert WINDOWS_FLAGS == (0x1000208, 0x208)
    assert windows_options(7, {"A": "b"}, "C:\\cass") == {
        "env": {"A": "b"},
        "cwd": "C:\\cass",
        "stdin": subprocess.DEVNULL,
        "stdout": 7,
        "stderr": 7,
        "close_fds": True,
    }


@posix
def test_it_becomes_a_fresh_process(tmp_path: Path) -> None:
    """The same process id, another program, and no open lock."""
    script = (
        "import os, sys; from cass.daemon.spawn import replace_self; from cass.disk import try_lock; "
        "lock = try_lock('lock'); "
        "replace_self([sys.executable, '-c', 'import os, sys; "
        'from cass.disk import try_lock; print(os.getpid() == int(sys.argv[1]), try_lock("lock") is not None)\', '
        "str(os.getpid())], dict(os.environ), 'log', cwd=os.getcwd())"
    )
    repo = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": repo},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("True True\n", "")


@pytest.mark.parametrize(("path", "safe"), [(["/home/somebody", PACKAGE_PARENT], True), ([PACKAGE_PARENT], False)])
def test_a_service_does_not_run_what_lies_in_the_home_folder(
    monkeypatch: pytest.MonkeyPatch, path: list[str], safe: bool
) -> None:
    """Python's own modules come before a `signal.py` there; a checkout is found by nothing but its folder."""
    monkeypatch.setattr(sys, "path", path)

    assert ("-P" in worker_command()) == safe


def test_the_command_of_a_worker(tmp_path: Path) -> None:
    """This interpreter, this program; a data folder that was named is named again, whole."""
    words = worker_command()
    assert [word for word in words if word != "-P"] == [sys.executable, "-m", "cass", "worker", "run"]
    assert worker_command(str(tmp_path))[-2:] == ["--data-dir", str(tmp_path)]


def test_a_log_stays_small(tmp_path: Path) -> None:
    """Its end is kept, in whole lines."""
    log = tmp_path / "log"
    log.write_text("".join(f"line {number}\n" for number in range(1000)))

    trim_log(str(log), 1000)

    lines = log.read_text().splitlines()
    assert lines == [f"line {number}" for number in range(1000 - len(lines), 1000)]
    assert 400 < log.stat().st_size <= 500
    trim_log(str(log), 1000)
    assert log.read_text().splitlines() == lines
    trim_log(str(tmp_path / "none"))


def refuse() -> None:
    raise PermissionError("not in this container")


def test_what_a_system_refuses_is_left_out() -> None:
    """Politeness never fails; each system has its own ways."""
    assert granted((("nice", lambda: None), ("idle disk", refuse))) == ("nice",)
    assert {platform: [name for name, _ in ways] for platform, ways in WAYS.items()} == {
        "linux": ["nice 19", "idle disk"],
        "win32": ["idle priority", "very low disk"],
    }
