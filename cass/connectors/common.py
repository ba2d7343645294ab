"""What several agents' formats really share: times, text clean-up, and knowing cass's own calls."""

from __future__ import annotations

import os
import re
import shlex
from datetime import UTC, datetime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Whole tool outputs are seldom worth keeping beyond this; head and tail are what people search for.
MAX_TOOL_CHARS = 65_536
MAX_TEXT_CHARS = 1 << 20
LAST_MS = 253_402_300_799_999  # the last that a date can show

# What MCP servers' tools are called, as agents join the two names.
_CASS_TOOLS = ("mcp__cass_", "mcp_cass_", "mcp_cass-", "cass__", "cass_", "cass-")

# What may stand before the program of a command: assignments, words of the shell, programs that start another.
_PLAIN = r"""[^\s"'`;&|()]"""
_LED_BY = (
    rf"""(?:(?:\w+=(?:"[^"]*"|'[^']*'|{_PLAIN})*|[!{{]|if|elif|while|until|then|else|do"""
    r"""|(?:exec|sudo|env|time|command|nohup|nice|timeout|xargs)"""
    rf"""(?:[ \t]+-\w[ \t]+(?![-\d])\w+|[ \t]+[-\d]{_PLAIN}*)*)[ \t]+)*"""
)
# A command begins at a line, behind a separator or in what is handed to a shell.  What one attempt goes over, no other
# does: 20,000 blank lines, each with those behind it, took 47 s.
_CASS_CALL = re.compile(
    rf"""(?:(?:^|[;&|(\n`]|\b(?:ba|da|fi|k|z)?sh[ ]-\w*c[ ]["'])[ \t]*{_LED_BY}(?:[\w./~-]*/)?"""
    r"""|\buvx?(?:[ ]tool)?[ ]run[ ]|\bpipx[ ]run[ ]|\bpython[\d.]*[ ]-m[ ])cass(?=[\s;&|)`"']|$)"""
)
_SHELL = re.compile(r"(?:^|[/\\])(?:(?:ba|z|da|fi|k)?sh|pwsh|powershell|cmd)(?:\.exe)?$", re.IGNORECASE)
_SHELL_FLAGS = ("-c", "-lc", "-ic", "-Command", "-command", "/c", "/C")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DEPTH = 6
_BASE64 = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]{64,}")


def iso_ms(text: object) -> int | None:
    """UTC milliseconds of an ISO-8601 time; None for anything else.  Without a zone it is UTC.

    None also for what was before 1970 (the zero of Go is in the year 1), or in UTC after the year 9999.
    """
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    ms = int(when.timestamp() * 1000)
    return ms if 0 < ms <= LAST_MS else None


def any_ms(when: object) -> int | None:
    """UTC milliseconds of an ISO-8601 time, or of a number since 1970 in any of the usual units; None for neither.

    Beyond 1e17 it is nanoseconds, beyond 1e14 micro-, beyond 1e11 milliseconds, else seconds: 1e11 ms is in 1973.
    """
    if isinstance(when, str):
        if not when.strip().isdecimal() or len(when) > 20:
            return iso_ms(when)
        when = int(when)
    if isinstance(when, bool) or not isinstance(when, int | float) or not 0 < when < 1e20:
        return None
    scale = 1e-6 if when > 1e17 else 1e-3 if when > 1e14 else 1 if when > 1e11 else 1e3
    return int(when * scale) if scale != 1 else int(when)


def trim(text: str, limit: int = MAX_TEXT_CHARS) -> str:
    """The text without embedded base64, its middle cut out where it is longer than `limit`."""
    if ";base64," in text:
        text = _BASE64.sub("[base64]", text)
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return f"{text[:head]}\n[… {len(text) - limit} characters cut …]\n{text[head - limit :]}"


def trim_tool(text: str) -> str:
    """Tool output, head and tail."""
    return trim(text, MAX_TOOL_CHARS)


def runs_cass(command: object) -> bool:
    """Does this shell command run cass itself?  Its echo would otherwise be found by the next search."""
    return isinstance(command, str) and "cass" in command and _CASS_CALL.search(command) is not None


def is_cass_tool(name: object) -> bool:
    """Is this a tool of cass's own server, or its skill?"""
    return isinstance(name, str) and name.startswith(_CASS_TOOLS)


def first_line(text: str, limit: int = 120) -> str | None:
    """A title from a prompt: its first line with words in it."""
    for line in text.splitlines():
        if line := " ".join(line.split()):
            return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
    return None


def well_formed(text: str) -> str:
    """The text as it can be stored: half a surrogate pair becomes the replacement character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def shell_line(command: object) -> str | None:
    """The line a person would type for a command given as a string or an argv; `bash -lc SCRIPT` is the script."""
    if isinstance(command, str):
        return command
    if not isinstance(command, list) or not command:
        return None
    words = [word if isinstance(word, str) else fields_text(word) for word in command]
    if len(words) > 2 and words[-2] in _SHELL_FLAGS and _SHELL.search(words[0]):
        return words[-1]
    return shlex.join(words)


def fields_text(value: object) -> str:
    """Any JSON value as `key: value` lines, inner keys joined by dots; never JSON with its escapes, nor a picture."""
    return "\n".join(_field_lines(value, "", 0))


def _field_lines(value: object, name: str, depth: int) -> Iterator[str]:
    start = f"{name}: " if name else ""
    if isinstance(value, bool):
        yield start + str(value).lower()
    elif isinstance(value, (str, int, float)):
        yield start + str(value)
    elif depth >= _MAX_DEPTH and value:
        yield start + "…"
    elif isinstance(value, dict) and is_picture(value):
        yield start + "[image]"
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _field_lines(inner, f"{name}.{key}" if name else str(key), depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _field_lines(inner, name, depth + 1)


def is_picture(part: dict[str, Any]) -> bool:
    """Are these the bytes of a picture, as tools give and take them?  What only speaks of one is not."""
    kind, data = part.get("type"), part.get("data")
    if kind == "image":
        return isinstance(data, str) or isinstance(part.get("source"), dict)
    return (kind == "base64" and isinstance(data, str)) or (kind == "input_image" and "image_url" in part)


def names_in(folder: str) -> list[str]:
    """The names in a folder, sorted; none where it cannot be listed."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
