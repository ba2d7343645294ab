"""Goose: one database of all sessions; before 1.10 a file of lines for each.

A session's `updated_at` changes with each message, and messages are only added or all written anew under higher
numbers: with their count and the highest number it is the session's stamp.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, TITLE_PROMPT, Block, Checkpoint, Root, SourceProblem
from cass.connectors.common import any_ms
from cass.connectors.databases import Stored, has_session, read_changed, stamp
from cass.connectors.jsonl import lines, parse
from cass.connectors.telling import Telling, spoken, string
from cass.connectors.tools import Calls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings
    from cass.connectors.jsonl import Line
    from cass.connectors.readonly_sqlite import Database

AGENT = "goose"
FILE = "sessions.db"

# What sessions are called until they have a name.
_UNNAMED = ("CLI Session", "New Session", "New session", "New Chat", "Untitled")
_SESSION = (
    "id", "parent_session_id", "name", "description", "user_set_name", "session_type", "working_dir", "updated_at",
    "model_config_json",
)  # fmt: skip
_MESSAGE = ("role", "content_json", "created_timestamp", "metadata_json")


def roots(around: Surroundings) -> list[Root]:
    """The `sessions` folder of its data folder on every system."""
    home = around.home
    places = [os.path.join(own, "data")] if (own := around.named("GOOSE_PATH_ROOT")) else []
    if shared := around.named("XDG_DATA_HOME"):
        places.append(os.path.join(shared, "goose"))
    places += [
        os.path.join(home, ".local", "share", "goose"),
        os.path.join(home, "Library", "Application Support", "Block", "goose"),
        os.path.join(around.named("APPDATA", "~/AppData/Roaming"), "Block", "goose", "data"),
    ]
    return [Root(os.path.join(place, "sessions")) for place in dict.fromkeys(places)]


def enters(folder: str) -> bool:
    """Nothing: all lies in one folder."""
    return False


def claims(path: str) -> bool:
    """The database, and the sessions in files that it has not taken over."""
    folder, name = os.path.split(path)
    if name == FILE:
        return True
    stem, ending = os.path.splitext(name)
    return ending == ".jsonl" and not has_session(os.path.join(folder, FILE), "sessions", stem)


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that changed since they were read; a file of lines always whole."""
    return read_changed(source, _sessions, _tell) if source.path.endswith(".db") else _read_lines(source)


def _sessions(database: Database) -> Iterable[Stored]:
    counts: dict[Any, tuple[Any, ...]] = {}
    if {"session_id", "id"} <= set(database.columns("messages")):
        grouped = database.rows("SELECT session_id, COUNT(*), MAX(id) FROM messages GROUP BY session_id")
        counts = {row[0]: row[1:] for row in grouped}
    for row in database.select("sessions", _SESSION):
        key, updated = string(row[0]), row[7]
        if key and row[5] != "hidden":
            marks = stamp(updated, *counts.get(row[0], (0, 0)), row[2], row[3])
            yield Stored(key, marks, any_ms(updated), string(row[1]), row)


def _tell(database: Database, stored: Stored, telling: Telling) -> bool:
    _, _, name, description, is_custom, _, folder, _, model = stored.row
    telling.know(workspace=folder, model=_parsed(model, {}).get("model_name"))
    transcript = _Transcript(telling)
    tail = "WHERE session_id=? ORDER BY created_timestamp, rowid"
    for role, content, created, about in database.select("messages", _MESSAGE, tail, stored.id):
        transcript.message(role, _parsed(content, []), created, _parsed(about, {}))
    transcript.title(name or description, TITLE_CUSTOM if is_custom in (1, True, "TRUE") else TITLE_GENERATED)
    return False


