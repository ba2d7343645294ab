"""Turn the lines of one Claude Code file into sessions and messages, in one go or in several.

Every line of a conversation counts as a turn, kept or dropped: a prompt, each tool result, an answer (however many
lines it is spread over), a system line, an attachment, a queued prompt that never became a line of its own.
"""

from __future__ import annotations

import os
import zlib

from cass.connectors.base import (
    TITLE_CUSTOM,
    TITLE_GENERATED,
    TITLE_NAME,
    TITLE_NONE,
    TITLE_PROMPT,
    TITLE_SUMMARY,
    Block,
    Session,
)
from cass.connectors.claude_code_elsewhere import summaries_elsewhere
from cass.connectors.claude_code_lines import decoded, is_chatter, whole
from cass.connectors.claude_code_queue import Queue
from cass.connectors.claude_code_rewinds import Rewinds
from cass.connectors.claude_code_text import (
    answer_blocks,
    attachment_blocks,
    is_warm_up,
    patch_text,
    prompt_block,
    prompt_title,
    result_text,
    said,
)
from cass.connectors.claude_code_thread import Thread
from cass.connectors.common import first_line, iso_ms, trim, trim_tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeGuard

    from cass.connectors.base import Item, Source
    from cass.connectors.jsonl import Line

    _Call = tuple[str | None, bool]  # the tool's name; was it cass itself?

_NO_ANSWER = "No response requested."
_SILENT_SYSTEM = {
    "compact_boundary", "microcompact_boundary", "stop_hook_summary", "turn_duration", "api_error",
}  # fmt: skip
_TITLES = {
    "custom-title": ("customTitle", TITLE_CUSTOM),
    "ai-title": ("aiTitle", TITLE_GENERATED),
    "agent-name": ("agentName", TITLE_NAME),
}
# Calls whose results have not come, uuids of side chains, summaries of unknown sessions: more than a file has open.
_REMEMBERED = 200


