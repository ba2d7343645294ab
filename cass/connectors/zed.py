"""Zed: one database of all threads, each a compressed JSON document that is written anew with every change.

`updated_at` changes with it and is the thread's stamp, together with the document's length.  Messages have no times:
all of a thread have that of its creation, since any other would make every message a new one with each change.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Block, Root
from cass.connectors.common import any_ms
from cass.connectors.databases import Stored, newest, read_changed, stamp
from cass.connectors.readonly_sqlite import Unreadable
from cass.connectors.telling import spoken, string
from cass.connectors.tools import Calls
from cass.connectors.zstd import NotZstd, decompress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.readonly_sqlite import Database
    from cass.connectors.telling import Telling

AGENT = "zed"
FILE = "threads.db"

_UNNAMED = ("New Thread", "New Agent Thread")
_THREAD = ("id", "parent_id", "summary", "updated_at", "created_at", "folder_paths", "data_type")


def roots(around: Surroundings) -> list[Root]:
    """The `threads` folder of its data folder on every system."""
    home = around.home
    places = [
        os.path.join(around.named("XDG_DATA_HOME", "~/.local/share"), "zed"),
        os.path.join(around.named("FLATPAK_XDG_DATA_HOME", "~/.local/share"), "zed"),
        os.path.join(home, ".var", "app", "dev.zed.Zed", "data", "zed"),
        os.path.join(home, "Library", "Application Support", "Zed"),
        os.path.join(around.named("LOCALAPPDATA", "~/AppData/Local"), "Zed"),
    ]
    return [Root(os.path.join(place, "threads")) for place in dict.fromkeys(places)]


def enters(folder: str) -> bool:
    """Nothing: all lies in one folder."""
    return False


def claims(path: str) -> bool:
    """Its database."""
    return os.path.basename(path) == FILE


def read(source: Source) -> Iterator[Item]:
    """Give the threads that changed since they were read."""
    return read_changed(source, _threads, _tell)


def _threads(database: Database) -> Iterable[Stored]:
    there = database.columns("threads")
    named = [name for name in _THREAD if name in there]
    if not {"id", "data"} <= set(there):
        return
    for row in database.rows(f"SELECT {', '.join(named)}, length(data) FROM threads"):
        known = dict(zip([*named, "length"], row, strict=True))
        if key := string(known["id"]):
            updated, created = known.get("updated_at"), known.get("created_at")
            marks = stamp(updated, known["length"], known.get("summary"))
            yield Stored(key, marks, newest(any_ms(updated), any_ms(created)), string(known.get("parent_id")), (known,))


def _tell(database: Database, stored: Stored, telling: Telling) -> bool:
    (known,) = stored.row
    thread = _thread(database, stored.id, known.get("data_type"))
    folders = known.get("folder_paths")
    project, branch = _project(thread)
    telling.know(workspace=folders.split("\n")[0] if isinstance(folders, str) and folders else project)
    telling.know(git_branch=branch)
    model = thread.get("model")
    telling.know(model=model.get("model") if isinstance(model, dict) else None)
    transcript = _Transcript(telling, any_ms(known.get("created_at")) or any_ms(known.get("updated_at")))
    messages = thread.get("messages")
    for message in messages if isinstance(messages, list) else ():
        transcript.message(message)
    title = known.get("summary") or thread.get("title")
    if telling.out and title not in _UNNAMED:
        telling.title(title, TITLE_GENERATED)
    return False


def _thread(database: Database, key: str, kind: object) -> dict[str, Any]:
    """The thread's document.  Raises Unreadable."""
    ((data,),) = database.rows("SELECT data FROM threads WHERE id=? LIMIT 1", key) or ((None,),)
    try:
        if kind == "zstd" and isinstance(data, bytes):
            data = decompress(data)
        thread = json.loads(data) if isinstance(data, str | bytes) else {}
    except NotZstd as bad:
        raise Unreadable(f"not Zstandard: {bad}") from bad
    except (ValueError, RecursionError) as bad:
        raise Unreadable(f"not JSON: {str(bad)[:120]}") from bad
    return thread if isinstance(thread, dict) else {}


def _project(thread: dict[str, Any]) -> tuple[object, object]:
    """(folder, branch) as they were when the thread began."""
    at = thread.get("initial_project_snapshot")
    trees = at.get("worktree_snapshots") if isinstance(at, dict) else None
    tree = trees[0] if isinstance(trees, list) and trees and isinstance(trees[0], dict) else {}
    state = tree.get("git_state")
    return tree.get("worktree_path"), state.get("current_branch") if isinstance(state, dict) else None


