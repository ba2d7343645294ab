"""Cursor: conversations in the key-value databases of the editor, one for all windows and one for each workspace; the
agent's on the command line have a database each (`cursor_chats`); what neither has is read from plain files
(`cursor_transcripts`).

Composers stand in the one for all (`composerData:ID`, each bubble under a key of its own); before 2025 with all their
bubbles in their workspace's, beside the tabs of the older chat.  Every change gives a row a new number: those of a
composer and of its bubbles are its stamp, and show even an answer that is being written.  Only named keys are asked:
the same tables hold tokens of accounts.
"""

from __future__ import annotations

import functools
import json
import os

from cass.connectors import cursor_chats, cursor_transcripts
from cass.connectors.base import Root, Surroundings
from cass.connectors.common import any_ms, names_in
from cass.connectors.cursor_text import Transcript, workspace_in
from cass.connectors.databases import Stored, newest, read_changed, stamp
from cass.connectors.readonly_sqlite import Database, Unreadable
from cass.connectors.telling import string
from cass.connectors.vscode import uri_path, user_folders, workspace_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from cass.connectors.base import Item, Source
    from cass.connectors.telling import Telling

AGENT = "cursor"
FILE = "state.vscdb"

_COMPOSERS = "composer.composerData"
_HEADERS = "composer.composerHeaders"
_PANES, _BEHIND_PANES = "workbench.panel.composerChatViewPane.", "workbench.panel.composerChatViewPane/"
_VIEW = "workbench.panel.aichat.view."
_CHATS = "workbench.panel.aichat.view.aichat.chatdata"
_TOGETHER = 100
# Rows are replaced, never changed: a new value has a new rowid, which the index of keys holds.
_LIST = """SELECT substr(key, 14), rowid FROM cursorDiskKV
    WHERE key >= 'composerData:' AND key < 'composerData;' ORDER BY rowid DESC"""
_COUNT = """SELECT substr(key, 10, instr(substr(key, 10), ':') - 1), COUNT(*), MAX(rowid) FROM cursorDiskKV
    WHERE key >= 'bubbleId:' AND key < 'bubbleId;' GROUP BY 1"""


def roots(around: Surroundings) -> list[Root]:
    """The agent's chats, and the editor's `User` folders on every system; in WSL those of Windows too."""
    folders = _users(around)
    if around.env.get("WSL_DISTRO_NAME"):
        users = "/mnt/c/Users"
        folders += [os.path.join(users, name, "AppData", "Roaming", "Cursor", "User") for name in names_in(users)]
    own = around.named("CURSOR_CONFIG_DIR", "~/.cursor")
    return [Root(os.path.join(own, "chats"), 2), Root(os.path.join(own, "projects"), 4)] + [
        root
        for folder in folders
        for root in (Root(os.path.join(folder, "globalStorage")), Root(os.path.join(folder, "workspaceStorage"), 1))
    ]


def _users(around: Surroundings) -> list[str]:
    return [*user_folders(around, ("Cursor",)), os.path.join(around.home, ".cursor-server", "data", "User")]


def enters(folder: str) -> bool:
    """The folder of each workspace, of the editor and of the agent, of each of its chats, and of transcripts."""
    above = os.path.dirname(folder)
    name, names = os.path.basename(folder), (os.path.basename(above), os.path.basename(os.path.dirname(above)))
    if names[0] in ("workspaceStorage", "chats", "projects") or names[1] == "chats":
        return True
    return cursor_transcripts.FOLDER in (name, names[0], names[1])


def claims(path: str) -> bool:
    """The editor's database, whose backup repeats it, those of the agent's chats, and transcripts that neither has."""
    if cursor_transcripts.is_transcript(path):
        return not cursor_transcripts.is_elsewhere(path) and not _is_composer(path)
    return os.path.basename(path) == FILE or cursor_chats.is_store(path)


def read(source: Source) -> Iterator[Item]:
    """Give the conversations that changed since they were read."""
    if cursor_chats.is_store(source.path):
        return cursor_chats.read(source)
    if cursor_transcripts.is_transcript(source.path):
        return cursor_transcripts.read(source)
    store = _Store(source.path)
    return read_changed(source, store.listed, store.tell, store.parent)


