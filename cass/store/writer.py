"""Write sessions and messages: interned strings, texts once by content, one change number over everything.

A part is a file's, or that of a large file up to a checkpoint: it is kept whole or undone whole; a transaction holds
some parts.  Rows are gathered over the parts and written in batches, if possible outside of a part: SQLite copies each
page that a savepoint may have to put back.  Nothing here decides what is new: `indexing/ingest.py` does.
"""

from __future__ import annotations

from cass.native_sqlite import _sqlite3
from cass.records import record
from cass.store.connect import lacking
from cass.store.refusals import refused
from cass.store.schema import COPY, GONE, OFF_PATH, OWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from sqlite3 import Connection
    from typing import Any

    # message, ord, kind, tool, call, flags, text
    BlockRow = tuple[int, int, int, int | None, str | None, int, int]
    # New rows of texts, messages and blocks
    Gathered = tuple[list[tuple[int, int, str]], list[tuple[Any, ...]], list[BlockRow]]
    # A block without ids: kind, tool, call, flags, hash of the text, text
    Part = tuple[int, str | None, str | None, int, int, str]

FLUSH_BYTES = 4 << 20
STRINGS_KEPT = 50_000
TEXTS_KEPT = 60_000
# A database that was empty when this process opened it holds what this process wrote.  As long as all of that is
# remembered (20 MB), nothing has to be looked up: a fifth of what storing costs in Python.
ALL_KNOWN = 130_000
BOUND = 100  # values looked up by one statement
# 32 MB of the log before it is copied into the database: a long run changes the pages of the indexes again and again.
LONG_RUN_PAGES = 4_000

_MESSAGE = "INSERT INTO messages VALUES(?,?,?,?,?,?,?,?,?,?,?)"
_BLOCK = "INSERT OR REPLACE INTO blocks VALUES(?,?,?,?,?,?,?)"
_TEXT = "INSERT INTO texts VALUES(?,?,?)"


@record
class MessageRow:
    """A stored message.  `doc` is the hash that names its document in the lexical index."""

    id: int
    session: int
    ordinal: int
    role: int
    created_ms: int | None
    flags: int
    doc: int
    change: int


