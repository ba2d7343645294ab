"""`agent_search.db`, the archive of the Rust program of the same name: conversations of many agents, as plain texts.

What it has of a session is less than the agent's own file says, so only those are told that are not known otherwise.
Its versions differ in columns; what is missing is nobody's loss but its own.
"""

from __future__ import annotations

import os
import re

from cass.connectors.base import ROLES, TITLE_PROMPT, Block, Checkpoint, Message, Root, Session, SourceProblem
from cass.connectors.common import any_ms, first_line, trim, trim_tool, well_formed
from cass.connectors.readonly_sqlite import Database, Unreadable
from cass.connectors.table import find_agent
from cass.connectors.telling import string
from cass.errors import UnknownAgent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cass.connectors.base import Item, Source, Surroundings

TABLES = ("agents", "conversations", "messages")
# Messages fetched at a time: a conversation may have tens of thousands.
BATCH = 200

_ROLES = {"agent": "assistant", "human": "user", "developer": "system", "other": "system"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
_CONVERSATION = ("id", "external_id", "title", "source_path", "workspace_id", "source_id", "primary_model")


class OldArchive:
    """What it has of one agent, as a connector.

    `known` are external ids of sessions that are in our archive from the agent's own files; those, and those whose
    files still stand where `cass index` looks, are counted in `passed_over` and not told.
    """

    def __init__(self, path: str, slug: str, known: frozenset[str]) -> None:
        self.AGENT, self.is_ours = agent_of(slug)
        self.passed_over = 0
        self._path = path
        self._slug = slug
        self._known = known

    def roots(self, around: Surroundings) -> list[Root]:
        """Nowhere: somebody names it."""
        return []

    def enters(self, folder: str) -> bool:
        """No folder."""
        return False

    def claims(self, path: str) -> bool:
        """No file."""
        return False

    def read(self, source: Source) -> Iterator[Item]:
        """Give this agent's conversations, oldest first."""
        self.passed_over = 0
        try:
            with Database(self._path) as database:
                yield from self._conversations(database, source)
        except Unreadable as bad:
            yield SourceProblem(self._path, None, str(bad))
        yield Checkpoint(0, 0, {}, resumable=False)

    def _conversations(self, database: Database, source: Source) -> Iterator[Item]:
        of_agent = "WHERE agent_id IN (SELECT id FROM agents WHERE slug=?) ORDER BY id"
        for (number,) in database.select("conversations", ("id",), of_agent, self._slug):
            for row in database.select("conversations", _CONVERSATION, "WHERE id=?", number):
                told = self._conversation(database, dict(zip(_CONVERSATION, row, strict=True)))
                # Bytes are counted by those who hand them over; nothing else asks this source for any.
                source.file.read(1)
                yield from told
                yield Checkpoint(0, 0, {}, resumable=False)

    def _conversation(self, database: Database, row: dict[str, Any]) -> Iterator[Item]:
        names = names_of(self.AGENT, row)
        if self._known.intersection(names) or self._stands(row):
            self.passed_over += 1
            return
        (workspace,) = next(iter(database.select("workspaces", ("path",), "WHERE id=?", row["workspace_id"])), (None,))
        yield Session(names[0], workspace=string(workspace), model=string(row["primary_model"]), whole=True)
        if (title := string(row["title"])) and (title := first_line(trim(title, 2000))):
            yield Session(names[0], title=title, title_rank=TITLE_PROMPT)
        yield from _messages(database, names[0], row["id"])

    def _stands(self, row: dict[str, Any]) -> bool:
        """Will `cass index` read it from its own file?"""
        path = row["source_path"]
        is_local = row["source_id"] in (None, "local", "")
        return self.is_ours and is_local and isinstance(path, str) and os.path.exists(path)


def is_old_archive(path: str) -> bool:
    """Is this database such an archive?"""
    try:
        with Database(path) as database:
            return all(database.columns(table) for table in TABLES)
    except Unreadable:
        return False


def slugs(path: str) -> list[str]:
    """The agents that it has conversations of.  Raises Unreadable."""
    with Database(path) as database:
        rows = database.rows("SELECT DISTINCT a.slug FROM agents a JOIN conversations c ON c.agent_id=a.id ORDER BY 1")
    return [slug for (slug,) in rows if isinstance(slug, str) and slug]


def agent_of(slug: str) -> tuple[str, bool]:
    """Our name of an agent, and whether we read it ourselves."""
    try:
        return find_agent(slug).name, True
    except UnknownAgent:
        return re.sub(r"[^a-z0-9_]+", "_", slug.lower()).strip("_") or "unknown", False


def names_of(agent: str, row: dict[str, Any]) -> list[str]:
    """The external ids that a conversation may have here, the likeliest first.

    Sessions are known by the name of their file, or by the id at its end.
    """
    given, path = string(row["external_id"]), string(row["source_path"])
    stems = [_stem(text) for text in (path, given) if text]
    ids = [found[0] for text in (*stems, given or "") if (found := _UUID.search(text))]
    if agent == "claude_code":
        names = [*stems, *ids]
    else:
        names = [*ids, *([given] if given else []), *stems]
    return list(dict.fromkeys([*filter(None, names), f"conversation-{row['id']}"]))


def _stem(path: str) -> str:
    name = path.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _messages(database: Database, session: str, conversation: int) -> Iterator[Item]:
    """In order.  Their own numbers are kept where they are numbers."""
    last, ordinal = (-1 << 62), -1
    while True:
        rows = database.select(
            "messages",
            ("idx", "role", "author", "created_at", "content"),
            f"WHERE conversation_id=? AND idx>? ORDER BY idx LIMIT {BATCH}",
            conversation,
            last,
        )
        for idx, role, author, created_at, content in rows:
            last = idx
            ordinal = max(idx, ordinal + 1) if isinstance(idx, int) else ordinal + 1
            if isinstance(content, str) and content.strip():
                yield _message(session, ordinal, role, string(author), any_ms(created_at), well_formed(content))
        if len(rows) < BATCH:
            return


def _message(session: str, ordinal: int, role: object, author: str | None, ms: int | None, text: str) -> Message:
    word = str(role).lower()
    word = _ROLES.get(word, word)
    is_tool = word == "tool"
    block = Block("tool_result", trim_tool(text), author) if is_tool else Block("text", trim(text))
    return Message(session, ordinal, word if word in ROLES else "system", ms, (block,))
