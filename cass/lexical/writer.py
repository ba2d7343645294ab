"""Write the lexical index: documents in, commits that say how far they go, generations beside each other.

In:  `Document` records, whose text is not kept.  Out: `derived/lexical/<n>/` and the small file `current`.
Whatever is wrong with the index is answered by a new generation, filled from SQLite by the caller.
"""

from __future__ import annotations

import os

from tantivy import Document as TantivyDocument

from cass.disk import PRIVATE_FOLDER, bytes_left, clear_for_file, make_private_folder, try_lock, write_whole
from cass.errors import SystemRefused
from cass.lexical.schema import (
    CURRENT,
    MARK,
    READER_LOCK,
    VERSION,
    change_of,
    create_index,
    current_generation,
    documents_in,
    generations,
    hush,
    is_damage,
    open_index,
    speak,
)
from cass.lexical.sound import changed_file, failing
from cass.native_tantivy import FieldType, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import Thread

    from tantivy import Index

    from cass.document import Document
    from cass.lexical.purge import Held

# One thread and a small heap: Python keeps the other core busy, and fewer, larger segments answer faster.
HEAP_BYTES = 40_000_000
SMALL_HEAP_BYTES = 15_000_000
THREADS = 1
GIVE_BACK_EVERY_S = 0.3


class LexicalWriter:
    """The one writer of the index; the caller holds the index lock."""

    def __init__(self, root: str, folder: str, index: Index, heap_bytes: int) -> None:
        self.root = root
        self.folder = folder
        self._index = index
        self._writer = index.writer(heap_bytes, THREADS)
        searcher = index.searcher()
        self.change = change_of(index, searcher)
        # Until the first document there are marks alone, which would keep a segment that every search has to open.
        self._is_bare = searcher.num_docs <= 1
        self._lone = self.change if searcher.num_docs == 1 else None
        self._working: Thread | None = None
        self._failed: BaseException | None = None
        # Called several times a second while a commit or merges are waited for; what it raises ends the wait.
        self.meanwhile: Callable[[], None] = lambda: None

    def add(self, document: Document) -> None:
        """Add a document that is not in the index."""
        if self._working is not None:
            self.settle()
        self._is_bare = False
        out = TantivyDocument()
        body = document.body
        out.add_text("body", body)
        extra = document.extra
        if extra is None:
            from cass.lexical.extras import extra_words  # compiles its patterns: a search that reads new lines does not

            extra = extra_words(body, body.encode("utf-8", "replace"))
        if extra:
            out.add_text("body", extra)
        for tool in document.tools:
            out.add_text("tool", tool)
        out.add_integer("doc", document.doc)
        out.add_integer("text", document.text)
        out.add_integer("session", document.session)
        out.add_integer("agent", document.agent)
        out.add_integer("workspace", document.workspace)
        out.add_integer("role", document.role)
        out.add_integer("own", 1 if document.own else 0)
        if document.time_ms is not None:
            out.add_integer("time", document.time_ms)
        try:
            self._writer.add_document(out)
        except (ValueError, OSError) as bad:
            raise refused(self.folder, bad) from bad

    def remove(self, doc: int) -> None:
        """Remove a document by its name; one that is not there is no error."""
        self.settle()
        self._writer.delete_documents_by_term("doc", doc)

    def with_remains(self) -> Held | None:
        """What stands in the segments that remember deleted documents; None where that is most of the index.

        Raises what `is_damage` knows where the index does not look as it should.
        """
        from cass.lexical.purge import with_remains  # for `cass forget` only

        self.settle()
        self._index.reload()
        return with_remains(self._index.searcher(), self.folder)

    def empty(self, held: Held) -> None:
        """Delete all that stands in these segments: they go with the next commit."""
        for doc in held.docs:
            self.remove(doc)
        for change in held.marks:
            self._writer.delete_documents_by_query(self._mark(change))

    def drop_files(self) -> None:
        """Delete the files of segments that the last commit has no longer."""
        self.settle()
        self._index.reload()  # a searcher of this process that knows them would keep them
        try:
            self._writer.garbage_collect_files()
        except (ValueError, OSError):
            return  # whoever wants them gone looks for them

    def commit(self, change: int) -> None:
        """Make everything visible; the index now contains the database up to `change`."""
        self.settle()
        self.change = change
        self._commit(change)
        self.settle()

    def start_commit(self, change: int) -> None:
        """The same, beside what the caller does next; whatever is asked of the writer then waits for it."""
        self.settle()
        self.change = change
        self._start(lambda: self._commit(change))

    @property
    def is_busy(self) -> bool:
        """Is a commit under way?  What is asked of the writer now waits for it."""
        return self._working is not None and self._working.is_alive()

    def _start(self, work: Callable[[], None]) -> None:
        import threading  # not for a search that reads new lines

        self._working = threading.Thread(target=work)
        self._working.start()

    def _commit(self, change: int) -> None:
        mark = TantivyDocument()
        mark.add_integer("own", MARK)
        mark.add_integer("change", change)
        try:
            if self._lone is not None:
                self._writer.delete_documents_by_query(self._mark(self._lone))
            self._lone = change if self._is_bare else None
            self._writer.add_document(mark)
            self._writer.commit()
        # For the thread that waits for it, whatever it is.
        except BaseException as bad:
            self._failed = bad

    def _mark(self, change: int) -> Query:
        """The mark of the commit that went up to `change`."""
        return Query.range_query(self._index.schema, "change", FieldType.Integer, change, change)

    def settle(self) -> None:
        """Wait for a commit under way, and hear how it went."""
        if self._working is not None:
            from cass.lexical.mapped import give_back

            give_back(self.folder)
            while self._working.is_alive():
                self._working.join(GIVE_BACK_EVERY_S)
                give_back(self.folder)
                self.meanwhile()
            self._working = None
        bad, self._failed = self._failed, None
        if isinstance(bad, (ValueError, OSError)):
            raise refused(self.folder, bad) from bad
        if bad is not None:
            raise bad

    def rollback(self) -> None:
        """Forget what was added and removed since the last commit."""
        self.settle()
        try:
            self._writer.rollback()
        except (ValueError, OSError) as bad:
            raise refused(self.folder, bad) from bad

    def close(self) -> None:
        """Let merges finish.  Uncommitted documents are lost, as after a kill."""
        try:
            self.settle()
            self._start(self._merge)
            self.settle()
        except (SystemRefused, ValueError, OSError):
            pass  # a merge that failed leaves the smaller segments as they were

    def _merge(self) -> None:
        try:
            self._writer.wait_merging_threads()
        # For the thread that waits for it, whatever it is.
        except BaseException as bad:
            self._failed = bad

    def document_count(self) -> int:
        """Documents in the last commit."""
        self.settle()
        self._index.reload()
        return documents_in(self._index.searcher())


