"""What the parts of Codex's items say: prompts without what the program adds, calls and outputs as plain text.

Takes values as they stand in the file, whatever their types, and never raises.  Keeps no state.
"""

from __future__ import annotations

import json
import os
import re
from datetime import datetime

from cass.connectors.base import Block
from cass.connectors.common import fields_text, is_cass_tool, runs_cass, shell_line, trim, trim_tool, well_formed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SPOKEN_EVENTS = ("user_message", "agent_message", "agent_reasoning")
# What the program itself says in the user's name.
_NOISE = (
    "<environment_context>",
    "# AGENTS.md instructions for",
    "<user_instructions>",
    "<permissions instructions>",
    "<collaboration_mode>",
    "<skills_instructions>",
    "<apps_instructions>",
    "<plugins_instructions>",
    "<skill>",
    "<turn_aborted>",
    "<subagent_notification>",
    "<model_switch>",
    "<personality_spec>",
)
_IDE, _IDE_PROMPT = "# Context from my IDE setup:", "## My request for Codex:"
_FOLDER = re.compile(r"<cwd>([^<\n]+)</cwd>|^Current working directory: (.+)$", re.MULTILINE)
# The lines that the shell tool writes above what the command printed.
_PREFACE = re.compile(
    r"(?:(?:Exit code|Wall time|Chunk ID|Total output lines|Original token count|Process exited with code"
    r"|Process running with session ID)\b[^\n]*\n)+Output:\n"
)
_EXIT_CODE = re.compile(r"^(?:Exit code:|Process exited with code) (-?\d+)", re.MULTILINE)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
_FILE_TIME = re.compile(r"rollout-(\d{4}-\d\d-\d\d)(?:T(\d\d)-(\d\d)-(\d\d))?")
_FAILED = (
    "failed in sandbox",
    "execution error:",
    "exec command rejected",
    "error: ",
    "failed to parse function arguments",
    "unsupported call:",
)


def string(value: object) -> str | None:
    """A text that says something, fit to be stored; None for anything else."""
    return well_formed(value) if isinstance(value, str) and value.strip() else None


def said(text: str) -> str:
    """What the user typed; empty for what the program wrote in the user's name."""
    text = text.strip()
    if text.startswith(_IDE):
        return text.partition(_IDE_PROMPT)[2].strip()
    return "" if text.startswith(_NOISE) else text


def working_folder(payload: dict[str, Any]) -> str | None:
    """The folder that an `<environment_context>` message names: the oldest files say it nowhere else."""
    for text in _texts(payload.get("content")):
        if text.lstrip().startswith("<environment_context>") and (found := _FOLDER.search(text)):
            return string((found[1] or found[2]).strip())
    return None


def user_blocks(content: object) -> tuple[Block, ...]:
    """What the user typed and showed."""
    typed = tuple(Block("text", trim(well_formed(kept))) for text in _texts(content) if (kept := said(text)))
    return typed + _images(content)


def answer_blocks(content: object) -> tuple[Block, ...]:
    """What the agent said."""
    return tuple(Block("text", trim(well_formed(text))) for text in _texts(content) if text.strip())


def thinking_blocks(payload: dict[str, Any]) -> tuple[Block, ...]:
    """The readable part of a reasoning item: mostly it is encrypted."""
    parts = [*_texts(payload.get("summary")), *_texts(payload.get("content"))]
    text = "\n\n".join(part.strip() for part in parts if part.strip())
    return (Block("thinking", trim(well_formed(text))),) if text else ()


def call_block(payload: dict[str, Any]) -> Block:
    """A tool call of any kind: its name, its id, and what it was asked to do as a person would read it."""
    kind = payload.get("type")
    name = string(payload.get("name")) or (kind.removesuffix("_call") if isinstance(kind, str) else None)
    given = _given(payload)
    command = _command(given)
    text = trim_tool(well_formed(command if command is not None else _call_text(given)))
    own = runs_cass(command) or is_cass_tool(name)
    call_id = string(payload.get("call_id")) or string(payload.get("id"))
    return Block("tool_call", text, name, call_id, own=own)


