"""What documents that were found otherwise, near in meaning, have of a query's words."""

from __future__ import annotations

from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.lexical.compile import Compiled
    from cass.lexical.reader import LexicalReader


def had(reader: LexicalReader, compiled: Compiled, docs: Sequence[int]) -> tuple[frozenset[int], frozenset[int]]:
    """Which of these documents have all the words, and which have any of them."""

    def those(query: Query) -> frozenset[int]:
        both = Query.boolean_query([(Occur.Must, query), (Occur.Must, reader.among(docs))])
        hits = reader.searcher.search(both, len(docs), False).hits
        found = reader.searcher.fast_field_values("doc", [address for _, address in hits])
        return frozenset([int(doc or 0) for doc in found])

    if not docs:
        return frozenset(), frozenset()
    strictest, loosest = compiled.rungs[0], compiled.rungs[-1]
    some = those(loosest.match)
    if strictest.name != "all":
        return frozenset(), some
    return some if strictest is loosest else those(strictest.match), some
