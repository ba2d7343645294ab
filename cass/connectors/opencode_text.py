"""What OpenCode's messages and their parts say, wherever they are kept.  Takes values as they stand, never raises."""

from __future__ import annotations

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block
from cass.connectors.common import any_ms
from cass.connectors.telling import spoken, string
from cass.connectors.tools import Calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cass.connectors.telling import Telling

# What a session is called until it has a name, with its time behind.
_UNNAMED = ("New session - ", "Child session - ")


class Transcript:
    """One session, told message by message.  `taken_back`: from this message on (ids are ordered by time)."""

    def __init__(self, telling: Telling, taken_back: str | None) -> None:
        self.telling = telling
        self.open = False  # is the answer told last still being written?
        self.said = False
        self._taken_back = taken_back
        self._calls = Calls()

    def message(self, key: str, data: dict[str, Any], parts: Sequence[dict[str, Any]]) -> None:
        """Tell a message, then what each of its tools answered."""
        role, when = data.get("role"), data.get("time")
        ms = any_ms(when.get("created")) if isinstance(when, dict) else None
        self.open = False
        off_path = self._taken_back is not None and key >= self._taken_back
        if role == "user":
            self._turn("user", ms, [_prompt(part) for part in parts], off_path)
        elif role == "assistant":
            self.open = not (isinstance(when, dict) and when.get("completed")) and not data.get("error")
            self.telling.know(model=data.get("modelID"))
            said = "summary" if data.get("summary") is True else "assistant"
            self._turn(said, ms, [self._answered(part) for part in parts], off_path)
            for part in parts:
                if part.get("type") == "tool" and (blocks := self._result(part)):
                    self.telling.turn("tool", _ended_ms(part) or ms, blocks, None, off_path)

    def title(self, title: object) -> None:
        """The name that OpenCode gave it, if it did."""
        if self.said and isinstance(title, str) and not title.startswith(_UNNAMED):
            self.telling.title(title, TITLE_GENERATED)

    def _turn(self, role: str, ms: int | None, said: list[tuple[Block, ...]], off_path: bool) -> None:
        blocks = tuple(block for each in said for block in each)
        self.telling.turn(role, ms, blocks, None, off_path)
        self.said = self.said or bool(blocks)
        if role == "user" and blocks and blocks[0].kind == "text" and not self.telling.rank:
            self.telling.title(blocks[0].text, TITLE_PROMPT)

    def _answered(self, part: dict[str, Any]) -> tuple[Block, ...]:
        kind = part.get("type")
        if kind in ("text", "reasoning"):
            return spoken("text" if kind == "text" else "thinking", part.get("text"))
        if kind == "tool":
            return (self._calls.call(part.get("tool"), _state(part).get("input"), part.get("callID")),)
        return ()

    def _result(self, part: dict[str, Any]) -> tuple[Block, ...]:
        """What a tool answered; an edit says nothing but has a diff."""
        state = _state(part)
        failed = state.get("status") == "error"
        about = state.get("metadata")
        answer = state.get("error") if failed else state.get("output")
        if not answer and isinstance(about, dict):
            answer = about.get("diff")
        return self._calls.result(answer, part.get("callID"), failed, part.get("tool"))


def taken_back_from(revert: object) -> str | None:
    """The first message that was taken back."""
    return string(revert.get("messageID")) if isinstance(revert, dict) else None


def _prompt(part: dict[str, Any]) -> tuple[Block, ...]:
    """What a person wrote or attached; not what OpenCode wrote beside it."""
    kind = part.get("type")
    if kind == "text" and not part.get("synthetic") and not part.get("ignored"):
        return spoken("text", part.get("text"))
    if kind == "file":
        name, mime = string(part.get("filename")), part.get("mime")
        is_image = isinstance(mime, str) and mime.startswith("image/")
        return spoken("image" if is_image else "notice", name or ("[image]" if is_image else "[file]"))
    if kind == "subtask":
        return spoken("text", part.get("prompt"))
    return ()


def _state(part: dict[str, Any]) -> dict[str, Any]:
    state = part.get("state")
    return state if isinstance(state, dict) else {}


def _ended_ms(part: dict[str, Any]) -> int | None:
    when = _state(part).get("time")
    return any_ms(when.get("end")) or any_ms(when.get("start")) if isinstance(when, dict) else None