def _given(payload: dict[str, Any]) -> object:
    for key in ("arguments", "input", "action", "parameters", "query", "revised_prompt"):
        value = payload.get(key)
        if value:
            return _from_json(value) if key in ("arguments", "parameters") else value
    return None


def _from_json(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _command(given: object) -> str | None:
    if not isinstance(given, dict):
        return None
    command = given.get("command") or given.get("cmd")
    if isinstance(command, list) and len(command) == 2 and command[0] == "apply_patch" and isinstance(command[1], str):
        return command[1]
    return shell_line(command)


def _call_text(given: object) -> str:
    if isinstance(given, dict) and isinstance(patch := given.get("input") or given.get("patch"), str):
        return patch
    return fields_text(given)


def result_text(output: object) -> tuple[str, bool]:
    """What a tool printed, and whether it failed."""
    failed = False
    if isinstance(output, str):
        output = _structured(output)
    if isinstance(output, dict):
        metadata = output.get("metadata")
        code = metadata.get("exit_code") if isinstance(metadata, dict) else None
        failed = output.get("success") is False or output.get("isError") is True
        failed = failed or (isinstance(code, int) and code != 0)
        output = next((output[key] for key in ("output", "content", "body") if key in output), output)
    if isinstance(output, str):
        text, also = _printed(output)
        return text, failed or also
    texts = list(_texts(output))
    return trim_tool(well_formed("\n".join(texts) if texts else fields_text(output))), failed


def _structured(output: str) -> object:
    """What some tools answer as JSON; the text as it is, where a command printed it."""
    start = output.lstrip()
    if start.startswith(('{"output"', '{"metadata"', '[{"')):
        return _from_json(output)
    answer = _from_json(output) if start.startswith(('{"content":[', '{"content": [')) else None
    # A server's answer has parts of named types; any other may be a file that was printed.
    parts = answer["content"] if isinstance(answer, dict) else None
    is_answer = parts and all(isinstance(part, dict) and "type" in part for part in parts)
    return answer if is_answer else output


def _printed(output: str) -> tuple[str, bool]:
    code = _EXIT_CODE.search(output, 0, 300) if output.startswith(("Exit code", "Wall time", "Chunk ID")) else None
    failed = output.startswith(_FAILED) or (code is not None and code[1] != "0")
    preface = _PREFACE.match(output)
    return trim_tool(well_formed(output[preface.end() :] if preface else output)), failed


def _texts(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text


def _images(content: object) -> tuple[Block, ...]:
    parts = content if isinstance(content, list) else ()
    return tuple(Block("image", "[image]") for part in parts if _is_image(part))


def _is_image(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in ("input_image", "image")


def speaks(value: dict[str, Any]) -> str | None:
    """Does this line hold something that was said, as an item or as an event?"""
    payload = value.get("payload", value)
    if not isinstance(payload, dict):
        return None
    kind = payload.get("type")
    if value.get("type") == "event_msg":
        return "events" if kind in SPOKEN_EVENTS else None
    said = kind == "reasoning" or (
        kind == "message" and (payload.get("role") == "assistant" or bool(user_blocks(payload.get("content"))))
    )
    return "items" if said else None


def inside(value: object, *keys: str) -> object:
    """The member at the end of these keys; None where the way is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def file_id(path: str) -> str:
    """The session id in a rollout's name; its stem where there is none."""
    stem = os.path.splitext(os.path.basename(path))[0]
    found = _UUID.search(stem)
    return found[0] if found else stem


def file_ms(path: str) -> int | None:
    """The start that the file's name tells, in local time."""
    found = _FILE_TIME.match(os.path.basename(path))
    if not found:
        return None
    text = f"{found[1]}T{found[2]}:{found[3]}:{found[4]}" if found[2] else found[1]
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
