"""Gemini CLI: chats under ~/.gemini/tmp, one folder a project, one file a session.

Older versions rewrite a JSON document, newer ones append records that replace, patch or rewind earlier ones.  Both
are read whole on every change.  Beside them stands what `/chat save NAME` keeps: what was sent to the model, without
times.
"""

from __future__ import annotations

import hashlib
import json
import os
import re

from cass.connectors import gemini_prompts
from cass.connectors.base import (
    TITLE_CUSTOM,
    TITLE_PROMPT,
    TITLE_SUMMARY,
    Block,
    Checkpoint,
    Message,
    Root,
    Session,
    Source,
    SourceProblem,
)
from cass.connectors.bigjson import parts
from cass.connectors.common import (
    fields_text,
    first_line,
    is_cass_tool,
    iso_ms,
    runs_cass,
    shell_line,
    trim,
    trim_tool,
    well_formed,
)
from cass.connectors.gemini_log import Place, Places, picked
from cass.connectors.jsonl import Line, lines, parse
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Surroundings

AGENT = "gemini"

_REFERENCES = "--- Content from referenced files ---"
_SET_UP = ("<session_context>", "This is the Gemini CLI. We are setting up the context")
_FOLDER = re.compile(
    r"(?:[Ww]orking directory|working in the directory|Workspace Directories)[:*\s-]*((?:/|[A-Za-z]:\\)[^\n]+)"
)
_SAVED = re.compile(r"checkpoint(?:-(.+))?\.json")
_SET_UP_ANSWER = "Got it. Thanks for the context!"
_EXIT_CODE = re.compile(r"^Exit Code: (?!0$|\(none\)$)\S", re.MULTILINE)


def roots(around: Surroundings) -> list[Root]:
    """The `tmp` folder of Gemini's own folder."""
    folder = around.named("GEMINI_DIR") or os.path.join(around.named("GEMINI_CLI_HOME", "~"), ".gemini")
    return [Root(os.path.join(folder, "tmp"), depth=3)]


def enters(folder: str) -> bool:
    """A project's folder, its `chats`, and there the folders of sub-agents."""
    above, name = os.path.split(folder)
    return name == "chats" or os.path.basename(above) in ("tmp", "chats")


def claims(path: str) -> bool:
    """A chat, or a sub-agent's chat in the folder of its parent; and the list of prompts.

    A resumed `.json` goes on in a `.jsonl` beside it that repeats it: where that exists, the older file is left.
    """
    if gemini_prompts.is_log(path) or is_saved(path):
        return True
    folder, name = os.path.split(path)
    above, parent = os.path.split(folder)
    chat = parent == "chats" and name.startswith("session-")
    if not chat and os.path.basename(above) != "chats":
        return False
    return name.endswith(".jsonl") or (name.endswith(".json") and not os.path.exists(path + "l"))