class SessionFile:
    """What one read knows: the threads, and what later lines refer back to."""

    def __init__(self, source: Source) -> None:
        state: Mapping[str, Any] = source.resume.state if source.resume else {}
        stem = source.path.replace("\\", "/").rpartition("/")[2].removesuffix(".jsonl")
        self.source = source
        self.id = source.external_id or stem
        self.out: list[Item] = []
        self.is_agent = stem.startswith("agent-")
        self.threads = {key: Thread(self._named(key), self.out, kept) for key, kept in state.get("threads", ())}
        self.main = self.thread("")
        self.calls: dict[str, _Call] = {call: (tool, own) for call, tool, own in state.get("calls", ())}
        self.chains: dict[str, str] = dict(state.get("chains", ()))  # uuid of a side chain's line -> its thread
        self.summaries: dict[str, str] = dict(state.get("summaries", ()))  # uuid of the session's leaf -> summary
        begins = not self.is_agent and not (source.resume and source.resume.offset)
        self.elsewhere = summaries_elsewhere(source.path, source.mtime_ms) if begins else {}
        self.queue = Queue(state)
        self.ahead: list[int] | None = state.get("ahead")  # length and checksum of a line that was given already
        self.rewinds = Rewinds(state.get("rewinds", {}))
        self.has_file: dict[str, bool] = {}
        self.copied: list[str] = list(state.get("copied", ()))  # sub-agents of which only copies were told

    def state(self) -> dict[str, Any]:
        """All of it as a JSON value.  Pairs, not objects: their order is part of it."""
        found = {
            "threads": [[key, thread.kept()] for key, thread in self.threads.items()],
            "calls": [[call, tool, own] for call, (tool, own) in self.calls.items()],
            "chains": [list(pair) for pair in self.chains.items()],
            "summaries": [list(pair) for pair in self.summaries.items()],
            **self.queue.kept(),
            "rewinds": self.rewinds.kept(),
            "copied": list(self.copied),
        }
        return {key: value for key, value in found.items() if value}

    def thread(self, key: str) -> Thread:
        """The thread of a sub-agent, or with `""` the file's own."""
        found = self.threads.get(key)
        if found is None:
            found = self.threads[key] = Thread(self._named(key), self.out)
            found.parent = self.id if key else self._parent()
        return found

    def _named(self, key: str) -> str:
        return f"{self.id}.{key}" if key else self.id

    def _parent(self) -> str | None:
        parts = below_projects(self.source.path) or []
        return parts[1] if self.is_agent and len(parts) > 3 else None

    def given_up(self) -> list[Item]:
        """The sub-agents that have got a file of their own since their lines were copied here: it tells them."""
        filed = [agent for agent in self.copied if self._is_filed(agent)]
        self.copied = [agent for agent in self.copied if agent not in filed]
        for agent in filed:
            self.threads.pop(f"agent-{agent}", None)
        return [Session(self._named(f"agent-{agent}"), self.id, whole=True) for agent in filed]

    def settled(self) -> list[Item]:
        """Give all that is still held, and take it from `out`."""
        for thread in self.threads.values():
            thread.flush()
            thread.introduce()
        given = self.out + self.rewinds.news(self.id)
        self.out.clear()
        return given

    def take_unended(self, line: Line) -> dict[str, Any] | None:
        """Take a last line that has no newline yet; give the state to go on with, which is the one before it."""
        value = whole(self.source, line)
        if not isinstance(value, dict) or line.data is None:
            return None
        for thread in self.threads.values():
            thread.flush()
        before = self.state()
        self._take_once(value, line)
        return before | {"ahead": _mark(line.data)}

    def take(self, line: Line) -> None:
        """Add what a whole line says to `out`."""
        value = None if line.data and is_chatter(line.data) else decoded(self.source, line)
        if isinstance(value, dict):
            self._take_once(value, line)
            return
        self.ahead = None
        if value is not None:
            self.out.append(value)

    def _take_once(self, value: dict[str, Any], line: Line) -> None:
        ahead, self.ahead = self.ahead, None
        self._record(value, line)
        if ahead and line.data is not None and ahead == _mark(line.data):
            for thread in self.threads.values():
                thread.flush()
            self.out.clear()

    def _record(self, value: dict[str, Any], line: Line) -> None:
        kind = value.get("type")
        if kind in ("user", "assistant", "system", "attachment"):
            self._turn(self._thread_of(value, line), kind, value, line)
        elif kind == "progress":
            self._progress(value, line)
        elif kind == "queue-operation":
            self._queued(value, line)
        elif isinstance(kind, str):
            self._about_session(kind, value)

    def _thread_of(self, value: dict[str, Any], line: Line) -> Thread:
        if (self.summaries or self.elsewhere) and isinstance(uuid := value.get("uuid"), str):
            self.main.name(TITLE_SUMMARY, self.summaries.pop(uuid, None) or self.elsewhere.get(uuid))
        if self.is_agent:
            if self.main.parent is None and (parent := value.get("sessionId")) != self.id:
                self.main.note("parent", parent)
            return self.main
        if value.get("isSidechain") is not True:
            return self.main
        return self.thread(self._side_chain(value, line))

    def _side_chain(self, value: dict[str, Any], line: Line) -> str:
        """The key of the thread that a line of a side chain belongs to: its parent's, else a new one's."""
        parent, uuid = value.get("parentUuid"), value.get("uuid")
        key = self.chains.get(parent) if isinstance(parent, str) else None
        if isinstance(agent := value.get("agentId"), str) and agent:
            key = f"agent-{agent}"
        elif key is None and parent is not None and self.chains:
            key = next(reversed(self.chains.values()))
        if key is None:
            key = f"side-{uuid[:8]}" if isinstance(uuid, str) and uuid else f"side-{line.number}"
        if isinstance(uuid, str):
            _remember(self.chains, uuid, key)
        return key

    def _turn(self, thread: Thread, kind: str, value: dict[str, Any], line: Line) -> None:
        if thread.workspace is None:
            thread.note("workspace", value.get("cwd"))
        if (branch := value.get("gitBranch")) not in (thread.branch, "HEAD"):
            thread.note("branch", branch)
        if thread.title is None and thread is self.main and not self.is_agent:
            thread.name(TITLE_NONE, _title(value.get("slug")))  # until a prompt says more: commands alone do not
        created_ms = iso_ms(value.get("timestamp"))
        if kind == "assistant":
            self._answer(thread, value, created_ms, line)
            if thread is self.main:
                self.rewinds.behind = value
        elif kind == "user":
            self._user(thread, value, created_ms, line)
            if thread is self.main and value.get("isMeta") is not True:
                self.rewinds.behind = value
        elif kind == "system":
            _system(thread, value, created_ms, line)
        else:
            self._attachment(thread, value, created_ms, line)

    def _answer(self, thread: Thread, value: dict[str, Any], created_ms: int | None, line: Line) -> None:
        message = value.get("message")
        if not isinstance(message, dict):
            message = {"content": message}
        answer, model = message.get("id"), message.get("model")
        blocks = list(answer_blocks(message.get("content")))
        if model == "<synthetic>":
            failed = value.get("isApiErrorMessage") is True
            blocks = [Block("notice", block.text, is_error=failed) for block in blocks if block.text != _NO_ANSWER]
        elif model != thread.model:
            thread.note("model", model)
        for block in blocks:
            if block.kind == "tool_call" and block.call_id:
                _remember(self.calls, block.call_id, (block.tool, block.own))
        thread.answer_with(answer if isinstance(answer, str) and answer else None, created_ms, blocks, line)

    def _user(self, thread: Thread, value: dict[str, Any], created_ms: int | None, line: Line) -> None:
        message = value.get("message")
        content = message.get("content") if isinstance(message, dict) else message
        parts = content if isinstance(content, list) else [content]
        results = [part for part in parts if _is_result(part)]
        patch = patch_text(value.get("toolUseResult")) if len(results) == 1 else ""
        for part in results:
            thread.say("tool", created_ms, (self._result(part, patch),), line)
        if len(results) < len(parts) or not parts:
            self._prompt(thread, value, [part for part in parts if not _is_result(part)], created_ms, line)

    def _result(self, part: dict[str, Any], patch: str) -> Block:
        call = part.get("tool_use_id")
        call = call if isinstance(call, str) and call else None
        tool, own = self.calls.pop(call, (None, False)) if call else (None, False)
        is_error = part.get("is_error") is True
        text = patch if patch and not is_error else result_text(part.get("content"))
        return Block("tool_result", trim_tool(text), tool, call, is_error, own)

    def _prompt(
        self, thread: Thread, value: dict[str, Any], parts: list[object], created_ms: int | None, line: Line
    ) -> None:
        turns = [turn for part in parts if (turn := prompt_block(part))]
        thread.muted = not turns and any(is_warm_up(part) for part in parts)
        role = next((role for role, _ in turns), "user")
        if value.get("isCompactSummary") is True:
            role = "summary"
        elif value.get("isMeta") is True:
            role = "system"
        elif role == "user":
            self._typed(thread, [block.text for _, block in turns if block.kind == "text"], line)
            if turns and thread is self.main:
                self.rewinds.prompt(value, thread.turns)
        thread.say(role, created_ms, tuple(block for _, block in turns), line)

    def _typed(self, thread: Thread, texts: list[str], line: Line) -> None:
        """A prompt may be the title, and may be one that was queued before."""
        if thread.rank < TITLE_PROMPT:
            thread.name(TITLE_PROMPT, next(filter(None, map(prompt_title, texts)), None))
        for text in texts:
            self.queue.became_a_line(text)
        for text, created_ms in self.queue.dropped(texts) if texts and thread is self.main else ():
            self._say_queued(text, created_ms, line)

    def _attachment(self, thread: Thread, value: dict[str, Any], created_ms: int | None, line: Line) -> None:
        role, blocks = attachment_blocks(value.get("attachment")) or ("system", ())
        if role == "user":
            text = blocks[0].text
            blocks = () if self.queue.was_told(text) else blocks
            self.queue.became_a_line(text)
        thread.say(role, created_ms, blocks, line)

    def _queued(self, value: dict[str, Any], line: Line) -> None:
        """A prompt typed while the agent worked."""
        if (told := self.queue.operation(value)) is not None:
            self._say_queued(*told, line)

    def _say_queued(self, text: str, created_ms: int | None, line: Line) -> None:
        self.main.say("user", created_ms, (Block("text", text),) if text else (), line)

    def _progress(self, value: dict[str, Any], line: Line) -> None:
        """A copy of a sub-agent's line: its only place where the sub-agent has no file."""
        data = value.get("data")
        if not isinstance(data, dict) or data.get("type") != "agent_progress":
            return
        inner, agent = data.get("message"), data.get("agentId")
        if not isinstance(inner, dict) or not isinstance(agent, str) or not agent or self._is_filed(agent):
            return
        if (kind := inner.get("type")) in ("user", "assistant"):
            if f"agent-{agent}" not in self.threads:
                self.copied.append(agent)
            outer = {key: value.get(key) for key in ("cwd", "gitBranch", "timestamp")}
            self._turn(self.thread(f"agent-{agent}"), kind, outer | inner, line)

    def _is_filed(self, agent: str) -> bool:
        if agent not in self.has_file:
            base, name = self.source.path.removesuffix(".jsonl"), f"agent-{agent}.jsonl"
            beside = base.replace("\\", "/").rpartition("/")[0]
            self.has_file[agent] = _exists(f"{beside}/{name}") or _exists(f"{base}/subagents/{name}")
        return self.has_file[agent]

    def _about_session(self, kind: str, value: dict[str, Any]) -> None:
        """Lines that are not part of the conversation: titles, and where the session went."""
        if kind in _TITLES:
            key, rank = _TITLES[kind]
            self.main.name(rank, _title(value.get(key)))
        elif kind == "summary":
            self._summary(value)
        elif kind == "relocated":
            self.main.note("workspace", value.get("relocatedCwd"))
        elif kind == "worktree-state" and isinstance(inner := value.get("worktreeSession"), dict):
            self.main.note("workspace", inner.get("worktreePath"))

    def _summary(self, value: dict[str, Any]) -> None:
        """A summary that stands before all turns is often another session's: wait for the leaf that it names."""
        title, leaf = _title(value.get("summary")), value.get("leafUuid")
        if title and isinstance(leaf, str) and not self.main.turns:
            _remember(self.summaries, leaf, title)
        else:
            self.main.name(TITLE_SUMMARY, title)