class _Transcript:
    """One thread, told message by message."""

    def __init__(self, telling: Telling, ms: int | None) -> None:
        self.telling = telling
        self._ms = ms
        self._calls = Calls()

    def message(self, message: object) -> None:
        """A message of the present form, named by who speaks, or of the one before, with a role."""
        message = message if isinstance(message, dict) else {}
        (who, said), *_ = message.items() or [("", None)]
        if isinstance(message.get("role"), str):
            self._old(message["role"], message)
        elif who == "User" and isinstance(said, dict):
            self._user([block for part in _listed(said.get("content")) for block in _prompt(part)])
        elif who == "Agent" and isinstance(said, dict):
            blocks = [block for part in _listed(said.get("content")) for block in self._answer(part)]
            self._agent(blocks, list(_results(said.get("tool_results"))))
        elif who == "Compaction":
            self.telling.turn("summary", self._ms, spoken("text", _texts(said)))
        else:
            self.telling.next += 1

    def _old(self, role: str, message: dict[str, Any]) -> None:
        segments = [part for part in _listed(message.get("segments")) if isinstance(part, dict)]
        blocks = [block for part in segments for block in spoken(_old_kind(part), part.get("text"))]
        blocks = blocks or list(spoken("text", message.get("text")))
        if role == "user":
            self._user(blocks)
        elif role == "assistant":
            calls = [call for call in _listed(message.get("tool_uses")) if isinstance(call, dict)]
            blocks += [self._calls.call(call.get("name"), call.get("input"), call.get("id")) for call in calls]
            self._agent(blocks, list(_results(message.get("tool_results"))))
        else:
            self.telling.next += 1

    def _user(self, blocks: list[Block]) -> None:
        self.telling.turn("user", self._ms, tuple(blocks))
        if blocks and blocks[0].kind == "text" and not self.telling.rank:
            self.telling.title(blocks[0].text, TITLE_PROMPT)

    def _agent(self, blocks: list[Block], results: list[dict[str, Any]]) -> None:
        self.telling.turn("assistant", self._ms, tuple(blocks))
        for result in results:
            answer = _texts(result.get("content")) or _texts(result.get("output"))
            failed = result.get("is_error") is True
            answered = self._calls.result(answer, result.get("tool_use_id"), failed, result.get("tool_name"))
            if answered:
                self.telling.turn("tool", self._ms, answered)

    def _answer(self, part: object) -> tuple[Block, ...]:
        if not isinstance(part, dict):
            return ()
        thought, call = part.get("Thinking"), part.get("ToolUse")
        if isinstance(call, dict):
            given = call.get("input") or call.get("raw_input")
            return (self._calls.call(call.get("name"), given, call.get("id")),)
        if isinstance(thought, dict):
            return spoken("thinking", thought.get("text"))
        return spoken("text", part.get("Text"))


def _old_kind(part: dict[str, Any]) -> str:
    return "thinking" if part.get("type") == "thinking" else "text"


def _prompt(part: object) -> tuple[Block, ...]:
    """What was typed; of a file that was mentioned its name, of a picture that there was one."""
    if not isinstance(part, dict):
        return spoken("text", part)
    if "Image" in part:
        return (Block("image", "[image]"),)
    mention = part.get("Mention")
    if isinstance(mention, dict):
        return spoken("notice", _first_text(mention.get("uri"), 0))
    return spoken("text", part.get("Text"))


def _first_text(value: object, depth: int) -> str | None:
    """The first text in a mention's address: the path of a file, the name of a thread."""
    if isinstance(value, dict) and depth < 5:
        found = (_first_text(inner, depth + 1) for inner in value.values())
        return next((text for text in found if text), None)
    return string(value)


def _results(results: object) -> Iterator[dict[str, Any]]:
    for result in results.values() if isinstance(results, dict) else _listed(results):
        if isinstance(result, dict):
            yield result


def _texts(content: object) -> str:
    """The texts of what a tool answered, in any of the forms that Zed itself reads."""
    if isinstance(content, dict):
        return _texts(next((content[key] for key in ("Text", "text", "Summary", "summary") if key in content), None))
    if isinstance(content, list):
        return "\n".join(text for part in content if (text := _texts(part)))
    return content if isinstance(content, str) else ""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