def is_saved(path: str) -> bool:
    """A chat saved under a name, in its project's folder."""
    folder, name = os.path.split(path)
    return _SAVED.fullmatch(name) is not None and os.path.basename(os.path.dirname(folder)) == "tmp"


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages as they stand now, or what was typed in those without a chat."""
    if gemini_prompts.is_log(source.path):
        return gemini_prompts.read(source, _workspace(source, {}))
    if is_saved(source.path):
        return _Saved(source).document()
    chat = _Chat(source)
    return chat.records() if source.path.endswith(".jsonl") else chat.document()


class _Chat:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.out: list[Item] = []
        self.facts: dict[str, Any] = {}  # the members beside the messages
        self.known: dict[str, str] = {}
        self.titled = False
        self.announced = False
        self.taken_back = False  # the message at hand was, or replaced: its turns stand on a branch that was left
        self.next = 0

    def document(self) -> Iterator[Item]:
        for part in parts(self.source, ("messages",)):
            if isinstance(part, SourceProblem):
                self.out.append(part)
            elif part.element:
                self._message(part.value, None)
            elif len(part.key) == 1:
                self.facts[part.key[0]] = part.value
            yield from self._drained()
        yield from self._ended(0)

    def records(self) -> Iterator[Item]:
        """First find which records count, holding only their places; then read those again, one by one."""
        places, last = self._places()
        line, value = None, None
        for place, counts in places:
            if place.line != line:
                line, value = place.line, self._read_again(place.line)
            self.taken_back = not counts
            self._message(picked(value, place), place.line)
            yield from self._drained()
        self.taken_back = False
        yield from self._ended(last)

    def _places(self) -> tuple[list[tuple[Place, bool]], int]:
        """Where messages stand, and whether they count; and the number of the last line."""
        places, last = Places(), 0
        for line in lines(self.source):
            value = parse(self.source, line)
            last = line.number if line.ended else last
            if isinstance(value, SourceProblem):
                self.out.append(value)
            elif value:
                self._apply(value, Line(line.number, line.start, line.end, None), places)
        return places.all(), last

    def _apply(self, value: dict[str, Any], line: Line, places: Places) -> None:
        change = value.get("$set")
        if "$rewindTo" in value:
            places.rewind(value["$rewindTo"])
        elif isinstance(change, dict):
            if isinstance(change.get("messages"), list):
                places.replace(change["messages"], line, "$set")
            self.facts |= {key: fact for key, fact in change.items() if key != "messages"}
        elif "type" in value:
            places.add(value, line)
        else:
            if isinstance(value.get("messages"), list):
                places.add_list(value["messages"], line, "")
            self.facts |= {key: fact for key, fact in value.items() if key != "messages"}

    def _read_again(self, line: Line) -> object:
        self.source.file.seek(line.start)
        data = self.source.file.read(line.end - line.start)
        value = parse(self.source, Line(line.number, line.start, line.end, data))
        return None if isinstance(value, SourceProblem) else value

    def _ended(self, last: int) -> Iterator[Item]:
        if self.facts or self.announced:
            self._know()
        if title := _string(self.facts.get("summary")):
            self.out.append(Session(self._id(), self._parent(), first_line(title), TITLE_SUMMARY))
        yield from self._drained()
        yield Checkpoint(self.source.size, last, {}, resumable=False)

    def _drained(self) -> Iterator[Item]:
        yield from self.out
        self.out.clear()

    def _message(self, value: Any, line: Line | None) -> None:
        """Give one record's turns: what was said, then what each tool answered.  Anything else is only counted."""
        value = value if isinstance(value, dict) else {}
        kind, content, ms = value.get("type"), value.get("content"), iso_ms(value.get("timestamp"))
        if kind in ("gemini", "model"):
            self._know(model=value.get("model"))
            calls = [call for call in _listed(value.get("toolCalls")) if isinstance(call, dict)]
            blocks = (*_thoughts(value.get("thoughts")), *_said(content), *(_call_block(call) for call in calls))
            self._turn("assistant", ms, blocks, line)
            for call in calls:
                if call.get("result") is not None or call.get("resultDisplay"):
                    self._turn("tool", iso_ms(call.get("timestamp")) or ms, _result_blocks(call), line)
        elif kind == "user":
            self._user(value, ms, line)
        else:
            self.next += 1

    def _user(self, value: dict[str, Any], ms: int | None, line: Line | None) -> None:
        results = tuple(block for part in _listed(value.get("content")) for block in _response_blocks(part, None))
        said = _said(value.get("displayContent")) or _said(value.get("content"))
        if results:
            self._turn("tool", ms, results, line)
            if not said:
                return
        if said and said[0].kind == "text" and said[0].text.startswith(_SET_UP):
            found = _FOLDER.search(said[0].text)
            self._know(workspace=found[1].strip() if found else None)
            said = ()
        said = without_references(said)
        self._turn("user", ms, said, line)
        if said and said[0].kind == "text" and not self.titled and not self.taken_back:
            self.titled = True
            self.out.append(Session(self._id(), self._parent(), first_line(said[0].text), TITLE_PROMPT))

    def _turn(self, role: str, ms: int | None, blocks: tuple[Block, ...], line: Line | None) -> None:
        if blocks:
            self._know()
            at, start, end = (line.number, line.start, line.end) if line else (None, None, None)
            self.out.append(Message(self._id(), self.next, role, ms, blocks, at, start, end, self.taken_back))
        self.next += 1

    def _know(self, **facts: object) -> None:
        """Tell what is new of the session; the first time in any case, with the folder it ran in."""
        if self.taken_back:
            facts = {}  # the session is told of, not what was true on a branch that it left
        if not self.announced:
            facts["workspace"] = _workspace(self.source, self.facts) or facts.get("workspace")
        elif "workspace" in self.known:
            facts.pop("workspace", None)
        told = {key: text for key, value in facts.items() if (text := _string(value)) and self.known.get(key) != text}
        if told or not self.announced:
            self.announced = True
            self.known |= told
            self.out.append(Session(self._id(), self._parent(), **told))  # type: ignore[arg-type]

    def _id(self) -> str:
        stem = os.path.splitext(os.path.basename(self.source.path))[0]
        return self.source.external_id or _string(self.facts.get("sessionId")) or stem

    def _parent(self) -> str | None:
        """A sub-agent's chat stands in a folder with its parent's id."""
        folder = os.path.basename(os.path.dirname(self.source.path))
        return None if folder == "chats" else folder


class _Saved(_Chat):
    """What `/chat save` wrote: a list of what was said, in newer versions a member of an object."""

    def document(self) -> Iterator[Item]:
        is_list = self.source.file.read(64).lstrip()[:1] == b"["
        self.source.file.seek(0)
        folder, name = os.path.split(self.source.path)
        stem = name.removesuffix(".json")
        self.facts["sessionId"] = f"{stem}.{os.path.basename(folder)[:8]}"  # each project may have one of this name
        for part in parts(self.source, () if is_list else ("history",)):
            if isinstance(part, SourceProblem):
                self.out.append(part)
            elif part.element and isinstance(part.value, dict):
                self._message({"type": part.value.get("role"), "content": self._parts(part.value)}, None)
            yield from self._drained()
        if self.announced and (match := _SAVED.fullmatch(name)) and match[1]:
            from urllib.parse import unquote  # takes longer than to read most chats

            self.out.append(Session(self._id(), None, first_line(unquote(match[1])), TITLE_CUSTOM))
        yield from self._ended(0)

    def _parts(self, content: dict[str, Any]) -> list[Any]:
        """What was said, but for the thanks for what every chat begins with."""
        said = _listed(content.get("parts"))
        return [part for part in said if not isinstance(part, dict) or part.get("text") != _SET_UP_ANSWER]

    def _parent(self) -> str | None:
        return None


