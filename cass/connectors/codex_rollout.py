"""Turn the lines of one rollout into a session and its messages, in one go or in several.

Three generations: bare items (2025), wrapped lines with a payload, and one JSON document.  What was said stands twice
in wrapped files, as `response_item` and as `event_msg`: the items are read, the events only where there are no items.
"""

from __future__ import annotations

import re
from itertools import chain

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Checkpoint, Message, Session, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.codex_text import (
    SPOKEN_EVENTS,
    answer_blocks,
    call_block,
    file_id,
    file_ms,
    inside,
    result_text,
    speaks,
    string,
    thinking_blocks,
    user_blocks,
    working_folder,
)
from cass.connectors.common import first_line, iso_ms, trim
from cass.connectors.jsonl import lines, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source
    from cass.connectors.jsonl import Line

CHECKPOINT_BYTES = 2 << 20
# Outputs follow their calls within a few lines, even where dozens run side by side.
MAX_CALLS = 200
# A twin among the items follows an event within a few lines; after this many there are only events.
MAX_UNSETTLED_EVENTS = 20

_KEPT_EVENTS: dict[str, tuple[bytes, ...]] = {"items": (b"thread_name_updated", b"tool_call")}
_KEPT_EVENTS["events"] = (*_KEPT_EVENTS["items"], *(kind.encode() for kind in SPOKEN_EVENTS))
# Half of all lines are events that say nothing new: their kind is read without parsing them.
_EVENT = re.compile(rb'\{"timestamp":"[^"]{0,40}","type":"event_msg","payload":\{"type":"(\w+)"')
_STATE = b'{"record_type":"state"}'
# Most reasoning is encrypted, in long lines of which nothing can be read.
_HIDDEN = re.compile(
    rb'(?:\{"timestamp":"[^"]{0,40}","type":"response_item","payload":)?'
    rb'\{"type":"reasoning",(?:"id":"[^"]*",)?"summary":\[\],(?:"content":null,)?"encrypted_content":"[^"]*"\}*\s*$'
)


