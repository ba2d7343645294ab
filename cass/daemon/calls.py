"""The worker's socket: commands of this user that it answers, with the archive and the model warm; texts of other
processes that go through its model; and what it says of itself.

One thread answers, one command after another.  A command that would have to wait long is declined at once, and so is
one that this process cannot answer as its own would: the caller does the work itself.
"""

from __future__ import annotations

import os
import sys
from queue import Empty, SimpleQueue
from threading import Event, Thread

from cass import __version__, clock
from cass.addresses import parse
from cass.asking import socket_path
from cass.calling import PACKAGE, slow_stamp
from cass.daemon.connections import Connections, Refused
from cass.daemon.listening import listen_alone, private_folder
from cass.errors import CassError
from cass.frames import ASK, COMMAND, DECLINED, EXIT, OUT, PROTOCOL, SAID, WORKING, BadFrame, packed
from cass.records import record
from cass.semantic.embedders import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from cass.daemon.connections import Connection
    from cass.daemon.embedding import EmbeddingService
    from cass.daemon.listening import Listener
    from cass.frames import Frame
    from cass.paths import Places

    class Answers(Protocol):
        """Whoever answers, in one thread."""

        def __call__(self, command: Command) -> Printed | None:
            """None for what is not for here."""

        def rest(self) -> None:
            """Nobody has asked for a moment."""


# A caller hears so often that it is being worked on: it waits for a word no longer than some of these.
WORKING_S = 0.01
MOST_WAITING = 4
HANG_UP_S = 0.5
# A `cass forget` waits five seconds for those who search.
REST_S = 3.0
# Whose sources are looked at so often: a worker of yesterday's program answers nobody.
CURRENT_S = 1.0


@record
class Command:
    """A command line, where it was given, and the environment there; the folders that it means."""

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    folders: tuple[str, str, str]


@record
class Printed:
    """What a command prints, and its exit code."""

    code: int
    out: bytes = b""
    err: bytes = b""


class _Waiting:
    def __init__(self, connection: Connection, command: Command) -> None:
        self.connection = connection
        self.command = command
        self.done = Event()


