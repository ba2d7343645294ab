"""GitHub Copilot CLI: one file of events a session, appended to; sub-agents among them; and the documents before 2026.

A last event without its newline is given early and once more by the next read, under the same number.  What was
rewound the CLI cuts from the file, which is then read anew.
"""

from __future__ import annotations

import os
import re
import zlib

from cass.connectors.base import (
    TITLE_GENERATED,
    TITLE_PROMPT,
    Block,
    Checkpoint,
    Root,
    SourceProblem,
)
from cass.connectors.bigjson import parts
from cass.connectors.common import (
    any_ms,
    fields_text,
    is_cass_tool,
    runs_cass,
    shell_line,
    trim,
    trim_tool,
    well_formed,
)
from cass.connectors.jsonl import lines, parse
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.values import dicts, fields, from_json, member
from cass.connectors.vscode import mark_of, stand_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "copilot_cli"
CHECKPOINT_BYTES = 2 << 20
# Results follow their calls closely, even where dozens run side by side.
MAX_CALLS = 200

_STATE, _OLD, _EVENTS = "session-state", "history-session-state", "events.jsonl"
_OLD_NAME = re.compile(r"session_(.+?)(?:_\d{10,})?")  # of a document: the id and when it began, in milliseconds
_PROMPT_CHARS = 20_000
_YAML_BYTES = 1 << 16
# Two lines of five: told from their bytes, so that they are not parsed.
_NOISE = (b'{"type":"hook.', b'{"type":"assistant.turn_', b'{"type":"system.message"', b'{"type":"permission.')
# Tools whose `command` is a line for the shell.
_SHELLS = ("bash", "shell", "powershell", "run_in_terminal", "local_shell")
# Who else speaks in the user's name: skills, schedules, the program itself.
_NOT_THE_USER = ("skill", "system", "schedule", "autopilot", "command")


_FACTS = ("branch", "cwd", "git_root", "name", "summary")


def roots(around: Surroundings) -> list[Root]:
    """The sessions of today and of the first versions, where COPILOT_HOME or the XDG folders say, else at home."""
    if named := around.named("COPILOT_HOME"):
        folders = [named]
    else:
        xdg = [folder for key in ("XDG_STATE_HOME", "XDG_CONFIG_HOME") if (folder := around.named(key))]
        folders = [os.path.join(around.home, ".copilot"), *(os.path.join(place, ".copilot") for place in xdg)]
    return [
        Root(os.path.join(folder, name), depth, watch_below=False)  # a session's folder holds a database
        for folder in dict.fromkeys(folders)
        for name, depth in ((_STATE, 1), (_OLD, 0))
    ]


def enters(folder: str) -> bool:
    """A session's folder."""
    return os.path.basename(os.path.dirname(folder)) == _STATE


def claims(path: str) -> bool:
    """The events of a session, in its folder or (first) beside the others, and the documents of old."""
    folder, name = os.path.split(path)
    above, parent = os.path.split(folder)
    if parent == _STATE:
        moved = os.path.join(folder, name.removesuffix(".jsonl"), _EVENTS)
        return name.endswith(".jsonl") and not os.path.exists(moved)
    return (name == _EVENTS and os.path.basename(above) == _STATE) or (parent == _OLD and name.endswith(".json"))


def stand(path: str) -> object:
    """What a session's workspace.yaml says of it: a finished one may be renamed.  The documents of old have none."""
    return None if path.endswith(".json") else stand_of(_facts(path).values())


def read(source: Source) -> Iterator[Item]:
    """Give the file's sessions and messages from its start, or from where `source.resume` left off."""
    return _document(source) if source.path.endswith(".json") else _Log(source).items()


def _id(source: Source) -> str:
    """The session's own id: `copilot --resume` knows no other."""
    folder, name = os.path.split(source.path)
    if source.external_id or name == _EVENTS:
        return source.external_id or os.path.basename(folder)
    stem, end = os.path.splitext(name)
    return stem if end == ".jsonl" or not (named := _OLD_NAME.fullmatch(stem)) else named[1]


