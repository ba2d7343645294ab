"""What the parts of Claude Code's messages say: prompts without their wrapping, tool calls and results as plain text.

Takes values as they stand in the file, whatever their types, and never raises.  Keeps no state.
"""

from __future__ import annotations

from cass.connectors.base import Block
from cass.connectors.common import fields_text, first_line, is_cass_tool, runs_cass, trim, trim_tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

REMINDER, REMINDER_END = "<system-reminder>", "</system-reminder>"
WARM_UP = "Warmup"
_PLAN = "Implement the following plan:\n"  # the program's words before every plan
# What the program itself writes in the user's name.
_NOISE = (
    "<local-command-",
    "<task-notification>",
    "<ide_opened_file>",
    "[Request interrupted by user",
    "Caveat: The messages below",
)
_SPOKEN_FILES = {"Edit", "MultiEdit", "Write", "Read"}


def said(text: str) -> tuple[str, str] | None:
    """(role, text) of something written in the user's name; None for noise."""
    text = without_reminders(text).strip()
    if not text or text == WARM_UP:
        return None
    if text[0] not in "<[C":
        return "user", text
    if text.startswith(_NOISE):
        return None
    if text.startswith("<command-"):
        command = f"{_inside(text, 'command-name')} {_inside(text, 'command-args')}".strip()
        return ("user", command) if command else None
    if text.startswith("<bash-input>"):
        return "user", f"! {_inside(text, 'bash-input')}"
    if text.startswith(("<bash-stdout>", "<bash-stderr>")):
        output = f"{_inside(text, 'bash-stdout')}\n{_inside(text, 'bash-stderr')}".strip()
        return ("tool", output) if output else None
    return "user", text


def prompt_block(part: object) -> tuple[str, Block] | None:
    """(role, block) of one part of a user line, its tool results apart; None for noise."""
    if isinstance(part, dict) and part.get("type") == "image":
        return "user", Block("image", "[image]")
    if isinstance(part, dict) and part.get("type") == "document":
        return "user", Block("text", trim(_document_text(part)))
    turn = said(_typed(part))
    if turn is None:
        return None
    role, text = turn
    return role, Block("tool_result", trim_tool(text), "Bash") if role == "tool" else Block("text", trim(text))


def is_warm_up(part: object) -> bool:
    """Does this prompt only warm the model's cache?  Its answers say nothing."""
    return _typed(part).strip() == WARM_UP


