"""The fields of the lexical index and how its words are made.  Reader and writer share this file.

Words are not stemmed: a query looks up a word's inflections in the dictionary instead, which halves the cost of
indexing and keeps every exact form (docs/decisions/0002).  No text is stored; SQLite has it.
"""

from __future__ import annotations

import os
import sys

from cass.native_tantivy import Filter, Index, Query, SchemaBuilder, TextAnalyzerBuilder, Tokenizer
from cass.paths import at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tantivy import Schema, Searcher, TextAnalyzer

# A folder of another version is rebuilt from SQLite.  Raise it with every change of fields or words.
VERSION = 3
# Hashes of SHA-256 are 64 letters and get searched; longer runs are encoded data.
LONGEST_WORD = 64
ANALYZER = "words"
# Every commit adds a document that says how far it goes; the highest counts.  Deleting the one before would leave a
# list of deletions in every segment, which each search would have to read.  It is told from messages by a value of
# `own`, a field that every segment has: for a field that a segment lacks tantivy builds an empty dictionary, 2 % of a
# cold search.
MARK = 2
# Names the generation that is in use, and its schema.
CURRENT = "current"
# Held shared by everyone who searches a generation: it is not deleted meanwhile.
READER_LOCK = "readers.lock"


def build_schema() -> Schema:
    """The fields.  All numbers are signed: unsigned terms cannot be deleted."""
    builder = SchemaBuilder()
    builder.add_text_field("body", tokenizer_name=ANALYZER, index_option="position")
    builder.add_text_field("tool", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("doc", indexed=True, fast=True)
    builder.add_integer_field("session", indexed=True, fast=True)
    builder.add_integer_field("agent", indexed=True)
    builder.add_integer_field("workspace", indexed=True)
    builder.add_integer_field("role", indexed=True)
    builder.add_integer_field("own", indexed=True)
    builder.add_integer_field("time", fast=True)
    builder.add_integer_field("text", fast=True)
    builder.add_integer_field("change", fast=True)
    return builder.build()


def build_analyzer() -> TextAnalyzer:
    """Runs of letters and digits, lower-cased, accents folded."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.remove_long(LONGEST_WORD + 1))
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .build()
    )


def open_index(folder: str) -> Index:
    """The index in a generation's folder.  Raises ValueError or OSError for anything that is not a whole index."""
    _refuse_pipes(folder)
    index = Index.open(folder)
    index.register_tokenizer(ANALYZER, build_analyzer())
    return index


def _refuse_pipes(folder: str) -> None:
    """tantivy would wait for one in a file's place, for ever."""
    with os.scandir(folder) as entries:
        odd = [entry for entry in entries if not (entry.is_file() or entry.is_dir())]
    for entry in odd:
        if os.path.lexists(entry.path):  # else a writer has just removed it
            raise ValueError(f"{entry.name} is no file")


def create_index(folder: str) -> Index:
    """An empty index in an empty folder."""
    index = Index(build_schema(), folder)
    index.register_tokenizer(ANALYZER, build_analyzer())
    return index


def is_damage(bad: BaseException) -> bool:
    """Errors that a bad index raises; tantivy's panics derive from BaseException."""
    return isinstance(bad, (ValueError, OSError)) or type(bad).__name__ == "PanicException"


def hush() -> int:
    """Let nothing reach stderr until `speak` gets what this gives.

    A panic of tantivy's writes there where it happened, before anybody can catch it, with a stack if the environment
    says so.  With other threads nothing is done: what they have to say would be lost.
    """
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        return -1
    try:
        kept = os.dup(2)
    except OSError:
        return -1  # it is closed
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
    except OSError:
        pass
    return kept


def speak(kept: int) -> None:
    """Stderr is again what it was."""
    if kept >= 0:
        os.dup2(kept, 2)
        os.close(kept)


def change_of(index: Index, searcher: Searcher) -> int:
    """The database's change number up to which the index goes; -1 for an index without a commit."""
    marks = Query.term_query(index.schema, "own", MARK)
    hits = searcher.search(marks, 1, False, "change").hits
    return int(hits[0][0]) if hits and hits[0][0] is not None else -1


def documents_in(searcher: Searcher) -> int:
    """Messages in the index: all but the marks of its commits."""
    return max(0, searcher.num_docs - searcher.doc_freq("own", MARK))


def current_generation(root: str) -> tuple[str, int] | None:
    """(folder, schema version) that `current` names; None where there is none or it is unreadable."""
    try:
        with open(os.path.join(root, CURRENT), "rb", 0, opener=at_once) as file:
            number, version = file.read(64).split()
        return os.path.join(root, str(int(number))), int(version)
    except (OSError, ValueError):
        return None


def generations(root: str) -> list[str]:
    """The names of all that stand, whole or not; empty without a folder.  Raises OSError where it cannot be listed."""
    try:
        return [name for name in os.listdir(root) if name.isdigit()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def first_line(bad: BaseException) -> str:
    """What went wrong, in one line; without the values that tantivy prints behind its words."""
    said = (str(bad).splitlines() or [type(bad).__name__])[0]
    for sign in (" Content:", ": '", ': "', " {"):
        said = said.partition(sign)[0]
    return said[:160] or type(bad).__name__
