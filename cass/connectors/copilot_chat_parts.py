"""What the parts of a VS Code chat request say: the prompt, and the answer as turns of assistant and tools.

Takes values as they stand in the file, whatever their types, and never raises.
"""

from __future__ import annotations

import re

from cass.connectors.base import Block
from cass.connectors.common import fields_text, is_cass_tool, runs_cass, trim_tool, well_formed
from cass.connectors.telling import spoken, string
from cass.connectors.values import dicts, from_json, listed, member
from cass.connectors.vscode import uri_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ATTACHED = ("file", "directory", "symbol", "paste")
_ASKED = ("confirmation", "elicitation", "elicitationSerialized", "questionCarousel", "warning")
_TEXT_NODES = 20_000  # of a rendered result; more than one ever holds


def prompt_blocks(request: dict[str, Any]) -> tuple[Block, ...]:
    """What the user typed, and what was attached, by name; not what the editor adds of its own."""
    message = request.get("message")
    text = message.get("text") if isinstance(message, dict) else message
    names, images = [], []
    for each in dicts(member(request, "variableData", "variables")):
        if each.get("kind") == "image":
            images.append(Block("image", "[image]"))
        elif each.get("kind") in _ATTACHED and not str(each.get("id")).startswith("vscode.implicit"):
            names.append(_attached(each))
    return (*spoken("text", text), *images, *spoken("notice", "\n".join(filter(None, names))))


def _attached(each: dict[str, Any]) -> str:
    value = each.get("value")
    return uri_path(member(value, "uri") or value) or string(each.get("name")) or ""


def off_path(request: dict[str, Any]) -> bool:
    """Was this request taken back?"""
    return request.get("isHidden") is True or bool(request.get("shouldBeRemovedOnSend"))


def working_folder(request: dict[str, Any]) -> str | None:
    """The folder that the answer's links start from, or that its commands ran in."""
    for part in dicts(request.get("response")):
        data = part.get("toolSpecificData")
        if folder := uri_path(part.get("baseUri")) or uri_path(member(data, "cwd")):
            return folder
    return None


def failure(request: dict[str, Any]) -> tuple[Block, ...]:
    """What is told where an answer failed."""
    text = member(request, "result", "errorDetails", "message")
    return tuple(Block("notice", block.text, is_error=True) for block in spoken("notice", text))


class Answer:
    """An answer as turns.  `turns` gives (thread, role, blocks); a thread is a sub-agent's id, None the chat itself."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._parts = dicts(request.get("response"))
        self._calls = _Calls(request, self._parts)
        self._text: list[str] = []
        self._blocks: list[Block] = []

    def turns(self) -> Iterator[tuple[str | None, str, tuple[Block, ...]]]:
        """In order; a tool's answer ends the turn it was called in."""
        for part in self._parts:
            kind = part.get("kind")
            if kind == "toolInvocationSerialized":
                yield from self._invocation(part)
            elif (text := _shown(part)) is not None:
                self._text.append(text)
            elif blocks := _blocks(part):
                self._end_text()
                self._blocks += blocks
        yield from self._turn()

    def _invocation(self, part: dict[str, Any]) -> Iterator[tuple[str | None, str, tuple[Block, ...]]]:
        call, result = self._calls.made(part)
        if thread := string(part.get("subAgentInvocationId")):
            yield thread, "assistant", (call,)
            yield from ((thread, "tool", (result,)) for _ in (1,) if result)
            return
        self._end_text()
        self._blocks.append(call)
        data = part.get("toolSpecificData")
        if member(data, "kind") == "subagent" and (own := string(part.get("toolCallId"))):
            yield own, "user", spoken("text", member(data, "prompt"))
        if result:
            yield from self._turn()
            yield None, "tool", (result,)

    def _turn(self) -> Iterator[tuple[str | None, str, tuple[Block, ...]]]:
        self._end_text()
        if self._blocks:
            yield None, "assistant", tuple(self._blocks)
            self._blocks = []

    def _end_text(self) -> None:
        self._blocks += spoken("text", "".join(self._text).strip("\n"))
        self._text = []


def _shown(part: dict[str, Any]) -> str | None:
    """Text that goes on from part to part: Markdown, and names of files within it."""
    kind = part.get("kind")
    if kind in (None, "markdownContent", "markdownVuln"):
        return markdown(part if kind is None else part.get("content"))
    if kind == "inlineReference":
        place = part.get("inlineReference")
        name = string(part.get("name")) or string(member(place, "name"))
        path = uri_path(member(place, "uri") or member(place, "location", "uri") or place)
        return f"`{name or path}`" if name or path else ""
    return None


def markdown(value: object) -> str:
    """The text of a Markdown value; empty where there is none."""
    text = member(value, "value") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _blocks(part: dict[str, Any]) -> tuple[Block, ...]:
    kind = part.get("kind")
    if kind == "thinking":
        value = part.get("value")
        texts = value if isinstance(value, list) else [value]
        return spoken("thinking", "\n".join(text for text in texts if isinstance(text, str)))
    if kind == "textEditGroup":
        edits = [string(edit.get("text")) for group in listed(part.get("edits")) for edit in dicts(group)]
        text = "\n".join([uri_path(part.get("uri")) or "", *filter(None, edits)]).strip("\n")
        return (Block("tool_call", trim_tool(well_formed(text)), "textEdit"),) if text else ()
    if kind in _ASKED:
        told = [markdown(part.get(key)) for key in ("title", "message", "content")]
        told += [markdown(each.get("title")) or markdown(each.get("message")) for each in dicts(part.get("questions"))]
        return spoken("notice", "\n".join(filter(None, told)))
    return ()


