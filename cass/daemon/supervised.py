"""A stand-alone embedder that is kept running: started, watched, started again when it ends, and ended with its owner.

It reads from a pipe that its owner holds, so that an owner who is killed takes it along.  One that answers there
already is left to its own owner; when it goes, one is started in its place.
"""

from __future__ import annotations

import os
import select
import subprocess
from collections import deque
from threading import Event, Thread

from cass import clock
from cass.daemon.spawn import PACKAGE_PARENT, python
from cass.records import record
from cass.semantic.embedders.base import EmbedderError
from cass.semantic.embedders.sidecar import SidecarEmbedder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO

# Twice as long after each end, until one has lived for a minute.
FIRST_WAIT_S, MOST_WAIT_S, STEADY_S = 0.5, 30.0, 60.0
# A large model on a slow disk.
START_S = 120.0
# A stranger's is asked this often whether it is still there.
LOOK_S, PING_S = 0.5, 0.5
END_S = 6.0
STARTING, RUNNING, ANOTHERS, LOST, ENDED = "starting", "running", "another's", "lost", "ended"
THERE = (RUNNING, ANOTHERS)


@record
class Sidecar:
    """What is known of it: a word, why where something is wrong, its process, and how often it was started again."""

    state: str
    reason: str | None = None
    pid: int | None = None
    restarts: int = 0


class Supervised:
    """Keeps an embedder at `url` running from `start` to `close`.

    command: how it is started, without the descriptor for READY · say: a line for the log.
    """

    def __init__(self, url: str, command: Sequence[str], say: Callable[[str], None]) -> None:
        self.url = url
        self.now = Sidecar(STARTING)
        self._command = command
        self._say = say
        self._ending = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._keep, name="sidecar", daemon=True)
        self._starts = 0

    def start(self) -> None:
        """Begin; it is ready when `now` says so."""
        self._thread.start()

    def close(self) -> None:
        """End it, if it is ours: what it was asked is answered first."""
        self._ending.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
        self._thread.join(END_S)
        if process is not None and process.poll() is None:
            process.kill()

    def answers(self) -> bool:
        """Does anybody answer there, in a moment?"""
        return ping(self.url) is None

    def _keep(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._ending.is_set():
            began_s = clock.monotonic_s()
            self._once()
            if self._ending.is_set():
                break
            wait_s = FIRST_WAIT_S if clock.monotonic_s() - began_s >= STEADY_S else wait_s
            self._say(f"the embedder is gone: {self.now.reason}; the next one starts in {wait_s:g} s")
            self._ending.wait(wait_s)
            wait_s = min(2 * wait_s, MOST_WAIT_S)
        self.now = Sidecar(ENDED)

    def _once(self) -> None:
        """From its start to its end; or as long as another's answers."""
        if self.answers():
            self._tell(ANOTHERS)
            while not self._ending.wait(LOOK_S) and self.answers():
                pass
            self._tell(LOST, "another's ended")
            return
        self._tell(STARTING)
        try:
            self._run()
        except OSError as bad:
            self._tell(LOST, f"it cannot be started: {bad.strerror or bad}")

    def _run(self) -> None:
        """Raises OSError."""
        read, written = os.pipe()
        try:
            self._process = process = subprocess.Popen(
                [*self._command, "--ready-fd", str(written), "--owner-fd", "0"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[written],
                cwd=PACKAGE_PARENT,
                start_new_session=True,  # Ctrl-C is for its owner, who ends it when nobody asks any more
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(written)
        self._starts += 1
        if self._ending.is_set():
            process.terminate()
        assert process.stdin is not None and process.stderr is not None
        said: deque[str] = deque(maxlen=1)
        reader = Thread(target=_read, args=(process.stderr, said, self._say), daemon=True)
        reader.start()
        with open(read, "rb", 0) as ready, process.stdin:
            if _has_ready(ready):
                self._tell(RUNNING)
            process.wait()
        reader.join(1.0)
        self._process = None
        self._tell(LOST, _end_of(process, said))

    def _tell(self, state: str, reason: str | None = None) -> None:
        pid = self._process.pid if self._process is not None else None
        self.now = Sidecar(state, reason, pid, max(0, self._starts - 1))


def embedder_command(url: str, data: str, more: Sequence[str] = ()) -> list[str]:
    """How it is started: as this very program."""
    return [*python(), "-m", "cass.embedder", "--listen", url, "--data-dir", data, "--log-level", "warning", *more]


def ping(url: str) -> str | None:
    """Why nobody answers there within half a second; None where somebody does."""
    until_s = clock.monotonic_s() + PING_S
    asked = SidecarEmbedder(url, left_s=lambda: until_s - clock.monotonic_s())
    try:
        asked.ping()
    except EmbedderError as lost:
        return str(lost)
    finally:
        asked.close()
    return None


def _has_ready(ready: IO[bytes]) -> bool:
    waiting, _, _ = select.select([ready], [], [], START_S)
    return bool(waiting) and ready.read(64).startswith(b"READY")


def _read(stderr: IO[bytes], said: deque[str], say: Callable[[str], None]) -> None:
    for line in stderr:
        text = line.decode("utf-8", "replace").rstrip()
        said.append(text)
        say(f"embedder: {text}")
    stderr.close()


def _end_of(process: subprocess.Popen[bytes], said: deque[str]) -> str:
    code = process.returncode
    how = f"signal {-code} ended it" if code < 0 else f"it ended with {code}"
    return f"{how}: {said[-1]}" if said and code > 0 else how
