"""One line on stderr that says how far a long job is."""

from __future__ import annotations

from cass.render.layout import cut, duration, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from cass.render.terminal import Style

NONE, LINE, LINES = "none", "line", "lines"
# Ten a second look smooth and cost nothing; whole lines are for logs.
EVERY_S = {LINE: 0.1, LINES: 5.0}
# A rate over less than this is a guess.
SETTLED_S = 1.0


def chosen(wish: str, quiet: bool, look: Style) -> str:
    """How to show progress on a stream: `wish` is auto, plain or none."""
    if quiet or wish == "none":
        return NONE
    if wish == "plain":
        return LINES
    if not look.terminal:
        return NONE
    return LINES if look.plain else LINE


class Progress:
    """Called with (phase, done, total, done bytes, total bytes) as often as one likes; writes now and then."""

    def __init__(self, stream: TextIO, kind: str, width: int, monotonic_s: Callable[[], float]) -> None:
        self._stream = stream
        self._kind = kind
        self._width = width
        self._monotonic_s = monotonic_s
        self._phase = ""
        self._started_s = 0.0
        self._said_s: float | None = None
        self._standing = False

    def __call__(self, phase: str, done: int, total: int, done_bytes: int, total_bytes: int) -> None:
        if self._kind == NONE:
            return
        now_s = self._monotonic_s()
        if phase != self._phase:
            # What is done now is news, however soon it comes.
            self._phase, self._started_s, self._said_s = phase, now_s, None
        if self._said_s is not None and now_s - self._said_s < EVERY_S[self._kind]:
            return
        self._said_s = now_s
        self._write(line(phase, done, total, done_bytes, total_bytes, now_s - self._started_s))

    def _write(self, text: str) -> None:
        if self._kind == LINES:
            self._stream.write(f"{text}\n")
        else:
            self._stream.write(f"\r{cut(text, self._width - 1)}\x1b[K")
            self._standing = True
        self._stream.flush()

    def close(self) -> None:
        """Leave no trace on a terminal."""
        if self._standing:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._standing = False


def line(phase: str, done: int, total: int, done_bytes: int, total_bytes: int, passed_s: float) -> str:
    """`reading  812/3,020 files  410/1,250 MB  24 MB/s  35 s left`; with `total` 0 only the bytes."""
    things = "files" if total_bytes else "messages"
    parts = [phase, *([f"{number(done)}/{number(total)} {things}"] if total else [])]
    if total_bytes:
        parts.append(f"{number(done_bytes // 1_000_000)}/{number(-(-total_bytes // 1_000_000))} MB")
    now, end = (done_bytes, total_bytes) if total_bytes else (done, total)
    if passed_s >= SETTLED_S and now:
        if total_bytes:
            parts.append(f"{done_bytes / passed_s / 1e6:.0f} MB/s")
        parts.append(f"{duration((end - now) * passed_s / now)} left")
    return "  ".join(parts)