class Writer:
    """The database's one writer.  Every method may raise SystemRefused, Busy or CorruptDatabase."""

    def __init__(self, connection: Connection, path: str) -> None:
        self.connection = connection
        self.path = path
        self._strings: dict[str, int] = {}
        self._text_ids: dict[int, int] = {}
        self._new_texts: list[tuple[int, int, str]] = []
        self._new_messages: list[tuple[Any, ...]] = []
        self._new_blocks: list[BlockRow] = []
        self._new_docs: set[int] = set()
        self._absent_texts: set[int] = set()
        self._absent_docs: set[int] = set()
        self._in_part = False
        # Rows gathered in earlier parts that this one had to write: they are gathered again if it is undone.
        self._earlier: Gathered | None = None
        # New text that is gathered, and that of the whole transaction.
        self.pending_bytes = 0
        self.transaction_bytes = 0
        # Messages of this transaction that have another document than they were stored with.
        self.renewed: list[int] = []
        self._read_counters()

    def _read_counters(self) -> None:
        self.change, self.messages = self._counter("change"), self._counter("messages")
        self._next_message = int(self.value("SELECT coalesce(max(id), 0) FROM messages")) + 1
        # A number is never given twice: vectors are keyed by it, and the last texts may have been forgotten.
        last = (
            "SELECT max(coalesce(max(id), 0), coalesce((SELECT value FROM meta WHERE key='last_text'), 0)) FROM texts"
        )
        self._next_text = int(self.value(last)) + 1
        # Are all documents and texts of the database in `_new_docs` and `_text_ids`?
        self._knows_all = self._next_message == self._next_text == 1

    def _counter(self, key: str) -> int:
        value = self.value("SELECT value FROM meta WHERE key=?", key)
        if value is None:
            raise refused(self.path, lacking(key))
        return int(value)

    def value(self, sql: str, *bound: object) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.run(sql, *bound).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *bound: object) -> Any:
        """Execute one statement; SQLite's errors become ours."""
        try:
            return self.connection.execute(sql, bound)
        except _sqlite3.DatabaseError as bad:
            raise refused(self.path, bad) from bad

    def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Execute one statement for each row."""
        try:
            self.connection.executemany(sql, rows)
        except _sqlite3.DatabaseError as bad:
            raise refused(self.path, bad) from bad

    def expect_much(self) -> None:
        """A long run begins: let the log grow before it is copied into the database."""
        self.run(f"PRAGMA wal_autocheckpoint={LONG_RUN_PAGES}")

    def begin(self) -> None:
        self.run("BEGIN IMMEDIATE")

    @property
    def is_open(self) -> bool:
        """Is there a transaction to commit?"""
        return self.connection.in_transaction

    @property
    def in_part(self) -> bool:
        """Is a part begun, and neither kept nor undone?"""
        return self._in_part

    def begin_part(self) -> None:
        """A part of the transaction, which begins with it where there is none."""
        if not self.is_open:
            self.begin()
        self.run("SAVEPOINT part")
        self._in_part, self._earlier = True, None
        self._before_part = (self.change, self.messages, self._next_message, self._next_text)
        self._marks = (len(self._new_texts), len(self._new_messages), len(self._new_blocks))
        self._renewed_before = len(self.renewed)

    def keep_part(self) -> None:
        """The part is whole."""
        self.run("RELEASE part")
        self._in_part, self._earlier = False, None
        if self.pending_bytes > FLUSH_BYTES:
            self.flush()

    def undo_part(self) -> bool:
        """Forget everything since `begin_part`; false: all of the transaction, where no part of it is under way."""
        if not self.is_open or not self._in_part:
            self.rollback()
            return False
        gathered = self._earlier or self._gathered_before()
        self._forget_gathered()
        self.run("ROLLBACK TO part")
        self.run("RELEASE part")
        self._in_part = False
        self.change, self.messages, self._next_message, self._next_text = self._before_part
        del self.renewed[self._renewed_before :]
        self._gather_again(*gathered)
        return True

    def _gathered_before(self) -> Gathered:
        """What earlier parts have gathered."""
        texts, messages, blocks = self._marks
        return self._new_texts[:texts], self._new_messages[:messages], self._new_blocks[:blocks]

    def _gather_again(
        self, texts: list[tuple[int, int, str]], messages: list[tuple[Any, ...]], blocks: list[BlockRow]
    ) -> None:
        self._new_texts, self._new_messages, self._new_blocks = texts, messages, blocks
        self._text_ids.update({digest: number for number, digest, _ in texts})
        self._new_docs.update([row[6] for row in messages])
        self.pending_bytes = sum([len(text) for _, _, text in texts])

    def commit(self) -> None:
        """Write what was gathered, and the change number with it."""
        self.flush()
        self.run("UPDATE meta SET value=? WHERE key='change'", self.change)
        self.run("UPDATE meta SET value=? WHERE key='messages'", self.messages)
        self.run("COMMIT")
        self.transaction_bytes = 0

    def note_indexed(self, now_ms: int) -> None:
        """When something was last brought up to date."""
        self.run("UPDATE meta SET value=? WHERE key='indexed_ms'", now_ms)

    def note_unread(self, files: int) -> None:
        """How many files were seen and have never been read: until it is 0, nothing found is not nothing there."""
        self.run("INSERT OR REPLACE INTO meta VALUES('unread', ?)", files)

    def rollback(self) -> None:
        """Forget everything since `begin`."""
        self._forget_gathered()
        self._in_part = False
        self.transaction_bytes = 0
        self.renewed.clear()
        if self.is_open:
            self.connection.rollback()
        self._read_counters()

    def _forget_gathered(self) -> None:
        self._new_texts.clear()
        self._new_messages.clear()
        self._new_blocks.clear()
        self._new_docs.clear()
        self._absent_texts.clear()
        self._absent_docs.clear()
        self._text_ids.clear()
        self._strings.clear()
        self._knows_all = False
        self.pending_bytes = 0

    def flush(self) -> None:
        """Hand the gathered rows to SQLite, inside the transaction."""
        if self._in_part and self._earlier is None:
            self._earlier = self._gathered_before()
        try:
            self.connection.executemany(_TEXT, self._new_texts)
            self.connection.executemany(_MESSAGE, self._new_messages)
            self.connection.executemany(_BLOCK, self._new_blocks)
        except _sqlite3.DatabaseError as bad:
            raise refused(self.path, bad) from bad
        self._new_texts.clear()
        self._new_messages.clear()
        self._new_blocks.clear()
        # What was looked up ahead may be stored by now.
        self._absent_texts.clear()
        self._absent_docs.clear()
        self.pending_bytes = 0
        if self._knows_all and len(self._text_ids) < ALL_KNOWN and len(self._new_docs) < ALL_KNOWN:
            return
        self._knows_all = False
        self._new_docs.clear()
        if len(self._text_ids) > TEXTS_KEPT:
            self._text_ids.clear()

    def intern(self, text: str | None) -> int | None:
        """The id of a string that many rows share."""
        if text is None:
            return None
        known = self._strings.get(text)
        if known is None:
            known = self.value("SELECT id FROM strings WHERE text=?", text)
            if known is None:
                known = self.run("INSERT INTO strings(text) VALUES(?)", text).lastrowid
            if len(self._strings) > STRINGS_KEPT:
                self._strings.clear()
            self._strings[text] = known
        return known

    def expect(self, digests: Iterable[int], docs: Iterable[int]) -> None:
        """Look up many texts and documents that are about to be asked for: two statements instead of one each."""
        if self._knows_all:
            return
        wanted = list({digest for digest in digests if digest not in self._text_ids})
        found = self._rows("SELECT hash, id FROM texts WHERE hash IN", wanted)
        for digest, number in found:
            self._text_ids[digest] = number
        self._absent_texts = set(wanted) - {digest for digest, _ in found}
        wanted = list(set(docs) - self._new_docs)
        self._absent_docs = set(wanted) - {
            doc for (doc,) in self._rows("SELECT doc FROM messages WHERE doc IN", wanted)
        }

    def _rows(self, sql: str, values: list[int]) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        for start in range(0, len(values), BOUND):
            some = values[start : start + BOUND]
            # Always as many marks: one statement to prepare, whatever the number.
            some += some[-1:] * (BOUND - len(some))
            found += self.run(f"{sql} ({','.join('?' * BOUND)})", *some).fetchall()
        return found

    def text(self, text: str, digest: int) -> int:
        """The id of a text, stored once however often it is said.  `digest` is the hash64 of its UTF-8."""
        known: int | None = self._text_ids.get(digest)
        if known is None and not self._knows_all and digest not in self._absent_texts:
            known = self.value("SELECT id FROM texts WHERE hash=?", digest)
        if known is not None:
            self._text_ids[digest] = known
            return known
        number = self._text_ids[digest] = self._next_text
        self._next_text = number + 1
        self._new_texts.append((number, digest, text))
        size = len(text)
        self.pending_bytes += size
        self.transaction_bytes += size
        return number

    def has_document(self, doc: int) -> bool:
        """Is there a message with this document already?"""
        if doc in self._new_docs:
            return True
        if self._knows_all or doc in self._absent_docs:
            return False
        return self.value("SELECT 1 FROM messages WHERE doc=? LIMIT 1", doc) is not None

    def add_message(
        self,
        session: int,
        ordinal: int,
        role: int,
        created_ms: int | None,
        flags: int,
        doc: int,
        span: tuple[int | None, int | None, int | None],
    ) -> tuple[int, int]:
        """(id, flags) of a new message; `flags` gain COPY when its document is already there."""
        if self.has_document(doc):
            flags |= COPY
        self._new_docs.add(doc)
        message = self._next_message
        self._next_message += 1
        self.messages += 1
        self.change += 1
        row = (message, session, ordinal, role, created_ms, flags, doc, self.change, *span)
        self._new_messages.append(row)
        return message, flags

    def changed_since(self, change: int) -> int:
        """How many messages were added or altered after `change`."""
        return int(self.value("SELECT count(*) FROM messages WHERE change>?", change))

    def add_parts(self, message: int, parts: Sequence[Part]) -> None:
        """A message's blocks, in order; their texts are stored on the way, each once."""
        text_ids, strings, add = self._text_ids, self._strings, self._new_blocks.append
        for order, (kind, tool, call, flags, digest, text) in enumerate(parts):
            number = text_ids.get(digest) or self.text(text, digest)
            tool_id = None if tool is None else strings.get(tool) or self.intern(tool)
            add((message, order, kind, tool_id, call, flags, number))
        if self.pending_bytes > FLUSH_BYTES:
            self.flush()

    def set_document(self, message: MessageRow, doc: int) -> int:
        """The message says something else now.  Gives its new flags; the old document goes when nobody has it."""
        self.flush()
        self._knows_all = False  # the old document may leave the database
        self._new_docs.clear()
        flags = message.flags & ~COPY
        if self.has_document(doc):
            flags |= COPY
        self.change += 1
        self.run("UPDATE messages SET doc=?, flags=?, change=? WHERE id=?", doc, flags, self.change, message.id)
        self.renewed.append(message.id)
        self.release_document(message.doc, was_copy=bool(message.flags & COPY))
        return flags

    def release_document(self, doc: int, was_copy: bool) -> None:
        """A message has left `doc`: hand it to a copy, or note that the index must drop it."""
        if was_copy:
            return
        self.change += 1
        heir = self.value("SELECT id FROM messages WHERE doc=? ORDER BY id LIMIT 1", doc)
        self.run("INSERT INTO removals VALUES(?,?)", self.change, doc)
        if heir is not None:
            self.change += 1
            self.run("UPDATE messages SET flags=flags & ?, change=? WHERE id=?", ~COPY, self.change, heir)
            self.renewed.append(heir)

    def mark_gone(self, message: int, ordinal: int) -> None:
        """The agent's file no longer contains it: kept and searchable, under an ordinal of its own."""
        self.run("UPDATE messages SET flags=flags | ?, ordinal=? WHERE id=?", GONE, ordinal, message)

    def place(
        self, message: int, ordinal: int, off_path: bool, span: tuple[int | None, int | None, int | None]
    ) -> None:
        """The file contains it (again), here.  `span` is (line, start, end)."""
        self.run(
            "UPDATE messages SET flags=(flags & ?1) | ?2, ordinal=?3, line=?4, start=?5, end=?6 WHERE id=?7 AND"
            " (flags & ~?1 != ?2 OR ordinal!=?3 OR line IS NOT ?4 OR start IS NOT ?5 OR end IS NOT ?6)",
            ~(GONE | OFF_PATH),
            OFF_PATH if off_path else 0,
            ordinal,
            *span,
            message,
        )

    def extend(self, message: int, end: int | None) -> None:
        """More of the message stands in its file, up to `end`."""
        self.run("UPDATE messages SET end=max(coalesce(end,0), ?) WHERE id=? AND start IS NOT NULL", end or 0, message)

    def set_time(self, message: int, created_ms: int | None) -> None:
        """When it was said, which is known now."""
        self.run("UPDATE messages SET created_ms=? WHERE id=?", created_ms, message)

    def set_own(self, message: int, own: bool) -> None:
        """Is it nothing but calls of cass itself?"""
        self.run("UPDATE messages SET flags=(flags & ?) | ? WHERE id=?", ~OWN, OWN if own else 0, message)
