"""Cline, Roo Code and Kilo Code: a folder a task, kept by an extension of VS Code; one reader for the three.

`ui_messages.json` is what was shown: what people and agents said, with times.  `api_conversation_history.json` is what
was sent to the model, and is read only where the other is missing or says nothing.  Cline's command line keeps the
second form alone.  All are rewritten whole.
"""

from __future__ import annotations

import functools
import json
import os

from cass.connectors.base import TITLE_GENERATED, TITLE_PROMPT, Checkpoint, Root, SourceProblem
from cass.connectors.bigjson import parts
from cass.connectors.cline_sent import sent_turns
from cass.connectors.cline_shown import FOLDER, OUTPUT, asked_folder, shown_turns
from cass.connectors.common import any_ms, trim_tool
from cass.connectors.telling import Telling, string
from cass.connectors.values import dicts, fields, listed, member
from cass.connectors.vscode import small_json, uri_path, user_folders
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from cass.connectors.base import Block, Item, Source, Surroundings

SHOWN = ("ui_messages.json", "claude_messages.json")
SENT = "api_conversation_history.json"
SENT_ALONE = ".messages.json"

_EMPTY_BYTES = 8  # of a list without anything in it
_LIST_BYTES = 32 << 20
_HEAD_BYTES = 1 << 18


class Tasks:
    """The connector of one of these agents: its extensions, and folders of its own below the user's."""

    def __init__(self, extensions: tuple[str, ...], own: tuple[str, ...] = (), home_variable: str = "") -> None:
        self.extensions = extensions
        self.own = own
        self.home_variable = home_variable

    def roots(self, around: Surroundings) -> list[Root]:
        """`tasks` in the storage of the extension, in every editor, and where it runs without one."""
        users = user_folders(around)
        found = [os.path.join(user, "globalStorage", name, "tasks") for user in users for name in self.extensions]
        named = around.named(self.home_variable) if self.home_variable else ""
        for path in self.own:
            first, _, rest = path.partition("/")
            base = named or os.path.join(around.home, first)
            found.append(os.path.join(base, *rest.split("/")))
        # Each save replaces files in a task's folder.
        return [Root(path, depth=1, watch_below=False) for path in found]

    def enters(self, folder: str) -> bool:
        """A task's folder."""
        return os.path.basename(os.path.dirname(folder)) in ("tasks", "sessions")

    def claims(self, path: str) -> bool:
        """What was shown; what was sent only where that is missing."""
        folder, name = os.path.split(path)
        above, task = os.path.split(folder)
        store = os.path.basename(above)
        if store == "sessions":
            return name == f"{task}{SENT_ALONE}"
        if store != "tasks" or name not in (*SHOWN, SENT):
            return False
        better = SHOWN[: SHOWN.index(name)] if name in SHOWN else SHOWN
        return not any(os.path.exists(os.path.join(folder, other)) for other in better)

    def stand(self, path: str) -> object:
        """How what was sent stands, where what was shown is empty; None elsewhere."""
        folder, name = os.path.split(path)
        try:
            if name not in SHOWN or os.stat(path).st_size > _EMPTY_BYTES:
                return None
            info = os.stat(os.path.join(folder, SENT))
        except (OSError, ValueError):
            return None
        return [info.st_size, info.st_mtime_ns]

    def read(self, source: Source) -> Iterator[Item]:
        """Give the task and its messages as they stand now."""
        state = {"stand": at} if (at := self.stand(source.path)) else {}
        yield from _Task(source).items()
        yield Checkpoint(source.size, 0, state, resumable=False)


