"""Those who called: a thread for each that reads its frames and hands them on; answers are sent by whoever has them.

Who has gone leaves its thread to the next one: to start one takes as long as half of a small search.

Measured with a model that costs nothing: a thread a connection takes 20 microseconds of processor time a question,
asyncio 100.  What one caller sends or does not read costs nobody else anything: garbage ends its own connection, and
answers that it does not take wait in a thread of its own until they are too many.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from collections import deque
from queue import SimpleQueue
from threading import Event, Lock, Thread

from cass import clock
from cass.frames import HELLO, MOST_HELLO_BYTES, BadFrame, Incoming, receiver
from cass.semantic.embedders import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cass.daemon.listening import Listener
    from cass.frames import Frame

    Welcome = Callable[["Connection", Mapping[str, Any]], bytes]
    Handle = Callable[["Connection", Frame], None]

MOST_CONNECTIONS = 256
# To say who one is.
HELLO_S = 5.0
# What a caller may leave unread.
MOST_UNREAD_BYTES = 64 * 1024 * 1024
UNREAD_S = 30.0
# Until somebody lets a descriptor go.
NO_ROOM_S = 0.1
_AT_ONCE = getattr(
    socket, "MSG_DONTWAIT", 0
)  # Windows has no such thing: there a caller who does not read is waited for


class Refused(Exception):
    """The caller's hello is refused: in words for it."""


