"""The session files of Pi and of the agents that are built on it.

The first line is the session's header.  Older files are a plain list of entries; since version 3 each entry names its
parent, and a user who goes back in the conversation begins a branch in the same file: its last line is where they are.
"""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, Block
from cass.connectors.common import any_ms, runs_cass, trim, trim_tool, well_formed
from cass.connectors.conversation import said
from cass.connectors.telling import spoken
from cass.connectors.transcript import Transcript

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source
    from cass.connectors.jsonl import Line

_NOT_ENTRIES = ("session", "title")


def read_pi(source: Source, parent: str | None = None) -> Iterator[Item]:
    """Give the session and its messages; `parent` is the session that this one worked for."""
    return _PiFile(source, name_of(source.path), parent).items()


def name_of(path: str) -> str:
    """The session's id as the file's name has it: `<time>_<id>.jsonl`, or `<id>.jsonl`."""
    return os.path.basename(path).partition(".jsonl")[0].rpartition("_")[2] or os.path.basename(path)


class _PiFile(Transcript):
    def record(self, value: dict[str, Any], line: Line) -> None:
        kind = value.get("type")
        if kind not in _NOT_ENTRIES:
            self.tree.add(value.get("id"), value.get("parentId"), self.told.next)
        ms = any_ms(value.get("timestamp"))
        if kind == "message":
            message = value.get("message")
            message = message if isinstance(message, dict) else {}
            self._message(message, ms if ms is not None else any_ms(message.get("timestamp")), line)
        elif kind in ("compaction", "branch_summary"):
            self.say("summary", ms, spoken("text", value.get("summary")), line)
        elif kind == "custom_message":
            self.say("system", ms, _shown(value), line)
        else:
            self._about_session(kind, value)

    def _about_session(self, kind: object, value: dict[str, Any]) -> None:
        if kind == "session":
            self.identify(value.get("id"))
            self.know_first(workspace=value.get("cwd"), model=value.get("modelId"))
        elif kind == "model_change":
            self.know(model=value.get("modelId") or value.get("model"))
        elif kind == "session_info":
            self.name(value.get("name"), TITLE_CUSTOM)
        elif kind == "title":
            self.name(value.get("title") or value.get("name"), TITLE_GENERATED)

    def _message(self, message: dict[str, Any], ms: int | None, line: Line) -> None:
        role, content = message.get("role"), message.get("content")
        if role == "user":
            self.prompt(ms, said(content), line)
        elif role == "assistant":
            self.know(model=message.get("model"))
            self.say("assistant", ms, self._answer(message), line)
        elif role == "toolResult":
            failed = message.get("isError") is True
            blocks = self.result(content, message.get("toolCallId"), failed, message.get("toolName"))
            self.say("tool", ms, blocks, line)
        elif role == "bashExecution":
            self._typed_command(message, ms, line)
        elif role in ("branchSummary", "compactionSummary"):
            self.say("summary", ms, spoken("text", message.get("summary")), line)
        else:
            self.say("system", ms, _shown(message) if role == "custom" else (), line)

    def _answer(self, message: dict[str, Any]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict) and part.get("type") == "toolCall":
                blocks.append(self.call(part.get("name"), part.get("arguments"), part.get("id")))
            else:
                blocks += said([part])
        failure = message.get("errorMessage")
        if isinstance(failure, str) and failure.strip():
            blocks.append(Block("notice", trim(well_formed(failure)), is_error=True))
        return tuple(blocks)

    def _typed_command(self, message: dict[str, Any], ms: int | None, line: Line) -> None:
        """A command that the user ran beside the conversation, and what it printed."""
        command, output = message.get("command"), message.get("output")
        command = command if isinstance(command, str) else ""
        own = runs_cass(command)
        typed = (Block("text", trim_tool(well_formed(f"! {command}")), own=own),) if command.strip() else ()
        self.say("user", ms, typed, line)
        failed = message.get("exitCode") not in (0, None)
        self.say("tool", ms, self.result(output if isinstance(output, str) else "", None, failed, "bash", own), line)


def _shown(message: dict[str, Any]) -> tuple[Block, ...]:
    """What an extension put into the conversation for the user to see."""
    if message.get("display") is False:
        return ()
    return tuple(Block("notice", block.text) for block in said(message.get("content")) if block.kind == "text")
