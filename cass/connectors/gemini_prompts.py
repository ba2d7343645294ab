"""What was typed to Gemini CLI: `tmp/<project>/logs.json`, one list for all sessions of a project.

Chats repeat it, so only prompts are told that have none: of versions that kept no chats, and of chats that were deleted
before cass saw them.  The last session may be one whose chat is about to be written: it waits for the next.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import Block, Checkpoint, Session, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.common import any_ms, names_in
from cass.connectors.conversation import Conversation
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.values import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source

    Prompts = dict[str, list[dict[str, Any]]]

FILE = "logs.json"

_COMMAND = re.compile(r"/[a-z][\w:-]*(?:\s|$)")
_SHORT = 8  # so much of a session's id its chat is called by


def is_log(path: str) -> bool:
    """The list of prompts in a project's folder."""
    folder, name = os.path.split(path)
    return name == FILE and os.path.basename(os.path.dirname(folder)) == "tmp"


def read(source: Source, workspace: str | None) -> Iterator[Item]:
    """Give the sessions without a chat that have more prompts than they had, and empty those that have a chat now.

    Which chats there were is remembered: one that was indexed and then deleted is not told once more.
    """
    state: Any = source.resume.state if source.resume else {}
    before: dict[str, int] = state.get("told", {})
    chats = os.path.join(os.path.dirname(source.path), "chats")
    known, whole = {*state.get("chats", ()), *map(_short_id, names_in(chats))}, True
    prompts: Prompts = {}
    last = None
    source.file.seek(0)  # each time all of it: the end of what was read says nothing of a list
    for part in parts(source, ()):
        if isinstance(part, SourceProblem):
            whole = False
            yield part
        elif part.element and (last := string(fields(part.value).get("sessionId")) or last):
            prompts.setdefault(last, []).append(fields(part.value))
    waits = last if os.path.isdir(chats) else None
    told = {key: len(each) for key, each in prompts.items() if key[:_SHORT] not in known and key != waits}
    for key, count in told.items():
        if count != before.get(key):
            yield from _session(source, key, prompts[key], workspace)
    for key in before.keys() - told.keys() if whole else ():
        yield Session(_name(source, key), whole=True)
    kept = sorted(known.intersection(key[:_SHORT] for key in prompts)) if whole else sorted(known)
    yield Checkpoint(source.size, 0, {"told": told if whole else before, "chats": kept}, stamped=True)


def _session(source: Source, key: str, prompts: list[dict[str, Any]], workspace: str | None) -> Iterator[Item]:
    told = Conversation(Telling(_name(source, key), whole=source.resume is not None))
    told.know(workspace=workspace)
    for prompt in prompts:
        text = prompt.get("message") if prompt.get("type") == "user" else None
        if isinstance(text, str) and _COMMAND.match(text):
            told.say("user", any_ms(prompt.get("timestamp")), (Block("notice", text.strip()),))
        else:
            told.prompt(any_ms(prompt.get("timestamp")), spoken("text", text))
    yield from told.told.drained()


def _name(source: Source, key: str) -> str:
    """Not the id of a chat: that may still come.  Of a log that is a copy the names end as it is called."""
    _, mark, ending = (source.external_id or "").rpartition("~")
    return f"{key}.prompts{mark}{ending if mark else ''}"


def _short_id(chat: str) -> str:
    """`session-<time>-<the id's beginning>.json`, or `.jsonl`."""
    return os.path.splitext(chat)[0].rpartition("-")[2]
