"""Ask the worker to answer a command line: a process that does that loads almost nothing.

It declines what it cannot answer as this process would; one that falls silent is left alone for a minute.
"""

from __future__ import annotations

import os

from cass import __version__, clock
from cass.frames import (
    COMMAND,
    DECLINED,
    EXIT,
    HELLO,
    OPENING,
    OUT,
    PROTOCOL,
    SAID,
    WORKING,
    BadFrame,
    Incoming,
    packed,
    receiver,
)
from cass.paths import current_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places

PACKAGE = os.path.dirname(os.path.abspath(__file__))
# Longer it must not be silent, at whichever point; and so long it has in all, if it says so often that it is at work.
ANSWER_S, WORK_S = 0.05, 2.0
LEFT_ALONE_MS = 60_000
_opening: list[str] = []  # who said so to this process


def slow_stamp(path: str) -> str:
    """The file whose time says since when the worker is left alone."""
    return f"{path}.slow"


def answered(argv: list[str], where: Places, path: str) -> int | None:
    """The exit code of what the worker at `path` has answered, printed here; None where it has not."""
    if _is_for_a_person(argv) or is_left_alone(path):
        return None
    try:
        return _printed(_answer(path, _question(argv, where)))
    except TimeoutError:
        leave_alone(path)
    except (OSError, BadFrame, ValueError):
        pass  # it has just gone, or is another program's, or the question is too long for it
    return None


def _is_for_a_person(argv: list[str]) -> bool:
    """Screens are written to by the process that has one; and another folder is another worker's."""
    if os.isatty(1) or (os.isatty(2) and "--json" not in argv):
        return True
    return any([word[:6] == "--data" or word == "-" for word in argv])


def is_left_alone(path: str) -> bool:
    """Was it silent within the last minute?"""
    try:
        age_ms = clock.now_ms() - os.stat(slow_stamp(path)).st_mtime_ns // 1_000_000
    except OSError:
        return False
    return 0 <= age_ms < LEFT_ALONE_MS


def is_opening(path: str) -> bool:
    """Has it just told this process that its model is being opened?"""
    return path in _opening


def leave_alone(path: str) -> None:
    """Nobody asks it for a minute."""
    try:
        os.close(os.open(slow_stamp(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        os.utime(slow_stamp(path))
    except OSError:
        return


def _question(argv: list[str], where: Places) -> bytes:
    """Texts, apart by zero bytes: who asks, the folders, the count of the words, they, and the environment."""
    env = os.environ
    said = [__version__, PACKAGE, current_folder(), where.data, where.config, where.cache, str(len(argv)), *argv]
    said += [f"{name}={env[name]}" for name in env]
    return "\0".join(said).encode("utf-8", "surrogateescape")


def _answer(path: str, question: bytes) -> list[tuple[bytes, bytes]]:
    """The frames of the answer; none where it is declined.  Raises OSError and BadFrame."""
    from _socket import AF_UNIX, SOCK_STREAM, socket  # the half of it that is enough: the other takes 3 ms

    end_s = clock.monotonic_s() + WORK_S
    asked = socket(AF_UNIX, SOCK_STREAM, 0)
    asked.settimeout(ANSWER_S)
    asked.connect(path)
    asked.sendall(packed(HELLO, b'{"protocol":%d}' % PROTOCOL) + packed(COMMAND, b"", question))
    incoming = Incoming(receiver(asked, lambda: min(ANSWER_S, end_s - clock.monotonic_s())))
    frames: list[tuple[bytes, bytes]] = []
    while (frame := incoming.next()) is not None:
        kind, _, tail = frame
        if kind == DECLINED:
            if tail == OPENING:
                _opening.append(path)
            return []
        if kind in (OUT, SAID) or (kind == EXIT and tail):
            frames.append((kind, tail))
        elif kind not in (HELLO, WORKING):
            raise BadFrame("not an answer to a command")
        if kind == EXIT:
            return frames
    raise BadFrame("half an answer")


def _printed(frames: list[tuple[bytes, bytes]]) -> int | None:
    code = None
    for kind, tail in frames:
        if kind == EXIT:
            code = tail[0]
        else:
            _write(1 if kind == OUT else 2, tail)
    return code


def _write(descriptor: int, data: bytes) -> None:
    """Raises OSError for an answer that the disk does not take: who asked says so itself."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as bad:
        if descriptor == 1 and not isinstance(bad, BrokenPipeError):
            raise
        # nobody is listening any more, or it is said aside
