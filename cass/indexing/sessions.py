"""The sessions of one file while it is read: what is stored of them, what is new, what the file no longer has.

Ordinals come from the connector.  A message is the same when its document is: agent, workspace, role, time and texts.
One that vanished keeps everything but its ordinal: gone messages count down from -1.
"""

from __future__ import annotations

import hashlib
import os

from cass.document import Document
from cass.indexing.forgotten import Forgotten
from cass.indexing.opened import IdTaken, OpenSession, ReadWhole
from cass.indexing.order import only_names
from cass.indexing.prepared import Prepared, begins, body_of_parts, clean, document_name, grew, joined
from cass.records import replace
from cass.store import files as store_files
from cass.store import sessions as store_sessions
from cass.store.documents import text_hash, tools_of
from cass.store.ids import session_id
from cass.store.schema import COPY, GONE, OFF_PATH, OWN, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from cass.connectors.base import Branches, Connector, Session
    from cass.indexing.feed import Feed
    from cass.store.sessions import SessionRow
    from cass.store.writer import MessageRow, Part, Writer

# The lines of one answer may stand some turns apart: so many messages wait for more before they are stored.
WAITING_MESSAGES = 16
# They are stored some at a time, so that what is known of them is looked up in one statement.
TOGETHER_MESSAGES = 96
TOGETHER_CHARS = 1 << 20


