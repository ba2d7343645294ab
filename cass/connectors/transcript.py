"""A session that stands in one file of one JSON object a line, which is only appended to.

A read goes on where the last one ended.  An unterminated last line that is whole already is told, with the checkpoint
before it: the next read tells it again under the same number.  So is a turn that is spread over several lines and
still open at the end: the checkpoint stands before its first line.
"""

from __future__ import annotations

from cass.connectors.base import Block, Branches, Checkpoint, Session, SourceProblem
from cass.connectors.conversation import Conversation
from cass.connectors.jsonl import Line, lines, parse
from cass.connectors.telling import Telling, spoken
from cass.connectors.tree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source

CHECKPOINT_BYTES = 2 << 20


class Transcript(Conversation):
    """Subclasses have `record`, which tells what one line says; `external_id` is used until a line names another."""

    def __init__(self, source: Source, external_id: str, parent: str | None = None) -> None:
        resume = source.resume
        state: Any = {} if resume is None else dict(resume.state) if resume.offset else {"whole": True}
        name = source.external_id or state.get("id") or external_id
        super().__init__(Telling(name, parent, state.get("told"), whole=bool(state.get("whole"))), state)
        self.source = source
        self.kept: dict[str, Any] = dict(state.get("kept", ()))  # the subclass's own, JSON values
        self.tree = Tree(state.get("tree"))
        self.place, self.number = (resume.offset, resume.line) if resume else (0, 0)
        self.role = "assistant"  # of the open turn
        self.blocks: list[Block] = []
        self.streamed: tuple[str, list[str]] | None = None  # kind and pieces of the open turn's last block
        self.opened: tuple[int | None, Line, Line] | None = None  # its time, its first and its last line
        self.before: Checkpoint | None = None  # where the open turn began
        self.stand: object = None  # what a file beside this one says, where that is noticed when it changes

    def identify(self, external_id: object, parent: object = None) -> None:
        """The session's own id and its parent's, as long as nothing was told under another."""
        if self.given:
            return
        if isinstance(external_id, str) and external_id and self.source.external_id is None:
            self.told.id = external_id
        if isinstance(parent, str) and parent and parent != self.told.id:
            self.told.parent = parent

    @property
    def is_open(self) -> bool:
        """Is there a turn of which more may come?"""
        return self.opened is not None

    def record(self, value: dict[str, Any], line: Line) -> None:
        """Tell what this line says."""
        raise NotImplementedError

    def items(self) -> Iterator[Item]:
        """Everything from where the last read ended."""
        checked = self.place
        for line in lines(self.source):
            end = None if line.ended else self.checkpoint()
            self._take(line)
            if end is not None:
                yield from self._ended(end)
                return
            if not self.is_open:
                self.before = None
            self.place, self.number = line.end, line.number
            yield from self.told.drained()
            if line.end - checked >= CHECKPOINT_BYTES:
                checked = line.end
                yield from self._branches()
                yield self.checkpoint()
        yield from self._ended(self.checkpoint())

    def checkpoint(self) -> Checkpoint:
        """Where a later read may start."""
        if self.before is not None:
            return self.before
        state = self.state() | {"id": self.told.id, "kept": dict(self.kept), "tree": self.tree.kept()}
        if self.stand is not None:
            state["stand"] = self.stand
        return Checkpoint(self.place, self.number, state if self.place else {})

    def _take(self, line: Line) -> None:
        value = parse(self.source, line)
        if isinstance(value, SourceProblem):
            self.told.out.append(value)
        elif value:
            self.record(value, line)

    def _ended(self, end: Checkpoint) -> Iterator[Item]:
        self.close()
        yield from self.told.drained()
        yield from self._branches()
        yield end

    def _branches(self) -> Iterator[Item]:
        if self.given and (off := self.tree.news(self.told.next)) is not None:
            # The read that sees a branch need not have given a turn: going back is an entry of its own.
            yield Session(self.told.id, self.told.parent)
            yield Branches(self.told.id, off)

    # A turn that is spread over several lines

    def stream(self, kind: str, text: object, ms: int | None, line: Line, role: str = "assistant") -> None:
        """A piece of the open turn's text; pieces of one kind that follow each other are one block."""
        if not isinstance(text, str) or not text:
            return
        self._open(role, ms, line)
        if self.streamed is None or self.streamed[0] != kind:
            self._end_block()
            self.streamed = (kind, [])
        self.streamed[1].append(text)

    def add(self, block: Block, ms: int | None, line: Line) -> None:
        """A block of the assistant's open turn."""
        self._open("assistant", ms, line)
        self._end_block()
        self.blocks.append(block)

    def close(self) -> None:
        """The open turn is over."""
        self._end_block()
        if self.opened:
            ms, first, last = self.opened
            over = Line(first.number, first.start, last.end, None)
            tell = self.prompt if self.role == "user" else self._say_answer
            tell(ms, tuple(self.blocks), over)
        self.opened, self.blocks = None, []

    def _say_answer(self, ms: int | None, blocks: tuple[Block, ...], line: Line) -> None:
        self.say(self.role, ms, blocks, line)

    def _open(self, role: str, ms: int | None, line: Line) -> None:
        if self.opened and self.role != role:
            self.close()
        if self.opened:
            self.opened = (self.opened[0], self.opened[1], line)
            return
        self._begins_here()
        self.role, self.opened = role, (ms, line, line)

    def _begins_here(self) -> None:
        """A turn begins on this line: a later read starts before it, or before one that is open already."""
        if not self.is_open:
            self.before = None
            self.before = self.checkpoint()

    def _end_block(self) -> None:
        if self.streamed is not None:
            kind, pieces = self.streamed
            self.streamed = None
            self.blocks += spoken(kind, "".join(pieces))