class _Task:
    def __init__(self, source: Source) -> None:
        self.folder, self.name = os.path.split(source.path)
        self.id = os.path.basename(self.folder)
        self.source = source
        self.about = _about(self.folder)
        self.told = Telling(source.external_id or self.id, string(self.about.get("parentTaskId")))
        # Cline calls a task by the time it began; what was sent has no other.
        self.ms = any_ms(self.id) if self.id.isdecimal() else any_ms(self.about.get("started_at"))
        self.output: list[tuple[int | None, tuple[Block, ...]]] = []  # of a command, in pieces
        self.own = False  # was that command cass itself?
        self.given = False  # has any turn said something?

    def items(self) -> Iterator[Item]:
        """All but the checkpoint."""
        self._know()
        yield from self._entries(self.source)
        if self.name in SHOWN and not self.given:
            yield from self._instead()
        if self.told.next:
            self.told.title(member(self.about, "metadata", "title"), TITLE_GENERATED)
        yield from self.told.drained()

    def _entries(self, source: Source) -> Iterator[Item]:
        array = ("messages",) if self.name.endswith(SENT_ALONE) else ()
        for part in parts(source, array):
            if isinstance(part, SourceProblem):
                self.told.out.append(part)
            elif part.element:
                self._entry(fields(part.value))
            yield from self.told.drained()
        self._end_output()
        yield from self.told.drained()

    def _instead(self) -> Iterator[Item]:
        """What was sent, where what was shown is empty or torn: this may be all that is left of the task."""
        self.name, path = SENT, os.path.join(self.folder, SENT)
        if not os.path.isfile(path):
            return
        try:
            with open(path, "rb") as file:
                yield from self._entries(replace(self.source, path=path, file=file, size=os.stat(path).st_size))
        except OSError as bad:
            yield SourceProblem(path, None, bad.strerror or str(bad), torn=True)

    def _know(self) -> None:
        about = self.about
        named = ("workspace", "cwdOnTaskInitialization", "cwd", "workspace_root")
        folder = next((about[key] for key in named if string(about.get(key))), None)
        used = dicts(member(small_json(os.path.join(self.folder, "task_metadata.json")), "model_usage"))
        model = next((use["model_id"] for use in reversed(used) if string(use.get("model_id"))), None)
        self.told.know(
            workspace=uri_path(folder) or _sent_folder(self.folder),
            git_branch=member(about, "metadata", "git", "branch"),
            model=model or about.get("modelId") or about.get("model"),
        )

    def _entry(self, entry: dict[str, Any]) -> None:
        if self.name in SHOWN:
            self._shown(entry)
            return
        ms = any_ms(entry.get("ts")) or self.ms
        self.told.know(model=member(entry, "modelInfo", "id") or member(entry, "modelInfo", "modelId"))
        for role, blocks in sent_turns(entry):
            self._give(role, ms, blocks)

    def _shown(self, entry: dict[str, Any]) -> None:
        ms = any_ms(entry.get("ts"))
        if self.told.knows("workspace") is None:
            self.told.know(workspace=asked_folder(entry))
        self.told.know(model=member(entry, "modelInfo", "modelId"))
        for role, blocks in shown_turns(entry, first=not self.told.next):
            if role == OUTPUT:
                self.output.append((ms, blocks))
                continue
            self._end_output()
            self.own = any(block.own for block in blocks)
            self._give(role, ms, blocks)

    def _end_output(self) -> None:
        """A command's output comes piece by piece and is one turn."""
        if not self.output:
            return
        text = trim_tool("\n".join(block.text for _, (block, *_) in self.output))
        ms, (first, *_) = self.output[0]
        self.output = []
        self._give("tool", ms, (replace(first, text=text, own=self.own),))

    def _give(self, role: str, ms: int | None, blocks: tuple[Block, ...]) -> None:
        self.given = self.given or bool(blocks)
        self.told.turn(role, ms, blocks)
        if role == "user" and blocks and blocks[0].kind == "text" and self.told.rank < TITLE_PROMPT:
            self.told.title(blocks[0].text, TITLE_PROMPT)


def _about(folder: str) -> dict[str, Any]:
    """What stands beside the task: in its folder, or in the list of all tasks."""
    task = os.path.basename(folder)
    for name in ("history_item.json", f"{task}.json"):
        if about := fields(small_json(os.path.join(folder, name))):
            return about
    path = os.path.join(os.path.dirname(os.path.dirname(folder)), "state", "taskHistory.json")
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return {}
    return fields(_history(path, info.st_mtime_ns, info.st_size).get(task))


@functools.lru_cache(maxsize=2)
def _history(path: str, mtime_ns: int, size: int) -> Mapping[str, dict[str, Any]]:
    """The list of all tasks by their ids; read again only when it changed."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = json.loads(file.read(_LIST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    wanted = ("workspace", "cwdOnTaskInitialization", "modelId", "parentTaskId")
    return {str(row.get("id")): {key: row[key] for key in wanted if key in row} for row in dicts(listed(rows))}


def _sent_folder(folder: str) -> str | None:
    """The folder that the surroundings name which are sent with each prompt."""
    try:
        with open(os.path.join(folder, SENT), encoding="utf-8", errors="replace") as file:
            found = FOLDER.search(file.read(_HEAD_BYTES))
    except (OSError, ValueError):
        return None
    return found[1].replace("\\\\", "\\") if found else None
