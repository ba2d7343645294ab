"""Amp: one JSON document a thread, `threads/T-<id>.json`, rewritten whole.

Only prompts have a time, and answers where what they used was counted; anything else has that of what stands before.
Newer versions keep threads on their server: what lies here may be a part of them.  A thread's file may be written anew
with the time it had; its `v` is counted up.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import TITLE_GENERATED, Block, Checkpoint, Root, SourceProblem
from cass.connectors.bigjson import Part, parts
from cass.connectors.common import any_ms
from cass.connectors.conversation import Conversation, said
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.values import dicts, member
from cass.connectors.vscode import uri_path, user_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeGuard

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "amp"

_EXTENSION = "sourcegraph.amp"
# The first member of what Amp writes: 10 µs for each thread of a run that finds nothing new.
_VERSION = re.compile(rb'\s*\{\s*"v"\s*:\s*(\d{1,18})\b')
_HEAD_BYTES = 64


def roots(around: Surroundings) -> list[Root]:
    """The folder of threads, and those of the older extension in each editor."""
    data = around.named("XDG_DATA_HOME", "~/.local/share")
    home = around.named("AMP_DATA_HOME") or around.named("AMP_HOME") or os.path.join(data, "amp")
    editors = [os.path.join(user, "globalStorage", _EXTENSION, "threads3") for user in user_folders(around)]
    return [Root(os.path.join(home, "threads")), *map(Root, editors)]


def enters(folder: str) -> bool:
    """Threads stand side by side."""
    return False


def claims(path: str) -> bool:
    """A thread, and nothing that is written beside it."""
    name = os.path.basename(path)
    return name.startswith("T-") and name.endswith(".json")


def stand(path: str) -> int | None:
    """How often the thread was changed, where its file begins with that; None elsewhere."""
    try:
        with open(path, "rb", buffering=0) as file:
            found = _VERSION.match(file.read(_HEAD_BYTES))
    except (OSError, ValueError):
        return None
    return int(found[1]) if found else None


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages as they stand now."""
    thread, at = _Thread(source), stand(source.path)
    for part in parts(source, ("messages",)):
        if isinstance(part, SourceProblem):
            yield part
        else:
            thread.part(part)
            yield from thread.told.drained()
    yield Checkpoint(source.size, 0, {} if at is None else {"stand": at}, resumable=False)


class _Thread(Conversation):
    def __init__(self, source: Source) -> None:
        super().__init__(Telling(source.external_id or os.path.basename(source.path).removesuffix(".json")))
        self.ms: int | None = None

    def part(self, part: Part) -> None:
        if part.element:
            self._message(part.value if isinstance(part.value, dict) else {})
        elif part.key == ("created",) and self.ms is None:
            self.ms = any_ms(part.value)
        elif part.key == ("title",):
            self.name(part.value, TITLE_GENERATED)
        elif part.key == ("env",):
            for tree in dicts(member(part.value, "initial", "trees"))[:1]:
                branch = string(member(tree, "repository", "ref"))
                branch = branch.removeprefix("refs/heads/") if branch else None
                self.know_first(workspace=uri_path(tree.get("uri")), git_branch=branch)

    def _message(self, message: dict[str, Any]) -> None:
        found = any_ms(member(message, "meta", "sentAt") or member(message, "usage", "timestamp"))
        self.ms = self.ms if found is None else found
        role, content = message.get("role"), message.get("content")
        pieces = content if isinstance(content, list) else [content]
        if role == "assistant":
            self.know(model=member(message, "usage", "model"))
            self.say("assistant", self.ms, tuple(block for piece in pieces for block in self._piece(piece)))
            return
        results = [piece for piece in pieces if _is_result(piece)]
        for piece in results:
            self.say("tool", self.ms, self._answered(piece))
        rest = [piece for piece in pieces if not _is_result(piece)]
        if role == "user" and (rest or not results):
            self.prompt(self.ms, said(rest))
        elif not results:
            self.say("system", self.ms, ())

    def _piece(self, piece: Any) -> tuple[Block, ...]:
        if member(piece, "type") == "tool_use":
            return (self.call(piece.get("name"), piece.get("input"), piece.get("id")),)
        return said([piece])

    def _answered(self, piece: dict[str, Any]) -> tuple[Block, ...]:
        run = piece.get("run")
        status, answer = member(run, "status"), member(run, "result")
        if isinstance(answer, dict) and isinstance(answer.get("output"), str):
            answer = answer["output"]
        text = answer or member(run, "error", "message") or member(run, "reason")
        found = self.result(text, piece.get("toolUseID"), status == "error")
        return found or tuple(Block("tool_result", block.text) for block in spoken("text", piece.get("content")))


def _is_result(part: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(part, dict) and part.get("type") == "tool_result"
