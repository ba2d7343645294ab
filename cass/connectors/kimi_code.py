"""Kimi Code: `sessions/<folder>/<session>/agents/<agent>/wire.jsonl`, one event a line.

The agent `main` is the session; any other is a sub-agent's, whose session is a child of it.
"""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, Root
from cass.connectors.common import any_ms
from cass.connectors.conversation import said
from cass.connectors.telling import spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import member
from cass.connectors.vscode import mark_of, small_json, stand_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "kimi_code"

_MAIN = "main"


def roots(around: Surroundings) -> list[Root]:
    """The folder of sessions."""
    home = around.named("KIMI_CODE_HOME", "~/.kimi-code")
    return [Root(os.path.join(home, "sessions"), depth=4)]


def enters(folder: str) -> bool:
    """Folders that Kimi ran in, sessions, and their agents."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """The events of an agent."""
    parts = path.replace("\\", "/").split("/")
    return parts[-1] == "wire.jsonl" and parts[-3:-2] == ["agents"]


def stand(path: str) -> object:
    """What the session's state says of it: a finished one may be renamed."""
    return stand_of(_facts(os.path.dirname(os.path.dirname(os.path.dirname(path)))))


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    agent = os.path.dirname(source.path)
    session = os.path.dirname(os.path.dirname(agent))
    return _Wire(source, session, os.path.basename(agent)).items()


def _facts(session: str) -> list[Any]:
    """Workspace, title, and whether the user gave it."""
    state = small_json(os.path.join(session, "state.json"))
    is_custom = member(state, "isCustomTitle")
    return [string(member(state, "workDir")), string(member(state, "title")), is_custom if is_custom is True else None]


class _Wire(Transcript):
    def __init__(self, source: Source, session: str, agent: str) -> None:
        name = os.path.basename(session)
        super().__init__(source, name if agent == _MAIN else f"{name}.{agent}", None if agent == _MAIN else name)
        workspace, title, is_custom = facts = _facts(session)
        self.stand = mark_of(facts)
        self.know_first(workspace=workspace)
        if agent == _MAIN:
            self.name(title, TITLE_CUSTOM if is_custom else TITLE_GENERATED)

    def record(self, value: dict[str, Any], line: Line) -> None:
        kind, ms = value.get("type"), any_ms(value.get("time") or value.get("timestamp"))
        if kind in ("turn.prompt", "turn.steer"):
            self.close()
            self.prompt(ms, said(value.get("input")), line)
        elif kind == "context.append_loop_event":
            event = value.get("event")
            self._event(event if isinstance(event, dict) else {}, ms, line)
        elif kind == "config.update":
            self.know(model=value.get("modelAlias"))
            self.know_first(workspace=value.get("cwd"))
        elif kind == "usage.record":
            self.know(model=value.get("model"))
        elif kind == "context.apply_compaction":
            self.close()
            self.say("summary", ms, spoken("text", value.get("summary")), line)

    def _event(self, event: dict[str, Any], ms: int | None, line: Line) -> None:
        kind = event.get("type")
        if kind == "content.part":
            for block in said([event.get("part")]):
                self.stream(block.kind, block.text, ms, line)
        elif kind == "tool.call":
            self.add(self.call(event.get("name"), event.get("args"), event.get("toolCallId")), ms, line)
        elif kind == "tool.result":
            self.close()
            answer = event.get("result")
            text = member(answer, "output") or member(answer, "message")
            self.say("tool", ms, self.result(text, event.get("toolCallId"), member(answer, "isError") is True), line)
        elif kind in ("step.begin", "step.end"):
            self.know(model=event.get("model"))
            self.close()
