"""Grok's command line: `sessions/<folder>/<id>/updates.jsonl`, the stream from which it restores a session itself.

Answers come in small pieces, one a line.  A session without that stream has only what was sent to the model,
`chat_history.jsonl`, without times: its messages have the session's start.  `summary.json` beside them says when that
was, what the session is called and where it ran.
"""

from __future__ import annotations

import os
from urllib.parse import unquote

from cass.connectors.base import TITLE_GENERATED, TITLE_SUMMARY, Block, Root
from cass.connectors.common import any_ms
from cass.connectors.conversation import said
from cass.connectors.telling import spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import dicts, member
from cass.connectors.vscode import mark_of, small_json, stand_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "grok"

_UPDATES, _HISTORY = "updates.jsonl", "chat_history.jsonl"
_SAID = {
    "user_message_chunk": ("user", "text"),
    "agent_message_chunk": ("assistant", "text"),
    "agent_thought_chunk": ("assistant", "thinking"),
}
_OVER = ("completed", "failed")


def roots(around: Surroundings) -> list[Root]:
    """The folder of sessions."""
    home = around.named("GROK_HOME", "~/.grok")
    return [Root(os.path.join(home, "sessions"), depth=2)]


def enters(folder: str) -> bool:
    """Folders that it ran in, and sessions in them."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """The stream of updates, or the history where there is none."""
    folder, name = os.path.split(path)
    return name == _UPDATES or (name == _HISTORY and not os.path.exists(os.path.join(folder, _UPDATES)))


def stand(path: str) -> object:
    """What the session's summary.json says of it, which is written after its last answer, too."""
    return stand_of(_facts(os.path.dirname(path)))


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    kind = _Updates if os.path.basename(source.path) == _UPDATES else _History
    return kind(source, os.path.basename(os.path.dirname(source.path))).items()


def _facts(folder: str) -> list[Any]:
    """Workspace, branch, model, the summary of its first lines, the title made for it, when it began."""
    said = small_json(os.path.join(folder, "summary.json"))
    names = ("head_branch", "current_model_id", "session_summary", "generated_title")
    named = [string(member(said, "info", "cwd")), *[string(member(said, name)) for name in names]]
    return [*named, any_ms(member(said, "created_at"))]


class _Session(Transcript):
    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        folder = os.path.dirname(source.path)
        workspace, branch, model, summary, generated, self.started_ms = facts = _facts(folder)
        self.stand = mark_of(facts)
        self.know(
            workspace=workspace or unquote(os.path.basename(os.path.dirname(folder))), git_branch=branch, model=model
        )
        self.name(summary, TITLE_SUMMARY)
        self.name(generated, TITLE_GENERATED)

    def prompt(
        self, ms: int | None, blocks: tuple[Block, ...], line: Line | None = None, off_path: bool = False
    ) -> None:
        """What the user wrote, without the marks around it."""
        typed = [spoken(block.kind, _query(block.text)) if block.kind == "text" else (block,) for block in blocks]
        super().prompt(ms, tuple(block for some in typed for block in some), line, off_path)


class _Updates(_Session):
    def record(self, value: dict[str, Any], line: Line) -> None:
        update = member(value, "params", "update") or value.get("update") or value
        kind = member(update, "sessionUpdate")
        ms = any_ms(member(value, "params", "_meta", "agentTimestampMs"))
        ms = any_ms(member(update, "_meta", "agentTimestampMs") or value.get("timestamp")) if ms is None else ms
        if isinstance(kind, str) and kind in _SAID:
            role, form = _SAID[kind]
            self.know(model=member(update, "_meta", "modelId") if role == "assistant" else None)
            for block in said([update.get("content")]):
                self.stream(form if block.kind == "text" else block.kind, block.text, ms, line, role)
        elif kind in ("tool_call", "tool_call_update"):
            self._tool(update, kind == "tool_call", ms, line)

    def _tool(self, update: dict[str, Any], is_new: bool, ms: int | None, line: Line) -> None:
        """A call is told once its input is known, or it is over; what it came to once it is over."""
        call_id, over = update.get("toolCallId"), update.get("status") in _OVER
        name, given = update.get("title") or update.get("kind"), update.get("rawInput")
        waiting = f"call {call_id}"
        if (is_new or waiting in self.kept) and (over or given is not None):
            self.add(self.call(self.kept.pop(waiting, None) or name, given, call_id), ms, line)
        elif is_new and isinstance(call_id, str):
            self.kept[waiting] = name if isinstance(name, str) else ""
        if over:
            self.close()
            self.say("tool", ms, self.result(_output(update), call_id, update.get("status") == "failed"), line)


class _History(_Session):
    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, content, ms = value.get("type"), value.get("content"), self.started_ms
        if kind == "user":
            real = value.get("synthetic_reason") in (None, "interjection")
            self.prompt(ms, said(content if isinstance(content, str | list) else [content]) if real else (), line)
        elif kind == "assistant":
            self.know(model=value.get("model_id"))
            calls = [
                self.call(member(call, "function", "name") or call.get("name"), _given(call), call.get("id"))
                for call in dicts(value.get("tool_calls"))
            ]
            self.say("assistant", ms, (*said(content), *calls), line)
        elif kind == "tool_result":
            self.say("tool", ms, self.result(content, value.get("tool_call_id")), line)
        elif kind == "reasoning":
            self.say("assistant", ms, spoken("thinking", value.get("text")), line)


def _given(call: dict[str, Any]) -> object:
    return member(call, "function", "arguments") or call.get("arguments")


def _query(text: str) -> str:
    start, end = text.find("<user_query>"), text.rfind("</user_query>")
    return text[start + 12 : end].strip() if 0 <= start < end else text


def _output(update: dict[str, Any]) -> object:
    """What the tool answered: its content, whose parts are texts, differences and terminals, or its raw output."""
    texts = [_part(part) for part in dicts(update.get("content"))]
    return "\n".join(text for text in texts if text) or update.get("rawOutput")


def _part(part: dict[str, Any]) -> str:
    if part.get("type") == "diff":
        named = [("", "path"), ("--- old\n", "oldText"), ("+++ new\n", "newText")]
        return "\n".join(mark + text for mark, key in named if isinstance(text := part.get(key), str) and text)
    inner = part.get("content", part)
    return "\n".join(block.text for block in said(inner if isinstance(inner, str | list) else [inner]))
