"""GitHub Copilot in VS Code: chats under `workspaceStorage` and `globalStorage`, and chats that were exported.

Until VS Code 1.108 a chat is one JSON document, from 1.109 on a log of changes to that document, which is read whole
and applied (microsoft/vscode, `objectMutationLog.ts`).  Of each request only what is shown is held.
"""

from __future__ import annotations

import os

from cass.connectors.base import TITLE_CUSTOM, TITLE_PROMPT, Checkpoint, Root, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.common import any_ms
from cass.connectors.copilot_chat_log import replayed
from cass.connectors.copilot_chat_parts import Answer, failure, off_path, prompt_blocks, working_folder
from cass.connectors.telling import Telling, string
from cass.connectors.values import fields
from cass.connectors.vscode import user_folders, workspace_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

AGENT = "copilot"

_STORES = ("chatSessions", "emptyWindowChatSessions", "transferredChatSessions")
_EXPORTS = ("exports", "Downloads")


def roots(around: Surroundings) -> list[Root]:
    """The chats in the storage of every editor, and the folders where exports are put by hand.

    A workspace's storage changes all the time: only the folder of its chats is watched.
    """
    found = []
    for user in user_folders(around):
        storage = os.path.join(user, "workspaceStorage")
        found += [Root(storage), *(Root(path) for path in _chats(storage))]
        found += [Root(os.path.join(user, "globalStorage", name)) for name in _STORES[1:]]
    found.append(Root(os.path.join(around.home, _EXPORTS[0]), depth=1, watch=False))
    return [*found, Root(os.path.join(around.home, _EXPORTS[1]), watch=False)]


def _chats(storage: str) -> Iterator[str]:
    try:
        with os.scandir(storage) as entries:
            folders = sorted(entry.path for entry in entries)
    except OSError:
        return
    yield from (path for folder in folders if os.path.isdir(path := os.path.join(folder, _STORES[0])))


def enters(folder: str) -> bool:
    """Of exports, whatever is there."""
    above, name = os.path.split(folder)
    return os.path.basename(above) == _EXPORTS[0] and not name.startswith(".")


def claims(path: str) -> bool:
    """Chats, and exports by the name that VS Code proposes.  A document that goes on as a log beside it is left."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) in _STORES:
        return name.endswith(".jsonl") or (name.endswith(".json") and not os.path.exists(path + "l"))
    return name.endswith(".json") and "chat" in name and _is_export(folder)


def _is_export(folder: str) -> bool:
    above, name = os.path.split(folder)
    return name in _EXPORTS or os.path.basename(above) in _EXPORTS


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages as they stand now."""
    return _Chat(source).items()


class _Chat:
    def __init__(self, source: Source) -> None:
        folder, name = os.path.split(source.path)
        self.source = source
        self.told: Telling | None = None
        self.threads: dict[str, Telling] = {}  # of sub-agents, by the id of the call that began them
        self.facts: dict[str, Any] = {}
        self.stored = os.path.basename(folder) in _STORES
        self.id = source.external_id or (os.path.splitext(name)[0] if self.stored else None)
        self.workspace = workspace_folder(os.path.dirname(folder)) if self.stored else None

    def items(self) -> Iterator[Item]:
        log = self.source.path.endswith(".jsonl")
        for part in replayed(self.source) if log else parts(self.source, ("requests",)):
            if isinstance(part, SourceProblem):
                yield part
            elif part.element:
                yield from self._request(part.value)
            elif len(part.key) == 1 and not isinstance(part.value, list):
                self.facts[part.key[0]] = part.value
        if self.told and isinstance(title := self.facts.get("customTitle"), str):
            self.told.title(title, TITLE_CUSTOM)
            yield from self.told.drained()
        yield Checkpoint(self.source.size, 0, {}, resumable=False)

    def _request(self, request: Any) -> Iterator[Item]:
        """A prompt and its answer: what was said and called in one turn until a tool answered, then that."""
        request = fields(request)
        told = self._telling(request)
        ms, gone = any_ms(request.get("timestamp")) or any_ms(self.facts.get("creationDate")), off_path(request)
        told.know(model=_model(request.get("modelId")))
        if told.knows("workspace") is None:
            told.know(workspace=self.workspace or working_folder(request))
        said = prompt_blocks(request)
        told.turn("user", ms, said, off_path=gone)
        if said and said[0].kind == "text" and told.rank < TITLE_PROMPT and not gone:
            told.title(said[0].text, TITLE_PROMPT)
        for thread, role, blocks in Answer(request).turns():
            self._thread(told, thread).turn(role, ms, blocks, off_path=gone)
        if failed := failure(request):
            told.turn("assistant", ms, failed, off_path=gone)
        for each in (told, *self.threads.values()):
            yield from each.drained()

    def _thread(self, told: Telling, thread: str | None) -> Telling:
        """The chat itself, or a sub-agent's, which is its child."""
        if thread is None:
            return told
        if thread not in self.threads:
            self.threads[thread] = Telling(f"{told.id}.{thread}", told.id)
        return self.threads[thread]

    def _telling(self, request: dict[str, Any]) -> Telling:
        """An exported chat has no id: it is known by its first request's."""
        if self.told is None:
            named = self.id or string(self.facts.get("sessionId")) or string(request.get("requestId"))
            self.told = Telling(named or os.path.basename(self.source.path))
        return self.told


def _model(name: object) -> object:
    """A model's own name, without who sells it."""
    return name.removeprefix("copilot/") if isinstance(name, str) else None