def _read_lines(source: Source) -> Iterator[Item]:
    stem = os.path.splitext(os.path.basename(source.path))[0]
    transcript = _Transcript(telling := Telling(source.external_id or stem, whole=True))
    last, title = 0, None
    for line in lines(source):
        value = parse(source, line)
        last = line.number if line.ended else last
        if isinstance(value, SourceProblem):
            yield value
        elif value and "role" not in value:
            telling.know(workspace=value.get("working_dir"))
            title = value.get("description")
        elif value:
            about = value.get("metadata")
            content = value.get("content")
            transcript.message(value["role"], content, value.get("created"), about, line)
            yield from telling.drained()
    transcript.title(title, TITLE_GENERATED)
    yield from telling.drained()
    yield Checkpoint(source.size, last, {}, resumable=False)


class _Transcript:
    """One session, told message by message."""

    def __init__(self, telling: Telling) -> None:
        self.telling = telling
        self._calls = Calls()
        self._said = False

    def message(self, role: object, content: object, created: object, about: object, line: Line | None = None) -> None:
        """What tools answered stands in a user's message and is a turn of its own; the user may not see all of them."""
        about = about if isinstance(about, dict) else {}
        parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
        if about.get("userVisible") is False:
            parts = []
        ms, is_user = any_ms(created), role == "user"
        results = tuple(block for part in parts for block in self._results(part))
        said = tuple(block for part in parts for block in self._blocks(part))
        if results:
            self.telling.turn("tool", ms, results, line)
        if said or not results:
            self.telling.turn("user" if is_user else "assistant", ms, said, line)
        self._said = self._said or bool(said or results)
        if is_user and said and said[0].kind == "text" and not self.telling.rank:
            self.telling.title(said[0].text, TITLE_PROMPT)
        used = about.get("inference")
        if isinstance(used, dict) and said and not is_user:
            self.telling.know(model=used.get("resolvedModel") or used.get("requestedModel"))

    def title(self, title: object, rank: int) -> None:
        """The session's name, if it has one."""
        if self._said and isinstance(title, str) and title.strip() and not title.startswith(_UNNAMED):
            self.telling.title(title, rank)

    def _blocks(self, part: dict[str, Any]) -> tuple[Block, ...]:
        kind = part.get("type")
        if kind == "text":
            return spoken("text", part.get("text"))
        if kind in ("thinking", "reasoning"):
            return spoken("thinking", part.get("thinking") or part.get("text"))
        if kind in ("toolRequest", "frontendToolRequest"):
            call = _inner(part.get("toolCall"))
            call = call if isinstance(call, dict) else {}
            return (self._calls.call(call.get("name"), call.get("arguments"), part.get("id")),)
        return (Block("image", "[image]"),) if kind == "image" else ()

    def _results(self, part: dict[str, Any]) -> tuple[Block, ...]:
        if part.get("type") != "toolResponse":
            return ()
        outer = part.get("toolResult")
        failed = isinstance(outer, dict) and (outer.get("status") == "error" or "Err" in outer)
        answer = _inner(outer)
        if isinstance(answer, dict) and "content" in answer:
            failed = failed or answer.get("isError") is True
            answer = answer["content"]
        return self._calls.result(_answer_text(answer), part.get("id"), failed)


def _inner(value: object) -> object:
    """What stands in the wrapping of a call or of an answer, which says whether it came about."""
    if isinstance(value, dict):
        for key in ("value", "error", "Ok", "Err"):
            if key in value:
                inner: object = value[key]
                return inner
    return value


def _answer_text(answer: object) -> object:
    """The texts of a list of content, each once; what is meant for the user alone repeats them."""
    if not isinstance(answer, list):
        return answer
    texts = [part.get("text") if isinstance(part, dict) else part for part in answer if not _is_for_user(part)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _is_for_user(part: object) -> bool:
    notes = part.get("annotations") if isinstance(part, dict) else None
    audience = notes.get("audience") if isinstance(notes, dict) else None
    return audience == ["user"]


def _parsed(text: object, otherwise: Any) -> Any:
    """JSON in a text of the same kind as `otherwise`."""
    try:
        value = json.loads(text) if isinstance(text, str) else otherwise
    except (ValueError, RecursionError):
        return otherwise
    return value if isinstance(value, type(otherwise)) else otherwise