def _typed(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else part
    return text if isinstance(text, str) else ""


def _document_text(part: dict[str, Any]) -> str:
    source, title = part.get("source"), part.get("title")
    text = source.get("data") if isinstance(source, dict) and source.get("type") == "text" else None
    lines = [line for line in (title, text) if isinstance(line, str) and line]
    return "\n".join(lines) or "[document]"


def prompt_title(text: str) -> str | None:
    """The title that a prompt makes; None for a bare `/command` and for wrapped text."""
    if text.startswith("<") or (text.startswith("/") and len(text.split(None, 1)) < 2):
        return None
    if text.startswith(_PLAN):
        text = text[len(_PLAN) :].lstrip("# \n")
    return first_line(text)


def without_reminders(text: str) -> str:
    """The text without the reminders that the program hides in it for the model."""
    if REMINDER not in text:
        return text
    kept, at = [], 0
    while (start := text.find(REMINDER, at)) >= 0 and (end := text.find(REMINDER_END, start)) >= 0:
        kept.append(text[at:start])
        at = end + len(REMINDER_END)
    kept.append(text[at:])
    return "".join(kept).strip("\n")


def answer_blocks(content: object) -> Iterator[Block]:
    """The blocks of an assistant line, in order."""
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and (block := _answer_block(part)):
            yield block


def _answer_block(part: dict[str, Any]) -> Block | None:
    kind = part.get("type")
    if kind == "thinking":
        return _spoken("thinking", part.get("thinking"))
    if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return call_block(part)
    if isinstance(kind, str) and kind.endswith("_tool_result"):
        text = trim_tool(result_text(part.get("content")))
        return Block("tool_result", text, call_id=_string(part.get("tool_use_id"))) if text else None
    return _spoken("text", part.get("text"))


def _spoken(kind: str, text: object) -> Block | None:
    return Block(kind, trim(text)) if isinstance(text, str) and text.strip() else None


def call_block(part: dict[str, Any]) -> Block:
    """A tool call: its name, its id, and its input as a person would read it."""
    name = _string(part.get("name"))
    given = part.get("input")
    command = given.get("command") if isinstance(given, dict) else None
    own = runs_cass(command) or is_cass_tool(name)
    return Block("tool_call", trim_tool(call_text(name, given)), name, _string(part.get("id")), own=own)


def call_text(tool: str | None, given: object) -> str:
    """The input of a tool call, without JSON: a command, a path and its texts, or `key: value` lines."""
    if not isinstance(given, dict):
        return fields_text(given)
    if tool in _SPOKEN_FILES and isinstance(given.get("file_path"), str):
        return "\n".join(_file_lines(given))
    command = given.get("command")
    if isinstance(command, str):
        rest = {key: value for key, value in given.items() if key not in ("command", "description")}
        about = given.get("description")
        return "\n".join([command, *([about] if isinstance(about, str) else []), *filter(None, [fields_text(rest)])])
    return fields_text(given)


def _file_lines(given: dict[str, Any]) -> Iterator[str]:
    yield given["file_path"]
    edits = given.get("edits")
    for edit in [given, *(edits if isinstance(edits, list) else ())]:
        if not isinstance(edit, dict):
            continue
        for key, mark in (("old_string", "--- old"), ("new_string", "+++ new"), ("content", "")):
            text = edit.get(key)
            if isinstance(text, str) and text:
                yield f"{mark}\n{text}" if mark else text


def result_text(content: object) -> str:
    """What a tool answered: a string, or the texts of its parts."""
    if isinstance(content, str):
        return without_reminders(content)
    if not isinstance(content, list):
        return ""
    texts = [text for part in content if (text := _part_text(part))]
    return "\n".join(texts)


def _part_text(part: object) -> str:
    if not isinstance(part, dict):
        return part if isinstance(part, str) else ""
    kind = part.get("type")
    if kind == "image":
        return "[image]"
    if isinstance(text := part.get("text"), str):
        return without_reminders(text)
    if kind == "tool_reference":
        return _string(part.get("tool_name")) or ""
    return " ".join(value for key in ("title", "url") if isinstance(value := part.get(key), str))


def patch_text(result: object) -> str:
    """An edit's structured patch as a diff under the file's path; empty where there is none."""
    hunks = result.get("structuredPatch") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(hunks, list):
        return ""
    lines: list[str] = []
    for hunk in hunks:
        if isinstance(hunk, dict) and isinstance(hunk.get("lines"), list):
            lines.append(f"@@ -{_start(hunk, 'old')} +{_start(hunk, 'new')} @@")
            lines += [line for line in hunk["lines"] if isinstance(line, str)]
    if not lines:
        return ""
    return "\n".join([_string(result.get("filePath")) or "", *lines]).lstrip("\n")


def _start(hunk: dict[str, Any], side: str) -> str:
    numbers = (hunk.get(f"{side}Start"), hunk.get(f"{side}Lines"))
    return ",".join(str(number) for number in numbers if isinstance(number, int))


def attachment_blocks(attachment: object) -> tuple[str, tuple[Block, ...]] | None:
    """(role, blocks) of what was attached to a prompt; None for what the program attaches by itself."""
    if not isinstance(attachment, dict):
        return None
    kind = attachment.get("type")
    if kind == "queued_command":
        if attachment.get("commandMode") == "task-notification":
            return None
        turn = said(result_text(attachment.get("prompt")))
        return (turn[0], (Block("text", trim(turn[1])),)) if turn else None
    name = _string(attachment.get("filename"))
    if kind == "opened_file_in_ide" and name:
        return "system", (Block("notice", name),)
    if kind == "file" and name:
        return "system", (Block("notice", trim_tool(f"{name}\n{_attached_text(attachment)}".strip())),)
    return None


def _attached_text(attachment: dict[str, Any]) -> str:
    content = attachment.get("content")
    if isinstance(content, dict):
        file = content.get("file")
        content = file.get("content") if isinstance(file, dict) else content.get("text")
    return content if isinstance(content, str) else ""


def _inside(text: str, tag: str) -> str:
    start = text.find(f"<{tag}>")
    if start < 0:
        return ""
    start += len(tag) + 2
    end = text.find(f"</{tag}>", start)
    return text[start : end if end >= 0 else None].strip()


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
