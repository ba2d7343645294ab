"""Antigravity's command line: `brain/<conversation>/.system_generated/logs/transcript.jsonl`, one step a line.

The conversations' own databases are encrypted or hold a form that nobody has described; the transcript repeats them.
"""

from __future__ import annotations

import json
import os
import re

from cass.connectors.base import Block, Root
from cass.connectors.common import any_ms
from cass.connectors.telling import spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import between, dicts, member
from cass.connectors.vscode import small_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "antigravity"

_NAME, _FULL = "transcript.jsonl", "transcript_full.jsonl"
_LOGS = (".system_generated", "logs")
_HISTORY_BYTES = 4 << 20
_REQUEST = ("<USER_REQUEST>", "</USER_REQUEST>")
_ADDED = re.compile(r"<(USER_SETTINGS_CHANGE|ADDITIONAL_METADATA)>.*?(?:</\1>|$)", re.DOTALL)
_MODEL = re.compile(r"`Model Selection` from .{0,200}? to (.{1,200}?)\.(?:\s|$)")


def roots(around: Surroundings) -> list[Root]:
    """The `brain` of the command line, which lives in the folder of Gemini CLI."""
    gemini = around.named("GEMINI_DIR") or os.path.join(around.named("GEMINI_CLI_HOME", "~"), ".gemini")
    return [Root(os.path.join(gemini, "antigravity-cli", "brain"), depth=3)]


def enters(folder: str) -> bool:
    """A conversation's folder, and in it that of the logs."""
    above, name = os.path.split(folder)
    return name in _LOGS or os.path.basename(above) == "brain"


def claims(path: str) -> bool:
    """A transcript; the full one, where there are both."""
    folder, name = os.path.split(path)
    if tuple(folder.replace("\\", "/").split("/")[-2:]) != _LOGS:
        return False
    return name == _FULL or (name == _NAME and not os.path.exists(os.path.join(folder, _FULL)))


def read(source: Source) -> Iterator[Item]:
    """Give the conversation and its messages."""
    conversation = os.path.dirname(os.path.dirname(os.path.dirname(source.path)))
    return _Log(source, conversation).items()


class _Log(Transcript):
    def __init__(self, source: Source, conversation: str) -> None:
        brain, name = os.path.split(conversation)
        super().__init__(source, name)
        if self.told.knows("workspace") is None:
            self.know(workspace=_workspace(os.path.dirname(brain), name))

    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, ms = value.get("type"), any_ms(value.get("created_at"))
        content = value.get("content")
        content = content if isinstance(content, str) else ""
        if kind == "USER_INPUT":
            self._prompt(content, ms, line)
        elif value.get("source") == "MODEL":
            calls = [self._call(call) for call in dicts(value.get("tool_calls"))]
            thought = spoken("thinking", value.get("thinking"))
            if kind == "PLANNER_RESPONSE":
                self.say("assistant", ms, (*thought, *spoken("text", content), *calls), line)
                return
            if thought or calls:
                self.say("assistant", ms, (*thought, *calls), line)
            tool = kind.lower() if isinstance(kind, str) else None
            failed = value.get("status") == "ERROR"
            call_id, own = (calls[-1].call_id, calls[-1].own) if calls else (None, False)
            self.say("tool", ms, self.result(content, call_id, failed, tool, own), line)
        else:
            # Reminders to the model that come again and again say nothing of the conversation.
            shown = spoken("notice", content) if kind == "SYSTEM_MESSAGE" else ()
            self.say("system", ms, shown, line)

    def _prompt(self, content: str, ms: int | None, line: Line) -> None:
        if found := _MODEL.search(content):
            self.know(model=found[1])
        requests = "\n\n".join(between(content, *_REQUEST))
        self.prompt(ms, spoken("text", requests or _ADDED.sub("", content).strip()), line)

    def _call(self, call: dict[str, Any]) -> Block:
        name = call.get("name") or call.get("tool_name") or member(call, "function", "name")
        given = next((call[key] for key in ("arguments", "args", "input") if key in call), None)
        if given is None:
            given = member(call, "function", "arguments")
        return self.call(name, given, call.get("id") or call.get("call_id") or call.get("tool_call_id"))


def _workspace(home: str, conversation: str) -> str | None:
    """The folder of a conversation: the last one of each folder is listed, and each prompt names its own."""
    listed = small_json(os.path.join(home, "cache", "last_conversations.json"))
    for folder, name in listed.items() if isinstance(listed, dict) else ():
        if name == conversation:
            return string(folder)
    try:
        with open(os.path.join(home, "history.jsonl"), encoding="utf-8", errors="replace") as file:
            rows = file.read(_HISTORY_BYTES).split("\n")
    except (OSError, ValueError):
        return None
    return next((folder for row in rows if conversation in row and (folder := _folder(row, conversation))), None)


def _folder(row: str, conversation: str) -> str | None:
    try:
        value = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return string(member(value, "workspace")) if member(value, "conversationId") == conversation else None
