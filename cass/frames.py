"""Frames: how two processes of ours talk over a socket.

A frame is its length (u32, little-endian, of all that follows), a kind (one byte), the length of its head (u32), the
head (a JSON object in UTF-8, or nothing) and the tail (bytes).  Either side begins with a HELLO.  Here are bytes only:
a cold command reads this file, and has no time for JSON.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    Frame = tuple[bytes, bytes, bytes]  # kind, head, tail
    Receive = Callable[[int], bytes]

    class Receiving(Protocol):
        """What of a socket is needed here."""

        def settimeout(self, value: float | None, /) -> None: ...

        def recv(self, count: int, /) -> bytes: ...


PROTOCOL = 1
# Of one frame.  What claims to be longer is no frame of ours.
MOST_BYTES = 16 * 1024 * 1024
# Of the first one, of a stranger as yet.
MOST_HELLO_BYTES = 65_536
LENGTH_BYTES = 4
AROUND_BYTES = 5  # the kind and the head's length
RECEIVED_BYTES = 65_536

# Both ways; a question, its answer, and an error in an answer's place.
HELLO, ASK, ANSWER, ERROR = b"H", b"Q", b"A", b"E"
# A command line; what it prints and says, word that it is being worked on, its exit code, and that it is not for here.
COMMAND, OUT, SAID, WORKING, EXIT, DECLINED = b"C", b"O", b"S", b"W", b"X", b"D"
# The tail of DECLINED where only the model lacks, which is being opened: for its vectors nobody need come back at once.
OPENING = b"opening"
KINDS = frozenset((HELLO, ASK, ANSWER, ERROR, COMMAND, OUT, SAID, WORKING, EXIT, DECLINED))


class BadFrame(Exception):
    """What came is no frame, or half of one: nothing behind it can be understood."""


def packed(kind: bytes, head: bytes = b"", tail: bytes = b"") -> bytes:
    """A frame.  Raises ValueError where it would be too long."""
    size = AROUND_BYTES + len(head) + len(tail)
    if size > MOST_BYTES:
        raise ValueError(f"{size} bytes are too many for one frame, of {MOST_BYTES} at most")
    return b"".join((size.to_bytes(4, "little"), kind, len(head).to_bytes(4, "little"), head, tail))


def receiver(found: Receiving, left_s: Callable[[], float]) -> Receive:
    """Receives as long as time is left, however little comes at once.  Raises TimeoutError."""

    def receive(count: int) -> bytes:
        left = left_s()
        if left <= 0:
            raise TimeoutError("it took too long")
        found.settimeout(left)
        return found.recv(count)

    return receive


class Incoming:
    """The frames that come in, one after another.  `receive` gives at most so many bytes, none at the end."""

    def __init__(self, receive: Receive) -> None:
        self.receive = receive
        self._held = bytearray()

    @property
    def holds_more(self) -> bool:
        """Did the next frame, or a part of it, come together with the last one?"""
        return bool(self._held)

    def next(self, most_bytes: int = MOST_BYTES) -> Frame | None:
        """The next frame; None where the other side ended after a whole one.  Raises BadFrame, and OSError."""
        if not self._has(LENGTH_BYTES):
            if self._held:
                raise BadFrame("the connection ended within a frame")
            return None
        size = int.from_bytes(self._held[:LENGTH_BYTES], "little")
        if not AROUND_BYTES <= size <= most_bytes:
            raise BadFrame(f"a frame of {size} bytes: between {AROUND_BYTES} and {most_bytes} are allowed")
        end = LENGTH_BYTES + size
        if not self._has(end):
            raise BadFrame("the connection ended within a frame")
        frame = bytes(self._held[LENGTH_BYTES:end])
        del self._held[:end]
        return _parts(frame)

    def _has(self, count: int) -> bool:
        """Receive until so many bytes are held; False where the other side ends before."""
        while len(self._held) < count:
            got = self.receive(RECEIVED_BYTES)
            if not got:
                return False
            self._held += got
        return True


def _parts(frame: bytes) -> Frame:
    kind, split = frame[:1], AROUND_BYTES + int.from_bytes(frame[1:AROUND_BYTES], "little")
    if kind not in KINDS or split > len(frame):
        raise BadFrame("not a frame of this protocol")
    return kind, frame[AROUND_BYTES:split], frame[split:]
