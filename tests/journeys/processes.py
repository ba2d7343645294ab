"""Real `cass` processes for stories in which they are stopped, killed, or meet each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

from tests.archive import REPO, Home


def start(home: Home, *argv: str) -> subprocess.Popen[str]:
    """A running `cass`, with this HOME and data folder."""
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env}
    return subprocess.Popen(
        [sys.executable, "-m", "cass", *argv],
        env=env,
        cwd=home.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stop_when(running: subprocess.Popen[str], is_time: Callable[[], bool], how: signal.Signals) -> int:
    """Send a signal as soon as `is_time`; the exit code, which is the program's own where it was faster."""
    while running.poll() is None and not is_time():
        pass
    if running.poll() is None:
        running.send_signal(how)
    running.communicate()
    return running.returncode


def stored_bytes(home: Home) -> int:
    """The size of the database with its log: how far an index run is."""
    return sum(_size(f"{home.places.database}{end}") for end in ("", "-wal"))


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
