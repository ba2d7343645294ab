"""Real `cass` processes for stories in which they are stopped, killed, or meet each other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

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


class Conversation:
    """A `cass` that is asked a line and answers a line."""

    def __init__(self, home: Home, *argv: str) -> None:
        env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "TZ": "UTC", **home.env}
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "cass", *argv]
        self._running = subprocess.Popen(
            command, env=env, cwd=home.home, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1
        )

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *why: object) -> None:
        self._running.kill()
        self._running.communicate()

    def ask(self, request: dict[str, Any]) -> Any:
        return json.loads(self.say(request))

    def ask_line(self, line: str) -> Any:
        assert self._running.stdin and self._running.stdout
        self._running.stdin.write(line + "\n")
        return json.loads(self._running.stdout.readline())

    def say(self, request: dict[str, Any]) -> str:
        """The answer as it was printed, without its line end."""
        assert self._running.stdin and self._running.stdout
        self._running.stdin.write(json.dumps(request) + "\n")
        return self._running.stdout.readline().rstrip("\n")

    def end(self) -> tuple[int, str]:
        """Close its standard input: the exit code, and what it said on standard error."""
        _, said = self._running.communicate()
        return self._running.returncode, said
