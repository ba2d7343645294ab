"""One session as a reader of turns tells it: who said what, which call an answer belongs to, what it is called."""

from __future__ import annotations

from cass.connectors.base import TITLE_PROMPT, Block
from cass.connectors.claude_code_text import call_text, result_text
from cass.connectors.common import is_cass_tool, runs_cass, shell_line, trim, trim_tool, well_formed
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.values import parsed_input

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cass.connectors.jsonl import Line

# Results follow their calls within a few lines, even where dozens run side by side.
MAX_CALLS = 200


class Conversation:
    """Tells a session's turns.  What is known of it before its first turn waits until there is one."""

    def __init__(self, told: Telling, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.told = told
        self.given = bool(state.get("given"))  # a turn was told, in this read or before
        self.names: list[tuple[str, int]] = [(text, rank) for text, rank in state.get("names", ())]
        self.calls: dict[str, list[Any]] = {call: [tool, own] for call, tool, own in state.get("calls", ())}

    def state(self) -> dict[str, Any]:
        """What a later read of an appended file goes on with, as JSON values."""
        return {
            "told": self.told.state(),
            "given": self.given,
            "names": [list(name) for name in self.names],
            "calls": [[call, tool, own] for call, (tool, own) in self.calls.items()],
        }

    def know(self, **facts: object) -> None:
        """Note a workspace, git_branch or model; the last one counts."""
        self.told.know(**facts)

    def know_first(self, **facts: object) -> None:
        """Note what is not known yet: a session belongs to the folder where it began."""
        self.told.know(**{key: value for key, value in facts.items() if self.told.knows(key) is None})

    def name(self, text: object, rank: int) -> None:
        """Call the session so, unless it has a better title."""
        if isinstance(text, str) and text.strip():
            self.names.append((trim(text, 2000), rank))
            self._use_names()

    def say(
        self, role: str, ms: int | None, blocks: tuple[Block, ...], line: Line | None = None, off_path: bool = False
    ) -> None:
        """The next turn; one without blocks is only counted."""
        self.told.turn(role, ms, blocks, line, off_path)
        self.given = self.given or bool(blocks)
        self._use_names()

    def prompt(
        self, ms: int | None, blocks: tuple[Block, ...], line: Line | None = None, off_path: bool = False
    ) -> None:
        """What the user wrote; the first prompt is a title as long as there is no other."""
        self.say("user", ms, blocks, line, off_path)
        text = next((block.text for block in blocks if block.kind == "text"), None)
        if text and not off_path and self.told.rank < TITLE_PROMPT:
            self.told.title(text, TITLE_PROMPT)

    def call(self, name: object, given: object, call_id: object) -> Block:
        """A tool call.  `given` is its input, as JSON or as JSON in a text."""
        tool, number, given = string(name), string(call_id), parsed_input(given)
        command = None
        if isinstance(given, dict) and (command := shell_line(given.get("command") or given.get("cmd"))) is not None:
            given = {"command": command} | {key: part for key, part in given.items() if key not in ("command", "cmd")}
        own = runs_cass(command) or is_cass_tool(tool)
        if number:
            self.calls[number] = [tool, own]
            if len(self.calls) > MAX_CALLS:
                del self.calls[next(iter(self.calls))]
        return Block("tool_call", trim_tool(well_formed(call_text(tool, given))), tool, number, own=own)

    def result(
        self, answer: object, call_id: object, is_error: bool = False, tool: object = None, own: bool = False
    ) -> tuple[Block, ...]:
        """What a tool answered: a text, parts with texts, or any JSON.  Nothing where it says nothing."""
        number = string(call_id)
        known, known_own = self.calls.get(number or "", (None, False))
        text = result_text(answer) if isinstance(answer, str | list) else call_text(None, answer)
        if not text.strip():
            return ()
        name = string(tool) or known
        return (Block("tool_result", trim_tool(well_formed(text)), name, number, is_error, own or bool(known_own)),)

    def _use_names(self) -> None:
        if self.given:
            for text, rank in self.names:
                self.told.title(text, rank)
            self.names.clear()


def said(content: object) -> tuple[Block, ...]:
    """The texts, thoughts and pictures of a message: a string, or parts of the usual kinds."""
    if isinstance(content, str):
        return spoken("text", content)
    found: list[Block] = []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            found += spoken("text", part)
        elif isinstance(part, dict):
            found += _part(part)
    return tuple(found)


def _part(part: dict[str, Any]) -> tuple[Block, ...]:
    kind = part.get("type")
    if kind in ("thinking", "think", "reasoning"):
        return spoken("thinking", part.get("thinking") or part.get("think") or part.get("text"))
    if kind in ("image", "image_url", "imageUrl"):
        return (Block("image", "[image]"),)
    return spoken("text", part.get("text")) if kind in ("text", "input_text", "output_text", None) else ()