class _Log:
    """One session's events.  What is known between two reads is `_state()`."""

    def __init__(self, source: Source) -> None:
        state: Any = source.resume.state if source.resume and source.resume.offset else {}
        self.source = source
        self.id = _id(source)
        self.out: list[Item] = []
        self.whole = source.resume is not None and not source.resume.offset
        self.calls: dict[str, list[Any]] = dict(state.get("calls", {}))  # id -> tool, is it cass?, a sub-agent's prompt
        self.thought: int = state.get("thought", 0)  # checksum of a thought that the next answer repeats
        self.threads = {
            key: Telling(self._named(key), None, kept, self.whole) for key, kept in state.get("threads", {}).items()
        }
        self.offset, self.line = (source.resume.offset, source.resume.line) if source.resume else (0, 0)
        self.facts = _facts(source.path)

    def _state(self) -> dict[str, Any]:
        threads = {key: told.state() for key, told in self.threads.items()}
        return {
            "threads": threads,
            "calls": dict(self.calls),
            "thought": self.thought,
            "stand": mark_of([*self.facts.values()]),
        }

    def items(self) -> Iterator[Item]:
        saved = self.offset
        end: Checkpoint | None = None
        for line in lines(self.source):
            if not line.ended:
                end = self._checkpoint()
            self._take(line)
            yield from self._drained()
            if line.ended:
                self.offset, self.line = line.end, line.number
                if line.end - saved >= CHECKPOINT_BYTES:
                    yield self._checkpoint()
                    saved = line.end
        self._know(self.facts)
        yield from self._drained()
        yield end or self._checkpoint()

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(self.offset, self.line, self._state())

    def _drained(self) -> Iterator[Item]:
        yield from self.out
        self.out.clear()
        for told in self.threads.values():
            yield from told.drained()

    def _named(self, key: str) -> str:
        return f"{self.id}.{key}" if key else self.id

    def _thread(self, key: str) -> Telling:
        """The session itself, or the sub-agent with this id."""
        if key not in self.threads:
            self.threads[key] = Telling(self._named(key), self.id if key else None, whole=self.whole)
        return self.threads[key]

    def _know(self, facts: dict[str, str | None]) -> None:
        told = self.threads.get("")
        if told is None or not told.next:
            return
        told.know(git_branch=facts.get("branch"))
        if told.knows("workspace") is None:
            told.know(workspace=facts.get("cwd") or facts.get("git_root"))
        told.title(facts.get("name") or facts.get("summary"), TITLE_GENERATED)

    def _take(self, line: Line) -> None:
        if line.data is not None and line.data.startswith(_NOISE):
            return
        value = parse(self.source, line)
        if isinstance(value, SourceProblem):
            self.out.append(value)
        elif value:
            self._event(value, line)

    def _event(self, value: dict[str, Any], line: Line) -> None:
        data = fields(value.get("data")) or value
        ms, kind = any_ms(value.get("timestamp")), value.get("type")
        key = _agent(value, data, kind)
        if kind in ("session.start", "session.resume", "session.context_changed"):
            self._context(data)
        elif kind == "session.model_change":
            self._thread(key).know(model=data.get("newModel"))
        elif kind == "session.title_changed":
            self._thread(key).title(data.get("title"), TITLE_GENERATED)
        elif isinstance(kind, str):
            self._turn(self._thread(key), kind, data, ms, line)

    def _context(self, data: dict[str, Any]) -> None:
        told, context = self._thread(""), fields(data.get("context")) or data
        if told.knows("workspace") is None:
            told.know(workspace=context.get("cwd") or context.get("gitRoot"))
        told.know(git_branch=context.get("branch"), model=data.get("selectedModel"))

    def _turn(self, told: Telling, kind: str, data: dict[str, Any], ms: int | None, line: Line) -> None:
        if kind == "user.message":
            self._prompt(told, data, ms, line)
        elif kind == "assistant.message":
            self._answer(told, data, ms, line)
        elif kind == "assistant.reasoning":
            thought = spoken("thinking", data.get("content"))
            self.thought = _checksum(data.get("content"))
            told.turn("assistant", ms, thought, line)
        elif kind in ("tool.execution_start", "tool.user_requested"):
            if string(data.get("toolCallId")) not in self.calls:
                told.turn("assistant", ms, (self._call({**data, "name": data.get("toolName")}),), line)
        elif kind == "tool.execution_complete":
            told.turn("tool", ms, self._result(data), line)
        elif kind == "subagent.started":
            asked = self.calls.get(string(data.get("toolCallId")) or "", [None, False, None])[2]
            told.turn("user", ms, spoken("text", asked), line)
            told.title(data.get("agentDisplayName") or data.get("agentName"), TITLE_PROMPT)
        elif kind == "session.compaction_complete":
            told.turn("summary", ms, spoken("text", data.get("summaryContent")), line)
        elif kind == "session.error":
            notice = spoken("notice", data.get("message"))
            told.turn("system", ms, tuple(Block("notice", block.text, is_error=True) for block in notice), line)

    def _prompt(self, told: Telling, data: dict[str, Any], ms: int | None, line: Line) -> None:
        typed = spoken("text", data.get("content") if "content" in data else data.get("prompt"))
        if "cwd" in data and told.knows("workspace") is None:
            told.know(workspace=data.get("cwd"))
        if str(data.get("source") or "user").startswith(_NOT_THE_USER):
            told.turn("system", ms, typed, line)
            return
        names = [string(each.get("path")) or string(each.get("displayName")) for each in dicts(data.get("attachments"))]
        told.turn("user", ms, typed + spoken("notice", "\n".join(filter(None, names))), line)
        if typed and told.rank < TITLE_PROMPT:
            told.title(typed[0].text, TITLE_PROMPT)

    def _answer(self, told: Telling, data: dict[str, Any], ms: int | None, line: Line) -> None:
        thought, before = data.get("reasoningText"), self.thought
        self.thought = 0
        told.know(model=data.get("model"))
        calls = tuple(self._call(call) for call in dicts(data.get("toolRequests")))
        blocks = (
            *(() if before and before == _checksum(thought) else spoken("thinking", thought)),
            *spoken("text", data.get("content") if "content" in data else data.get("output")),
            *calls,
        )
        told.turn("assistant", ms, blocks, line)

    def _call(self, call: dict[str, Any]) -> Block:
        made = _call_block(call)
        prompt = member(from_json(call.get("arguments")), "prompt")
        if made.call_id:
            asked = trim(prompt, _PROMPT_CHARS) if isinstance(prompt, str) else None
            self.calls[made.call_id] = [made.tool, made.own, asked and well_formed(asked)]
            if len(self.calls) > MAX_CALLS:
                del self.calls[next(iter(self.calls))]
        return made

    def _result(self, data: dict[str, Any]) -> tuple[Block, ...]:
        call_id = string(data.get("toolCallId"))
        tool, own, _ = self.calls.get(call_id or "", [string(data.get("toolName")), False, None])
        failed = data.get("success") is False or data.get("exitCode") not in (None, 0)
        text = _result_text(data)
        return (Block("tool_result", text, tool, call_id, failed, own),) if text.strip() else ()


