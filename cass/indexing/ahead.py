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

from cass.connectors.base import Block, Checkpoint, Message, Session, Source, SourceProblem, Surroundings
from cass.connectors.table import agent_row, load
from cass.document import body_of
from cass.indexing.counting import CountingFile, open_session_file
from cass.indexing.discover import Found
from cass.indexing.prepared import clean_text
from cass.records import record
from cass.store.ids import hash64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO, Any

    from cass.connectors.base import Item

# Less than this is read before a second process has started.
WORTH_BYTES = 20_000_000
BATCH_CHARS = 256 << 10
BATCH_ITEMS = 400
# Batches that wait to be stored: with their texts some 4 MB.
WAITING_BATCHES = 8


@record
class Read:
    """A message with what the second process has worked out: the hash of each text, and the index's extra words."""

    message: Message
    digests: tuple[int, ...]
    extra: str


@record
class End:
    """A file is over: bytes handed to the connector, whether the connector failed, and what the disk refused."""

    bytes_read: int
    broken: bool
    refused: str | None


class ReaderDied(Exception):
    """The second process has ended; its files are read here."""


class ReadAhead:
    """The files of `work`, read by a second process; ask for them in that order, leaving out what you like."""

    def __init__(self, work: Sequence[Found], around: Surroundings) -> None:
        self._at = {found.path: at for at, found in enumerate(work)}
        self._next = 0
        self._open = False  # are there records of the present file left in the pipe?
        self.end = End(0, False, None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from cass.indexing.ahead import run; run()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
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

    def items(self, found: Found) -> Iterator[Item | Read]:
        """The file's records; `end` tells of it afterwards.  Raises ReaderDied when the other process is no more."""
        while self._next <= self._at[found.path]:
            while self._open:
                self._batch()
            self._next += 1
            self._open = True
        while self._open:
            yield from self._batch()

    def _batch(self) -> list[Item | Read]:
        data = self._batches.get()
        if data is None:
            self._batches.put(None)
            self._open = False
            raise ReaderDied
        items = [_unpacked(packed) for packed in marshal.loads(data)]
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
_KINDS = (Session, SourceProblem, Checkpoint, End)


def _packed(item: Item | Read | End) -> tuple[Any, ...]:
    if type(item) is Read:
        m = item.message
        blocks = [(b.kind, b.text, b.tool, b.call_id, b.is_error, b.own) for b in m.blocks]
        about = (m.session, m.ordinal, m.role, m.created_ms, m.line, m.start, m.end, m.off_path, m.continues)
        return -1, about, blocks, item.digests, item.extra
    values = [getattr(item, name) for name in type(item).__match_args__]
    return _KINDS.index(type(item)), values


def _unpacked(packed: tuple[Any, ...]) -> Any:
    if packed[0] >= 0:
        return _KINDS[packed[0]](*packed[1])
    _, about, blocks, digests, extra = packed
    session, ordinal, role, created_ms, *rest = about
    parts = tuple([Block(*values) for values in blocks])
    return Read(Message(session, ordinal, role, created_ms, parts, *rest), digests, extra)


def main(request: IO[bytes], answers: IO[bytes]) -> None:
    """The second process: files in, batches of records out, until nobody reads them."""
    work, (home, env, workspaces) = marshal.loads(request.read())
    around = Surroundings(home, env, workspaces)
    for found in [Found(*values) for values in work]:
        batch: list[Any] = []
        chars = 0
        for item in _file(found, around):
            batch.append(_packed(item))
            chars += sum(len(block.text) for block in item.message.blocks) if type(item) is Read else 0
            if chars > BATCH_CHARS or len(batch) >= BATCH_ITEMS or type(item) is End:
                data = marshal.dumps(batch)
                answers.write(len(data).to_bytes(8, "little") + data)
                batch, chars = [], 0
    answers.flush()


def _file(found: Found, around: Surroundings) -> Iterator[Item | Read | End]:
    row = agent_row(found.agent)
    file = None
    broken, refused = False, None
    try:
        descriptor = open_session_file(found.path)
        try:
            file = CountingFile(descriptor, 0, found.size)
            source = Source(found.path, file, found.size, found.mtime_ns // 1_000_000, None, around, None)
            for item in load(row).read(source) if row else ():
                yield _worked_out(item) if type(item) is Message else item
        finally:
            os.close(descriptor)
    except OSError as bad:
        refused = bad.strerror or str(bad)
    # A connector's own mistake must cost one file, not the history.
    except Exception as bad:
        broken = True
        yield SourceProblem(found.path, None, f"the reader failed: {type(bad).__name__}: {bad}")
    yield End(file.bytes_read if file else 0, broken, refused)


def _worked_out(message: Message) -> Read:
    from cass.lexical.extras import extra_words

    texts = [clean_text(block.text) for block in message.blocks]
    body = body_of([(text, block.own) for (text, _), block in zip(texts, message.blocks, strict=True)])
    digests = tuple([hash64(encoded) for _, encoded in texts])
    return Read(message, digests, extra_words(body, body.encode("utf-8", "replace")))


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
