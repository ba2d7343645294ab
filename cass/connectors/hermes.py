"""Hermes Agent: one database of all sessions, `state.db`; each profile has its own.

A session has no stamp that is always kept, but messages are only added, or taken back by a mark: their number, the
highest id and how many of them count are its stamp, with its title.  A rewind takes messages back and leaves them
there: those were left.  A session that goes on after a compression, a reset or a branch is one of its own; any other
that has a parent is a sub-agent's.
"""

from __future__ import annotations

import json
import os

from cass.connectors.base import TITLE_CUSTOM, TITLE_GENERATED, TITLE_PROMPT, Root
from cass.connectors.common import any_ms
from cass.connectors.conversation import Conversation, said
from cass.connectors.databases import Stored, read_changed, stamp
from cass.connectors.telling import spoken, string
from cass.connectors.values import dicts, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Block, Item, Source, Surroundings
    from cass.connectors.readonly_sqlite import Database
    from cass.connectors.telling import Telling

AGENT = "hermes"
FILE = "state.db"

_SESSION = (
    "id", "parent_session_id", "title", "title_source", "model", "cwd", "git_branch", "end_reason", "model_config",
)  # fmt: skip
_MESSAGE = (
    "role", "content", "tool_calls", "tool_call_id", "tool_name", "timestamp", "reasoning", "reasoning_content",
    "active", "compacted", "_compressed_summary", "display_kind",
)  # fmt: skip
_GOES_ON = (
    "branched", "compression", "session_reset", "session_switch", "idle", "daily", "suspended",
    "resume_pending_expired", "new_session",
)  # fmt: skip
_TITLES = {"user": TITLE_CUSTOM, "derived": TITLE_PROMPT}


def roots(around: Surroundings) -> list[Root]:
    """The agent's folder, and those of its profiles."""
    home = around.named("HERMES_HOME", "~/.hermes")
    named = around.named("HERMES_SQLITE_DB")
    return [*([Root(named)] if named else []), Root(home), Root(os.path.join(home, "profiles"), depth=1)]


def enters(folder: str) -> bool:
    """The folder of a profile."""
    return os.path.basename(os.path.dirname(folder)) == "profiles"


def claims(path: str) -> bool:
    """Its database, and nothing beside it."""
    return os.path.basename(path) == FILE


def read(source: Source) -> Iterator[Item]:
    """Give the sessions that changed since they were read."""
    return read_changed(source, _sessions, _tell)


def _sessions(database: Database) -> Iterable[Stored]:
    counts = _counts(database)
    rows = database.select("sessions", _SESSION)
    ends = {row[0]: row[7] for row in rows}
    for row in rows:
        if key := string(row[0]):
            *marks, newest = counts.get(row[0], (0, 0, 0, None))
            parent = string(row[1]) if _is_sub_agent(row, ends.get(row[1])) else None
            yield Stored(key, stamp(*marks, row[2], row[4]), any_ms(newest), parent, row)


def _counts(database: Database) -> dict[Any, tuple[Any, ...]]:
    """By session: how many messages there are, the highest id, how many count, and the latest time."""
    columns = set(database.columns("messages"))
    if not {"session_id", "id", "timestamp"} <= columns:
        return {}
    active = "SUM(active)" if "active" in columns else "0"
    sql = f"SELECT session_id, COUNT(*), MAX(id), {active}, MAX(timestamp) FROM messages GROUP BY session_id"
    return {row[0]: row[1:] for row in database.rows(sql)}


def _is_sub_agent(row: tuple[Any, ...], parents_end: object) -> bool:
    config = _parsed(row[8])
    marked = member(config, "_branched_from") or member(config, "_reset_from")
    return not marked and parents_end not in _GOES_ON


def _tell(database: Database, stored: Stored, telling: Telling) -> bool:
    _, _, title, source, model, folder, branch, *_ = stored.row
    chat = Conversation(telling)
    chat.know(workspace=folder, git_branch=branch, model=model)
    tail = "WHERE session_id=? ORDER BY timestamp, rowid"
    for row in database.select("messages", _MESSAGE, tail, stored.id):
        _message(chat, dict(zip(_MESSAGE, row, strict=True)))
    chat.name(title, _TITLES.get(source, TITLE_GENERATED) if isinstance(source, str) else TITLE_GENERATED)
    return False


def _message(chat: Conversation, row: dict[str, Any]) -> None:
    role, ms = row["role"], any_ms(row["timestamp"])
    off_path = row["active"] == 0 and row["compacted"] != 1
    content = row["content"]
    text = said(_parsed(content)) if isinstance(content, str) and content.startswith('[{"') else said(content)
    if row["display_kind"] == "hidden" or role not in ("user", "assistant", "tool"):
        chat.say("system", ms, ())
    elif row["_compressed_summary"] == 1:
        chat.say("summary", ms, text, None, off_path)
    elif role == "user":
        chat.prompt(ms, text, None, off_path)
    elif role == "assistant":
        thought = spoken("thinking", row["reasoning_content"] or row["reasoning"])
        chat.say("assistant", ms, (*thought, *text, *_calls(chat, row["tool_calls"])), None, off_path)
    else:
        chat.say("tool", ms, chat.result(content, row["tool_call_id"], tool=row["tool_name"]), None, off_path)


def _calls(chat: Conversation, calls: object) -> tuple[Block, ...]:
    return tuple(
        chat.call(
            member(call, "function", "name") or call.get("name"),
            member(call, "function", "arguments") or call.get("arguments"),
            call.get("id") or call.get("call_id"),
        )
        for call in dicts(_parsed(calls))
    )


def _parsed(text: object) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
