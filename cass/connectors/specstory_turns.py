"""What an agent's turn in SpecStory's Markdown says: thoughts, tool calls with what they printed, and text."""

from __future__ import annotations

import re

from cass.connectors.base import Block
from cass.connectors.common import is_cass_tool, runs_cass, trim_tool, well_formed
from cass.connectors.telling import spoken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(
    r"^<think><details><summary>[^\n]*</summary>\n(?P<thought>.*?)\n?</details></think>$"
    r"|^<tool-use data-tool-type=\"(?P<kind>[^\"\n]*)\" data-tool-name=\"(?P<tool>[^\"\n]*)\">(?:<details>)?\n?"
    r"(?P<body>.*?)(?:\n?</details></tool-use>|</tool-use>|\Z)"
    r"|^Tool use: \*\*(?P<old>[^*\n]+)\*\*(?P<rest>.*)\Z",  # version 1 fences nothing in
    re.DOTALL | re.MULTILINE,
)
_SUMMARY = re.compile(r"<summary>Tool use: \*\*[^\n]*?\*\*(?P<words>[^\n]*?)</summary>\n?")
_QUOTED = re.compile(r"`([^`\n]+)`")
_FAILED = re.compile(r"</?tool_use_error>|^Exit code [1-9]")
_TAGS = re.compile(r"</?(?:details|summary)>")
# How the oldest versions tell what a tool did, in turns of nobody.
_TOLD = ("<details>", "Read file: ")


def agent_turns(text: str, is_plain: bool = False) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """(role, blocks) of the turns in it, in order: what a tool printed ends the one it was called in.

    `is_plain`: a turn of an old file in which nobody is named, which may be a tool's.
    """
    if is_plain and text.startswith(_TOLD):
        told = _TAGS.sub("", text).strip()
        yield "tool", tuple(Block("tool_result", trim_tool(block.text)) for block in spoken("text", told))
        return
    blocks: list[Block] = []
    at = 0
    for found in _PART.finditer(text):
        blocks += spoken("text", text[at : found.start()].strip("\n"))
        at = found.end()
        if found["thought"] is not None:
            blocks += spoken("thinking", found["thought"])
            continue
        call, result = _old_tool(found) if found["old"] else _tool(found["tool"], found["kind"], found["body"])
        blocks.append(call)
        if result:
            yield "assistant", tuple(blocks)
            yield "tool", (result,)
            blocks = []
    blocks += spoken("text", text[at:].strip("\n"))
    if blocks or not text:
        yield "assistant", tuple(blocks)


def _tool(name: str, kind: str, body: str) -> tuple[Block, Block | None]:
    summary = _SUMMARY.match(body)
    asked, printed = _parts(body[summary.end() :] if summary else body)
    if summary and summary["words"].strip():
        asked = f"{summary['words'].strip()}\n{asked}"
    return _blocks(name, kind, asked, printed)


def _old_tool(found: re.Match[str]) -> tuple[Block, Block | None]:
    asked, _, printed = found["rest"].partition("\nResult:\n")
    words = "\n".join(row for row in asked.strip().split("\n") if not row.startswith("```"))
    return _blocks(found["old"], "shell", words, printed.strip().removeprefix("```").removesuffix("```").strip("\n"))


def _blocks(name: str, kind: str, asked: str, printed: str) -> tuple[Block, Block | None]:
    quoted = [found.partition("\n")[0] for found in _QUOTED.findall(asked)] if kind == "shell" else []
    own = any(runs_cass(command) for command in quoted) or is_cass_tool(name)
    call = Block("tool_call", trim_tool(well_formed(asked.strip("\n"))), name or None, own=own)
    failed = _FAILED.search(printed[:200]) is not None
    printed = well_formed(printed.replace("<tool_use_error>", "").replace("</tool_use_error>", ""))
    if not printed.strip():
        return call, None
    return call, Block("tool_result", trim_tool(printed), name or None, None, failed, own)


def _parts(body: str) -> tuple[str, str]:
    """What was asked, and what was printed: the last fenced text, without a language or as `text`."""
    asked: list[str] = []
    fenced = False
    rows = body.strip("\n").split("\n")
    for number, row in enumerate(rows):
        if not row.startswith("```"):
            asked.append(row)
        elif fenced:
            fenced = row.rstrip() != "```"
        elif row.rstrip() in ("```", "```text"):
            end = len(rows) - 1 if rows[-1].rstrip() == "```" and number < len(rows) - 1 else len(rows)
            return "\n".join(asked), "\n".join(rows[number + 1 : end])
        else:
            fenced = True
    return "\n".join(asked), ""
