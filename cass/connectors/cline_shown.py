"""What the entries of a task's `ui_messages.json` say: each is a turn, or none.

Takes values as they stand in the file, whatever their types, and never raises.
"""

from __future__ import annotations

import re

from cass.connectors.base import Block
from cass.connectors.common import fields_text, runs_cass, trim_tool, well_formed
from cass.connectors.telling import spoken, string
from cass.connectors.values import dicts, fields, from_json, listed, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OUTPUT = "output"  # a piece of what a command printed

_PROMPTS = ("task", "user_feedback", "user_feedback_diff")
_ANSWERS = ("text", "completion_result", "plan_mode_respond", "act_mode_respond", "qna_respond", "followup", "new_task")
_MCP_CALLS = ("use_mcp_server", "use_mcp_tool")
_RESULTS = (
    "mcp_server_response", "browser_action_result", "subtask_result", "codebase_search_result", "mcp_notification",
)  # fmt: skip
_FAILURES = (
    "error", "diff_error", "api_req_failed", "rooignore_error", "clineignore_error", "mistake_limit_reached",
    "condense_context_error", "command_permission_denied",
)  # fmt: skip
_SUMMARIES = ("condense", "condense_context", "summarize_task")
# Marks that Cline hangs on texts for its own eyes.
_CHANGED, _ASKS = "HAS_CHANGES", "REQ_APP"
# Tools that are told together with what they found.
_LOOKING = ("listFiles", "searchFiles", "listCodeDefinitionNames", "codebaseSearch", "webFetch", "webSearch")
FOLDER = re.compile(r"Current Work(?:ing|space) Directory \((.{1,4096}?)\) Files")


def shown_turns(entry: dict[str, Any], first: bool = False) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """(role, blocks) of an entry's turns; one without blocks is only counted.

    What is still being written is, and so is what moves the program.  The `first` text is the user's in Roo Code.
    """
    said = entry.get("type") == "say"
    kind, text = entry.get("say") if said else entry.get("ask"), entry.get("text")
    if entry.get("partial") is True or not isinstance(kind, str):
        yield "system", ()
    elif kind in _PROMPTS or (first and kind == "text"):
        yield "user", (*spoken("text", _prompt(kind, text)), *_images(entry))
    elif kind in _ANSWERS:
        yield "assistant", (*spoken("thinking", entry.get("reasoning")), *spoken("text", _answer(text)))
    elif kind == "reasoning":
        yield "assistant", spoken("thinking", text if string(text) else entry.get("reasoning"))
    elif kind == "tool":
        yield from _tool(fields(from_json(text)))
    elif kind == "command":
        yield "assistant", _command(text)
    elif kind == "command_output":
        if output := spoken("tool_result", text):
            yield OUTPUT, (Block("tool_result", output[0].text, "execute_command"),)
    elif kind in (*_MCP_CALLS, "browser_action", "browser_action_launch"):
        yield "assistant", _other_call(kind, text)
    elif kind in _RESULTS:
        yield "tool", _result(kind, text)
    elif kind in _SUMMARIES:
        yield "summary", spoken("text", member(entry, "contextCondense", "summary") or text)
    elif kind in _FAILURES:
        yield "system", tuple(Block("notice", block.text, is_error=True) for block in spoken("notice", text))
    else:
        yield "system", ()


def asked_folder(entry: dict[str, Any]) -> str | None:
    """The folder that an old entry names, in which a whole request was kept."""
    if entry.get("say") != "api_req_started" or not isinstance(entry.get("text"), str):
        return None
    found = FOLDER.search(str(member(from_json(entry["text"]), "request")))
    return string(found[1]) if found else None


def _prompt(kind: str, text: object) -> object:
    if kind != "user_feedback_diff":
        return text
    changed = fields(from_json(text))
    return "\n".join(part for key in ("path", "diff") if (part := string(changed.get(key)))) or text


def _answer(text: object) -> object:
    """A question with its options, or a plan, stands in JSON."""
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return text.removesuffix(_CHANGED) if isinstance(text, str) else text
    told = from_json(text)
    words = [member(told, key) for key in ("question", "response")]
    for each in [*listed(member(told, "options")), *listed(member(told, "suggest"))]:
        words.append(member(each, "answer") or member(each, "text") if isinstance(each, dict) else each)
    words = [word for word in words if isinstance(word, str) and word.strip()]
    return "\n".join(words) or text


def _tool(call: dict[str, Any]) -> Iterator[tuple[str, tuple[Block, ...]]]:
    name = string(call.get("tool")) or "tool"
    found = call.get("content") if name.startswith(_LOOKING) else None
    left_out = {"tool", "content", "isOutsideWorkspace", "operationIsLocatedInWorkspace", "isProtected"}
    given = {key: value for key, value in call.items() if key not in left_out and value}
    change = given.pop("diff", None) or (call.get("content") if name != "readFile" and not found else None)
    path = given.pop("path", None)
    words = [string(path), change if isinstance(change, str) else None, fields_text(given)]
    for diff in dicts(given.get("batchDiffs")):
        words.append(string(diff.get("content")))
    text = trim_tool(well_formed("\n".join(word for word in words if word)))
    yield "assistant", (Block("tool_call", text, name),)
    if result := spoken("tool_result", found):
        yield "tool", (Block("tool_result", trim_tool(result[0].text), name),)


def _command(text: object) -> tuple[Block, ...]:
    return tuple(
        Block("tool_call", trim_tool(block.text), "execute_command", own=runs_cass(block.text))
        for block in spoken("tool_call", text.removesuffix(_ASKS) if isinstance(text, str) else None)
    )


def _other_call(kind: str, text: object) -> tuple[Block, ...]:
    call = from_json(text)
    if not isinstance(call, dict):
        return tuple(Block("tool_call", trim_tool(block.text), kind) for block in spoken("tool_call", text))
    given = from_json(call.get("arguments") or call.get("uri")) if kind in _MCP_CALLS else call
    server, tool = string(call.get("serverName")), string(call.get("toolName"))
    name = f"{server}/{tool or call.get('type')}" if server else kind
    own = server is not None and server.lower() == "cass"
    return (Block("tool_call", trim_tool(well_formed(fields_text(given))), name, own=own),)


def _result(kind: str, text: object) -> tuple[Block, ...]:
    told = from_json(text) if kind == "browser_action_result" else text
    if isinstance(told, dict):
        told = "\n".join(part for key in ("currentUrl", "logs") if (part := string(told.get(key))))
    return tuple(Block("tool_result", trim_tool(block.text), kind) for block in spoken("tool_result", told))


def _images(entry: dict[str, Any]) -> tuple[Block, ...]:
    return tuple(Block("image", "[image]") for _ in listed(entry.get("images")))
