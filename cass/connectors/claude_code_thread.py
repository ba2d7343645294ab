"""One session inside a Claude Code file: the file's own, or a sub-agent's whose lines stand among the others.

A thread numbers its turns, keeps the answer that is still being written, and knows what to say of its session.
All of it fits in a JSON value, so that the next read goes on where this one ended.
"""

from __future__ import annotations

from cass.connectors.base import TITLE_NONE, TITLE_PROMPT, Block, Message, Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cass.connectors.base import Item
    from cass.connectors.jsonl import Line

_KEPT = (
    "turns", "answer", "answer_ordinal", "answer_given", "earlier", "given", "muted",
    "parent", "title", "rank", "workspace", "branch", "model",
)  # fmt: skip

_INTERRUPTED = 3  # answers written at the same time alternate; more than two were never seen


class Thread:
    """Collects the records of one session in `out`, which belongs to the reader of the file."""

    turns = 0  # seen so far, dropped ones too: the next ordinal
    answer: str | None = None  # message.id of the answer that further lines may continue
    answer_ordinal = 0
    answer_given = False
    earlier: Sequence[list[Any]] = ()  # answers before it: id, ordinal, given
    given = False  # a message was given, in this read or before
    muted = False  # answers to a cache warm-up
    parent: str | None = None
    title: str | None = None
    rank = TITLE_NONE
    workspace: str | None = None
    branch: str | None = None
    model: str | None = None

    def __init__(self, external_id: str, out: list[Item], kept: Mapping[str, Any] | None = None) -> None:
        self.external_id = external_id
        self.out = out
        self.unsaid = kept is None  # something the next Session record has to say
        self.met = False  # introduced by this read
        self.blocks: list[Block] = []
        self.first: Line | None = None
        self.last: Line | None = None
        self.created_ms: int | None = None
        for name in _KEPT:
            if kept and name in kept:
                setattr(self, name, kept[name])

    def kept(self) -> dict[str, Any]:
        """What the next read needs; only what differs from a new thread's."""
        return {name: value for name in _KEPT if (value := getattr(self, name)) != getattr(Thread, name)}

    def say(self, role: str, created_ms: int | None, blocks: tuple[Block, ...], line: Line) -> None:
        """One whole turn.  Without blocks it is only counted."""
        ordinal = self.turns
        self.turns += 1
        if blocks:
            self.flush()
            self._give(Message(
                self.external_id, ordinal, role, created_ms, blocks, line.number, line.start, _end(line)
            ))  # fmt: skip

    def answer_with(self, answer: str | None, created_ms: int | None, blocks: list[Block], line: Line) -> None:
        """A line of an answer, given once another turn follows or `flush` is called.

        Lines of one `answer` are one turn, also when results of its calls or another answer stand between them.
        """
        if answer is None or answer != self.answer:
            self.flush()
            self._open(answer)
        if not blocks or self.muted:
            return
        if not self.blocks:
            self.first, self.created_ms = line, created_ms
        self.blocks += blocks
        self.last = line

    def _open(self, answer: str | None) -> None:
        """Go on with an answer that another one interrupted, or begin one."""
        if self.answer:
            self.earlier = [[self.answer, self.answer_ordinal, self.answer_given], *self.earlier][:_INTERRUPTED]
        for known, ordinal, given in self.earlier if answer else ():
            if known == answer:
                self.answer, self.answer_ordinal, self.answer_given = answer, ordinal, given
                return
        self.answer, self.answer_ordinal, self.answer_given = answer, self.turns, False
        self.turns += 1

    def flush(self) -> None:
        """Give what there is of the open answer; lines that come later continue it."""
        first, last = self.first, self.last
        if not self.blocks or first is None or last is None:
            return
        self._give(Message(
            self.external_id, self.answer_ordinal, "assistant", self.created_ms, tuple(self.blocks),
            first.number, first.start, _end(last), continues=self.answer_given,
        ))  # fmt: skip
        self.answer_given = True
        self.blocks = []

    def introduce(self) -> None:
        """Send the session's record if there is news in it, and messages that it belongs to."""
        if self.unsaid and self.given:
            self.unsaid, self.met = False, True
            self.out.append(Session(
                self.external_id, self.parent, self.title, self.rank, self.workspace, self.branch, self.model
            ))  # fmt: skip

    def name(self, rank: int, title: str | None) -> None:
        """Take a title unless a better one is known.  Of prompts the first is the title."""
        if not title or rank < self.rank or (rank == self.rank == TITLE_PROMPT) or title == self.title:
            return
        self.title, self.rank, self.unsaid = title, rank, True

    def note(self, fact: str, value: object) -> None:
        """Learn "parent", "workspace", "branch" or "model"."""
        if isinstance(value, str) and value and value != getattr(self, fact):
            setattr(self, fact, value)
            self.unsaid = True

    def _give(self, message: Message) -> None:
        self.given = True
        self.unsaid = self.unsaid or not self.met
        self.introduce()
        self.out.append(message)


def _end(line: Line) -> int:
    """Behind the line's last byte: the same whether its line ending is there yet or not."""
    end = line.end - 1 if line.ended else line.end
    return end - 1 if line.data and line.data.endswith(b"\r") else end