class _Store:
    """One database.  A conversation's row is its kind, and what is known of it without its bubbles."""

    def __init__(self, path: str) -> None:
        self.folder = os.path.dirname(path)
        self.is_global = os.path.basename(self.folder) == "globalStorage"
        self._workspaces: dict[str, str] | None = None
        self._last: tuple[str, Any] = ("", None)

    def listed(self, database: Database) -> Iterable[Stored]:
        yield from _composers(database)
        inline = _item(database, _COMPOSERS)
        elsewhere = frozenset() if self.is_global else _global_composers(self.folder)
        for composer in _list(inline.get("allComposers") if isinstance(inline, dict) else None):
            key, bubbles = string(composer.get("composerId")), _list(composer.get("conversation"))
            if key and bubbles and key not in elsewhere:
                updated, created = composer.get("lastUpdatedAt"), composer.get("createdAt")
                marks = stamp(updated, composer.get("status"), len(bubbles), composer.get("name"))
                yield Stored(key, marks, newest(any_ms(updated), any_ms(created)), None, ("inline", composer))
        chats = _item(database, _CHATS)
        for tab in _list(chats.get("tabs") if isinstance(chats, dict) else None):
            key, bubbles = string(tab.get("tabId")), _list(tab.get("bubbles"))
            if key and bubbles:
                sent = tab.get("lastSendTime")
                yield Stored(key, stamp(sent, len(bubbles), tab.get("chatTitle")), any_ms(sent), None, ("tab", tab))

    def tell(self, database: Database, stored: Stored, telling: Telling) -> bool:
        """Its stamp shows all that is written: it is never open."""
        kind, known = stored.row
        if kind == "tab":
            self._tab(known, telling)
        elif isinstance(composer := self._value(database, stored), dict):
            self._composer(database, stored.id, composer, telling)
        return False

    def parent(self, database: Database, stored: Stored) -> str | None:
        """The composer whose sub-agent this one is."""
        composer = self._value(database, stored)
        about = composer.get("subagentInfo") if isinstance(composer, dict) else None
        return string(about.get("parentComposerId")) if isinstance(about, dict) else None

    def _value(self, database: Database, stored: Stored) -> Any:
        kind, known = stored.row
        if kind != "keys":
            return known
        if self._last[0] != stored.id:
            rows = database.rows("SELECT value FROM cursorDiskKV WHERE key=?", f"composerData:{stored.id}")
            self._last = (stored.id, _json(rows[0][0]) if rows else None)
        return self._last[1]

    def _composer(self, database: Database, key: str, composer: dict[str, Any], telling: Telling) -> None:
        bubbles = [(bubble, False) for bubble in _list(composer.get("conversation"))]
        bubbles = bubbles or list(_bubbles(database, key, composer))
        named = uri_path(_uri(composer)) or self._workspace(database, key)
        telling.know(workspace=named or uri_path(workspace_in(bubble for bubble, _ in bubbles)))
        transcript = Transcript(telling, any_ms(composer.get("createdAt")))
        chosen = composer.get("modelConfig")
        for bubble, is_left in bubbles:
            transcript.bubble(bubble, is_left)
        if transcript.said and isinstance(chosen, dict):
            transcript.know_model(chosen.get("modelName"))
        transcript.title(composer.get("name"))

    def _tab(self, tab: dict[str, Any], telling: Telling) -> None:
        telling.know(workspace=None if self.is_global else workspace_folder(self.folder))
        transcript = Transcript(telling, any_ms(tab.get("lastSendTime")))
        for bubble in _list(tab.get("bubbles")):
            transcript.bubble(bubble)
        transcript.title(tab.get("chatTitle"))

    def _workspace(self, database: Database, key: str) -> str | None:
        """Where the composer itself does not say it: its workspace's database names it, or the list of all does."""
        if not self.is_global:
            return workspace_folder(self.folder)
        if self._workspaces is None:
            storage = os.path.join(os.path.dirname(self.folder), "workspaceStorage")
            self._workspaces = _workspaces(storage)
            headers = _item(database, _HEADERS)
            for header in _list(headers.get("allComposers") if isinstance(headers, dict) else None):
                if path := uri_path(_uri(header)) or _folder_named(storage, header):
                    self._workspaces.setdefault(str(header.get("composerId")), path)
        return self._workspaces.get(key)


def _composers(database: Database) -> Iterator[Stored]:
    """Those that stand under keys of their own; a draft has no bubbles and is told without messages."""
    if not database.columns("cursorDiskKV"):
        return
    bubbles = {row[0]: row[1:] for row in database.rows(_COUNT)}
    for key, number in database.rows(_LIST):
        if string(key):
            yield Stored(key, stamp(number, *bubbles.get(key, ())), row=("keys", None))


