"""OpenHands: a folder a conversation, and in it a file an event: `events/event-<number>-<id>.json`.

The conversation's `base_state.json` is what is looked at; older versions have `sessions/<id>/events/<number>.json`
instead, of which the first is.  All of a conversation is read again when an event has come.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import Checkpoint, Root, Session, SourceProblem
from cass.connectors.common import any_ms
from cass.connectors.conversation import Conversation, said
from cass.connectors.telling import Telling, spoken
from cass.connectors.values import member
from cass.connectors.vscode import small_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "openhands"

_STATE, _FIRST = "base_state.json", "0.json"
_EVENTS = "events"
MAX_EVENT_BYTES = 16 << 20
_SILENT_ACTIONS = ("system", "recall", "change_agent_state", "condensation", "null")


def roots(around: Surroundings) -> list[Root]:
    """Conversations, and the sessions of older versions."""
    home = around.named("OPENHANDS_PERSISTENCE_DIR") or around.named("FILE_STORE_PATH", "~/.openhands")
    return [Root(os.path.join(home, "conversations"), depth=1), Root(os.path.join(home, "sessions"), depth=2)]


def enters(folder: str) -> bool:
    """A conversation's folder; the events themselves only of older versions."""
    above, name = os.path.split(folder)
    if name == _EVENTS:
        return os.path.basename(os.path.dirname(above)) == "sessions"
    return os.path.basename(above) in ("conversations", "sessions")


def claims(path: str) -> bool:
    """The one file of a conversation that stands for it."""
    folder, name = os.path.split(path)
    return name == _STATE or (name == _FIRST and os.path.basename(folder) == _EVENTS)


def stand(path: str) -> list[Any]:
    """How many events there are, and the last one's name."""
    names = _names(_folder(path))
    return [len(names), names[-1] if names else ""]


def read(source: Source) -> Iterator[Item]:
    """Give the conversation and its messages as they stand now."""
    folder, at = _folder(source.path), stand(source.path)
    told = _Told(source, os.path.basename(os.path.dirname(folder)))
    for name in _names(folder):
        value = told.parsed(os.path.join(folder, name))
        if isinstance(value, SourceProblem):
            yield value
            told.say("system", None, ())  # the later ones keep their numbers
        else:
            told.event(value)
            yield from told.told.drained()
    if source.resume and not told.given:
        yield Session(told.told.id, whole=True)
    yield Checkpoint(told.taken, 0, {"stand": at}, stamped=True)


def _folder(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, _EVENTS) if name == _STATE else folder


def _names(folder: str) -> list[str]:
    """The files of events in the order of their numbers."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
    except OSError:
        return []
    numbered = [(int(number), name) for name in names if (number := _number(name)).isdecimal()]
    return [name for _, name in sorted(numbered)]


def _number(name: str) -> str:
    return name.removeprefix("event-").removesuffix(".json").partition("-")[0]


class _Told(Conversation):
    def __init__(self, source: Source, name: str) -> None:
        super().__init__(Telling(source.external_id or name, whole=True))
        self.taken = 0  # bytes of all events
        state = small_json(source.path) if os.path.basename(source.path) == _STATE else None
        self.know(
            workspace=member(state, "workspace", "path") or member(state, "workspace", "working_dir"),
            model=member(state, "agent", "llm", "model"),
        )

    def parsed(self, path: str) -> dict[str, Any] | SourceProblem:
        """An event's object, empty where the file is or is none; or what is wrong with the file."""
        try:
            with open(path, "rb") as file:
                data = file.read(MAX_EVENT_BYTES + 1)
            self.taken += len(data)
            if len(data) > MAX_EVENT_BYTES:
                return SourceProblem(path, None, "an event of over 16 MB was passed over")
            value = json.loads(data.decode("utf-8-sig", "replace")) if data else None
        except OSError as bad:
            return SourceProblem(path, None, bad.strerror or str(bad), torn=True)
        except (ValueError, RecursionError) as bad:
            return SourceProblem(path, None, f"not JSON: {str(bad)[:120]}", torn=True)
        return value if isinstance(value, dict) else {}

    def event(self, value: dict[str, Any]) -> None:
        """Tell what this event says."""
        kind, ms = value.get("kind"), any_ms(value.get("timestamp"))
        if kind == "MessageEvent":
            self._message(value, ms)
        elif kind == "ActionEvent":
            self._action(value, ms)
        elif "observation" in value:
            self._observed(value, ms)
        elif kind == "AgentErrorEvent":
            self.say("tool", ms, self.result(value.get("error"), value.get("tool_call_id"), True))
        elif kind == "Condensation":
            self.say("summary", ms, spoken("text", value.get("summary")))
        elif isinstance(value.get("action"), str):
            self._old_action(value, value["action"], ms)
        else:
            self.say("system", ms, ())

    def _message(self, value: dict[str, Any], ms: int | None) -> None:
        message = value.get("llm_message")
        blocks = (*spoken("thinking", member(message, "reasoning_content")), *said(member(message, "content")))
        if value.get("source") == "user":
            self.prompt(ms, blocks)
        else:
            self.say("assistant", ms, blocks)

    def _action(self, value: dict[str, Any], ms: int | None) -> None:
        call = value.get("tool_call")
        given = member(call, "arguments") or member(call, "function", "arguments") or value.get("action")
        thought = spoken("thinking", value.get("reasoning_content"))
        made = self.call(value.get("tool_name"), given, value.get("tool_call_id"))
        self.say("assistant", ms, (*thought, *said(value.get("thought")), made))

    def _observed(self, value: dict[str, Any], ms: int | None) -> None:
        seen = value["observation"]
        if isinstance(seen, dict):
            failed = seen.get("is_error") is True
            answer = seen.get("content") or seen.get("output")
            self.say("tool", ms, self.result(answer, value.get("tool_call_id"), failed, value.get("tool_name")))
            return
        extras = value.get("extras")
        failed = value.get("success") is False or seen == "error"
        failed = failed or member(extras, "metadata", "exit_code") not in (0, -1, None)
        self.know_first(workspace=member(extras, "metadata", "working_dir"))
        silent = seen in ("agent_state_changed", "recall", "null", "condense")
        text = "" if silent else value.get("content")
        self.say("tool", ms, self.result(text, _event_id(value.get("cause")), failed, seen))

    def _old_action(self, value: dict[str, Any], action: str, ms: int | None) -> None:
        """Older versions: an action has its words or its input among `args`."""
        given = value.get("args")
        given = given if isinstance(given, dict) else {}
        if action == "message":
            blocks = spoken("text", given.get("content") or value.get("message"))
            self.prompt(ms, blocks) if value.get("source") == "user" else self.say("assistant", ms, blocks)
        elif action == "finish":
            self.say("assistant", ms, spoken("text", given.get("final_thought") or value.get("message")))
        elif action in _SILENT_ACTIONS:
            self.say("system", ms, ())
        else:
            rest = {key: part for key, part in given.items() if key not in ("thought", "security_risk")}
            made = self.call(action, rest, _event_id(value.get("id")))
            self.say("assistant", ms, (*spoken("text", given.get("thought")), made))


def _event_id(number: object) -> str | None:
    return None if number is None or isinstance(number, dict | list) else str(number)
