"""Stand-alone embedders as processes of their own: `python -m tests.daemon.embedders URL MS` is one that takes so many
milliseconds a batch; with `for ever` it never ends one.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from cass import addresses, clock
from cass.daemon.embedder_process import Manner, serve_embedder
from cass.frames import ASK, Incoming, packed
from cass.semantic.embedders import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.semantic.embedders.base import Status, Vector

REPO = Path(__file__).resolve().parents[2]
# Whoever hangs is found by it; a machine with much else to do is none.
GONE_S = 60.0
VECTOR = array("f", [1.0] + [0.0] * 383)


class SlowEmbedder:
    """A model of which nothing is known but how long it takes."""

    embedder_id, model_version, dim, max_input_chars = "slow-384", "1", 384, 1000
    is_loaded = True
    status: Status = "ok"
    reason = None

    def __init__(self, ms: str) -> None:
        self.ms = ms

    def load(self) -> None:
        """It is."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        if self.ms == "for ever":
            threading.Event().wait()
        if self.ms != "0":  # to sleep for no time at all takes some
            clock.sleep(int(self.ms) / 1000)
        return [VECTOR] * len(texts)

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def short_folder() -> Iterator[str]:
    """A socket's path may have some hundred characters."""
    with TemporaryDirectory(prefix="cass", dir="/tmp") as folder:
        yield folder


@contextmanager
def running(command: Sequence[str], home: str, *handed: int) -> Iterator[subprocess.Popen[str]]:
    """An embedder that listens; `command` without its last word, the descriptor for READY.

    handed: other descriptors that it has from here.
    """
    read, written = os.pipe()
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPO), "HOME": home}
    process = subprocess.Popen(
        [sys.executable, *command, str(written)],
        env=env,
        pass_fds=[written, *handed],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(written)
    try:
        with open(read, "rb") as ready:
            assert ready.read() == b"READY\n", process.communicate()[1]
        yield process
    finally:
        process.kill()
        process.communicate()


def slow(url: str, home: str, ms: str) -> list[str]:
    return ["-m", "tests.daemon.embedders", url, ms]


def real(url: str, *more: str) -> list[str]:
    return ["-m", "cass.embedder", "--listen", url, "--model", "hash", *more, "--ready-fd"]


class Caller:
    """A connection on which a test says what it likes."""

    def __init__(self, url: str, **said: object) -> None:
        self.socket = addresses.connect(addresses.parse(url), GONE_S)
        self.incoming = Incoming(self.socket.recv)
        self.socket.sendall(wire.hello(**said))

    def next(self) -> tuple[bytes, dict[str, object]] | None:
        """The next frame's kind and head; None at the end."""
        frame = self.incoming.next()
        return None if frame is None else (frame[0], wire.read_head(frame[1]))

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def is_hung_up_on(self) -> bool:
        """What is there is read, to the end."""
        try:
            while self.incoming.next() is not None:
                pass
        except (OSError, EOFError):
            return not isinstance(sys.exception(), socket.timeout)
        return True


def answers_of(caller: Caller, count: int) -> list[str]:
    """How each of so many questions ended: `answered`, or the word of its error; `lost` for one without any."""
    found: list[str] = []
    try:
        while len(found) < count and (frame := caller.next()) is not None:
            found.append(str(frame[1].get("error", "answered")))
    except OSError:
        pass
    return found + ["lost"] * (count - len(found))


def asked(number: int, text: str) -> bytes:
    return wire.question(number, [text], wire.QUERY)


def garbage() -> list[bytes]:
    """What is no frame, half of one, one of four gigabytes, and frames that say nothing."""
    return [
        b"GET / HTTP/1.1\r\n\r\n",
        packed(ASK, b'{"id": 1}')[:9],
        b"\xff\xff\xff\xff" + b"x" * 1000,
        packed(ASK, b"[1, 2"),
        packed(ASK, b"[1, 2]"),
        packed(ASK, b'{"id": "one"}'),
        packed(b"X"),
        b"\0\0\0\0",
    ]


if __name__ == "__main__":

    def tell(address: addresses.Address) -> None:
        os.write(int(sys.argv[3]), b"READY\n")
        os.close(int(sys.argv[3]))

    serve_embedder(SlowEmbedder(sys.argv[2]), addresses.parse(sys.argv[1]), Manner(cache_size=0), tell, print)
