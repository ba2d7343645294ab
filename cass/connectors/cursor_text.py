"""What Cursor's bubbles say: prompts, answers, thoughts and tool calls, of its composer and of its older chat.

Takes values as they stand, never raises.
"""

from __future__ import annotations

import json

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block
from cass.connectors.common import any_ms
from cass.connectors.telling import spoken, string
from cass.connectors.tools import Calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from cass.connectors.telling import Telling

USER, ASSISTANT = 1, 2
# A bubble's kind: a number in the composer, a word in the chat.
_ROLES = {USER: "user", ASSISTANT: "assistant", "user": "user", "ai": "assistant"}
_ANY_MODEL = ("default", "auto")
_OUTPUTS = ("output", "contents", "content", "result")


class Transcript:
    """One session, told bubble by bubble.  A bubble without a time has that of the one before it."""

    def __init__(self, telling: Telling, started_ms: int | None) -> None:
        self.telling = telling
        self.said = False
        self._ms = started_ms
        self._calls = Calls()

    def bubble(self, bubble: dict[str, Any], off_path: bool = False) -> None:
        """Tell a bubble, then what its tool answered."""
        kind = bubble.get("type")
        role = _ROLES.get(kind) if isinstance(kind, int | str) else None
        ms = self._ms = _time_ms(bubble) or self._ms
        call = bubble.get("toolFormerData")
        if role is None:
            self.telling.next += 1
            return
        blocks = _prompt(bubble) if role == "user" else self._answer(bubble, call)
        if blocks and role == "assistant":
            self._know_model(bubble)
        self._turn(role, ms, blocks, off_path)
        if role == "assistant" and isinstance(call, dict) and (answered := self._answered(call)):
            self._turn("tool", ms, answered, off_path)

    def title(self, name: object) -> None:
        """The session's name, if it has one."""
        if self.said:
            self.telling.title(name, TITLE_GENERATED)

    def know_model(self, name: object) -> None:
        """The model that answers, where it was chosen."""
        if name not in _ANY_MODEL:
            self.telling.know(model=name)

    def _know_model(self, bubble: dict[str, Any]) -> None:
        used = bubble.get("modelInfo")
        self.know_model(used.get("modelName") if isinstance(used, dict) else bubble.get("modelType"))

    def _turn(self, role: str, ms: int | None, blocks: tuple[Block, ...], off_path: bool) -> None:
        self.telling.turn(role, ms, blocks, None, off_path)
        self.said = self.said or bool(blocks)
        if role == "user" and blocks and blocks[0].kind == "text" and not self.telling.rank:
            self.telling.title(blocks[0].text, TITLE_PROMPT)

    def _answer(self, bubble: dict[str, Any], call: object) -> tuple[Block, ...]:
        thought = bubble.get("thinking")
        thoughts = spoken("thinking", thought.get("text") if isinstance(thought, dict) else thought)
        words = spoken("text", bubble.get("text")) or spoken("text", bubble.get("rawText"))
        if not isinstance(call, dict) or not string(call.get("name")):
            return (*thoughts, *words)
        given = call.get("rawArgs") or call.get("params")
        return (*thoughts, *words, self._calls.call(call.get("name"), given, call.get("toolCallId")))

    def _answered(self, call: dict[str, Any]) -> tuple[Block, ...]:
        failed = call.get("status") == "error"
        answer = _parsed(call.get("error") if failed and call.get("error") else call.get("result"))
        if isinstance(answer, dict):
            texts = [text for key in _OUTPUTS if (text := string(answer.get(key)))]
            answer = texts[0] if texts else answer
        return self._calls.result(answer or "", call.get("toolCallId"), failed, call.get("name"))


def _prompt(bubble: dict[str, Any]) -> tuple[Block, ...]:
    words = spoken("text", bubble.get("text")) or spoken("text", _rich_text(bubble.get("richText")))
    pictures = bubble.get("images") or bubble.get("selectedImages")
    count = len(pictures) if isinstance(pictures, list) else 0
    return (*words, *[Block("image", "[image]")] * count)


def _rich_text(text: object) -> str:
    """The words of an editor's document, a line for each paragraph."""
    document = _parsed(text)
    root = document.get("root") if isinstance(document, dict) else None
    lines = [_words(part, 0) for part in _children(root)]
    return "\n".join(lines).strip()


def _words(node: object, depth: int) -> str:
    if not isinstance(node, dict) or depth > 20:
        return ""
    text = node.get("text")
    return text if isinstance(text, str) else "".join(_words(child, depth + 1) for child in _children(node))


def _children(node: object) -> list[Any]:
    return _listed(node.get("children") if isinstance(node, dict) else None)


def _time_ms(bubble: dict[str, Any]) -> int | None:
    """When it was made.  A time before 2001 counts from the start of the program, and says nothing."""
    timing = bubble.get("timingInfo")
    started = timing.get("clientRpcSendTime") or timing.get("clientStartTime") if isinstance(timing, dict) else None
    ms = any_ms(bubble.get("createdAt")) or any_ms(started)
    return ms if ms and ms > 978_307_200_000 else None


def _parsed(text: object) -> Any:
    """JSON in a text, or the value itself."""
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "[", '"'):
        return text
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text


def workspace_in(bubbles: Iterable[dict[str, Any]]) -> str | None:
    """The folder that a bubble says it was written in, or else the one that its files have in common.

    A file that is named by its place in the project and by its whole path gives the project's folder exactly.
    """
    paths: dict[str, None] = {}
    for bubble in bubbles:
        uris = bubble.get("workspaceUris")
        if isinstance(uris, list) and uris and isinstance(uris[0], str):
            return uris[0]
        here = [path for block in _listed(bubble.get("codeBlocks")) if (path := _path(block))]
        for inner in _listed(bubble.get("relevantFiles")):
            for path in here if isinstance(inner, str) and inner else ():
                if (plain := path.replace("\\", "/")).endswith("/" + inner):
                    return path[: len(plain) - len(inner) - 1]
        paths.update(dict.fromkeys(here))
    return _common_folder(list(paths))


def _common_folder(paths: list[str]) -> str | None:
    """The folder that all are in; None for one file, or where that is hardly below the root."""
    parts = [path.replace("\\", "/").split("/")[:-1] for path in paths]
    count = 0
    for names in zip(*parts, strict=False):
        if len(set(names)) > 1:
            break
        count += 1
    if len(paths) < 2 or count < 4:
        return None
    separator = "\\" if "\\" in paths[0] else "/"
    return separator.join(parts[0][:count])


def _path(block: object) -> str | None:
    uri = block.get("uri") if isinstance(block, dict) else None
    return string(uri.get("fsPath")) if isinstance(uri, dict) else None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