class Rollout:
    """One session being read.  What it knows between two reads is `_state()`."""

    def __init__(self, source: Source) -> None:
        state: Any = source.resume.state if source.resume and source.resume.offset else {}
        self.source = source
        self.out: list[Item] = []
        self.blocks: list[Block] = []  # of the open turn, not given yet
        self.at: tuple[int | None, Line | None, Line | None] = (None, None, None)  # its time, first and last line
        self.spoken_by = state.get("spoken_by")  # "items" or "events"
        self.settled = self.spoken_by is not None
        self.kept_events = _KEPT_EVENTS.get(self.spoken_by, ())
        self.id: str | None = state.get("id")
        self.parent: str | None = state.get("parent")
        self.known: dict[str, str] = dict(state.get("known", {}))
        self.titled = bool(state.get("titled"))
        self.typed = bool(state.get("typed", self.titled))  # what the user typed first is known, not only sent
        self.ms: int | None = state.get("ms", file_ms(source.path))
        self.next: int = state.get("next", 0)
        self.open: int | None = state.get("open")
        self.opened_before = self.open is not None
        self.calls: dict[str, list[Any]] = dict(state.get("calls", {}))
        self.announced = False
        self.offset, self.line = (source.resume.offset, source.resume.line) if source.resume else (0, 0)

    def _state(self) -> dict[str, Any]:
        return {
            "spoken_by": self.spoken_by, "id": self.id, "parent": self.parent, "known": dict(self.known),
            "titled": self.titled, "typed": self.typed, "ms": self.ms, "next": self.next, "open": self.open,
            "calls": dict(self.calls),
        }  # fmt: skip

    def document(self) -> Iterator[Item]:
        """The generation that is one JSON document, rewritten whole."""
        self.spoken_by = "items"
        for part in parts(self.source, ("items",)):
            if isinstance(part, SourceProblem):
                self.out.append(part)
            elif part.key == ("session",) and isinstance(part.value, dict):
                self.ms = iso_ms(part.value.get("timestamp")) or self.ms
                self._header(part.value)
            elif part.element and isinstance(part.value, dict):
                self._item(part.value, None)
            yield from self._drained()
        self._give_turn()
        yield from self._drained()
        yield Checkpoint(self.source.size, 0, {}, resumable=False)

    def lines(self) -> Iterator[Item]:
        """The generations that are appended to, line by line."""
        unfinished, saved = None, self.offset
        for line in self._settle(lines(self.source)):
            if not line.ended:
                unfinished = line
                break
            self._take(line)
            self.offset, self.line = line.end, line.number
            if self.settled and line.end - saved >= CHECKPOINT_BYTES:
                self._give_turn()
                self.out.append(self._checkpoint())
                saved = line.end
            if self.out:
                yield from self._drained()
        self._give_turn()
        yield from self._drained()
        end = self._checkpoint()
        if unfinished:
            yield from self._taken_early(unfinished)
        yield end

    def _checkpoint(self) -> Checkpoint:
        """Until it is settled where the text stands, the next read starts anew."""
        return Checkpoint(self.offset, self.line, self._state()) if self.settled else Checkpoint(0, 0, {})

    def _drained(self) -> Iterator[Item]:
        yield from self.out
        self.out.clear()

    def _taken_early(self, line: Line) -> list[Item]:
        """A last line without its newline is given again by the next read, so only what may be given twice is taken."""
        self._take(line)
        self._give_turn()
        twice = (isinstance(item, SourceProblem) or (isinstance(item, Message) and item.continues) for item in self.out)
        return [] if any(twice) else self.out

    def _settle(self, rows: Iterator[Line]) -> Iterable[Line]:
        """Look ahead until it is clear whether items or events hold what was said."""
        if self.settled:
            return rows
        held: list[Line] = []
        events = size = 0
        for row in rows:
            held.append(row)
            value = parse(self.source, row)
            told = speaks(value) if isinstance(value, dict) else None
            events += told == "events"
            size += row.end - row.start
            if told == "items" or events >= MAX_UNSETTLED_EVENTS or size >= CHECKPOINT_BYTES:
                self.settled = True
                events *= told != "items"
                break
        self.spoken_by = "events" if events else "items"
        self.kept_events = _KEPT_EVENTS[self.spoken_by]
        return chain(held, rows)

    def _take(self, line: Line) -> None:
        if line.data is not None and self._is_noise(line.data):
            return
        value = parse(self.source, line)
        if isinstance(value, SourceProblem):
            self.out.append(value)
        elif value:
            self._value(value, line)

    def _is_noise(self, data: bytes) -> bool:
        event = _EVENT.match(data)
        if event is None:
            return data == _STATE or _HIDDEN.match(data) is not None
        if not self.typed and (event[1] == b"user_message" or b'"UserMessage"' in data):
            return False
        # Two records torn into one line are parsed, so that the loss is told.
        return event[1] not in self.kept_events and data.find(b'{"timestamp":"', 1) < 0

    def _value(self, value: dict[str, Any], line: Line) -> None:
        kind, payload = value.get("type"), value.get("payload")
        self.ms = iso_ms(value.get("timestamp")) or self.ms
        if "payload" not in value:
            self._bare(value, line)
        elif not isinstance(payload, dict):
            self.out.append(SourceProblem(self.source.path, line.number, "its payload is not an object"))
        elif kind in ("response_item", "request_item"):
            self._item(payload, line)
        elif kind == "event_msg":
            self._event(payload, line)
        elif kind == "turn_context":
            self._know(workspace=self.known.get("workspace") or payload.get("cwd"), model=payload.get("model"))
        elif kind == "session_meta":
            self._header(payload)
        elif kind == "compacted":
            self._turn("summary", answer_blocks(payload.get("message")), line)

    def _bare(self, value: dict[str, Any], line: Line) -> None:
        if "type" in value:
            self._item(value, line)
        elif "id" in value and "record_type" not in value:
            self._header(value)

    def _header(self, header: dict[str, Any]) -> None:
        """The first header is the session's own; a fork or sub-agent has its parent's behind it."""
        if self.id is not None:
            return
        self.id = self.source.external_id or string(header.get("id"))
        parent = string(header.get("parent_thread_id")) or string(
            inside(header, "source", "subagent", "thread_spawn", "parent_thread_id")
        )
        self.parent = parent if parent != self.id else None
        branch = inside(header, "git", "branch")
        self._know(workspace=header.get("cwd"), git_branch=branch if branch != "HEAD" else None)

    def _item(self, payload: dict[str, Any], line: Line | None) -> None:
        kind = payload.get("type")
        if not isinstance(kind, str):
            return
        if kind == "message":
            self._message(payload, line)
        elif kind == "reasoning":
            if self.spoken_by == "items":
                self._speak(thinking_blocks(payload), line)
        elif kind.endswith("_output"):
            self._result(payload.get("output"), payload, line)
        elif kind.endswith("_call"):
            self._call(payload, line)

    def _message(self, payload: dict[str, Any], line: Line | None) -> None:
        role, content = payload.get("role"), payload.get("content")
        if role in ("function", "tool"):
            self._result(content, payload, line)
        elif role == "assistant":
            if self.spoken_by == "items":
                self._speak(answer_blocks(content), line)
            if isinstance(call := payload.get("function_call"), dict):
                self._call(call, line)
        elif role != "user":
            self._turn("system", (), line)
        elif self.spoken_by == "items":
            if "workspace" not in self.known:
                self._know(workspace=working_folder(payload))
            self._prompt(user_blocks(content), line)

    def _event(self, payload: dict[str, Any], line: Line) -> None:
        kind = payload.get("type")
        if kind == "thread_name_updated":
            self._title(payload.get("thread_name") or payload.get("name"), TITLE_GENERATED)
        elif kind == "tool_call":
            if payload.get("call_id") not in list(self.calls):
                self._call(payload, line)
        elif self.spoken_by == "items":
            self._typed(payload)
        elif self.spoken_by == "events":
            if kind == "user_message":
                self._prompt(user_blocks(payload.get("message")), line)
            elif kind == "agent_message":
                self._speak(answer_blocks(payload.get("message")), line)
            elif kind == "agent_reasoning":
                self._speak(thinking_blocks({"summary": payload.get("text")}), line)

    def _prompt(self, blocks: tuple[Block, ...], line: Line | None) -> None:
        self._turn("user", blocks, line)
        if not self.titled and blocks and blocks[0].kind == "text":
            self.titled = True
            self._title(blocks[0].text, TITLE_PROMPT)

    def _typed(self, payload: dict[str, Any]) -> None:
        """What the user typed first is the title: what was sent may have been written by a program around it."""
        content = payload.get("message") if payload.get("type") == "user_message" else None
        if payload.get("type") == "item_completed" and inside(payload, "item", "type") == "UserMessage":
            content = inside(payload, "item", "content")
        text = next((block.text for block in user_blocks(content) if block.kind == "text"), None)
        if text and not self.typed:
            self.titled = self.typed = True
            self._title(text, TITLE_PROMPT)

    def _call(self, payload: dict[str, Any], line: Line | None) -> None:
        call = call_block(payload)
        if call.call_id:
            self.calls[call.call_id] = [call.tool, call.own]
            if len(self.calls) > MAX_CALLS:
                del self.calls[next(iter(self.calls))]
        self._speak((call,), line)

    def _result(self, output: object, payload: dict[str, Any], line: Line | None) -> None:
        call_id = string(payload.get("call_id"))
        tool, own = self.calls.get(call_id or "", (string(payload.get("name")), False))
        text, failed = result_text(output)
        block = Block("tool_result", text, tool, call_id, failed, own)
        self._turn("tool", (block,) if text.strip() else (), line)

    def _speak(self, blocks: tuple[Block, ...], line: Line | None) -> None:
        """Add to the assistant's open turn; an item with nothing readable opens none."""
        if not blocks:
            return
        if self.open is None:
            self.open, self.next = self.next, self.next + 1
            self.opened_before = False
        self.at = (self.at[0], self.at[1], line) if self.blocks else (self.ms, line, line)
        self.blocks += blocks

    def _turn(self, role: str, blocks: tuple[Block, ...], line: Line | None) -> None:
        """One line that is a turn of its own; without blocks it is only counted."""
        self._give_turn()
        self.open = None
        if blocks:
            self._give(role, self.next, blocks, (self.ms, line, line), continues=False)
        self.next += 1

    def _give_turn(self) -> None:
        """Give what the open turn has; it stays open."""
        if self.blocks and self.open is not None:
            self._give("assistant", self.open, tuple(self.blocks), self.at, self.opened_before)
            self.blocks = []
            self.opened_before = True

    def _give(
        self, role: str, ordinal: int, blocks: tuple[Block, ...],
        at: tuple[int | None, Line | None, Line | None], continues: bool,
    ) -> None:  # fmt: skip
        self._know()
        ms, first, last = at
        number, start, end = (first.number, first.start, last.end) if first and last else (None, None, None)
        self.out.append(Message(self._own_id(), ordinal, role, ms, blocks, number, start, end, continues=continues))

    def _own_id(self) -> str:
        if self.id is None:
            self.id = self.source.external_id or file_id(self.source.path)
        return self.id

    def _know(self, **facts: object) -> None:
        """Tell what is new of the session; the first time in a read in any case."""
        if self.announced and not facts:
            return
        told = {key: text for key, value in facts.items() if (text := string(value)) and self.known.get(key) != text}
        if self.announced and not told:
            return
        whole = not self.announced and self.source.resume is not None and self.source.resume.offset == 0
        self.known |= told
        self.announced = True
        self.out.append(Session(self._own_id(), self.parent, whole=whole, **told))  # type: ignore[arg-type]

    def _title(self, text: object, rank: int) -> None:
        if isinstance(text, str) and (title := first_line(trim(text, 2000))):
            self._know()
            self.out.append(Session(self._own_id(), self.parent, string(title), rank))