def below_projects(path: str) -> list[str] | None:
    """The names below the last folder called `projects`; None where there is none."""
    names = path.replace("\\", "/").split("/")
    while names and not names[-1]:
        names.pop()
    for at in range(len(names) - 1, -1, -1):
        if names[at] == "projects":
            return names[at + 1 :]
    return None


def _mark(data: bytes) -> list[int]:
    data = data.rstrip(b"\r")
    return [len(data), zlib.crc32(data)]


def _remember(known: dict[str, Any], key: str, value: object) -> None:
    known[key] = value
    if len(known) > _REMEMBERED:
        del known[next(iter(known))]


def _title(text: object) -> str | None:
    return first_line(text) if isinstance(text, str) else None


def _is_result(part: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(part, dict) and part.get("type") == "tool_result"


def _system(thread: Thread, value: dict[str, Any], created_ms: int | None, line: Line) -> None:
    content = value.get("content")
    is_silent = str(value.get("subtype")) in _SILENT_SYSTEM
    turn = said(content) if isinstance(content, str) and not is_silent else None
    role = "user" if turn and value.get("subtype") == "local_command" else "system"
    thread.say(role, created_ms, (Block("notice", trim(turn[1])),) if turn else (), line)


def _exists(path: str) -> bool:
    try:
        return os.access(path, os.F_OK)
    except ValueError:  # a NUL, or half a surrogate pair, in an agent's id
        return False