def _agent(value: dict[str, Any], data: dict[str, Any], kind: object) -> str:
    """The sub-agent that an event belongs to; "" for the session itself."""
    ids = [value.get("agentId"), data.get("agentId"), data.get("parentToolCallId")]
    if isinstance(kind, str) and kind.startswith("subagent."):
        ids.append(data.get("toolCallId"))  # of the call that started it: some versions name nothing else
    return next((key for each in ids if (key := string(each))), "")


def _document(source: Source) -> Iterator[Item]:
    """A session of the first versions: what was shown, with its times; else what was sent to the model."""
    told = Telling(_id(source))
    sent: object = None
    began: int | None = None
    for part in parts(source, ("timeline",)):
        if isinstance(part, SourceProblem):
            told.out.append(part)
        elif part.element:
            _shown(told, fields(part.value), began)
        elif part.key == ("startTime",):
            began = any_ms(part.value)
        elif part.key == ("chatMessages",):
            sent = part.value
        elif part.key == ("selectedModel",):
            told.know(model=part.value)
        yield from told.drained()
    if not told.next:
        for message in dicts(sent):
            _sent(told, message, began)
    yield from told.drained()
    yield Checkpoint(source.size, 0, {}, resumable=False)


def _shown(told: Telling, entry: dict[str, Any], began: int | None) -> None:
    kind, ms = entry.get("type"), any_ms(entry.get("timestamp")) or began
    if kind == "user":
        _typed(told, entry.get("text"), ms)
    elif kind in ("copilot", "assistant"):
        told.turn("assistant", ms, spoken("text", entry.get("text")))
    elif kind == "tool_call_completed":
        call = {"toolCallId": entry.get("callId"), "name": entry.get("name") or entry.get("toolTitle")}
        made = _call_block(call | {"arguments": entry.get("arguments")})
        told.turn("assistant", ms, (made,))
        result = entry.get("result")
        failed = member(result, "type") in ("failure", "rejected", "denied", "error")
        text = _result_text({"result": result})
        told.turn("tool", ms, _answered(text, made, failed))
    else:
        told.turn("system", ms, ())


