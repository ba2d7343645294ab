"""Keep the lexical index behind the database: what a search sees of it is never ahead, and never far behind.

Documents are handed over when their file is stored, so that the index's own thread works beside what is read next; they
become visible with a commit, which follows SQLite's.  Those of messages that changed are read back from SQLite after
the transaction.  So is everything, by change number, where it is too much to hold, or where a transaction was undone
after its documents went: the same path that mends and rebuilds an index.
"""

from __future__ import annotations

from cass.store.documents import documents_of, documents_since, has_original, removals_since

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cass.document import Document
    from cass.lexical.writer import LexicalWriter
    from cass.store.writer import Writer

HELD_BYTES = 16 << 20
# With what ingest gathers before it commits, a search beside the first run, or after Ctrl-C, sees what was read up to
# two seconds ago.
COMMIT_EVERY_S = 1.1
SHOWN_EVERY = 1_000


class Feed:
    """Between the database's writer and the index's.  Without an index (None) it only counts changes."""

    def __init__(self, store: Writer, lexical: LexicalWriter | None, monotonic_s: Callable[[], float]) -> None:
        self.store = store
        self.lexical = lexical
        self._monotonic_s = monotonic_s
        self._held: list[Document] = []
        self._held_bytes = 0
        self._reread = False
        self._mark = 0
        # Interrupted among the documents of a transaction: how far the index is, nobody knows.
        self._torn = False
        # Documents were handed over that SQLite has not committed.
        self._early = False
        self._given = lexical.change if lexical else 0
        self._last_commit_s = monotonic_s()

    def mark(self) -> None:
        """A part of the transaction begins here: `forget` goes back to it."""
        self._mark = len(self._held)

    def hold(self, document: Document) -> None:
        """A new document, to be handed over after the commit."""
        if self.lexical is None or self._reread:
            return
        self._held.append(document)
        self._held_bytes += len(document.body)
        if self._held_bytes > HELD_BYTES:
            self.read_back()

    @property
    def is_full(self) -> bool:
        """Had the transaction better end, before there is too much to hold?  Read back, it would cost three times that.

        What a message that changed was before stands in the way of handing documents over until then.
        """
        return self._held_bytes >= HELD_BYTES // 2

    def read_back(self) -> None:
        """This transaction changed more than it added: take all of it from SQLite after the commit."""
        self._reread = True
        self._held.clear()
        self._held_bytes = 0

    def forget(self) -> None:
        """The part was undone; what is read back from SQLite is right without it."""
        del self._held[self._mark :]
        self._held_bytes = sum(len(document.body) for document in self._held)

    def kept(self) -> None:
        """A file is stored: hand its documents over, unless the index is busy or what it has must be compared."""
        lexical = self.lexical
        if lexical is None or not self._held or self._reread or self._torn or self.store.renewed or lexical.is_busy:
            return
        self._torn = self._early = True
        self._add(self._held)
        self._held, self._held_bytes, self._mark = [], 0, 0
        self._torn = False

    def _add(self, documents: Iterable[Document]) -> None:
        assert self.lexical is not None
        for document in documents:
            self.lexical.add(document)
        self._given = self.store.change

    def undone(self) -> None:
        """The transaction was rolled back; what the index has of it goes with its next commit."""
        self._torn = self._torn or self._early
        self._early = False
        self.forget_all()

    def forget_all(self) -> None:
        """The transaction is over."""
        self._held.clear()
        self._held_bytes = 0
        self._reread = False
        self._mark = 0
        self.store.renewed.clear()

    def stored(self) -> None:
        """The transaction is committed: hand its documents to the index, and commit that now and then."""
        self._early = False
        if self.lexical is not None:
            if self._torn:
                self._mend()
            elif self._reread:
                self.catch_up()
            else:
                self._torn = True
                renewed = self._renewed()
                self._add([*self._held, *renewed])
                self._torn = False
            if self._monotonic_s() - self._last_commit_s >= COMMIT_EVERY_S:
                self.commit(wait=False)
        self.forget_all()

    def _renewed(self) -> list[Document]:
        """The documents of messages that changed; what they were before leaves the index, and what is held."""
        assert self.lexical is not None
        if not self.store.renewed:
            return []
        connection = self.store.connection
        renewed = documents_of(connection, self.store.renewed)
        removed = set(removals_since(connection, self._given))
        for doc in removed:
            self.lexical.remove(doc)
        again = {document.doc for document in renewed}
        self._held = [
            document
            for document in self._held
            if document.doc not in removed or (document.doc not in again and has_original(connection, document.doc))
        ]
        return renewed

    def catch_up(self, shown: Callable[[int], None] = lambda done: None) -> int:
        """Hand over everything the index does not have; gives the number of documents, and shows it on the way."""
        assert self.lexical is not None
        self._torn = True
        # An index without a commit has nothing to remove.
        for doc in removals_since(self.store.connection, self._given) if self._given >= 0 else ():
            self.lexical.remove(doc)
        count = 0
        for document in documents_since(self.store.connection, self._given):
            self.lexical.add(document)
            count += 1
            if count % SHOWN_EVERY == 0:
                shown(count)
        self._given = self.store.change
        self._torn = False
        return count

    def _commit_store(self) -> None:
        """Interrupted before SQLite's commit: what is whole comes first."""
        if self.store.in_part:
            self.store.undo_part()
        if self.store.is_open:
            self.store.commit()
        self.undone()

    def _mend(self) -> None:
        """Back to the last commit, and from there on with what SQLite has."""
        assert self.lexical is not None
        self.lexical.rollback()
        self._given = self.lexical.change
        self.catch_up()

    def commit(self, wait: bool = True) -> None:
        """Make what was handed over visible to searches; without `wait` it becomes so beside what happens next."""
        if self._early:
            self._commit_store()
        if self._torn:
            self._mend()
        if self.lexical is not None and self._given != self.lexical.change:
            self.lexical.start_commit(self._given)
        if self.lexical is not None and wait:
            self.lexical.settle()
        self._last_commit_s = self._monotonic_s()
