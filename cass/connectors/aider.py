"""Aider: one Markdown file a project, `.aider.chat.history.md`, with all its sessions one after the other.

A line of a prompt begins with `####`, a line of Aider's own output with `>`, everything else is the answer.  Aider
ends the lines of both with two blanks, which tells them from headings and quotes in an answer.
"""

from __future__ import annotations

import hashlib
import os
import re
from bisect import bisect_left
from datetime import datetime

from cass.connectors.base import TITLE_PROMPT, Block, Checkpoint, Message, Root, Session, SourceProblem
from cass.connectors.common import first_line, trim, trim_tool
from cass.connectors.jsonl import lines
from cass.connectors.projects import looked_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line

AGENT = "aider"
FILE = ".aider.chat.history.md"
CHECKPOINT_BYTES = 2 << 20
# A turn beyond this is no answer but a damaged file; the rest of it is not kept.
MAX_TURN_BYTES = 4 << 20

_DEPTH = 2
_NEVER = ("node_modules", "__pycache__")
_HEADER = re.compile(r"# aider chat started at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$")
_HEADER_START = "# aider chat started at "
_MODEL = re.compile(r"(?:Main model|Model): (\S+)")
_NOISE = re.compile(r"Tokens: .*(?:sent|received)|Cost estimates may be inaccurate|\^C\b|$")
_THINKING = re.compile(r"<(thinking-content-\w+)>\n|(?:^-+\n+)?^► \*\*THINKING\*\*\n", re.MULTILINE)
# Ahead of the line's end, as one end may begin where another ends.
_ANSWER = re.compile(r"\n(?=(?:</(thinking-content-\w+)>|(?:-+\n+)?► \*\*ANSWER\*\*)(\n?))")


def roots(around: Surroundings) -> list[Root]:
    """The files of known workspaces, then the folders where people keep their projects."""
    files = [os.path.join(folder, FILE) for folder in around.workspaces]
    if named := around.named("AIDER_CHAT_HISTORY_FILE"):
        files.append(os.path.join(around.home, named))
    return looked_for(files, _DEPTH, around)


def enters(folder: str) -> bool:
    """Projects, but neither what they install nor what they hide."""
    name = os.path.basename(folder)
    return not name.startswith(".") and name not in _NEVER


def claims(path: str) -> bool:
    """Only chat histories: the other files of Aider repeat them."""
    return os.path.basename(path).endswith("aider.chat.history.md")


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that something was said in; a later read starts again at the last one's header."""
    return _History(source).items()