class _Calls:
    """What the tools were asked and answered.

    What is shown of a call often has neither; the rounds beside it have, under other ids in most versions: then the
    calls are those in the same place, if there are as many, else the next ones of the same name.
    """

    def __init__(self, request: dict[str, Any], parts: list[dict[str, Any]]) -> None:
        metadata = member(request, "result", "metadata")
        rounds = dicts(member(metadata, "toolCallRounds"))
        self._made = [call for each in rounds for call in dicts(each.get("toolCalls"))]
        self._answers = member(metadata, "toolCallResults")
        shown = sum(part.get("kind") == "toolInvocationSerialized" for part in parts)
        self._in_place = shown == len(self._made)
        self._number = 0

    def made(self, part: dict[str, Any]) -> tuple[Block, Block | None]:
        """The call, and what it came to."""
        found = self._found(part)
        call_id = string(part.get("toolCallId"))
        tool = string(part.get("toolId")) or string(found.get("name"))
        given = _given(part, found)
        command = next((member(given, key) for key in ("command", "commandLine") if member(given, key)), None)
        own = runs_cass(command) or is_cass_tool(tool)
        text = command if isinstance(command, str) else fields_text(given)
        call = Block("tool_call", trim_tool(well_formed(text or _message(part))), tool, call_id, own=own)
        output, failed = _output(part)
        output = output or self._answered(found)
        if not output.strip():
            return call, None
        return call, Block("tool_result", trim_tool(well_formed(output)), tool, call_id, failed, own)

    def _found(self, part: dict[str, Any]) -> dict[str, Any]:
        number, self._number = self._number, self._number + 1
        wanted, name = string(part.get("toolCallId")), _plain(part.get("toolId"))
        for call in self._made:
            if wanted and str(call.get("id")).partition("__vscode")[0] == wanted.partition("__vscode")[0]:
                return call
        if self._in_place:
            return self._made[number]
        for call in self._made:
            if name and _plain(call.get("name")) == name:
                self._made.remove(call)
                return call
        return {}

    def _answered(self, call: dict[str, Any]) -> str:
        content = member(self._answers, string(call.get("id")) or "", "content")
        return "\n".join(text for each in dicts(content) for text in _rendered(each.get("value")))


def _given(part: dict[str, Any], call: dict[str, Any]) -> object:
    """What a tool was asked: as shown, or as the model asked it."""
    data = part.get("toolSpecificData")
    if member(data, "kind") == "terminal":
        line = member(data, "commandLine")
        line = next((member(line, key) for key in ("userEdited", "toolEdited", "original") if member(line, key)), line)
        return {"command": line or member(data, "command")}
    if member(data, "kind") == "subagent":
        return {key: member(data, key) for key in ("agentName", "description", "prompt") if member(data, key)}
    if member(data, "kind") == "todoList":
        return {"todo": [member(each, "title") for each in dicts(member(data, "todoList"))]}
    for given in (member(data, "rawInput"), member(part.get("resultDetails"), "input"), call.get("arguments")):
        if given:
            return from_json(given)
    return None


def _output(part: dict[str, Any]) -> tuple[str, bool]:
    """What is shown of a tool's answer, and whether it failed."""
    data, details = part.get("toolSpecificData"), part.get("resultDetails")
    if member(data, "kind") == "terminal":
        code = member(data, "terminalCommandState", "exitCode")
        text = member(data, "terminalCommandOutput", "text")
        return _without_escapes(text) if isinstance(text, str) else "", isinstance(code, int) and code != 0
    if member(data, "kind") == "subagent":
        return markdown(member(data, "result")), False
    output = member(details, "output")
    texts = [output] if isinstance(output, str) else [_text(each) for each in dicts(output)]
    if isinstance(details, list):
        texts = [_link(member(each, "uri") or each) for each in details]
    return "\n".join(text for text in texts if text), member(details, "isError") is True


def _link(uri: Any) -> str:
    if member(uri, "scheme") in ("http", "https"):
        return f"{uri['scheme']}://{member(uri, 'authority')}{member(uri, 'path')}"
    return uri_path(uri) or ""


def _text(each: dict[str, Any]) -> str:
    value = each.get("value")
    return value if isinstance(value, str) and each.get("isText") is not False else ""


def _message(part: dict[str, Any]) -> str:
    return markdown(part.get("pastTenseMessage")) or markdown(part.get("invocationMessage"))


def _rendered(value: object) -> Iterator[str]:
    """The texts of a tool's answer: one, or the leaves of a tree in order."""
    waiting, seen = [value], 0
    while waiting and (seen := seen + 1) < _TEXT_NODES:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            waiting += [*reversed(listed(each.get("children"))), each.get("text"), each.get("node")]


_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def _without_escapes(text: str) -> str:
    return _ESCAPE.sub("", text)


def _plain(name: object) -> str:
    """A tool's name as both sides write it: `copilot_readFile` is `read_file`."""
    return name.removeprefix("copilot_").replace("_", "").lower() if isinstance(name, str) else ""
