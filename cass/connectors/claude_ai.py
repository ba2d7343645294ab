"""Claude.ai's export: `conversations.json`, one array of conversations.

Each message names the one before it, since a prompt can be edited; the last one stands at the end of the way that was
taken.  What was pasted as a file stands in the message, what was uploaded is only named.
"""

from __future__ import annotations

from cass.connectors.base import TITLE_GENERATED, Block
from cass.connectors.chatgpt import claims, enters, read_export, roots
from cass.connectors.common import any_ms, fields_text, trim_tool, well_formed
from cass.connectors.telling import Telling, spoken, string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source

__all__ = ("AGENT", "KEY", "claims", "enters", "read", "roots")

AGENT = "claude_ai"
KEY = "chat_messages"

_ROLES = {"human": "user", "user": "user", "assistant": "assistant"}


def read(source: Source) -> Iterator[Item]:
    """Give the conversations."""
    return read_export(source, lambda value: _chat(value) if isinstance(value.get(KEY), list) else None)


def _chat(value: dict[str, Any]) -> Iterator[Item]:
    name = string(value.get("uuid"))
    if name is None:
        return
    told = Telling(name, whole=True)
    messages = [message for message in value[KEY] if isinstance(message, dict)]
    left = _left(messages)
    for message in messages:
        role = _ROLES.get(str(message.get("sender")))
        blocks = tuple(_blocks(message)) if role else ()
        ms = any_ms(message.get("created_at"))
        told.turn(role or "system", ms, blocks, off_path=string(message.get("uuid")) in left)
        yield from told.drained()
    if told.next:
        told.title(value.get("name"), TITLE_GENERATED)
    yield from told.drained()


def _left(messages: list[dict[str, Any]]) -> set[str]:
    """The messages on branches that were left; none where nothing says what follows what."""
    above = {name: message.get("parent_message_uuid") for message in messages if (name := string(message.get("uuid")))}
    if not any(parent in above for parent in above.values() if isinstance(parent, str)):
        return set()
    taken: set[str] = set()
    at: object = next(reversed(above))
    while isinstance(at, str) and at in above and at not in taken:
        taken.add(at)
        at = above[at]
    return set(above) - taken


def _blocks(message: dict[str, Any]) -> Iterator[Block]:
    content = message.get("content")
    found = [block for part in (content if isinstance(content, list) else ()) for block in _part(part)]
    yield from found or spoken("text", message.get("text"))
    for key in ("attachments", "files", "files_v2"):
        listed = message.get(key)
        for file in listed if isinstance(listed, list) else ():
            if isinstance(file, dict):
                yield from _file(file)


def _part(part: object) -> Iterator[Block]:
    if not isinstance(part, dict):
        return
    kind, tool, call = part.get("type"), string(part.get("name")), string(part.get("id") or part.get("tool_use_id"))
    if kind in ("text", "voice_note"):
        yield from spoken("text", part.get("text"))
    elif kind == "thinking":
        yield from spoken("thinking", part.get("thinking"))
    elif kind == "tool_use":
        yield Block("tool_call", well_formed(trim_tool(fields_text(part.get("input")))), tool, call)
    elif kind == "tool_result":
        text = well_formed(trim_tool(_result(part.get("content"))))
        yield Block("tool_result", text, tool, call, part.get("is_error") is True)
    elif kind == "image":
        yield Block("image", "[image]")


def _result(content: object) -> str:
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    return "\n".join(text for text in texts if isinstance(text, str))


def _file(file: dict[str, Any]) -> Iterator[Block]:
    name, text = string(file.get("file_name")), string(file.get("extracted_content"))
    if text is not None:
        yield Block("notice", trim_tool(f"{name}\n{text}" if name else text))
    elif name is not None:
        yield Block("notice", name)
