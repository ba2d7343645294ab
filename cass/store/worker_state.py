"""What the resident process of a data folder says about itself, for `status`: one small file beside the database.

The lock alone tells whether somebody works there; a file that a killed process left behind tells nothing.
"""

from __future__ import annotations

import os
import sys

from cass.disk import PRIVATE_FILE, held_by, regular
from cass.records import record

LOCK = "worker.lock"
STATE = "worker.state"
WORKER, BACKFILL, WATCH = "worker", "backfill", "watch"
RUNNING, RESTING = "running", "resting"


@record
class WorkerState:
    """What it does: `state` is running or resting; `word` names the reason for scripts, `reason` tells people."""

    pid: int
    state: str
    word: str = ""
    reason: str = ""
    since_ms: int = 0
    next_look_ms: int | None = None
    started_ms: int = 0


@record
class Holder:
    """The process that has the lock, and what it is: worker, backfill or watch."""

    pid: int
    what: str


def write_state(data: str, state: WorkerState) -> None:
    """Say it.  Where that fails (no folder, no right to write) nothing is said, and nothing is lost."""
    fields = [(name, getattr(state, name)) for name in WorkerState.__match_args__]
    text = "".join([f"{name} {' '.join(str(value).split())}\n" for name, value in fields if value is not None])
    path = os.path.join(data, STATE)
    beside = f"{path}.new"  # one name: only the holder of the lock writes
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
        with open(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "replace"))
        os.replace(beside, path)  # not synced: it is worthless after a power cut
    except OSError:
        _write_over(path, text.encode("utf-8", "replace"))


def _write_over(path: str, text: bytes) -> None:
    """Into the room that the old state has: a full disk is what people ask about."""
    try:
        with open(path, "r+b", 0) as file:
            file.write(text)
            file.truncate()
    except OSError:
        return


def read_state(data: str) -> WorkerState | None:
    """What the process that holds the lock now said last; None without one, or where it has said nothing yet."""
    holder = holder_of(data)
    said = _said(data) if holder is not None else None
    return said if said is not None and holder is not None and said.pid == holder.pid else None


def _said(data: str) -> WorkerState | None:
    try:
        with open(os.path.join(data, STATE), encoding="utf-8", errors="replace", opener=regular) as file:
            parts = [line.rstrip("\n").partition(" ") for line in file]
        fields = {name: value for name, _, value in parts}
        next_look = fields.get("next_look_ms")
        return WorkerState(
            int(fields["pid"]),
            fields["state"],
            fields.get("word", ""),
            fields.get("reason", ""),
            int(fields.get("since_ms", 0)),
            int(next_look) if next_look else None,
            int(fields.get("started_ms", 0)),
        )
    except (OSError, ValueError, KeyError):
        return None


def holder_of(data: str, platform: str = sys.platform) -> Holder | None:
    """Who makes vectors in this data folder now; None where nobody does.  Leaves no trace in the file."""
    path = os.path.join(data, LOCK)
    pid = held_by(path, platform)
    return Holder(int(pid), _what(path)) if pid is not None else None


def sign(data: str, what: str) -> None:
    """Write beside the process id what its holder is; a failure only makes it a `backfill` to those who look."""
    try:
        with open(os.path.join(data, LOCK), "r+b") as file:
            file.write(f"{os.getpid()}\n{what}\n".encode())
            file.truncate()
    except OSError:
        return


def _what(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace", opener=regular) as file:
            said = file.read(80).split("\n")[1:2]
        return said[0] if said in ([WORKER], [WATCH]) else BACKFILL
    except OSError:
        return BACKFILL


def forget_state(data: str) -> None:
    """The holder leaves."""
    for name in (STATE, f"{STATE}.new"):
        try:
            os.unlink(os.path.join(data, name))
        except OSError:
            continue
