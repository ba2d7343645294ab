"""Mistral Vibe: `logs/session/session_<time>_<id>/messages.jsonl`, with what is known of it in `meta.json` beside it.

The id is the first part of the session's own, by which it can be resumed.  The messages have no times of their own in
most versions: they have the session's start then.
"""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_CUSTOM, Block, Root
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

AGENT = "mistral_vibe"


def roots(around: Surroundings) -> list[Root]:
    """The folder of session logs."""
    home = around.named("VIBE_HOME", "~/.vibe")
    return [Root(os.path.join(home, "logs", "session"), depth=2)]


def enters(folder: str) -> bool:
    """A session's folder, and those of its agents."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """The messages of a session."""
    return os.path.basename(path) == "messages.jsonl"


def stand(path: str) -> object:
    """What the session's meta.json says of it: a finished one may be renamed."""
    return stand_of(_facts(path))


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    folder = os.path.basename(os.path.dirname(source.path))
    return _Log(source, folder.rpartition("_")[2] or folder).items()


def _facts(path: str) -> list[Any]:
    """Workspace, branch, model, the title that its user gave it, when it began."""
    meta = small_json(os.path.join(os.path.dirname(path), "meta.json"))
    title = string(member(meta, "title")) if member(meta, "title_source") == "manual" else None
    named = member(meta, "environment", "working_directory"), member(meta, "git_branch")
    model = member(meta, "config", "active_model")
    return [*map(string, (*named, model)), title, any_ms(member(meta, "start_time"))]


class _Log(Transcript):
    def __init__(self, source: Source, external_id: str) -> None:
        super().__init__(source, external_id)
        workspace, branch, model, title, self.started_ms = facts = _facts(source.path)
        self.stand = mark_of(facts)
        self.know(workspace=workspace, git_branch=branch, model=model)
        self.name(title, TITLE_CUSTOM)

    def record(self, value: dict[str, Any], line: Line) -> None:
        role, content = value.get("role"), value.get("content")
        ms = any_ms(value.get("timestamp"))
        ms = self.started_ms if ms is None else ms
        if role == "user":
            self.prompt(ms, said(content) if value.get("injected") is not True else (), line)
        elif role == "assistant":
            calls = [self._call(call) for call in dicts(value.get("tool_calls"))]
            thought = spoken("thinking", value.get("reasoning_content"))
            self.say("assistant", ms, (*thought, *said(content), *calls), line)
        elif role == "tool":
            self.say("tool", ms, self.result(content, value.get("tool_call_id"), tool=value.get("name")), line)
        else:
            self.say("system", ms, (), line)

    def _call(self, call: dict[str, Any]) -> Block:
        return self.call(member(call, "function", "name"), member(call, "function", "arguments"), call.get("id"))