class _History:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.out: list[Item] = []
        self.start, self.before = (source.resume.offset, source.resume.line) if source.resume else (0, 0)
        # Sessions are numbered by their headers; -1 is what stands before the first.
        self.number: int = source.resume.state.get("session", 0) - 1 if source.resume else -1
        self._begin(None)

    def _begin(self, time: str | None) -> None:
        """Forget the session before."""
        self.time = time
        self.model: str | None = None
        self.announced = False
        self.titled: str | None = None
        self.next = 0
        self.role: str | None = None  # of the open turn
        self.text: list[str] = []
        self.lines: list[Line] = []  # the first and the last that are not blank
        self.size = 0
        self.blank = True  # the line before was
        self.marked = False  # two blanks at an end were seen
        self.noticed = False
        self.unfinished = False  # a notice of several lines goes on until two blanks

    def items(self) -> Iterator[Item]:
        saved = self.start
        for line in lines(self.source):
            if line.data is None:
                self.out.append(SourceProblem(self.source.path, line.number, "a line of over 16 MB was passed over"))
                continue
            text = line.data.decode("utf-8", "replace").rstrip("\r\x00")
            if self.blank and (header := _HEADER.match(text.lstrip("\ufeff"))):
                self._header(header[1], line)
                if line.start - saved >= CHECKPOINT_BYTES:
                    self.out.append(self._checkpoint())
                    saved = line.start
            elif line.ended or not _may_be_header(text):
                self._line(text, line)
            if self.out:
                yield from self._drained()
        self._give()
        yield from self._drained()
        yield self._checkpoint()

    def _drained(self) -> Iterator[Item]:
        yield from self.out
        self.out.clear()

    def _checkpoint(self) -> Checkpoint:
        """The last session may go on, so it is read again from its header."""
        return Checkpoint(self.start, self.before, {"session": max(self.number, 0)})

    def _header(self, time: str, line: Line) -> None:
        self._give()
        self._begin(time)
        self.number += 1
        self.start, self.before = line.start, line.number - 1

    def _line(self, text: str, line: Line) -> None:
        words = text.strip()
        marked = text.endswith("  ")
        if not words:
            self.blank = True
            if self.role == "assistant":
                self.text.append("")
        elif self._is_prompt(text, marked):
            self._add("user", words.removeprefix("####").strip(), line, apart=self.blank)
            self.marked |= marked
            self.unfinished = False
        elif self._is_notice(text, marked):
            self.unfinished = not marked and self.marked
            self.marked |= marked
            self.noticed = True
            self._notice((text[1:] if text[:2] in ("> ", ">") else text).strip(), line)
        else:
            self._add("assistant", text.rstrip(), line)
        self.blank = not words

    def _is_prompt(self, text: str, marked: bool) -> bool:
        """`####` behind a blank line; two blanks at its end tell it from a heading, if this file has them."""
        if not text.startswith("####") or text[4:5] not in ("", " ") or (self.unfinished and not marked):
            return False
        if not self.blank:
            return self.role == "user"
        if marked or self.role is None:
            return True
        return not self.marked and (self.role != "assistant" or not self.noticed)

    def _is_notice(self, text: str, marked: bool) -> bool:
        if self.unfinished:
            self.unfinished = not marked
            return True
        if text[:1] != ">" or text[1:2] not in ("", " "):
            return False
        return marked or not self.marked or (self.role in (None, "tool") and not self.blank)

    def _notice(self, text: str, line: Line) -> None:
        """What Aider prints before anyone has spoken only names the model."""
        if found := _MODEL.match(text):
            self._model(found[1])
        if self.role is not None:
            self._add("tool", "" if _NOISE.match(text) else text, line)

    def _model(self, name: str) -> None:
        changed, self.model = self.model != name, name
        if changed and self.announced:
            self.out.append(Session(self._id(), model=name))

    def _add(self, role: str, text: str, line: Line, apart: bool = False) -> None:
        """Add a line to the open turn, or open one."""
        if role != self.role or apart:
            self._give()
            self.role, self.lines = role, [line]
        self.lines[1:] = [line]
        self.size += len(text)
        if self.size <= MAX_TURN_BYTES and (text or role == "user"):
            self.text.append(text)

    def _give(self) -> None:
        """Give the open turn; the next line opens another."""
        if self.role is None:
            return
        text = "\n".join(self.text).strip("\n")
        if text.strip() and text != "<blank>":
            self._announce(text)
            first, last = self.lines[0], self.lines[-1]
            blocks = tuple(_blocks(self.role, text))
            self.out.append(
                Message(self._id(), self.next, self.role, self._ms(), blocks, first.number, first.start, last.end)
            )
        self.next += 1
        self.text, self.size = [], 0

    def _announce(self, text: str) -> None:
        if not self.announced:
            self.announced = True
            folder = os.path.dirname(self.source.path)
            # A read gives every session it meets from its header on.
            whole = self.source.resume is not None
            self.out.append(Session(self._id(), workspace=folder, model=self.model, whole=whole))
        # A command names a session only until something is asked.
        if self.role == "user" and (self.titled is None or (self.titled.startswith("/") and not text.startswith("/"))):
            self.titled = text
            self.out.append(Session(self._id(), title=first_line(text), title_rank=TITLE_PROMPT))

    def _id(self) -> str:
        place = self.source.external_id or self.source.path
        key = f"{place}\n{self.time or ''}\n{self.number}"
        return hashlib.sha1(key.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()

    def _ms(self) -> int | None:
        """The header's time, the only one there is: local, without a zone."""
        try:
            return int(datetime.fromisoformat(self.time).timestamp() * 1000) if self.time else None
        except (ValueError, OverflowError, OSError):
            return None


def _may_be_header(text: str) -> bool:
    """Is this the beginning of a header that is still being written?"""
    return text.startswith(_HEADER_START) or _HEADER_START.startswith(text)


def _blocks(role: str, text: str) -> Iterator[Block]:
    if role == "tool":
        yield Block("notice", trim_tool(text))
        return
    at = 0
    for start, first, last, end in _thoughts(text) if role == "assistant" and "hinking" in text.lower()[:4000] else ():
        yield from _said("text", text[at:start])
        yield from _said("thinking", text[first:last])
        at = end
    yield from _said("text", text[at:])


def _thoughts(text: str) -> Iterator[tuple[int, int, int, int]]:
    """What was thought: from where with its marks, from where and to where without them, to where with them.

    Ends are looked for once: from each of many beginnings without one the rest of the text would be gone through.
    """
    ends: dict[str | None, list[re.Match[str]]] = {}
    for found in _ANSWER.finditer(text) if _THINKING.search(text) else ():
        ends.setdefault(found[1], []).append(found)
    behind = 0
    for begin in _THINKING.finditer(text):
        these = ends.get(begin[1], [])
        at = bisect_left(these, begin.end(), key=re.Match.start)
        if begin.start() >= behind and at < len(these):
            behind = these[at].end(2)
            yield begin.start(), begin.end(), these[at].start(), behind


def _said(kind: str, text: str) -> Iterator[Block]:
    if text.strip():
        yield Block(kind, trim(text.strip("\n")))