class Connection:
    """One caller.  `told`: what it was told of this side, if that must stay so."""

    def __init__(self, found: socket.socket) -> None:
        self.socket = found
        self.told: object = None
        self.ended = Event()
        self._held = b""
        self._lock = Lock()
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._writer: Thread | None = None
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Nobody hears any more what is sent."""
        return self._is_closed

    def send(self, frame: bytes) -> None:
        """Send it, now or when the caller takes it; a caller that is gone gets nothing.  Never raises."""
        with self._lock:
            if self._is_closed:
                return
            frame, self._held = self._held + frame, b""
            if self._writer is None:
                frame = frame[self._sent(frame) :]
            if frame and not self._is_closed:
                self._keep(frame)

    def hold(self, frame: bytes) -> None:
        """It goes with the next one that is sent."""
        self._held += frame

    def _sent(self, frame: bytes) -> int:
        try:
            return self.socket.send(frame, _AT_ONCE)
        except BlockingIOError:
            return 0
        except OSError:
            self._close()
            return len(frame)

    def _keep(self, frame: bytes) -> None:
        self._unread.append(frame)
        self._unread_bytes += len(frame)
        if self._unread_bytes > MOST_UNREAD_BYTES:
            self._close()
        elif self._writer is None:
            self._writer = Thread(target=self._write, name="writer", daemon=True)
            if not _started(self._writer):
                self._close()

    def _write(self) -> None:
        while True:
            with self._lock:
                if not self._unread or self._is_closed:
                    self._writer = None
                    return
                frame = self._unread.popleft()
            try:
                _, ready, _ = select.select([], [self.socket], [], UNREAD_S)
                rest = frame[self.socket.send(frame, _AT_ONCE) :] if ready else None
            except BlockingIOError:
                rest = frame
            except (OSError, ValueError):
                rest = None
            with self._lock:
                if rest is None:
                    self._close()
                else:
                    self._unread_bytes -= len(frame) - len(rest)
                    if rest:
                        self._unread.appendleft(rest)

    def flush(self, most_s: float) -> None:
        """Wait for the caller to take what is there."""
        writer = self._writer
        if writer is not None:
            writer.join(most_s)

    def hear_no_more(self) -> None:
        """What has arrived is still read, and then the end."""
        try:
            self.socket.shutdown(socket.SHUT_RD)
        except OSError:
            return

    def close(self) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already


class Connections:
    """Takes calls at a listener.  `welcome` answers a hello, or raises Refused; `handle` takes every later frame.

    Both are called in the caller's thread; `handle` may raise BadFrame, which ends the connection.
    """

    def __init__(self, listener: Listener, welcome: Welcome, handle: Handle) -> None:
        self._listener = listener
        self._welcome = welcome
        self._handle = handle
        self._lock = Lock()
        self._callers: set[Connection] = set()
        self._idle = 0
        self._next: SimpleQueue[Connection | None] = SimpleQueue()
        self._wake, self._woken = socket.socketpair()
        self._spare: int | None = None
        self._keep_spare()
        self._accepting = Thread(target=self._accept, name="accept", daemon=True)

    def start(self) -> None:
        self._accepting.start()

    def __len__(self) -> int:
        return len(self._callers)

    def stop(self) -> None:
        """Take no more calls; those that have arrived are still taken."""
        self._wake.send(b"x")
        self._accepting.join()
        self._listener.close()

    def close(self, most_s: float) -> None:
        """Read what has arrived, let the answers out, and hang up; within about `most_s`."""
        with self._lock:
            left = list(self._callers)
        for connection in left:
            connection.hear_no_more()
        until_s = clock.monotonic_s() + most_s
        for connection in left:
            connection.ended.wait(max(0.0, until_s - clock.monotonic_s()))
            connection.close()
        self._next.put(None)
        self._wake.close()
        self._woken.close()
        self._let_go_of_spare()

    def _accept(self) -> None:
        listening = self._listener.socket
        listening.setblocking(False)
        while self._woken not in select.select([listening, self._woken], [], [])[0]:
            self._accept_all(listening)
        self._accept_all(listening)

    def _accept_all(self, listening: socket.socket) -> None:
        while True:
            try:
                found, _ = listening.accept()
            except OSError as lost:  # nobody is left, or has hung up again, or there are no descriptors for more
                if lost.errno not in (errno.EMFILE, errno.ENFILE) or not self._turned_away(listening):
                    return
            else:
                self._take(found)

    def _turned_away(self, listening: socket.socket) -> bool:
        """Hang up on a caller with the descriptor that is kept for that: it would wait for nothing."""
        had_spare = self._spare is not None
        self._let_go_of_spare()
        try:
            listening.accept()[0].close()
        except BlockingIOError:  # there is nobody: without descriptors the system does not even look
            return False
        except OSError:
            if not had_spare:
                select.select([self._woken], [], [], NO_ROOM_S)
            return False
        finally:
            self._keep_spare()
        return True

    def _keep_spare(self) -> None:
        try:
            self._spare = os.open(os.devnull, os.O_RDONLY)
        except OSError:  # somebody was faster
            self._spare = None

    def _let_go_of_spare(self) -> None:
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _take(self, found: socket.socket) -> None:
        connection = Connection(found)
        with self._lock:
            if len(self._callers) >= MOST_CONNECTIONS:
                found.setblocking(False)
                connection.send(wire.error(None, wire.BUSY, f"{MOST_CONNECTIONS} callers are too many"))
                found.close()
                return
            if self._idle:
                self._idle -= 1
                self._next.put(connection)
            elif not _started(Thread(target=self._serve_all, args=(connection,), daemon=True)):
                found.close()
                return
            self._callers.add(connection)

    def _serve_all(self, connection: Connection | None) -> None:
        """One caller after another, as long as no other thread waits for the next."""
        while connection is not None:
            self._serve(connection)
            with self._lock:
                is_first = not self._idle
                self._idle += is_first
            connection = self._next.get() if is_first else None

    def _serve(self, connection: Connection) -> None:
        try:
            self._converse(connection)
        except BadFrame as bad:
            connection.send(wire.error(None, wire.BAD_REQUEST, str(bad)))
        except Refused as refused:
            connection.send(wire.error(None, wire.REFUSED, str(refused)))
        except OSError:
            pass  # the caller is gone
        except Exception as lost:  # whatever it is, it ends this call and no other
            connection.send(wire.error(None, wire.FAILED, str(lost) or type(lost).__name__))
        finally:
            connection.flush(UNREAD_S)
            connection.close()
            connection.socket.close()
            with self._lock:
                self._callers.discard(connection)
            connection.ended.set()

    def _converse(self, connection: Connection) -> None:
        found, until_s = connection.socket, clock.monotonic_s() + HELLO_S
        incoming = Incoming(receiver(found, lambda: until_s - clock.monotonic_s()))
        frame = incoming.next(MOST_HELLO_BYTES)
        if frame is None:
            return
        if frame[0] != HELLO:
            raise Refused("a hello comes first")
        welcome = self._welcome(connection, wire.read_head(frame[1]))
        # Who has asked already, and is not told anything that it must know before, need not wake up twice.
        (connection.hold if connection.told is None and incoming.holds_more else connection.send)(welcome)
        found.settimeout(None)
        incoming.receive = found.recv
        while (frame := incoming.next()) is not None:
            self._handle(connection, frame)


def _started(thread: Thread) -> bool:
    """False where the system has no room for another one."""
    try:
        thread.start()
    except RuntimeError:
        return False
    return True
