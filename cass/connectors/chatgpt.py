"""ChatGPT's export: `conversations.json`, or `conversations-000.json` and so on, one array of conversations.

A conversation is a tree of messages, since a prompt can be edited and an answer made again.  All of it is told, in the
order in which it was written; what is not on the way from the root to `current_node` stands on a branch that was left.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import TITLE_GENERATED, Block, Checkpoint, Root, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.common import any_ms, trim_tool
from cass.connectors.telling import Telling, spoken, string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "chatgpt"
# What tells its conversations from those of other exports.
KEY = "mapping"

_NAME = re.compile(r"conversations(?:-\d+)?\.json")
_DROPPED = ("user_editable_context", "model_editable_context", "reasoning_recap", "app_pairing_content", "system_error")
_RESULTS = ("execution_output", "tether_quote", "tether_browsing_display")


def roots(around: Surroundings) -> list[Root]:
    """Nowhere: an export lies where somebody put it."""
    return []


def enters(folder: str) -> bool:
    """An export is one folder."""
    return not os.path.basename(folder).startswith(".")


def claims(path: str) -> bool:
    """The file of conversations, or one of its shards."""
    return _NAME.fullmatch(os.path.basename(path)) is not None


def read(source: Source) -> Iterator[Item]:
    """Give the conversations."""
    return read_export(source, lambda value: _Chat(value).items() if isinstance(value.get(KEY), dict) else None)


def read_export(source: Source, told: Callable[[dict[str, Any]], Iterator[Item] | None]) -> Iterator[Item]:
    """Give what is told of each conversation of an export, with a checkpoint behind it.

    None: it is another service's, which has files of the same name, and is passed over.
    """
    for part in parts(source, ()):
        if isinstance(part, SourceProblem):
            yield part
            continue
        for value in part.value if isinstance(part.value, list) else [part.value]:
            if isinstance(value, dict) and (items := told(value)) is not None:
                yield from items
                yield Checkpoint(0, 0, {}, resumable=False)
    yield Checkpoint(0, 0, {}, resumable=False)


class _Chat:
    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        nodes: dict[str, Any] = value[KEY]
        self.nodes = {key: node for key, node in nodes.items() if isinstance(node, dict)}
        name = string(value.get("conversation_id")) or string(value.get("id"))
        self.told = Telling(name, whole=True) if name else None

    def items(self) -> Iterator[Item]:
        if self.told is None:
            return
        self.told.know(model=self.value.get("default_model_slug"))
        path = self._path()
        for key in self._order():
            if isinstance(message := self.nodes[key].get("message"), dict):
                self._message(self.told, message, off_path=key not in path)
                yield from self.told.drained()
        if self.told.next:
            self.told.title(self.value.get("title"), TITLE_GENERATED)
        yield from self.told.drained()

    def _path(self) -> set[str]:
        """The nodes from the current one up to the root; all of them where nothing says which one is current."""
        key: object = self.value.get("current_node")
        if not isinstance(key, str) or key not in self.nodes:
            return set(self.nodes)
        path: set[str] = set()
        while isinstance(key, str) and key in self.nodes and key not in path:
            path.add(key)
            key = self.nodes[key].get("parent")
        return path

    def _order(self) -> list[str]:
        """By time, so that what is added later is numbered later; what has no time stands behind what is above it."""
        at = {key: number for number, key in enumerate(self.nodes)}
        times: dict[str, float] = {}
        for key in self.nodes:
            self._time(key, times)
        depths: dict[str, int] = {}
        for key in self.nodes:
            self._depth(key, depths)
        return sorted(self.nodes, key=lambda key: (times[key], depths[key], at[key]))

    def _line(self, key: str, known: Iterable[str]) -> list[str]:
        """The nodes from this one up to the first that is known, the highest first."""
        line: dict[str, None] = {}
        above: object = key
        while isinstance(above, str) and above in self.nodes and above not in known and above not in line:
            line[above] = None
            above = self.nodes[above].get("parent")
        return list(reversed(line))

    def _time(self, key: str, times: dict[str, float]) -> None:
        for each in self._line(key, times):
            message = self.nodes[each].get("message")
            own = any_ms(message.get("create_time")) if isinstance(message, dict) else None
            times[each] = own if own is not None else times.get(_text(self.nodes[each].get("parent")), 0)

    def _depth(self, key: str, depths: dict[str, int]) -> None:
        for each in self._line(key, depths):
            depths[each] = depths.get(_text(self.nodes[each].get("parent")), 0) + 1

    def _message(self, told: Telling, message: dict[str, Any], off_path: bool) -> None:
        author, content, facts = (message.get(key) for key in ("author", "content", "metadata"))
        author, facts = author if isinstance(author, dict) else {}, facts if isinstance(facts, dict) else {}
        role = author.get("role")
        blocks: tuple[Block, ...] = ()
        if role in ("user", "assistant", "tool") and not facts.get("is_visually_hidden_from_conversation"):
            blocks = tuple(_blocks(role, content, string(author.get("name")), string(message.get("recipient"))))
        if blocks and role == "assistant":
            told.know(model=facts.get("model_slug"))
        told.turn(str(role), any_ms(message.get("create_time")), blocks, off_path=off_path)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _blocks(role: str, content: object, name: str | None, recipient: str | None) -> Iterator[Block]:
    kind = content.get("content_type") if isinstance(content, dict) else None
    if not isinstance(content, dict) or kind in _DROPPED:
        return
    if kind == "thoughts":
        yield from _thoughts(content.get("thoughts"))
        return
    said = list(_said(content))
    if role == "tool" or kind in _RESULTS:
        yield from (Block("tool_result", trim_tool(each.text), name) if each.kind == "text" else each for each in said)
    elif recipient not in (None, "all"):
        yield from (Block("tool_call", each.text, recipient) for each in said)
    else:
        yield from said


def _thoughts(thoughts: object) -> Iterator[Block]:
    for thought in thoughts if isinstance(thoughts, list) else ():
        if isinstance(thought, dict):
            lines = (string(thought.get("summary")), string(thought.get("content")))
            yield from spoken("thinking", "\n".join(filter(None, lines)))


def _said(content: dict[str, Any]) -> Iterator[Block]:
    """What stands in a message's content, whatever its kind."""
    heads = [content.get(key) for key in ("title", "url") if content.get("content_type") == "tether_quote"]
    for text in (*heads, content.get("text"), content.get("result")):
        yield from spoken("text", text)
    listed = content.get("parts")
    for part in listed if isinstance(listed, list) else ():
        if isinstance(part, dict):
            if "asset_pointer" in str(part.get("content_type")):
                yield Block("image", "[image]")
            else:
                yield from spoken("text", part.get("text"))
        else:
            yield from spoken("text", part)