def _bubbles(database: Database, key: str, composer: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bool]]:
    """The bubbles in their order, then those that the composer no longer names: they were on a branch that was left."""
    named = [string(header.get("bubbleId")) for header in _list(composer.get("fullConversationHeadersOnly"))]
    start = f"bubbleId:{key}:"
    sql = "SELECT key FROM cursorDiskKV WHERE key >= ? AND key < ? ORDER BY key"
    there = [str(row[0])[len(start) :] for row in database.rows(sql, start, f"bubbleId:{key};")]
    for bubble in _fetched(database, start, [each for each in dict.fromkeys(named) if each]):
        yield bubble, False
    known = set(named)
    left = list(_fetched(database, start, [each for each in there if each not in known]))
    for bubble in sorted(left, key=lambda bubble: any_ms(bubble.get("createdAt")) or 0):
        yield bubble, True


def _fetched(database: Database, start: str, keys: list[str]) -> Iterator[dict[str, Any]]:
    for at in range(0, len(keys), _TOGETHER):
        some = [start + key for key in keys[at : at + _TOGETHER]]
        marks = ", ".join("?" * len(some))
        found = dict(database.rows(f"SELECT key, value FROM cursorDiskKV WHERE key IN ({marks})", *some))
        for key in some:
            if isinstance(bubble := _json(found.get(key)), dict):
                yield bubble


def _workspaces(storage: str) -> dict[str, str]:
    """The folders of composers, as the databases of the workspaces list them."""
    found: dict[str, str] = {}
    for name in names_in(storage):
        folder = os.path.join(storage, name)
        path = workspace_folder(folder)
        if path is None or not os.path.exists(os.path.join(folder, FILE)):
            continue
        try:
            with Database(os.path.join(folder, FILE)) as database:
                listed, panes = _item(database, _COMPOSERS), _in_panes(database)
        except Unreadable:
            continue
        listed = listed if isinstance(listed, dict) else {}
        keys = [composer.get("composerId") for composer in _list(listed.get("allComposers"))]
        selected = listed.get("selectedComposerIds")
        keys += selected if isinstance(selected, list) else []
        keys += panes
        found.update((key, path) for key in keys if isinstance(key, str))
    return found


def _in_panes(database: Database) -> list[str]:
    """The composers that stand in a workspace's panes: of those that are not open nothing else there says so."""
    values = database.select("ItemTable", ("value",), "WHERE key>=? AND key<?", _PANES, _BEHIND_PANES)
    panes = [pane for (value,) in values if isinstance(pane := _json(value), dict)]
    return [key.removeprefix(_VIEW) for pane in panes for key in pane if key.startswith(_VIEW)]


def _folder_named(storage: str, composer: dict[str, Any]) -> str | None:
    """The folder of the workspace that is named by its place in the storage alone."""
    place = composer.get("workspaceIdentifier")
    name = string(place.get("id")) if isinstance(place, dict) else None
    return workspace_folder(os.path.join(storage, name)) if name and name == os.path.basename(name) else None


def _global_composers(workspace: str) -> frozenset[str]:
    """The composers that stand in the database of all windows: a workspace's copy of them is not told.

    Raises Unreadable: without knowing them, each might be told twice.
    """
    return _composers_of(os.path.join(os.path.dirname(os.path.dirname(workspace)), "globalStorage", FILE))


def _composers_of(path: str) -> frozenset[str]:
    try:
        info = os.stat(path)
    except OSError:
        return frozenset()
    return _composers_in(path, info.st_size, info.st_mtime_ns)


def _is_composer(transcript: str) -> bool:
    """Has an editor of the same home folder this session?  One that cannot be asked has them all."""
    around = Surroundings(cursor_transcripts.home_of(transcript), {})
    key = cursor_transcripts.session_of(transcript)
    try:
        return any(key in _composers_of(os.path.join(user, "globalStorage", FILE)) for user in _users(around))
    except Unreadable:
        return True


@functools.lru_cache(maxsize=4)
def _composers_in(path: str, size: int, mtime_ns: int) -> frozenset[str]:
    with Database(path) as database:
        found = database.rows(_LIST) if database.columns("cursorDiskKV") else []
        return frozenset(str(row[0]) for row in found)


def _uri(composer: dict[str, Any]) -> object:
    place = composer.get("workspaceIdentifier")
    return place.get("uri") if isinstance(place, dict) else None


def _item(database: Database, key: str) -> Any:
    rows = database.select("ItemTable", ("value",), "WHERE key=?", key)
    return _json(rows[0][0]) if rows else None


def _json(value: object) -> Any:
    """A value of the table: JSON as text or bytes, sometimes with raw control characters in it."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    try:
        return json.loads(text, strict=False) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
