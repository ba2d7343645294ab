"""Tool calls and what they answered, as blocks: told apart by ids, with cass's own calls known by what they run."""

from __future__ import annotations

from cass.connectors.base import Block
from cass.connectors.common import fields_text, is_cass_tool, runs_cass, shell_line, trim_tool, well_formed
from cass.connectors.values import parsed_input


class Calls:
    """The tool calls of one session: an answer is told with the name of its call."""

    def __init__(self) -> None:
        self._made: dict[str, Block] = {}

    def call(self, name: object, given: object, call_id: object) -> Block:
        """A call.  `given` is its input: JSON, or JSON in a text.  A shell command stands as it was typed."""
        tool, number = _name(name), _name(call_id)
        given = parsed_input(given)
        command = shell_line(given.get("command")) if isinstance(given, dict) else None
        own = runs_cass(command) or is_cass_tool(tool)
        block = Block("tool_call", trim_tool(well_formed(_input_text(given, command))), tool, number, own=own)
        if number is not None:
            self._made[number] = block
        return block

    def result(self, answer: object, call_id: object, is_error: bool = False, name: object = None) -> tuple[Block, ...]:
        """What a call answered: a text, or JSON.  Nothing, where it says nothing."""
        text = answer if isinstance(answer, str) else fields_text(answer)
        number = _name(call_id)
        made = self._made.get(number) if number is not None else None
        if not text.strip() and not is_error:
            return ()
        tool = _name(name) or (made.tool if made else None)
        own = made is not None and made.own
        return (Block("tool_result", trim_tool(well_formed(text)), tool, number, is_error, own),)


def _input_text(given: object, command: str | None) -> str:
    if command is None or not isinstance(given, dict):
        return fields_text(given)
    rest = fields_text({key: value for key, value in given.items() if key != "command"})
    return f"{command}\n{rest}" if rest else command


def _name(value: object) -> str | None:
    return well_formed(value)[:200] if isinstance(value, str) and value else None