def _sent(told: Telling, message: dict[str, Any], ms: int | None) -> None:
    role, text = message.get("role"), message.get("content")
    if role == "user":
        _typed(told, text, ms)
    elif role == "assistant":
        calls = [{**call, **fields(call.get("function"))} for call in dicts(message.get("tool_calls"))]
        told.turn("assistant", ms, (*spoken("text", text), *map(_call_block, calls)))
    elif role == "tool" and isinstance(text, str):
        told.turn("tool", ms, _answered(text, Block("tool_call", "", None, string(message.get("tool_call_id"))), False))
    else:
        told.turn("system", ms, ())


def _typed(told: Telling, text: object, ms: int | None) -> None:
    said = spoken("text", text)
    told.turn("user", ms, said)
    if said and told.rank < TITLE_PROMPT:
        told.title(said[0].text, TITLE_PROMPT)


def _answered(text: str, made: Block, failed: bool) -> tuple[Block, ...]:
    text = trim_tool(well_formed(text))
    return (Block("tool_result", text, made.tool, made.call_id, failed, made.own),) if text.strip() else ()


def _call_block(call: dict[str, Any]) -> Block:
    given, name = from_json(call.get("arguments")), string(call.get("name")) or string(call.get("toolName"))
    command = shell_line(member(given, "command")) if name in _SHELLS else None
    text = command if command is not None else fields_text(given)
    own = runs_cass(command) or is_cass_tool(name)
    return Block("tool_call", trim_tool(well_formed(text)), name, string(call.get("toolCallId")), own=own)


def _result_text(data: dict[str, Any]) -> str:
    """What a tool answered to the model, else what was shown, else its error."""
    result, error = data.get("result"), data.get("error")
    if isinstance(result, dict):
        result = next((result[key] for key in ("content", "detailedContent", "log") if result.get(key)), None)
    if not result and isinstance(error, dict):
        result = error.get("message")
    result = result or error or "\n".join(text for key in ("stdout", "stderr") if (text := string(data.get(key))))
    return trim_tool(well_formed(result if isinstance(result, str) else fields_text(result)))


def _facts(path: str) -> dict[str, str | None]:
    said = _workspace(os.path.join(os.path.dirname(path), "workspace.yaml"))
    return {name: said.get(name) for name in _FACTS}


def _workspace(path: str) -> dict[str, str]:
    """The plain `key: value` lines of a session's workspace.yaml."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(_YAML_BYTES)
    except (OSError, ValueError):
        return {}
    pairs = (line.partition(": ") for line in text.splitlines() if line[:1].isalpha())
    return {
        key: value.strip().strip("\"'") for key, _, value in pairs if value.strip() not in ("", "|", ">", "|-", ">-")
    }


def _checksum(text: object) -> int:
    return zlib.crc32(text.strip().encode("utf-8", "replace")) if isinstance(text, str) and text.strip() else 0
