"""What was sent to the model of a task, message by message, without what the program added.

Takes values as they stand in the file, whatever their types, and never raises.
"""

from __future__ import annotations

import re

from cass.connectors.base import Block
from cass.connectors.claude_code_text import answer_blocks, result_text
from cass.connectors.common import trim_tool, well_formed
from cass.connectors.telling import spoken, string
from cass.connectors.values import listed
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_ADDED = re.compile(r"<(environment_details|mode_notice|explicit_instructions)\b[^>]{0,200}>.*?(?:</\1>|\Z)", re.DOTALL)
_WRAPPED = re.compile(r"</?(?:task|user_message|feedback|user_input|answer)\b[^>\n]{0,200}>")
# Before models could call tools by themselves, their answers came back in the user's name.
_TOOLS_ANSWER = re.compile(r"\[(\w+)(?: for [^\n]*?)?\] Result:\s*")
_RESUMED = "[TASK RESUMPTION]"


def sent_turns(message: dict[str, Any]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """(role, blocks) of a message's turns: each tool result is one, and all that was typed together another."""
    content = message.get("content")
    if message.get("role") == "assistant":
        yield "assistant", tuple(map(_clean, answer_blocks(content)))
        return
    typed: list[Block] = []
    tool: str | None = None
    for part in [content] if isinstance(content, str) else listed(content):
        if isinstance(part, dict) and part.get("type") == "tool_result":
            yield "tool", _result(part)
        elif isinstance(part, dict) and part.get("type") == "image":
            typed.append(Block("image", "[image]"))
        elif text := _typed(part.get("text") if isinstance(part, dict) else part):
            if found := _TOOLS_ANSWER.match(text):
                tool, text = found[1], text[found.end() :]
            if tool and text:
                yield "tool", tuple(Block("tool_result", trim_tool(each.text), tool) for each in spoken("text", text))
                tool = None
            elif text:
                typed += spoken("text", text)
    if typed or message.get("role") != "user":
        yield "user" if message.get("role") == "user" else "system", tuple(typed)


def _typed(text: object) -> str:
    """What was typed of a text; empty for what the program wrote."""
    if not isinstance(text, str) or text.lstrip().startswith(_RESUMED):
        return ""
    return _WRAPPED.sub("", _ADDED.sub("", text)).strip()


def _result(part: dict[str, Any]) -> tuple[Block, ...]:
    text = _ADDED.sub("", result_text(part.get("content"))).strip()
    call_id = string(part.get("tool_use_id"))
    failed = part.get("is_error") is True
    return (Block("tool_result", trim_tool(well_formed(text)), None, call_id, failed),) if text else ()


def _clean(block: Block) -> Block:
    return replace(
        block,
        text=well_formed(block.text),
        tool=string(block.tool),
        call_id=string(block.call_id),
    )
