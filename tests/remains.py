"""Is anything left of a text?  A look at every byte that cass keeps, and at every word of its search index."""

from __future__ import annotations

import os
from pathlib import Path

from tantivy import Query

from cass.lexical.reader import LexicalReader, open_reader
from tests.archive import Home


def remains(home: Home, text: str) -> list[str]:
    """The files of cass's own in which the text stands, whatever its case; with "index" where the index finds it."""
    wanted = text.lower().encode()
    own = [path for path in _files(home.folder) if home.home not in path.parents]
    found = [str(path.relative_to(home.folder)) for path in own if wanted in path.read_bytes().lower()]
    return sorted(found) + (["index"] if is_indexed(home, text) else [])


def is_indexed(home: Home, word: str) -> bool:
    """Does any segment of any generation know the word, if only of a document that is deleted?"""
    reader = open_reader(home.places.lexical)
    if not isinstance(reader, LexicalReader):
        return False
    return any(
        reader._searcher.doc_freq("body", form) > 0
        or reader._searcher.search(Query.term_query(reader._schema, "body", form), 1).hits
        for form in (word.lower(), word.lower()[::-1])
    )


def _files(folder: Path) -> list[Path]:
    return [Path(where, name) for where, _, names in os.walk(folder) for name in names]
