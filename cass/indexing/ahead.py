"""Read files ahead in a second process, while this one stores what was read before.

A long first run is bound by what one Python process can do.  So a second one runs the connectors and looks for the
words of the index; it gets a list of files and gives their records back in that order, through a pipe.  It writes
nothing, knows no database, and ends with its pipe; whatever goes wrong with it, the files are read here.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
import threading
from queue import Queue

from cass.clock import monotonic_s
from cass.connectors.base import Branches, Checkpoint, Message, Session, Source, SourceProblem, Surroundings
from cass.connectors.table import agent_row, load
from cass.disk import widen
from cass.indexing.counting import CountingFile
from cass.indexing.discover import Found
from cass.indexing.prepared import Prepared, ReaderDied, prepared_values
from cass.paths import at_once
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import IO, Any

    from cass.connectors.base import Item

# Less than this is read before a second process has started.
WORTH_BYTES = 20_000_000
# A batch that took longer to hand over has waited for the first process.
WAITED_S = 0.003
BATCH_CHARS = 192 << 10
# Some batches: in a pipe of the usual 64 KB each waits for a thread here to take it, which waits for its turn.
PIPE_BYTES = 1 << 20
BATCH_ITEMS = 400
# Batches that wait to be stored: with their texts 6 MB, 13 at most.  Some files give much to store and others much to
# read; with 8 batches each process waited a fifth of the time for the other.
WAITING_BATCHES = 64


@record
class End:
    """A file is over: bytes handed to the connector, whether the connector failed, and what the disk refused."""

    bytes_read: int
    broken: bool
    refused: str | None


class ReadAhead:
    """The files of `work`, read by a second process; ask for them in that order, leaving out what you like."""

    def __init__(self, work: Sequence[Found], around: Surroundings) -> None:
        self._at = {found.path: at for at, found in enumerate(work)}
        self._next = 0
        self._open = False  # are there records of the present file left in the pipe?
        self.end = End(0, False, None)
        self._process = subprocess.Popen(
            # -P: what lies in the folder where somebody happens to stand is nothing to run.
            [sys.executable, "-P", "-c", "from cass.indexing.ahead import run; run()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        widen(self._process.stdout, PIPE_BYTES)
        self._batches: Queue[bytes | None] = Queue(WAITING_BATCHES)
        threading.Thread(target=self._receive, daemon=True).start()
        files = [(found.agent, found.path, *found.identity) for found in work]
        request = marshal.dumps((files, (around.home, dict(around.env), around.workspaces)))
        threading.Thread(target=self._send, args=(request,), daemon=True).start()

    def _send(self, request: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(request)
            self._process.stdin.close()
        except OSError:
            pass  # it has died: `_receive` sees the end

    def _receive(self) -> None:
        """Fill the queue; None is the end, whatever the reason."""
        assert self._process.stdout is not None
        try:
            while len(head := self._process.stdout.read(8)) == 8:
                self._batches.put(self._process.stdout.read(int.from_bytes(head, "little")))
        except (OSError, ValueError):
            pass
        self._batches.put(None)

    def has(self, found: Found) -> bool:
        """Is this file still to come?  Then `items` gives it."""
        return self._at.get(found.path, -1) >= self._next

    def items(self, found: Found) -> Iterator[Item | Prepared]:
        """The file's records; `end` tells of it afterwards.  Raises ReaderDied when the other process is no more."""
        while self._next <= self._at[found.path]:
            while self._open:
                self._batch()
            self._next += 1
            self._open = True
        while self._open:
            yield from self._batch()

    def _batch(self) -> list[Item | Prepared]:
        data = self._batches.get()
        if data is None:
            self._batches.put(None)
            self._open = False
            raise ReaderDied
        try:
            items = [_unpacked(packed) for packed in marshal.loads(data)]
        except (ValueError, EOFError, TypeError, IndexError) as bad:  # another version of ourselves, or noise
            raise ReaderDied from bad
        if items and type(items[-1]) is End:
            self.end = items.pop()
            self._open = False
        return items

    def close(self) -> None:
        """End the other process."""
        self._process.kill()
        while self._batches.get() is not None:
            pass
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


# Records cross the pipe as tuples: marshal is ten times as fast as pickle, which asks each of them.
_KINDS = (Session, SourceProblem, Checkpoint, End, Branches)


def _packed(item: Item | End) -> tuple[Any, ...]:
    return _KINDS.index(type(item)), [getattr(item, name) for name in type(item).__match_args__]


def _unpacked(packed: tuple[Any, ...]) -> Any:
    return Prepared(*packed) if len(packed) > 2 else _KINDS[packed[0]](*packed[1])


class _Batches:
    """Records on their way to the first process."""

    def __init__(self, answers: IO[bytes], monotonic_s: Callable[[], float]) -> None:
        self._answers = answers
        self._monotonic_s = monotonic_s
        # Does the first process have more to do than this one?
        self.is_ahead = False

    def send(self, batch: list[Any]) -> None:
        data = marshal.dumps(batch)
        before_s = self._monotonic_s()
        self._answers.write(len(data).to_bytes(8, "little") + data)
        self.is_ahead = self._monotonic_s() - before_s > WAITED_S


def main(request: IO[bytes], answers: IO[bytes], monotonic_s: Callable[[], float] = monotonic_s) -> None:
    """The second process: files in, batches of records out, until nobody reads them."""
    out = _Batches(answers, monotonic_s)
    work, (home, env, workspaces) = marshal.loads(request.read())
    around = Surroundings(home, env, workspaces)
    for found in [Found(*values) for values in work]:
        batch: list[Any] = []
        chars = 0
        for packed in _file(found, around, out):
            batch.append(packed)
            if len(packed) > 2:
                chars += sum([len(part[5]) for part in packed[4]])
            if chars > BATCH_CHARS or len(batch) >= BATCH_ITEMS:
                out.send(batch)
                batch, chars = [], 0
        out.send(batch)
    answers.flush()


def _file(found: Found, around: Surroundings, out: _Batches) -> Iterator[tuple[Any, ...]]:
    """The file's records as tuples; the last is its End.

    Whoever has less to do looks for the index's extra words, a quarter of what reading costs.
    """
    from cass.lexical.extras import extra_words

    row = agent_row(found.agent)
    file = None
    broken, refused = False, None
    try:
        descriptor = at_once(found.path, os.O_RDONLY)
        try:
            file = CountingFile(descriptor, 0, found.size)
            source = Source(found.path, file, found.size, found.mtime_ns // 1_000_000, None, around, None)
            for item in load(row).read(source) if row else ():
                if type(item) is Message:
                    yield prepared_values(item, extra_words if out.is_ahead else None)
                else:
                    if type(item) is Checkpoint and item.stamped:
                        file.bytes_read = item.offset
                    yield _packed(item)
        finally:
            os.close(descriptor)
    except OSError as bad:
        refused = bad.strerror or str(bad)
    # A connector's own mistake must cost one file, not the history.
    except Exception as bad:
        broken = True
        yield _packed(SourceProblem(found.path, None, f"the reader failed: {type(bad).__name__}: {bad}"))
    yield _packed(End(file.bytes_read if file else 0, broken, refused))


def run() -> None:
    """The second process, from its start to its end."""
    import gc
    import signal

    gc.disable()
    # Ctrl-C is for the process that stores; this one ends with its pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        main(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        pass
    os._exit(0)