class Calls:
    """Listens while it is open.  `answer` gives None for what is not for here.

    embedding: answers those whose hello says that they want vectors; None where there are none to be had.
    """

    def __init__(self, places: Places, answer: Answers, embedding: EmbeddingService | None = None) -> None:
        self._places = places
        self._answer = answer
        self._embedding = embedding
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._listener: Listener | None = None  # the last one
        self._connections: Connections | None = None
        self._sources = Sources()
        self._answered = 0
        self._started_ms = clock.now_ms()
        self.last_asked_s = float("-inf")
        self.doing: Mapping[str, object] = {}
        self.why_not: str | None = None

    def open(self) -> None:
        """Begin.  Where that cannot be done `why_not` says why, and everybody works without."""
        self._listen()
        if self._connections is not None:
            Thread(target=self._work, name="answers", daemon=True).start()

    def look(self) -> None:
        """Listen anew where the socket was taken away, as systems do with the folder of a user who has left."""
        if self._listener is None or self._listener.is_there:
            return
        if self._connections is not None:
            self._connections.stop()
            self._connections.close(HANG_UP_S)
            self._connections = None
        self._listen()

    def _listen(self) -> None:
        path = socket_path(self._places)
        try:
            address = parse(f"unix://{path}")
            if not private_folder(os.path.dirname(path)):
                raise OSError("others may look into that folder")
            listener = listen_alone(address)
            _forget(slow_stamp(path))
        except (OSError, ValueError, CassError) as bad:
            self.why_not = f"{bad} ({path})"
            return
        self.why_not, self._listener = None, listener
        self._connections = Connections(listener, self._welcome, self._handle)
        self._connections.start()

    def close(self) -> None:
        """Answer what was taken, and hang up."""
        if self._connections is not None:
            self._connections.stop()
            self._waiting.put(None)
            self._connections.close(HANG_UP_S)
            self._connections = None

    def _welcome(self, connection: Connection, head: Mapping[str, Any]) -> bytes:
        if head.get("protocol") != PROTOCOL:
            raise Refused(f"this is protocol {PROTOCOL}, not {head.get('protocol')}")
        if "model" in head and self._embedding is not None:
            return self._embedding.welcome(connection, head)
        return wire.hello(pid=os.getpid(), version=__version__)

    def _handle(self, connection: Connection, frame: Frame) -> None:
        kind, head, tail = frame
        if kind == COMMAND:
            self._take(connection, tail)
        elif kind != ASK:
            raise BadFrame("neither a command nor a question")
        elif connection.told is not None and self._embedding is not None:
            self.last_asked_s = clock.monotonic_s()
            self._embedding.handle(connection, frame, self.report)
        else:
            self._report(connection, wire.read_head(head))

    def _report(self, connection: Connection, asked: Mapping[str, Any]) -> None:
        number = asked.get("id")
        if type(number) is not int:
            raise BadFrame("a question has a number")
        if asked.get("op") not in (wire.PING, wire.STATS):
            connection.send(wire.error(number, wire.BAD_REQUEST, f"{asked.get('op')!r} cannot be asked for"))
            return
        connection.send(wire.plain_answer(number, self.report()))

    def report(self) -> dict[str, object]:
        """What it does, and what it has done for others."""
        embedded = 0 if self._embedding is None else self._embedding.answered
        return {
            "pid": os.getpid(),
            "version": __version__,
            "data": self._places.data,
            "since_ms": self._started_ms,
            "answered": self._answered,
            "embedded": embedded,
            "waiting": self._waiting.qsize(),
            **self.doing,
        }

    def _take(self, connection: Connection, tail: bytes) -> None:
        """Let it be answered, and say every moment that it will be."""
        command = read_command(tail)
        if command is None or not self._sources.are_current() or self._waiting.qsize() >= MOST_WAITING:
            connection.send(packed(DECLINED))
            return
        waiting = _Waiting(connection, command)
        self._waiting.put(waiting)
        while not waiting.done.wait(WORKING_S) and not connection.is_closed:
            connection.send(packed(WORKING))

    def _next(self) -> _Waiting | None:
        try:
            return self._waiting.get(timeout=REST_S)
        except Empty:
            pass
        try:
            self._answer.rest()
        except BaseException:  # what it could not close must not make it deaf; a panic is no Exception
            pass
        return self._waiting.get()

    def _work(self) -> None:
        while (waiting := self._next()) is not None:
            if waiting.connection.is_closed:  # it has found an answer by itself
                waiting.done.set()
                continue
            try:
                printed = self._answer(waiting.command)
                frames = _frames(printed) if printed is not None else packed(DECLINED)
            except BaseException as lost:  # the caller meets the same, and says it in its own words
                frames = packed(DECLINED, tail=getattr(lost, "declined", b""))
            self._answered += frames[4:5] != DECLINED
            self.last_asked_s = clock.monotonic_s()
            waiting.connection.send(frames)  # before the thread that reads for it wakes up, and wants its turn
            waiting.done.set()


def read_command(tail: bytes) -> Command | None:
    """What a caller sent; None where it is another version's or another installation's.  Raises BadFrame."""
    version, _, rest = tail.decode("utf-8", "surrogateescape").partition("\0")
    package, _, rest = rest.partition("\0")
    if (version, package) != (__version__, PACKAGE):
        return None
    try:
        cwd, data, config, cache, count, *more = rest.split("\0")
        argv, env = tuple(more[: int(count)]), more[int(count) :]
    except ValueError as bad:
        raise BadFrame("half a command") from bad
    pairs = [each.partition("=") for each in env]
    return Command(argv, cwd, {name: value for name, _, value in pairs}, (data, config, cache))


def _frames(printed: Printed) -> bytes:
    out = packed(OUT, tail=printed.out) if printed.out else b""
    said = packed(SAID, tail=printed.err) if printed.err else b""
    return b"".join((out, said, packed(EXIT, tail=bytes([printed.code & 255]))))


class Sources:
    """Is this still the program that is installed?"""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, int] | None] = {}
        self._looked_s = float("-inf")
        self._are_current = True

    def are_current(self) -> bool:
        """As of the last second."""
        now_s = clock.monotonic_s()
        if self._are_current and now_s - self._looked_s >= CURRENT_S:
            self._looked_s = now_s
            self._are_current = self._look()
        return self._are_current

    def _look(self) -> bool:
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None) if name.partition(".")[0] == "cass" else None
            if path is not None and self._seen.setdefault(path, stamp := _stamp(path)) != stamp:
                return False
        return True


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_size


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