class SessionBook:
    """All sessions of one file, from its first record to its last."""

    def __init__(self, store: Writer, feed: Feed, connector: Connector, path: str, file_id: int, whole: bool) -> None:
        self.store = store
        self.feed = feed
        self.connector = connector
        self.path = path
        self.file_id = file_id
        self.whole = whole
        self.only_names = only_names(connector, path)
        self.given = 0
        self.left_out: set[str] = set()  # sessions that stand in the file and are not stored (any more)
        self._open: dict[str, OpenSession] = {}
        self._waiting: dict[tuple[str, int], Prepared] = {}
        self._waiting_chars = 0
        self._by_name: dict[str, SessionRow] | None = None
        self._agent_id = store.intern(connector.AGENT) or 0
        self.forgotten = Forgotten(store)

    # What a connector says of a session

    def session(self, session: Session) -> None:
        """Note what is newly known."""
        opened = self._open.get(session.external_id)
        if opened is None:
            opened = self._open_session(session)
        workspace, branch, model = (clean(text) for text in (session.workspace, session.git_branch, session.model))
        moved = workspace is not None and workspace != opened.workspace
        if session.whole or moved:
            self.settle()
        if session.whole and not opened.whole and opened.owned:
            self._compare_all(opened)
        opened.whole = opened.whole or session.whole
        if opened.hidden:
            opened.hold(workspace, branch, model)
        elif moved or branch or model:
            store_sessions.describe_session(self.store, opened.id, None, workspace, branch, model)
        if moved:
            self._move_to(opened, workspace)
        if session.title and not opened.untitled:
            store_sessions.title_session(self.store, opened.id, clean(session.title) or "", session.title_rank)

    def branches(self, branches: Branches) -> None:
        """Mark the messages that stand on branches which were left; its session was sent before it."""
        self.settle()
        opened = self._open[branches.session]
        if not opened.owned:
            self._own(opened, branches.session)
        store_sessions.mark_off_path(self.store, opened.id, branches.off)

    def _move_to(self, opened: OpenSession, workspace: str | None) -> None:
        """Before the session's first message in this file nothing of it is loaded: its documents move then."""
        opened.workspace = workspace
        opened.moved = not opened.owned
        if opened.owned:
            self._move(opened)

    def _open_session(self, session: Session) -> OpenSession:
        agent, parent = self.connector.AGENT, session.parent_external_id
        sid = session_id(agent, parent, session.external_id)
        row = store_sessions.find_session(self.store, sid)
        if self.only_names and (row is None or row.file is None):
            row = self._started().get(session.external_id, row)
        if row is None:
            # A child keeps its parent's own id: the parent is nobody's child here.
            parent_sid = None if parent is None else session_id(agent, None, parent)
            external_id = clean(session.external_id) or ""
            row = store_sessions.add_session(self.store, sid, agent, external_id, parent_sid)
        opened = OpenSession(row, agent, store_sessions.workspace_of(self.store, row))
        opened.whole = self.whole
        opened.hide(self.forgotten.holds(row.sid))
        self._open[session.external_id] = opened
        return opened

    def _started(self) -> dict[str, SessionRow]:
        """The agent's sub-agents by what it calls them: where they are named, nobody says whose they are."""
        if self._by_name is None:
            self._by_name = store_sessions.started_sessions(self.store, self.connector.AGENT)
        return self._by_name

    def _own(self, opened: OpenSession, external_id: str) -> None:
        """The session's first message in this file: take it, unless another file that still stands has it."""
        other = opened.row.file
        if other is not None and other != self.file_id:
            if self._stands(other):
                stem = hashlib.sha256(self.path.encode("utf-8", "surrogateescape")).hexdigest()[:8]
                raise IdTaken(f"{external_id}~{stem}")
            if not opened.whole:
                raise ReadWhole
            store_files.leave_file(self.store, other)
        opened.owned, opened.hidden = True, False
        store_sessions.describe_session(self.store, opened.id, self.file_id, *opened.held)
        if other is None:
            opened.moved = False  # nothing is stored of it that could move
            return
        self._follow(opened)
        if opened.whole:
            self._compare_all(opened)
        else:
            self._expect_back(opened)
            opened.last_ordinal = store_sessions.last_ordinal(self.store, opened.id)

    def _stands(self, file: int) -> bool:
        place = store_files.place_of(self.store, file)
        return place is not None and not place[1] and os.path.exists(place[0]) and self.connector.claims(place[0])

    def _compare_all(self, opened: OpenSession) -> None:
        """From now on everything stored of the session is either repeated or gone."""
        opened.recount = True
        opened.stored.clear()
        opened.by_doc.clear()
        for message in store_sessions.messages_of(self.store, opened.id):
            opened.stored[message.ordinal] = message
            opened.by_doc.setdefault(message.doc, []).append(message)
        opened.last_ordinal = max(opened.stored, default=-1)

    def _expect_back(self, opened: OpenSession) -> None:
        """What an append gives may be what the file once had and lost."""
        if opened.next_gone < -1:
            for message in store_sessions.messages_of(self.store, opened.id):
                if message.flags & GONE:
                    opened.by_doc.setdefault(message.doc, []).append(message)

    # Messages

    def message(self, message: Prepared) -> None:
        """Take a message, or more of one; it is stored a little later."""
        key = (message.session, message.ordinal)
        if key in self._waiting:
            if message.continues:
                self._waiting[key] = joined(self._waiting[key], message)
                return
            self.settle()
        self._waiting[key] = message
        for part in message.parts:
            self._waiting_chars += len(part[5])
        if len(self._waiting) > WAITING_MESSAGES + TOGETHER_MESSAGES or self._waiting_chars > TOGETHER_CHARS:
            self.settle(WAITING_MESSAGES)

    def settle(self, keep: int = 0) -> None:
        """Store what waits, all but the latest `keep`: before a commit, and before a session changes."""
        due = [self._waiting.pop(key) for key in list(self._waiting)[: max(0, len(self._waiting) - keep)]]
        due = self.forgotten.without(due, self._open)
        self._waiting_chars = 0
        docs = [self._document_name(each) for each in due]
        self.store.expect([part[4] for message in due for part in message.parts], docs)
        for message, doc in zip(due, docs, strict=True):
            self._store(message, doc)

    def _document_name(self, message: Prepared) -> int:
        place = self._open[message.session].place
        return document_name(place, message.role, message.created_ms, message.own, message.text)

    def _store(self, message: Prepared, doc: int) -> None:
        """Store a message, or find that it is stored."""
        opened = self._open[message.session]
        if not opened.owned:
            self._own(opened, message.session)
        self.given += 1
        if opened.recount:
            opened.given.add(message.ordinal)
        if message.continues and self._continue(opened, message):
            return
        # Most of a first run: nothing is stored of the session that this could be.
        if message.ordinal > opened.last_ordinal and not opened.by_doc:
            self._add(opened, message, doc)
            return
        stored = self._stored(opened, message.ordinal)
        if stored is None and not opened.by_doc:
            self._add(opened, message, doc)
            return
        if self._keep(opened, message, stored, doc):
            return
        if stored is not None and stored.id not in opened.kept:
            if self._matches(opened, message, stored):
                return
            if not opened.recount:
                self._displace(opened, stored)
        self._add(opened, message, doc)

    def _stored(self, opened: OpenSession, ordinal: int) -> MessageRow | None:
        if ordinal > opened.last_ordinal:
            return None
        if opened.recount:
            return opened.stored.get(ordinal)
        return store_sessions.message_at(self.store, opened.id, ordinal)

    def _keep(self, opened: OpenSession, message: Prepared, stored: MessageRow | None, doc: int) -> bool:
        """Is the message stored already, here or elsewhere in the session?"""
        here = [stored] if stored is not None and stored.doc == doc else []
        for twin in (*here, *opened.by_doc.get(doc, ())):
            if twin.id not in opened.kept:
                self._take(opened, message, twin)
                return True
        return False

    def _take(self, opened: OpenSession, message: Prepared, stored: MessageRow) -> None:
        """The stored message is this one: note where it stands now."""
        opened.kept.add(stored.id)
        opened.displaced = opened.displaced or bool(stored.flags & GONE)
        self.store.place(stored.id, message.ordinal, message.off_path, message.span)

    def _matches(self, opened: OpenSession, message: Prepared, stored: MessageRow) -> bool:
        """Is this the stored message with more said or its time, or its beginning?  Else it is another in its place."""
        if stored.role != message.role or stored.created_ms not in (None, message.created_ms):
            return False
        before = [(digest, text) for _, _, digest, text in store_sessions.blocks_of(self.store, stored.id)]
        if grew(before, message):
            self._take(opened, message, stored)
            if stored.created_ms != message.created_ms:
                self.store.set_time(stored.id, message.created_ms)
                opened.displaced = True  # the session begins and ends otherwise
            stored = replace(stored, created_ms=message.created_ms)
            self._replace(opened, stored, message.parts, message.own)
            return True
        if opened.recount and begins(before, message):
            self._take(opened, message, stored)
            opened.begun[message.ordinal] = (stored, message)
            return True
        return False

    def _displace(self, opened: OpenSession, stored: MessageRow) -> None:
        """An appended file says something else at an ordinal that was given before."""
        self.store.mark_gone(stored.id, opened.next_gone)
        opened.next_gone -= 1
        opened.displaced = True

    def _add(self, opened: OpenSession, message: Prepared, doc: int) -> None:
        flags = (OWN if message.own else 0) | (OFF_PATH if message.off_path else 0)
        row, flags = self.store.add_message(
            opened.id, message.ordinal, message.role, message.created_ms, flags, doc, message.span
        )
        self.store.add_parts(row, message.parts)
        opened.kept.add(row)
        opened.saw(message.created_ms)
        if not flags & COPY:
            self.feed.hold(self._document(opened, message, doc))

    def _document(self, opened: OpenSession, message: Prepared, doc: int) -> Document:
        parts = message.parts
        if opened.workspace_id is None:
            opened.workspace_id = self.store.intern(opened.workspace) or 0
        tools = tools_of([part[1] for part in parts]) if len(parts) > 1 or parts[0][1] else ()
        return Document(
            doc, message.text, opened.id, self._agent_id, opened.workspace_id, message.role, message.own,
            message.created_ms, tools, body_of_parts(parts), message.extra,
        )  # fmt: skip

    def _continue(self, opened: OpenSession, more: Prepared) -> bool:
        """Add blocks to the message that an earlier record began; False where there is none."""
        if more.ordinal in opened.begun:
            self._go_on(opened, more)
            return True
        at = store_sessions.messages_at(self.store, opened.id, more.ordinal)
        stored = next((each for each in at if not opened.recount or each.id in opened.kept), None)
        if stored is None:
            return False
        before = store_sessions.parts_of(self.store, stored.id)
        own = more.own and all(part[3] & OWN_BLOCK for part in before)
        opened.kept.add(stored.id)
        self.store.extend(stored.id, more.span[2])
        self._replace(opened, stored, (*before, *more.parts), own)
        return True

    def _go_on(self, opened: OpenSession, more: Prepared) -> None:
        """More of a message that is stored with all its blocks, of which the file repeats one after the other."""
        stored, begun = opened.begun.pop(more.ordinal)
        whole = replace(begun, parts=(*begun.parts, *more.parts), own=begun.own and more.own)
        self.store.extend(stored.id, more.span[2])
        before = [(digest, text) for _, _, digest, text in store_sessions.blocks_of(self.store, stored.id)]
        if begins(before, whole):
            opened.begun[more.ordinal] = (stored, whole)
        elif [digest for digest, _ in before] != whole.hashes:
            self._replace(opened, stored, whole.parts, whole.own)

    def _replace(self, opened: OpenSession, stored: MessageRow, parts: Sequence[Part], own: bool) -> None:
        """Give a stored message other blocks; its document follows."""
        store_sessions.drop_blocks(self.store, stored.id, 0)
        self.store.add_parts(stored.id, parts)
        self.store.set_own(stored.id, own)
        self._renew(opened, stored.id, stored.created_ms, [part[4] for part in parts])

    def _renew(self, opened: OpenSession, message: int, created_ms: int | None, hashes: list[int]) -> None:
        (stored,) = store_sessions.messages_by_id(self.store, message)
        own = bool(stored.flags & OWN)
        doc = document_name(opened.place, stored.role, created_ms, own, text_hash(hashes))
        if doc != stored.doc:
            self.store.set_document(stored, doc)

    def _follow(self, opened: OpenSession) -> None:
        """Move what was stored before the new workspace was known."""
        if opened.moved:
            opened.moved = False
            self._move(opened)

    def _move(self, opened: OpenSession) -> None:
        """The session belongs to another workspace than was thought: all its documents do."""
        for stored in store_sessions.messages_of(self.store, opened.id):
            hashes = [digest for _, _, digest, _ in store_sessions.blocks_of(self.store, stored.id)]
            self._renew(opened, stored.id, stored.created_ms, hashes)
        if opened.recount:
            self._compare_all(opened)

    # The end of a transaction

    def count(self) -> None:
        """Bring the sessions' counts and times up to date, before a commit."""
        self.settle()
        for opened in self._open.values():
            self._follow(opened)
            if opened.recount or opened.displaced:
                store_sessions.count_session(self.store, opened.id, opened.next_gone)
                opened.displaced = False
            elif opened.added:
                store_sessions.extend_session(self.store, opened.id, opened.added, opened.first_ms, opened.last_ms)
            opened.added, opened.first_ms, opened.last_ms = 0, None, None

    def untitle(self) -> list[str]:
        """Take away the titles of sessions of which something was refused: a title may repeat it.  Gives their ids."""
        return self.forgotten.untitle(self._open.values())

    def close(self, broken: bool) -> None:
        """The reading is over: what a whole one did not repeat is gone, of a broken one only what lost its place."""
        self.settle()
        for opened in self._open.values():
            for stored, shorter in () if broken else opened.begun.values():
                self._replace(opened, stored, shorter.parts, shorter.own)
            if opened.recount:
                self._mark_gone(opened, opened.given if broken else None)
            elif opened.whole and not (opened.owned or self.whole or broken) and opened.row.file == self.file_id:
                self._lose(opened)
            if (opened.untitled or opened.refused) and not opened.owned:
                store_sessions.drop_session(self.store, opened.id)
        if self.whole and not broken:
            self._mark_lost_sessions()

    def let_go(self) -> None:
        """Nothing more will be said of the sessions so far."""
        self._open.clear()

    def _mark_gone(self, opened: OpenSession, taken: Set[int] | None = None) -> None:
        """What was not repeated is gone; with `taken` only what stands at one of these ordinals."""
        for message in opened.stored.values():
            is_due = taken is None or message.ordinal in taken
            if is_due and message.id not in opened.kept and not message.flags & GONE:
                self.store.mark_gone(message.id, opened.next_gone)
                opened.next_gone -= 1

    def _mark_lost_sessions(self) -> None:
        """Sessions that this file had, and has no longer."""
        known = {opened.id for opened in self._open.values() if opened.owned}
        for row in store_sessions.sessions_in_file(self.store, self.file_id):
            if row.id not in known and row.sid not in self.left_out:
                self._lose(OpenSession(row, self.connector.AGENT, None))

    def _lose(self, opened: OpenSession) -> None:
        """The file has nothing of this session any more."""
        self._compare_all(opened)
        self._mark_gone(opened)
        store_sessions.count_session(self.store, opened.id, opened.next_gone)
