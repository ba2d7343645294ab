"""The sessions of one file while it is read: what is stored of them, what is new, what the file no longer has.

Ordinals come from the connector.  A message is the same when its document is: agent, workspace, role, time and texts.
One that vanished keeps everything but its ordinal: gone messages count down from -1.
"""

from __future__ import annotations

import hashlib
import os

from cass.document import Document, extra_text
from cass.indexing.opened import OpenSession
from cass.indexing.prepared import Prepared, begins, clean, cleaned, document_name, grew, name_of, prepare
from cass.records import replace
from cass.store import files as store_files
from cass.store import sessions as store_sessions
from cass.store.documents import text_hash
from cass.store.ids import session_id
from cass.store.schema import COPY, GONE, OFF_PATH, OWN, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.connectors.base import Connector, Message, Session
    from cass.indexing.feed import Feed
    from cass.indexing.prepared import Cleaned
    from cass.store.writer import MessageRow, Writer

    Waiting = tuple[Message, tuple[int, ...], str | None]

FLUSH_BYTES = 4 << 20
# The lines of one answer may stand some turns apart: so many messages wait for more before they are stored.
WAITING_MESSAGES = 16
# They are stored some at a time, so that what is known of them is looked up in one statement.
TOGETHER_MESSAGES = 96
TOGETHER_CHARS = 1 << 20


class IdTaken(Exception):
    """Another file that still stands has this session; `instead` is the external id to read this one under."""

    def __init__(self, instead: str) -> None:
        super().__init__(instead)
        self.instead = instead


class ReadWhole(Exception):
    """The end of this file belongs to a session that another file, now deleted, was the last source of."""


