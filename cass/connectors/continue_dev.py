"""Continue: one JSON document a session, `sessions/<id>.json`, rewritten whole.

No message has a time of its own but those that were thought about: the others have the session's start, which stands
in the list of sessions beside it.  Where that is missing they have none: the file's own time changes with every word.
"""

from __future__ import annotations

import functools
import json
import os

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Checkpoint, Root, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.common import (
    any_ms,
    fields_text,
    is_cass_tool,
    runs_cass,
    shell_line,
    trim_tool,
    well_formed,
)
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.values import dicts, fields, from_json, member
from cass.connectors.vscode import mark_of, stand_of, uri_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "continue"

_LIST = "sessions.json"
_LIST_BYTES = 32 << 20
_UNTITLED = ("New Session", "Untitled Session", "Failed to load session")


def roots(around: Surroundings) -> list[Root]:
    """The `sessions` folder of Continue's own folder."""
    folder = around.named("CONTINUE_GLOBAL_DIR", "~/.continue")
    return [Root(os.path.join(folder, "sessions"))]


def enters(folder: str) -> bool:
    """Sessions stand side by side."""
    return False


def claims(path: str) -> bool:
    """Every document but the list of them."""
    folder, name = os.path.split(path)
    return name.endswith(".json") and name != _LIST and os.path.basename(folder) == "sessions"


def stand(path: str) -> object:
    """When the session began: the list of sessions is written after it."""
    folder, name = os.path.split(path)
    return stand_of([_created(folder).get(name.removesuffix(".json"))])


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages as they stand now."""
    return _Chat(source).items()


class _Chat:
    def __init__(self, source: Source) -> None:
        folder, name = os.path.split(source.path)
        stem = name.removesuffix(".json")
        self.source = source
        self.told = Telling(source.external_id or stem)
        self.ms = _created(folder).get(stem)
        self.answered: set[str] = set()  # calls whose output stood beside them

    def items(self) -> Iterator[Item]:
        title: object = None
        for part in parts(self.source, ("history",)):
            if isinstance(part, SourceProblem):
                self.told.out.append(part)
            elif part.element:
                self._item(part.value)
            elif part.key == ("workspaceDirectory",):
                self.told.know(workspace=uri_path(part.value))
            elif part.key == ("chatModelTitle",):
                self.told.know(model=part.value)
            elif part.key == ("title",):
                title = part.value
            yield from self.told.drained()
        if self.told.next and title not in _UNTITLED:
            self.told.title(title, TITLE_GENERATED)
        yield from self.told.drained()
        yield Checkpoint(self.source.size, 0, {"stand": mark_of([self.ms])}, resumable=False)

    def _item(self, item: Any) -> None:
        item, message = fields(item), fields(member(item, "message"))
        role = message.get("role")
        if role == "user":
            self._prompt(message, item)
        elif role == "assistant":
            self._answer(message, item)
        elif role == "thinking":
            self.told.turn("assistant", self.ms, spoken("thinking", _text(message.get("content"))))
        elif role == "tool" and string(message.get("toolCallId")) not in self.answered:
            text = _text(message.get("content")) or _output(item.get("contextItems"))
            self.told.turn("tool", self.ms, _result(text, {"id": message.get("toolCallId")}, False))
        else:
            self.told.turn("system", None, ())
        if summary := spoken("text", item.get("conversationSummary")):
            self.told.turn("summary", self.ms, summary)

    def _prompt(self, message: dict[str, Any], item: dict[str, Any]) -> None:
        names = [name for each in dicts(item.get("contextItems")) if (name := _name(each))]
        said = spoken("text", _text(message.get("content"))) + _images(message.get("content"))
        self.told.turn("user", self.ms, said + spoken("notice", "\n".join(names)))
        if said and said[0].kind == "text" and self.told.rank < TITLE_PROMPT:
            self.told.title(said[0].text, TITLE_PROMPT)

    def _answer(self, message: dict[str, Any], item: dict[str, Any]) -> None:
        for log in dicts(item.get("promptLogs"))[-1:]:
            self.told.know(model=member(log, "completionOptions", "model") or log.get("modelTitle"))
        states = dicts(item.get("toolCallStates")) or dicts([item.get("toolCallState")])
        calls = message.get("toolCalls") or [state.get("toolCall") for state in states]
        reasoning = fields(item.get("reasoning"))
        ms = any_ms(reasoning.get("startAt")) or self.ms
        blocks = (
            *spoken("thinking", reasoning.get("text")),
            *spoken("text", _text(message.get("content"))),
            *(_call(call) for call in dicts(calls)),
        )
        self.told.turn("assistant", ms, blocks)
        for state in states:
            self._state(state, ms)

    def _state(self, state: dict[str, Any], ms: int | None) -> None:
        """What a call came to stands beside it; older versions repeat it as a message of the tool."""
        if not (text := _output(state.get("output"))):
            return
        call = state.get("toolCall")
        call = call if isinstance(call, dict) else {"id": state.get("toolCallId")}
        if call_id := string(call.get("id")) or string(state.get("toolCallId")):
            self.answered.add(call_id)
        self.told.turn("tool", ms, _result(text, {"id": call_id, **call}, state.get("status") == "errored"))


@functools.lru_cache(maxsize=2)
def _listed(path: str, mtime_ns: int, size: int) -> Mapping[str, int]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = json.loads(file.read(_LIST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    found = {string(row.get("sessionId")): any_ms(row.get("dateCreated")) for row in dicts(rows)}
    return {key: ms for key, ms in found.items() if key and ms}


def _created(folder: str) -> Mapping[str, int]:
    """When each session began, as the list of sessions says; read again only when it changed."""
    path = os.path.join(folder, _LIST)
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return {}
    return _listed(path, info.st_mtime_ns, info.st_size)


def _call(call: dict[str, Any]) -> Block:
    given = from_json(member(call, "function", "arguments"))
    command = shell_line(member(given, "command"))
    text = command if command is not None else fields_text(given)
    name = string(member(call, "function", "name"))
    own = runs_cass(command) or is_cass_tool(name)
    return Block("tool_call", trim_tool(well_formed(text)), name, string(call.get("id")), own=own)


def _result(text: str, call: dict[str, Any], failed: bool) -> tuple[Block, ...]:
    if not text.strip():
        return ()
    made = _call(call)
    return (Block("tool_result", trim_tool(well_formed(text)), made.tool, made.call_id, failed, made.own),)


def _output(items: object) -> str:
    texts = [text for item in dicts(items) if isinstance(text := item.get("content"), str) and text.strip()]
    return "\n".join(texts)


def _name(item: dict[str, Any]) -> str | None:
    """What was attached: a file by its path, anything else by its name; never its text, which may be a whole file."""
    return uri_path(member(item, "uri", "value")) or string(item.get("name"))


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else ()
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "\n".join(text for text in texts if isinstance(text, str))


def _images(content: object) -> tuple[Block, ...]:
    parts = dicts(content)
    return tuple(Block("image", "[image]") for part in parts if part.get("type") == "imageUrl")
