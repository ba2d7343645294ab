"""Prompts typed while the agent worked: most become lines of their own, some are told only by their queue."""

from __future__ import annotations

from cass.connectors.claude_code_text import said
from cass.connectors.common import iso_ms, trim

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_MOST = 200
_ANNOUNCED = 20  # prompts given when they left the queue, which an attachment may repeat


class Queue:
    """The prompts that wait, and those that left of which a later line may say the same."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.waiting: list[list[Any]] = [list(pair) for pair in state.get("queue", ())]  # [prompt, created_ms]
        self.taken_back: list[list[Any]] = [list(pair) for pair in state.get("taken_back", ())]  # the same
        self.told: list[str] = list(state.get("unqueued", ()))

    def kept(self) -> dict[str, Any]:
        """All of it as JSON values."""
        pairs = {"queue": self.waiting, "taken_back": self.taken_back}
        return {key: [list(pair) for pair in value] for key, value in pairs.items()} | {"unqueued": list(self.told)}

    def operation(self, value: Mapping[str, Any]) -> tuple[str, int | None] | None:
        """A prompt that is told now, and when it was typed: `dequeue` makes it a line of its own, `remove` does not.

        `popAll` gives all that wait back to the user, who may send them after all.
        """
        operation, content = value.get("operation"), value.get("content")
        if operation == "enqueue":
            turn = said(content) if isinstance(content, str) else None
            queued = [trim(turn[1]) if turn else "", iso_ms(value.get("timestamp"))]
            self.waiting = [*self.waiting, queued][-_MOST:]
        elif operation == "popAll":
            self.taken_back = [*self.taken_back, *(pair for pair in self.waiting if pair[0])][-_MOST:]
            self.waiting = []
        elif operation in ("dequeue", "remove") and self.waiting:
            text, created_ms = self.waiting.pop(0)
            if operation == "remove":
                self.told = [*self.told, text][-_ANNOUNCED:] if text else self.told
                return text, created_ms
        return None

    def dropped(self, texts: Sequence[str]) -> list[tuple[str, int | None]]:
        """Of the prompts that were given back those that are no part of what the user sends now: told nowhere else."""
        pairs, self.taken_back = self.taken_back, []
        return [(text, created_ms) for text, created_ms in pairs if not any(text in sent for sent in texts)]

    def became_a_line(self, text: str) -> None:
        """It need not be told when it leaves the queue."""
        for pair in self.waiting:
            if pair[0] == text:
                pair[0] = ""
                return

    def was_told(self, text: str) -> bool:
        """Was this prompt told when it left the queue?  Asked once."""
        if text not in self.told:
            return False
        self.told.remove(text)
        return True
