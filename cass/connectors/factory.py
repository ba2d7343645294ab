"""Factory's droid: `sessions/<folder>/<id>.jsonl`, in older versions `sessions/<id>.jsonl`.

Which model answered stands in `<id>.settings.json` beside it.
"""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_GENERATED, TITLE_NAME, Block, Root
from cass.connectors.claude_code_text import without_reminders
from cass.connectors.common import any_ms
from cass.connectors.conversation import said
from cass.connectors.telling import spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import member
from cass.connectors.vscode import mark_of, small_json, stand_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeGuard

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "factory"

_UNTITLED = "New Session"


def roots(around: Surroundings) -> list[Root]:
    """The folder of sessions."""
    home = around.named("FACTORY_HOME", "~/.factory")
    return [Root(os.path.join(home, "sessions"), depth=1)]


def enters(folder: str) -> bool:
    """A folder of sessions for each folder that droid ran in."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """Every file of lines."""
    return path.endswith(".jsonl")


def stand(path: str) -> object:
    """Which model answers: the user may take another one while nothing is said."""
    return stand_of([_model(path)])


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    return _Session(source, os.path.basename(source.path).removesuffix(".jsonl")).items()


class _Session(Transcript):
    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        model = _model(source.path)
        self.stand = mark_of([model])
        self.know(model=model)

    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, ms = value.get("type"), any_ms(value.get("timestamp"))
        if kind == "message":
            if "parentId" in value:
                self.tree.add(value.get("id"), value["parentId"], self.told.next)
            self._message(member(value, "message"), ms, line)
        elif kind == "session_start":
            self.identify(value.get("id"), value.get("callingSessionId"))
            self.know_first(workspace=value.get("cwd"))
            if value.get("title") != _UNTITLED:
                self.name(value.get("title"), TITLE_NAME)
            self.name(value.get("sessionTitle"), TITLE_GENERATED)
        elif kind == "compaction_state":
            self.say("summary", ms, spoken("text", value.get("summaryText")), line)

    def _message(self, message: Any, ms: int | None, line: Line) -> None:
        role, content = member(message, "role"), member(message, "content")
        parts = content if isinstance(content, list) else [content]
        if role == "assistant":
            self.say("assistant", ms, self._answer(parts), line)
            return
        results = [part for part in parts if _is_result(part)]
        for part in results:
            failed = part.get("is_error") is True
            self.say("tool", ms, self.result(part.get("content"), part.get("tool_use_id"), failed), line)
        rest = [part for part in parts if not _is_result(part)]
        if role == "user" and (rest or not results):
            self.prompt(ms, _typed(rest), line)
        elif not results:
            self.say("system", ms, (), line)

    def _answer(self, parts: list[Any]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for part in parts:
            if isinstance(part, dict) and part.get("type") == "tool_use":
                blocks.append(self.call(part.get("name"), part.get("input"), part.get("id")))
            else:
                blocks += said([part])
        return tuple(blocks)


def _model(path: str) -> str | None:
    return string(member(small_json(path.removesuffix(".jsonl") + ".settings.json"), "model"))


def _typed(parts: list[Any]) -> tuple[Block, ...]:
    """What the user wrote, without what the program adds to it."""
    typed = [
        spoken("text", without_reminders(block.text).strip()) if block.kind == "text" else (block,)
        for block in said(parts)
    ]
    return tuple(block for blocks in typed for block in blocks)


def _is_result(part: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(part, dict) and part.get("type") == "tool_result"