def refused(folder: str, bad: Exception, left: Callable[[str], int] = bytes_left) -> SystemRefused:
    """The error a person reads for what tantivy or the disk raised; the database is not concerned."""
    text = str(bad)
    full = any([words in text for words in ("os error 28", "StorageFull", "No space")])
    # A thread of tantivy's that dies does not say of what; where no segment fits any more, it is that.
    if full or ("writer was killed" in text and left(folder) < HEAP_BYTES):
        return SystemRefused("the disk is full", folder, "make room and run: cass index")
    what = (text.splitlines() or [type(bad).__name__])[0][:160]
    return SystemRefused(f"the lexical index cannot be written: {what}", folder, "run: cass index --rebuild")


def open_writer(
    root: str,
    heap_bytes: int = HEAP_BYTES,
    canaries: Callable[[int], Iterable[tuple[int, str]]] = lambda change: (),
) -> LexicalWriter | None:
    """The current generation, ready to be written; None where it is missing, old or damaged.

    `canaries` gives (document, text) of messages that an index at this change must contain."""
    current = current_generation(root)
    if current is None or current[1] != VERSION or changed_file(current[0]) is not None:
        return None
    kept = hush()
    try:
        index = open_index(current[0])
        searcher = index.searcher()
        if failing(index.schema, searcher, canaries(change_of(index, searcher))) is not None:
            return None
        return LexicalWriter(root, current[0], index, heap_bytes)
    except BaseException as bad:
        if not is_damage(bad):
            raise
        return None
    finally:
        speak(kept)


def create_writer(root: str, heap_bytes: int = HEAP_BYTES) -> LexicalWriter:
    """An empty generation beside the others; searches see it after `publish`."""
    folder = os.path.join(root, str(max(map(int, generations(root)), default=0) + 1))
    try:
        make_private_folder(folder)
        return LexicalWriter(root, folder, create_index(folder), heap_bytes)
    except (ValueError, OSError) as bad:
        raise refused(folder, bad) from bad


def reopen_writer(root: str, folder: str, heap_bytes: int) -> LexicalWriter:
    """A generation that was written and closed, to add to it before it is published."""
    try:
        return LexicalWriter(root, folder, open_index(folder), heap_bytes)
    except (ValueError, OSError) as bad:
        raise refused(folder, bad) from bad


def publish(writer: LexicalWriter) -> None:
    """Make this generation the one that searches open, and drop those that nobody reads."""
    number = os.path.basename(writer.folder)
    path = os.path.join(writer.root, CURRENT)
    try:
        clear_for_file(path)
        write_whole(path, f"{number} {VERSION}\n".encode())
    except OSError as bad:
        raise refused(writer.root, bad) from bad
    drop_old_generations(writer.root, keep=number)


def drop_old_generations(root: str, keep: str) -> None:
    """Delete every other generation that no search holds."""
    for name in generations(root):
        if name != keep:
            drop_generation(os.path.join(root, name))


def drop_generation(folder: str) -> None:
    """Delete a generation unless a search holds it."""
    try:
        if not os.path.isdir(folder):
            os.unlink(folder)
            return
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            os.chmod(folder, PRIVATE_FOLDER)
        lock = try_lock(os.path.join(folder, READER_LOCK))
    except OSError:
        lock = None
    if lock is not None:
        lock.release()
        import shutil  # loads the readers of five archive formats

        shutil.rmtree(folder, ignore_errors=True)
