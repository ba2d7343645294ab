"""What the index says of the messages of sessions that have the words of a query, each message some of them."""

from __future__ import annotations

from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.lexical.compile import Compiled
    from cass.lexical.reader import Candidate, LexicalReader


def with_words(
    reader: LexicalReader, compiled: Compiled, words: Sequence[Query], limit: int
) -> tuple[list[int], list[int], list[int]]:
    """Which, session and document, a list each, of messages with any of these words, at most 20 of them.

    Those with the last words come first; bit n of `which` stands for word n.
    """
    # A sum of powers of two is exact, and tells which ones were added.
    each = [(Occur.Should, Query.const_score_query(word, float(1 << bit))) for bit, word in enumerate(words)]
    hits = reader.searcher.search(compiled.under(Query.boolean_query(each)), limit, False).hits
    if not hits:
        return [], [], []
    scores, addresses = zip(*hits, strict=True)
    columns = [reader.searcher.fast_field_values(name, list(addresses)) for name in ("session", "doc")]
    if None in columns[0]:  # the mark of a commit, which is found by what finds everything
        columns = [[value or 0 for value in column] for column in columns]
    return list(map(int, scores)), *columns  # type: ignore[return-value]  # whole numbers


def candidates(reader: LexicalReader, compiled: Compiled, docs: Sequence[int]) -> list[Candidate]:
    """These documents as the query ranks them."""
    both = Query.boolean_query([(Occur.Must, compiled.ranked), (Occur.Must, reader.among(docs))])
    return reader.ranked(both, len(docs) + 1, None)[0]  # all of them: none is cut off