class SessionBook:
    """All sessions of one file, from its first record to its last."""

    def __init__(self, store: Writer, feed: Feed, connector: Connector, path: str, file_id: int, whole: bool) -> None:
        self.store = store
        self.feed = feed
        self.connector = connector
        self.path = path
        self.file_id = file_id
        self.whole = whole
        self.given = 0
        self._open: dict[str, OpenSession] = {}
        self._waiting: dict[tuple[str, int], Waiting] = {}
        self._waiting_chars = 0
        self._agent_id = store.intern(connector.AGENT) or 0

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
        if moved or branch or model:
            store_sessions.describe_session(self.store, opened.id, None, workspace, branch, model)
        if moved:
            self._move_to(opened, workspace)
        if session.title:
            store_sessions.title_session(self.store, opened.id, clean(session.title) or "", session.title_rank)

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
        if row is None:
            # A child keeps its parent's own id: the parent is nobody's child here.
            parent_sid = None if parent is None else session_id(agent, None, parent)
            external_id = clean(session.external_id) or ""
            row = store_sessions.add_session(self.store, sid, agent, external_id, parent_sid)
        opened = OpenSession(row, agent, store_sessions.workspace_of(self.store, row))
        opened.whole = self.whole
        self._open[session.external_id] = opened
        return opened

    def _own(self, opened: OpenSession, external_id: str) -> None:
        """The session's first message in this file: take it, unless another file that still stands has it."""
        other = opened.row.file
        if other is not None and other != self.file_id and self._stands(other):
            stem = hashlib.sha256(self.path.encode("utf-8", "surrogateescape")).hexdigest()[:8]
            raise IdTaken(f"{external_id}~{stem}")
        if other is not None and other != self.file_id and not opened.whole:
            raise ReadWhole
        opened.owned = True
        store_sessions.describe_session(self.store, opened.id, self.file_id, None, None, None)
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

    def message(self, message: Message, digests: tuple[int, ...] = (), extra: str | None = None) -> None:
        """Take a message, or more of one; it is stored a little later.

        `digests` and `extra`, the hashes of its texts and the index's extra words, may have been worked out before.
        """
        key = (message.session, message.ordinal)
        if message.continues and key in self._waiting:
            self._waiting[key] = _joined(self._waiting[key], message, digests, extra)
            return
        if key in self._waiting:
            self.settle()
        self._waiting[key] = (message, digests, extra)
        self._waiting_chars += sum(len(block.text) for block in message.blocks)
        if len(self._waiting) > WAITING_MESSAGES + TOGETHER_MESSAGES or self._waiting_chars > TOGETHER_CHARS:
            self.settle(WAITING_MESSAGES)

    def settle(self, keep: int = 0) -> None:
        """Store what waits, all but the latest `keep`: before a commit, and before a session changes."""
        due = [self._waiting.pop(key) for key in list(self._waiting)[: max(0, len(self._waiting) - keep)]]
        self._waiting_chars = 0
        texts = [cleaned(message, digests) for message, digests, _ in due]
        docs = [self._name(message, read) for (message, _, _), read in zip(due, texts, strict=True)]
        self.store.expect([digest for read in texts for _, _, digest in read], docs)
        for (message, _, extra), read, doc in zip(due, texts, docs, strict=True):
            self._store(message, read, doc, extra)

    def _name(self, message: Message, read: Cleaned) -> int:
        opened = self._open[message.session]
        return name_of(message, opened.agent, opened.workspace, read)

    def _store(self, message: Message, read: Cleaned, doc: int, extra: str | None) -> None:
        """Store a message, or find that it is stored."""
        opened = self._open[message.session]
        if not opened.owned:
            self._own(opened, message.session)
        self.given += 1
        opened.highest = max(opened.highest, message.ordinal)
        prepared = prepare(self.store, message, read)
        if message.continues and self._continue(opened, message, prepared):
            return
        stored = self._stored(opened, message.ordinal)
        if stored is None and not opened.by_doc:
            self._add(opened, message, prepared, doc, extra)
            return
        if self._keep(opened, message, stored, doc):
            return
        if stored is not None and stored.id not in opened.kept:
            if self._matches(opened, message, stored, prepared):
                return
            if not opened.recount:
                self._displace(opened, stored)
        self._add(opened, message, prepared, doc, extra)

    def _stored(self, opened: OpenSession, ordinal: int) -> MessageRow | None:
        if ordinal > opened.last_ordinal:
            return None
        if opened.recount:
            return opened.stored.get(ordinal)
        return store_sessions.message_at(self.store, opened.id, ordinal)

    def _keep(self, opened: OpenSession, message: Message, stored: MessageRow | None, doc: int) -> bool:
        """Is the message stored already, here or elsewhere in the session?"""
        here = [stored] if stored is not None and stored.doc == doc else []
        for twin in (*here, *opened.by_doc.get(doc, ())):
            if twin.id not in opened.kept:
                self._take(opened, message, twin)
                return True
        return False

    def _take(self, opened: OpenSession, message: Message, stored: MessageRow) -> None:
        """The stored message is this one: note where it stands now."""
        opened.kept.add(stored.id)
        opened.displaced = opened.displaced or bool(stored.flags & GONE)
        span = (message.line, message.start, message.end)
        self.store.place(stored.id, message.ordinal, message.off_path, span)

    def _matches(self, opened: OpenSession, message: Message, stored: MessageRow, prepared: Prepared) -> bool:
        """Is this the stored message with more said, or its beginning?  Anything else is another in its place."""
        if (stored.role, stored.created_ms) != (prepared.role, message.created_ms):
            return False
        before = [(digest, text) for _, _, digest, text in store_sessions.blocks_of(self.store, stored.id)]
        if grew(before, prepared):
            self._take(opened, message, stored)
            self._replace(opened, stored, prepared)
            return True
        if opened.recount and begins(before, prepared):
            self._take(opened, message, stored)
            opened.begun[message.ordinal] = (stored, message, prepared)
            return True
        return False

    def _displace(self, opened: OpenSession, stored: MessageRow) -> None:
        """An appended file says something else at an ordinal that was given before."""
        self.store.mark_gone(stored.id, opened.next_gone)
        opened.next_gone -= 1
        opened.displaced = True

    def _add(self, opened: OpenSession, message: Message, prepared: Prepared, doc: int, extra: str | None) -> None:
        flags = (OWN if prepared.own else 0) | (OFF_PATH if message.off_path else 0)
        span = (message.line, message.start, message.end)
        row, flags = self.store.add_message(
            opened.id, message.ordinal, prepared.role, message.created_ms, flags, doc, span
        )
        self.store.add_blocks([(row, order, *block) for order, block in enumerate(prepared.blocks)])
        opened.kept.add(row)
        opened.saw(message.created_ms)
        if not flags & COPY:
            self.feed.hold(self._document(opened, message.created_ms, prepared, doc, extra))
        if self.store.pending_bytes > FLUSH_BYTES:
            self.store.flush()

    def _document(
        self, opened: OpenSession, created_ms: int | None, prepared: Prepared, doc: int, extra: str | None
    ) -> Document:
        return Document(
            doc,
            text_hash(list(prepared.hashes)),
            opened.id,
            self._agent_id,
            self.store.intern(opened.workspace) or 0,
            prepared.role,
            prepared.own,
            created_ms,
            prepared.tools,
            prepared.body,
            extra,
        )

    def _continue(self, opened: OpenSession, message: Message, more: Prepared) -> bool:
        """Add blocks to the message that an earlier record began; False where there is none."""
        if message.ordinal in opened.begun:
            self._go_on(opened, message, more)
            return True
        at = store_sessions.messages_at(self.store, opened.id, message.ordinal)
        stored = next((each for each in at if not opened.recount or each.id in opened.kept), None)
        if stored is None:
            return False
        before = store_sessions.stored_blocks(self.store, stored.id)
        rows, hashes = tuple(row[:5] for row in before), tuple(row[5] for row in before)
        own = more.own and all(row[3] & OWN_BLOCK for row in before)
        whole = Prepared(stored.role, (*rows, *more.blocks), (*hashes, *more.hashes), (), (), own)
        opened.kept.add(stored.id)
        self.store.extend(stored.id, message.end)
        self._replace(opened, stored, whole)
        return True

    def _go_on(self, opened: OpenSession, message: Message, more: Prepared) -> None:
        """More of a message that is stored with all its blocks, of which the file repeats one after the other."""
        stored, first, begun = opened.begun.pop(message.ordinal)
        blocks, hashes = (*begun.blocks, *more.blocks), (*begun.hashes, *more.hashes)
        whole = Prepared(begun.role, blocks, hashes, (*begun.texts, *more.texts), (), begun.own and more.own)
        self.store.extend(stored.id, message.end)
        before = [(digest, text) for _, _, digest, text in store_sessions.blocks_of(self.store, stored.id)]
        if begins(before, whole):
            opened.begun[message.ordinal] = (stored, first, whole)
        elif [digest for digest, _ in before] != list(hashes):
            self._replace(opened, stored, whole)

    def _replace(self, opened: OpenSession, stored: MessageRow, prepared: Prepared) -> None:
        """Give a stored message other blocks; its document follows."""
        store_sessions.drop_blocks(self.store, stored.id, 0)
        self.store.add_blocks([(stored.id, order, *block) for order, block in enumerate(prepared.blocks)])
        self.store.set_own(stored.id, prepared.own)
        self._renew(opened, stored.id, stored.created_ms, prepared.hashes)

    def _renew(self, opened: OpenSession, message: int, created_ms: int | None, hashes: Sequence[int]) -> None:
        (stored,) = store_sessions.messages_by_id(self.store, message)
        own = bool(stored.flags & OWN)
        doc = document_name(opened.agent, opened.workspace, stored.role, created_ms, own, hashes)
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

    def close(self, broken: bool) -> None:
        """The reading is over: what a whole one did not repeat is gone, of a broken one only up to where it came."""
        self.settle()
        for opened in self._open.values():
            for stored, _, shorter in opened.begun.values():
                self._replace(opened, stored, shorter)
            if opened.recount:
                self._mark_gone(opened, opened.highest if broken else None)
        if self.whole and not broken:
            self._mark_lost_sessions()

    def _mark_gone(self, opened: OpenSession, up_to: int | None = None) -> None:
        for message in opened.stored.values():
            is_due = up_to is None or message.ordinal <= up_to
            if is_due and message.id not in opened.kept and not message.flags & GONE:
                self.store.mark_gone(message.id, opened.next_gone)
                opened.next_gone -= 1

    def _mark_lost_sessions(self) -> None:
        """Sessions that this file had, and has no longer."""
        known = {opened.id for opened in self._open.values() if opened.owned}
        for row in store_sessions.sessions_in_file(self.store, self.file_id):
            if row.id in known:
                continue
            opened = OpenSession(row, self.connector.AGENT, None)
            self._compare_all(opened)
            self._mark_gone(opened)
            store_sessions.count_session(self.store, row.id, opened.next_gone)


def _joined(first: Waiting, more: Message, digests: tuple[int, ...], extra: str | None) -> Waiting:
    """A message that waits, with more blocks."""
    message, known, words = first
    whole = replace(message, blocks=(*message.blocks, *more.blocks), end=more.end)
    # Hashes are told by position, and calls of cass itself are not searched beside other words.
    if len(known) < len(message.blocks) or words is None or extra is None or any(block.own for block in whole.blocks):
        return whole, known, None
    return whole, (*known, *digests), extra_text({*words.split(), *extra.split()})
