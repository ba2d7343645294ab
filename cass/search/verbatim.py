"""Put first what has a long question word behind word: somebody pasted it, and shorter messages score more.

Loaded only where a message has all the words of a question that is longer than keywords.
"""

from __future__ import annotations

from cass.native_tantivy import Query as TantivyQuery
from cass.query.plain import Bare, Word
from cass.query.words import cjk_runs
from cass.records import replace
from cass.search.request import FEW_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.lexical.reader import LexicalReader
    from cass.query.plain import Query
    from cass.search.engine import Search
    from cass.search.request import Found

# So many of the messages that have it are put first, the best ones; and so many candidates are looked at.
HEAD = 20


def verbatim_first(search: Search, reader: LexicalReader, found: Found) -> Found:
    """The same candidates, before them the messages that have the question as it was typed.

    Those among the first keep their order; however many candidates there are, the same ones are looked at.
    """
    words = _words(search.query, reader)
    if search.compiled is None or len(words) <= FEW_WORDS:
        return found
    phrase = TantivyQuery.phrase_query(reader.schema, "body", list(words))
    whole, _ = reader.ranked(search.compiled.under(phrase), HEAD, None)
    if not whole:
        return found
    known = {each.doc: at for at, each in enumerate(found.candidates[:HEAD])}
    whole.sort(key=lambda each: known.get(each.doc, HEAD))
    best = found.candidates[0].score
    first = [replace(each, score=best) for each in whole]
    search.verbatim = frozenset([each.doc for each in first])
    others = [each for each in found.candidates if each.doc not in search.verbatim]
    exact = dict.fromkeys(search.verbatim, "exact") | dict(found.match_types)
    return replace(found, candidates=(*first, *others), match_types=exact)


def _words(query: Query, reader: LexicalReader) -> list[str]:
    """The words as they were typed; none where something else was, or where words have no space between them."""
    parts = query.root.parts if isinstance(query.root, Bare) else ()
    if not all([isinstance(part, Word) and not part.unfinished for part in parts]):
        return []
    words = [word for part in parts for word in reader.analyzed(part.text)]  # type: ignore[union-attr]
    return words if all([word.isascii() or not cjk_runs(word) for word in words]) else []
