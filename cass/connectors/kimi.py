"""Kimi's first command line: `sessions/<md5 of the folder>/<id>/wire.jsonl`, a stream of events with their times.

Answers and the input of tools come in pieces.  Sessions of versions before the stream have only what was sent to the
model, without times: `context.jsonl` in the same place, with `context_1.jsonl` and so on before it, or
`sessions/<md5>/<id>.jsonl`.
"""

from __future__ import annotations

import hashlib
import os
import re

from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, Block, Root, SourceProblem
from cass.connectors.common import any_ms, names_in
from cass.connectors.conversation import Conversation, said
from cass.connectors.jsonl import Line, lines
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import dicts, member
from cass.connectors.vscode import mark_of, small_json, stand_of
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "kimi"

_WIRE, _CONTEXT = "wire.jsonl", "context.jsonl"
_EARLIER = re.compile(r"context_(\d{1,9})\.jsonl", re.ASCII)
_PIECES = ("ContentPart", "ToolCall", "ToolCallPart")
_ENDS_A_TURN = ("StepBegin", "StepInterrupted", "TurnEnd", "CompactionBegin", "CompactionEnd")


def roots(around: Surroundings) -> list[Root]:
    """The folder of sessions."""
    home = around.named("KIMI_SHARE_DIR", "~/.kimi")
    return [Root(os.path.join(home, "sessions"), depth=2)]


def enters(folder: str) -> bool:
    """Folders that Kimi ran in, and sessions in them."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """The stream of a session; what was sent to the model, where there is no stream."""
    folder, name = os.path.split(path)
    if name in (_WIRE, _CONTEXT):
        return name == _WIRE or not os.path.exists(os.path.join(folder, _WIRE))
    is_flat = os.path.basename(os.path.dirname(folder)) == "sessions" and name.endswith(".jsonl")
    return is_flat and not os.path.isdir(path.removesuffix(".jsonl"))


def stand(path: str) -> object:
    """What the session is called: a finished one may be renamed."""
    return stand_of(_titles(path))


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    folder, name = os.path.split(source.path)
    if name == _WIRE:
        return _Wire(source, os.path.basename(folder)).items()
    flat = name != _CONTEXT
    return _Context(source, name.removesuffix(".jsonl") if flat else os.path.basename(folder)).items()


class _Session(Transcript):
    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        folder = os.path.dirname(source.path)
        hashed = folder if os.path.basename(os.path.dirname(folder)) == "sessions" else os.path.dirname(folder)
        self.know(workspace=_workspace(hashed))
        generated, custom = titles = _titles(source.path)
        self.stand = mark_of(titles)
        self.name(generated, TITLE_GENERATED)
        self.name(custom, TITLE_CUSTOM)


class _Wire(_Session):
    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        self.calling: tuple[Any, Any, list[str]] | None = None  # name, id and the input's pieces of the open call
        kept = source.resume.state.get("children", ()) if source.resume else ()
        self.children = {key: self._child(key, state) for key, state in kept}
        self.answers: dict[str, _Answer] = {}  # of sub-agents, of which more may come

    def state(self) -> dict[str, Any]:
        """With those of its sub-agents."""
        return super().state() | {"children": [[key, child.state()] for key, child in self.children.items()]}

    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, payload = member(value, "message", "type"), member(value, "message", "payload")
        ms = any_ms(value.get("timestamp"))
        if kind == "TurnBegin":
            self.close()
            self.prompt(ms, said(member(payload, "user_input")), line)
        elif kind == "ContentPart":
            for block in said([payload]):
                self.stream(block.kind, block.text, ms, line)
        elif kind == "ToolCall":
            function = member(payload, "function")
            self._open("assistant", ms, line)
            self._end_block()
            self.calling = (member(function, "name"), member(payload, "id"), [_text(member(function, "arguments"))])
        elif kind == "ToolCallPart" and self.calling is not None:
            self._open("assistant", ms, line)
            self.calling[2].append(_text(member(payload, "arguments_part")))
        elif kind == "ToolResult":
            self.close()
            self.say("tool", ms, _answered(self, payload), line)
        elif kind in _ENDS_A_TURN:
            self.close()
        elif kind == "SubagentEvent":
            self._sub_agent(payload, ms, line)

    def _sub_agent(self, payload: Any, ms: int | None, line: Line) -> None:
        """What a sub-agent did stands among the events of its parent, and is a session of its own."""
        named = ("agent_id", "task_tool_call_id", "parent_tool_call_id")
        key = next((name for field in named if (name := string(member(payload, field)))), None)
        if key is None:
            return
        if key not in self.children:
            self.children[key] = self._child(key, None)
        kind, inner = member(payload, "event", "type"), member(payload, "event", "payload")
        if kind in _PIECES:
            if key not in self.answers:
                self._begins_here()
                self.answers[key] = _Answer(ms, line)
            self.answers[key].add(kind, inner, line)
            return
        self._answer_is_over(key)
        if kind == "ToolResult":
            child = self.children[key]
            child.say("tool", ms, _answered(child, inner), line)

    @property
    def is_open(self) -> bool:
        return super().is_open or bool(self.answers)

    def close(self) -> None:
        """Also what sub-agents were saying."""
        super().close()
        for key in list(self.answers):
            self._answer_is_over(key)

    def _answer_is_over(self, key: str) -> None:
        answer = self.answers.pop(key, None)
        if answer is not None:
            child = self.children[key]
            child.say("assistant", answer.ms, answer.blocks(child), answer.span)

    def _child(self, key: str, state: dict[str, Any] | None) -> Conversation:
        told = Telling(f"{self.told.id}.{key}", self.told.id, (state or {}).get("told"))
        told.out = self.told.out
        told.know(workspace=self.told.knows("workspace"))
        return Conversation(told, state)

    def _end_block(self) -> None:
        super()._end_block()
        if self.calling is not None:
            name, call_id, pieces = self.calling
            self.calling = None
            self.blocks.append(self.call(name, "".join(pieces), call_id))


class _Answer:
    """What a sub-agent says until a tool answers or its step is over: it comes in pieces, as its parent's does."""

    def __init__(self, ms: int | None, line: Line) -> None:
        self.ms = ms
        self._first = self._last = line
        self._parts: list[tuple[str, Any, Any, list[str]]] = []  # kind, a call's name and id, the pieces

    def add(self, kind: str, payload: Any, line: Line) -> None:
        """A piece of a text or thought, a call, or a piece of the last call's input."""
        self._last = line
        if kind == "ToolCall":
            function = member(payload, "function")
            given = [_text(member(function, "arguments"))]
            self._parts.append(("call", member(function, "name"), member(payload, "id"), given))
        elif kind == "ToolCallPart" and self._parts and self._parts[-1][0] == "call":
            self._parts[-1][3].append(_text(member(payload, "arguments_part")))
        elif kind == "ContentPart":
            for block in said([payload]):
                if block.kind == "image" or not self._parts or self._parts[-1][0] != block.kind:
                    self._parts.append((block.kind, None, None, []))
                self._parts[-1][3].append(block.text)

    @property
    def span(self) -> Line:
        return Line(self._first.number, self._first.start, self._last.end, None)

    def blocks(self, child: Conversation) -> tuple[Block, ...]:
        """In order."""
        blocks: list[Block] = []
        for kind, name, call_id, pieces in self._parts:
            text = "".join(pieces)
            blocks += (child.call(name, text, call_id),) if kind == "call" else spoken(kind, text)
        return tuple(blocks)