def _string(value: object) -> str | None:
    return well_formed(value) if isinstance(value, str) and value.strip() else None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _said(content: object) -> tuple[Block, ...]:
    """The texts and pictures of a message's content: a string, a part, or parts."""
    blocks = []
    for part in _listed(content):
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str) and text.strip():
            kind = "thinking" if isinstance(part, dict) and part.get("thought") is True else "text"
            blocks.append(Block(kind, trim(well_formed(text))))
        elif isinstance(part, dict) and ("inlineData" in part or "fileData" in part):
            blocks.append(Block("image", "[image]"))
        elif isinstance(part, dict) and isinstance(part.get("functionCall"), dict):
            blocks.append(_call_block(part["functionCall"]))
    return tuple(blocks)


def without_references(said: tuple[Block, ...]) -> tuple[Block, ...]:
    """A prompt without the files that `@file` pasted behind it, in the same part or in further ones."""
    kept: list[Block] = []
    pasted = False
    for block in said:
        if block.kind == "text":
            text = "" if pasted else block.text.partition(_REFERENCES)[0]
            pasted = pasted or len(text) < len(block.text)
            block = replace(block, text=text.rstrip() if pasted else text)
        if block.text:
            kept.append(block)
    return tuple(kept)


def _thoughts(thoughts: object) -> tuple[Block, ...]:
    texts = [
        "\n".join(text for key in ("subject", "description") if (text := _string(thought.get(key))))
        for thought in _listed(thoughts)
        if isinstance(thought, dict)
    ]
    text = "\n\n".join(text for text in texts if text)
    return (Block("thinking", trim(text)),) if text else ()


def _call_block(call: dict[str, Any]) -> Block:
    given = call.get("args")
    command = shell_line(given.get("command")) if isinstance(given, dict) else None
    name = _string(call.get("name"))
    own = runs_cass(command) or is_cass_tool(name)
    text = command if command is not None else fields_text(given)
    return Block("tool_call", trim_tool(well_formed(text)), name, _string(call.get("id")), own=own)


def _result_blocks(call: dict[str, Any]) -> tuple[Block, ...]:
    """What a tool answered: to the model, or else what was shown."""
    blocks = tuple(block for part in _listed(call.get("result")) for block in _response_blocks(part, call))
    shown = call.get("resultDisplay")
    if not blocks and shown:
        blocks = _result_block(shown if isinstance(shown, str) else fields_text(shown), call, False)
    return blocks


def _response_blocks(part: object, call: dict[str, Any] | None) -> tuple[Block, ...]:
    answer = part.get("functionResponse") if isinstance(part, dict) else None
    if not isinstance(answer, dict):
        return _result_block(part, call, False) if call and isinstance(part, str) else ()
    response = answer.get("response")
    failed = isinstance(response, dict) and bool(response.get("error"))
    if isinstance(response, dict):
        response = response.get("error") if failed else response.get("output", response)
    text = response if isinstance(response, str) else fields_text(response)
    return _result_block(text, call or answer, failed)


def _result_block(text: str, call: dict[str, Any], failed: bool) -> tuple[Block, ...]:
    if not text.strip():
        return ()
    made = _call_block(call)
    failed = failed or call.get("status") == "error" or _EXIT_CODE.search(text) is not None
    text = trim_tool(well_formed(text))
    return (Block("tool_result", text, made.tool, made.call_id, failed, made.own),)


def _workspace(source: Source, facts: dict[str, Any]) -> str | None:
    """The folder a chat ran in: the file names it only by a hash or a short name."""
    chats = source.path.rpartition(f"{os.sep}chats{os.sep}")[0] or os.path.dirname(source.path)
    tmp, project = os.path.split(chats)
    settings = os.path.dirname(tmp)
    named = _json(os.path.join(settings, "projects.json")).get("projects")
    for folder, short in named.items() if isinstance(named, dict) else ():
        if short == project:
            return str(folder)
    if folder := _text(os.path.join(chats, ".project_root")).strip():
        return folder
    hashes = {project, facts.get("projectHash") if isinstance(facts.get("projectHash"), str) else project}
    for folder in (*source.around.workspaces, *_json(os.path.join(settings, "trustedFolders.json"))):
        if hashlib.sha256(folder.encode("utf-8", "replace")).hexdigest() in hashes:
            return folder
    directories = facts.get("directories")
    return _string(directories[0]) if isinstance(directories, list) and directories else None


def _json(path: str) -> dict[str, Any]:
    try:
        value = json.loads(_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except (OSError, ValueError):
        return ""
