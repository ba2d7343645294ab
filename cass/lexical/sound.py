"""Does the index that opens also work?  Asked before it is written to, and by who tells how it is.

The files of a segment are written once, before the commit that names them: what is younger than that was changed by
somebody else, and its checksum says whether it still is what it was.
"""

from __future__ import annotations

import os

from cass.disk import regular
from cass.lexical.schema import LONGEST_WORD, build_analyzer, change_of, documents_in, first_line, is_damage
from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tantivy import DocAddress, Index, Schema, Searcher

CANARY_WORDS = 5


class Glance:
    """One generation of the index, opened for those who only look how it is."""

    def __init__(self, index: Index, generation: str) -> None:
        index.config_reader("Manual", 0)  # one view: commits are not followed
        self.generation = generation
        self.searcher = index.searcher()
        self.schema = index.schema
        self.change = change_of(index, self.searcher)
        self.documents = documents_in(self.searcher)


def changed_file(folder: str) -> str | None:
    """The first file of the last commit that was changed behind it; None when none was, or the folder is unreadable."""
    try:
        suspects = _younger_than_commit(folder)
    except OSError:
        return None
    if not suspects:
        return None
    from cass.lexical.verify import is_whole  # loads json

    changed = next((name for name in suspects if not is_whole(os.path.join(folder, name))), None)
    if changed is None:
        _remember(folder)
    return changed


def _remember(folder: str) -> None:
    """The files of a folder that was copied are all as young as its commit: they are read once, not at each look."""
    try:
        os.utime(os.path.join(folder, "meta.json"))
    except OSError:
        return  # looked at again next time


def _younger_than_commit(folder: str) -> list[str]:
    path = os.path.join(folder, "meta.json")
    commit_ns = os.stat(path).st_mtime_ns
    with open(path, "rb", 0, opener=regular) as file:
        named = file.read().replace(b"-", b"")
    with os.scandir(folder) as entries:
        younger = [entry.name for entry in entries if entry.stat().st_mtime_ns > commit_ns]
    # Others belong to no commit: a writer is at work, or was killed.
    return sorted(name for name in younger if name.partition(".")[0].encode() in named)


def failing(schema: Schema, searcher: Searcher, canaries: Iterable[tuple[int, str]]) -> str | None:
    """Search for stored messages, (document, text), as a search does.  None where that works, else what is wrong."""
    known = [(doc, _words(text)) for doc, text in canaries]
    try:
        # One with words, if there is one; without any it is at least there.
        for doc, words in sorted(known, key=lambda pair: not pair[1])[:1]:
            if not _holds(schema, searcher, doc, words):
                return "the search index does not find a message that it should contain"
    except BaseException as bad:
        if not is_damage(bad):
            raise
        return f"the search index fails: {first_line(bad)}"
    return None


def _words(text: str) -> list[str]:
    words = dict.fromkeys(word for word in build_analyzer().analyze(text) if len(word.encode()) <= LONGEST_WORD)
    return list(words)[:CANARY_WORDS]


def _holds(schema: Schema, searcher: Searcher, doc: int, words: Sequence[str]) -> bool:
    """Does a search for the words find this document?"""
    terms = [Query.term_query(schema, "body", word) for word in words]
    query = Query.boolean_query([(Occur.Must, term) for term in (*terms, Query.term_query(schema, "doc", doc))])
    hits = searcher.search(query, 1, False).hits
    return _columns(searcher, [address for _, address in hits])[0] == [doc]


def _columns(searcher: Searcher, addresses: list[DocAddress]) -> Sequence[Sequence[object]]:
    """What every search reads of its hits."""
    return [searcher.fast_field_values(name, addresses) for name in ("doc", "session", "time", "text")]
