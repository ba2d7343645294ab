"""The rare kinds of words, loaded only for a query that has one: near each other, and with something inside them."""

from __future__ import annotations

from threading import Thread

from cass.clock import monotonic_s
from cass.native_tantivy import Occur, Query
from cass.query.near import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tantivy import Schema, Searcher

# To look inside words is to look at every word of the index: 20 ms for 11,000 messages, 350 ms for a million of them.
INSIDE_S = 1.0
# So many messages are kept by name, lest every rung looks at every word again; with more of them, so often do they.
MOST_NAMED, LOOKED_AGAIN = 2_000, 6


class Patience:
    """How long the patterns of one query may still look inside words, all of them together."""

    def __init__(self) -> None:
        self.left_s = INSIDE_S


def near(schema: Schema, tokens: Sequence[str], within: int) -> Query:
    """Any two of the words with at most `within` others between them, in either order."""
    together = pairs(tokens)
    if not together:
        return Query.term_query(schema, "body", tokens[0])
    return Query.boolean_query([(Occur.Must, _either_way(schema, one, other, within)) for one, other in together])


def _either_way(schema: Schema, one: str, other: str, within: int) -> Query:
    forth = Query.phrase_query(schema, "body", [one, other], within)
    back = Query.phrase_query(schema, "body", [other, one], within)
    return Query.boolean_query([(Occur.Should, forth), (Occur.Should, back)])


def inside(
    schema: Schema,
    searcher: Searcher,
    tokens: Sequence[str],
    run: Callable[[Callable[[], None], float], None] | None = None,
    patience: Patience | None = None,
) -> Query | None:
    """Messages with a word that has the one token in it; None where looking took longer than `patience` has left.

    `run` does a piece of work for at most so many seconds.
    """
    patience = patience or Patience()
    if patience.left_s <= 0:
        return None
    pattern = f".*{tokens[0]}.*" if tokens else ""
    query = Query.regex_query(schema, "body", pattern)
    found: list[list[int]] = []

    def look() -> None:
        hits = searcher.search(query, MOST_NAMED, False).hits
        found.append([int(doc or 0) for doc in searcher.fast_field_values("doc", [address for _, address in hits])])

    started_s = monotonic_s()
    (run or _for_at_most)(look, patience.left_s)
    took_s = monotonic_s() - started_s
    patience.left_s -= took_s
    if not found:
        return None
    if len(found[0]) == MOST_NAMED:
        patience.left_s -= took_s * LOOKED_AGAIN
        return query
    return Query.const_score_query(Query.term_set_query(schema, "doc", found[0]), 1.0)


def _for_at_most(work: Callable[[], None], seconds: float) -> None:
    # tantivy lets other threads run, and cannot be stopped: what comes too late is not looked at, and the process that
    # searches ends without waiting for it.
    thread = Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