class _Context(_Session):
    """What is compacted or undone makes Kimi begin the file anew, with what goes on repeated from the one before."""

    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        self.before_lines: set[bytes] = set()  # hashes of the lines of earlier files
        self.is_earlier = False

    def items(self) -> Iterator[Item]:
        """Everything from where the last read ended; the files before this one, if it is read from its start."""
        for path in _earlier_files(self.source.path):
            yield from self._earlier(path)
        yield from super().items()

    def _earlier(self, path: str) -> Iterator[Item]:
        is_told = self.source.resume is None or not self.source.resume.offset
        hashes: list[bytes] = []
        self.is_earlier = True
        try:
            with open(path, "rb") as file:
                for line in lines(replace(self.source, file=file, resume=None)):
                    hashes.append(_hash(line))
                    if is_told:
                        self._take(line)
                    yield from self.told.drained()
        except OSError as bad:
            yield SourceProblem(path, None, bad.strerror or str(bad))
        self.is_earlier = False
        self.before_lines.update(hashes)

    def _take(self, line: Line) -> None:
        if not self.before_lines or _hash(line) not in self.before_lines:
            super()._take(line)

    def record(self, value: dict[str, Any], row: Line) -> None:
        line = None if self.is_earlier else row
        role, content = value.get("role"), value.get("content")
        if role == "user":
            self.prompt(None, said(content), line)
        elif role == "assistant":
            calls = [
                self.call(member(call, "function", "name"), member(call, "function", "arguments"), call.get("id"))
                for call in dicts(value.get("tool_calls"))
            ]
            self.say("assistant", None, (*said(content), *calls), line)
        elif role == "tool":
            self.say("tool", None, self.result(content, value.get("tool_call_id")), line)


def _hash(line: Line) -> bytes:
    return hashlib.blake2b((line.data or b"").strip(), digest_size=12).digest()


def _earlier_files(path: str) -> list[str]:
    """`context_1.jsonl` and so on, beside a `context.jsonl`."""
    folder, name = os.path.split(path)
    found = [match for each in names_in(folder) if (match := _EARLIER.fullmatch(each))] if name == _CONTEXT else []
    return [os.path.join(folder, match[0]) for match in sorted(found, key=lambda match: int(match[1]))]


def _answered(chat: Conversation, payload: Any) -> tuple[Block, ...]:
    """What a tool answered: its output, or where it has none, what it says of itself."""
    answer = member(payload, "return_value")
    output = member(answer, "output")
    text = output if output not in (None, "", []) else member(answer, "message")
    return chat.result(text, member(payload, "tool_call_id"), member(answer, "is_error") is True)


def _titles(path: str) -> list[str | None]:
    """Generated, and given by the user."""
    state = small_json(os.path.join(os.path.dirname(path), "state.json"))
    return [string(member(state, name)) for name in ("title", "custom_title")]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _workspace(folder: str) -> str | None:
    """The folder whose hash names this one: Kimi keeps a list of those it ran in."""
    sessions, name = os.path.split(folder)
    listed = small_json(os.path.join(os.path.dirname(sessions), "kimi.json"))
    for row in dicts(member(listed, "work_dirs")):
        path = string(row.get("path"))
        if path and hashlib.md5(path.encode(), usedforsecurity=False).hexdigest() == name:
            return path
    return None
