"""Does the index that opens also work?  Asked before it is written to, and by who tells how it is.

The files of a segment are written once, before the commit that names them: what is younger than that was changed by
somebody else, and its checksum says whether it still is what it was.
"""

from __future__ import annotations

import os

from cass.lexical.schema import LONGEST_WORD, build_analyzer, is_damage
from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tantivy import Schema, Searcher

CANARY_WORDS = 5


def changed_file(folder: str) -> str | None:
    """The first file of the last commit that was changed behind it; None when none was, or the folder is unreadable."""
    try:
        suspects = _younger_than_commit(folder)
    except OSError:
        return None
    if not suspects:
        return None
    from cass.lexical.verify import is_whole  # loads json

    return next((name for name in suspects if not is_whole(os.path.join(folder, name))), None)


def _younger_than_commit(folder: str) -> list[str]:
    path = os.path.join(folder, "meta.json")
    commit_ns = os.stat(path).st_mtime_ns
    with open(path, "rb", 0) as file:
        named = file.read().replace(b"-", b"")
    with os.scandir(folder) as entries:
        younger = [entry.name for entry in entries if entry.stat().st_mtime_ns > commit_ns]
    # Others belong to no commit: a writer is at work, or was killed.
    return sorted(name for name in younger if name.partition(".")[0].encode() in named)


def failing(schema: Schema, searcher: Searcher, canaries: Iterable[tuple[int, str]]) -> str | None:
    """Search for the words of a stored message, (document, text).  None when it is found, else what is wrong."""
    try:
        for doc, text in canaries:
            found = _holds(schema, searcher, doc, text)
            if found is not None:
                return None if found else "the search index does not find a message that it should contain"
    except BaseException as bad:
        if not is_damage(bad):
            raise
        return f"the search index fails: {str(bad).splitlines()[0][:120] if str(bad) else type(bad).__name__}"
    return None


def _holds(schema: Schema, searcher: Searcher, doc: int, text: str) -> bool | None:
    """Does a search for the first words of `text` find this document?  None where there are none to look for."""
    words = dict.fromkeys(word for word in build_analyzer().analyze(text) if len(word.encode()) <= LONGEST_WORD)
    terms = [Query.term_query(schema, "body", word) for word in list(words)[:CANARY_WORDS]]
    if not terms:
        return None
    terms.append(Query.term_query(schema, "doc", doc))
    query = Query.boolean_query([(Occur.Must, term) for term in terms])
    return bool(searcher.search(query, 1, False).hits)
