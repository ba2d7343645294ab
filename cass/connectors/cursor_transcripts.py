"""What Cursor's agent leaves in plain text: `~/.cursor/projects/SLUG/agent-transcripts/ID/ID.jsonl`, once `ID.txt`.

A session that a database of Cursor's has, too, is read from there: the database knows its name, folder and times.
Nothing here has a time, and the file's own changes with every word.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import Checkpoint
from cass.connectors.common import names_in
from cass.connectors.conversation import Conversation
from cass.connectors.cursor_chats import FILE as STORE
from cass.connectors.cursor_chats import asked
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.transcript import Transcript
from cass.connectors.values import dicts, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Block, Item, Source
    from cass.connectors.jsonl import Line

FOLDER, _CHILDREN = "agent-transcripts", "subagents"
# What is longer is cut: few versions wrote this form, a session each.
_TXT_BYTES = 32 << 20
_SPEAKER = re.compile(r"^(user|assistant):[ \t]*$", re.MULTILINE)
_MARK = re.compile(r"^\[(Thinking|Tool call|Tool result)\][ \t]*(.*)$", re.MULTILINE)
_NOT_IN_A_SLUG = re.compile(r"[^A-Za-z0-9]+")


def is_transcript(path: str) -> bool:
    """Is this a session's transcript, or one of its sub-agents'?"""
    return path.endswith((".jsonl", ".txt")) and _parts(path) is not None


def is_elsewhere(path: str) -> bool:
    """Has the agent on the command line a database of this session, or is it written in the newer form, too?"""
    project, _ = _parts(path) or (path, [])
    chats, key = os.path.join(os.path.dirname(os.path.dirname(project)), "chats"), session_of(path)
    if any(os.path.exists(os.path.join(chats, name, key, STORE)) for name in names_in(chats)):
        return True
    newer = (os.path.join(project, FOLDER, *folder, key + ".jsonl") for folder in ((), (key,)))
    return path.endswith(".txt") and any(map(os.path.exists, newer))


def home_of(path: str) -> str:
    """The home folder that the transcript lies in."""
    project, _ = _parts(path) or (path, [])
    return os.path.dirname(os.path.dirname(os.path.dirname(project)))


def session_of(path: str) -> str:
    """The session's own id."""
    return os.path.splitext(os.path.basename(path))[0]


def read(source: Source) -> Iterator[Item]:
    """Give the session and its messages."""
    return _Lines(source).items() if source.path.endswith(".jsonl") else _text(source)


def _parts(path: str) -> tuple[str, list[str]] | None:
    """The project's folder, and the names below its transcripts; None for any other file."""
    folder, _, below = path.rpartition(os.sep + FOLDER + os.sep)
    names = below.split(os.sep)
    whole = len(names) == 1 or (len(names) == 2 and session_of(names[1]) == names[0])
    return (folder, names) if folder and (whole or (len(names) == 3 and names[1] == _CHILDREN)) else None


def _parent(path: str) -> str | None:
    _, names = _parts(path) or ("", [""])
    return names[0] if len(names) == 3 else None


def _slug(path: str) -> str:
    return _NOT_IN_A_SLUG.sub("-", path).strip("-").lower()


def _is_workspace(source: Source, path: str) -> bool:
    return _slug(path) == _slug(os.path.basename((_parts(source.path) or ("", []))[0]))


def _known(source: Source) -> str | None:
    return next((each for each in source.around.workspaces if _is_workspace(source, each)), None)


def _folder_above(source: Source, path: object) -> str | None:
    """The folder above a file that the project's slug was made of: the slug alone does not tell its dashes apart."""
    above = path if isinstance(path, str) and len(path) < 4096 and ("/" in path or "\\" in path) else ""
    while above and not _is_workspace(source, above):
        above = above[: max(above.rfind("/"), above.rfind("\\"), 0)]
    return above or None


class _Lines(Transcript):
    def __init__(self, source: Source) -> None:
        super().__init__(source, session_of(source.path), _parent(source.path))
        self.know_first(workspace=_known(source))

    def record(self, value: dict[str, Any], line: Line) -> None:
        role, parts = value.get("role"), member(value, "message", "content")
        parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
        if role == "user":
            self.prompt(None, tuple(block for part in dicts(parts) for block in asked(part)), line)
        else:
            blocks = [block for part in dicts(parts) for block in self._answer(part)] if role == "assistant" else []
            self.say("assistant", None, tuple(blocks), line)

    def _answer(self, part: dict[str, Any]) -> tuple[Block, ...]:
        kind = part.get("type")
        if kind == "tool_use":
            given = part.get("input")
            for value in given.values() if isinstance(given, dict) else ():
                self.know_first(workspace=_folder_above(self.source, value))
            return (self.call(part.get("name"), given, part.get("id")),)
        if kind in ("thinking", "reasoning"):
            return spoken("thinking", part.get("thinking") or part.get("text"))
        return spoken("text", part.get("text")) if kind == "text" else ()


def _text(source: Source) -> Iterator[Item]:
    said = _SPEAKER.split(source.file.read(_TXT_BYTES).decode("utf-8-sig", "replace").replace("\r\n", "\n"))
    told = Conversation(Telling(source.external_id or session_of(source.path), _parent(source.path)))
    told.know_first(workspace=_known(source))
    for role, text in zip(said[1::2], said[2::2], strict=False):
        if role == "user":
            told.prompt(None, asked({"type": "text", "text": text.strip()}))
        else:
            told.say("assistant", None, tuple(_answered(told, text)))
        yield from told.told.drained()
    yield Checkpoint(source.size, 0, {}, resumable=False)


def _answered(told: Conversation, text: str) -> Iterator[Block]:
    """Words, thoughts up to the end of their paragraph, calls with the indented lines below; results are not there."""
    marks = list(_MARK.finditer(text))
    yield from spoken("text", text[: marks[0].start() if marks else None].strip())
    ends = [*[each.start() for each in marks[1:]], len(text)][: len(marks)]  # an answer may have no mark at all
    for mark, end in zip(marks, ends, strict=True):
        kind, rest = mark[1], text[mark.end() : end]
        if kind == "Thinking":
            yield from spoken("thinking", mark[2])
            yield from spoken("text", rest.strip())
            continue
        lines = rest.strip("\n").split("\n")
        inside = next((at for at, line in enumerate(lines) if line[:1] not in (" ", "\t")), len(lines))
        if kind == "Tool call":
            yield told.call(string(mark[2].strip()), "\n".join(line.strip() for line in lines[:inside]), None)
        yield from spoken("text", "\n".join(lines[inside:]).strip())
