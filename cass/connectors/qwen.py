"""Qwen Code: `projects/<folder>/chats/<session>.jsonl`, one record a line, each naming the one before it.

Half of all lines are telemetry.  Older versions keep Gemini CLI's files, from which they were forked, below `tmp`.
"""

from __future__ import annotations

import os

from cass.connectors import gemini
from cass.connectors.base import TITLE_CUSTOM, Block, Root
from cass.connectors.common import any_ms, trim, well_formed
from cass.connectors.telling import spoken
from cass.connectors.transcript import Transcript
from cass.connectors.values import dicts, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "qwen"

# Of a user's lines without a kind, and what was typed while tools ran; the program's own notices are of other kinds.
_TYPED = (None, "mid_turn_user_message")


def roots(around: Surroundings) -> list[Root]:
    """`projects`, and `tmp` of older versions."""
    home = around.named("QWEN_RUNTIME_DIR") or around.named("QWEN_HOME", "~/.qwen")
    return [Root(os.path.join(home, "projects"), depth=2), Root(os.path.join(home, "tmp"), depth=3)]


def enters(folder: str) -> bool:
    """A project's folder, and its `chats`."""
    above, name = os.path.split(folder)
    return name == "chats" or os.path.basename(above) == "projects" or gemini.enters(folder)


def claims(path: str) -> bool:
    """A chat of either form."""
    chats, name = os.path.split(path)
    if _is_old(path):
        return gemini.claims(path)
    return os.path.basename(chats) == "chats" and name.endswith(".jsonl")


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    if _is_old(source.path):
        return gemini.read(source)
    return _Chat(source, os.path.basename(source.path).removesuffix(".jsonl")).items()


def _is_old(path: str) -> bool:
    project = os.path.dirname(os.path.dirname(path))
    return os.path.basename(os.path.dirname(project)) != "projects"


class _Chat(Transcript):
    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, ms = value.get("type"), any_ms(value.get("timestamp"))
        self.tree.add(value.get("uuid"), value.get("parentUuid"), self.told.next)
        if kind == "system":
            self._system(value, ms, line)
            return
        self.know_first(workspace=value.get("cwd"), git_branch=_branch(value.get("gitBranch")))
        parts = dicts(member(value, "message", "parts"))
        if kind == "user":
            self.prompt(ms, self._typed(value, parts), line)
        elif kind == "assistant":
            self.know(model=value.get("model"))
            self.say("assistant", ms, self._said(parts), line)
        elif kind == "tool_result":
            self.say("tool", ms, self._results(parts, value.get("toolCallResult")), line)

    def _typed(self, value: dict[str, Any], parts: list[dict[str, Any]]) -> tuple[Block, ...]:
        """What the user typed, also while the agent worked; nothing of what the program sent in the user's name."""
        if value.get("subtype") not in _TYPED:
            return ()
        said, shown = self._said(parts), member(value, "systemPayload", "displayText")
        if isinstance(shown, str) and shown.strip():
            return (*spoken("text", shown), *[block for block in said if block.kind == "image"])
        return gemini.without_references(said)

    def _said(self, parts: list[dict[str, Any]]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        for part in parts:
            if isinstance(call := part.get("functionCall"), dict):
                blocks.append(self.call(call.get("name"), call.get("args"), call.get("id")))
            elif "inlineData" in part or "fileData" in part:
                blocks.append(Block("image", "[image]"))
            else:
                blocks += spoken("thinking" if part.get("thought") is True else "text", part.get("text"))
        return tuple(blocks)

    def _results(self, parts: list[dict[str, Any]], outcome: object) -> tuple[Block, ...]:
        """What the tool answered to the model; of an edit the difference, which says more."""
        failed = member(outcome, "status") == "error"
        diff = member(outcome, "resultDisplay", "fileDiff")
        blocks: list[Block] = []
        for part in parts:
            answer = part.get("functionResponse")
            response = member(answer, "response")
            text = member(response, "error") or member(response, "output") or response
            if isinstance(diff, str) and diff.strip() and not failed and len(parts) == 1:
                text = diff
            blocks += self.result(text, member(answer, "id"), failed, member(answer, "name"))
        return tuple(blocks)

    def _system(self, value: dict[str, Any], ms: int | None, line: Line) -> None:
        kind, payload = value.get("subtype"), value.get("systemPayload")
        if kind == "custom_title":
            self.name(member(payload, "customTitle"), TITLE_CUSTOM)
        elif kind == "slash_command" and member(payload, "phase") == "invocation":
            typed = member(payload, "rawCommand")
            typed = trim(well_formed(typed)) if isinstance(typed, str) and typed.strip() else ""
            self.say("user", ms, (Block("notice", typed),) if typed else (), line)
        elif kind == "chat_compression":
            # What follows the summary is the end of the history, word for word.
            first = dicts(member(payload, "compressedHistory"))[:1]
            self.say("summary", ms, self._said([part for entry in first for part in dicts(entry.get("parts"))]), line)


def _branch(name: object) -> object:
    return None if name == "HEAD" else name
