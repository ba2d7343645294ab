"""Put hits that say the same thing apart: maximal marginal relevance.  Loaded only where it is asked for.

Carbonell and Goldstein, SIGIR 1998: next comes what is relevant and unlike all that came before.
"""

from __future__ import annotations

from zlib import crc32

from cass.query.words import tokens
from cass.records import replace
from cass.search.request import fold
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.search.engine import Search
    from cass.search.request import Found

# What two texts share is told by their first words, each of which sets one of so many bits.
READ_CHARS = 2_000
BITS = 1_024


def spread(share: float, is_asked: bool = True) -> Callable[[Search, Found], Found]:
    """An order for `search`: relevance counts `share` (0 to 1), being unlike the hits before counts the rest.

    `is_asked`: by the command and not by a setting, so that it is said where it does nothing.
    """

    def order(looking: Search, found: Found) -> Found:
        request = looking.request
        if request.sort != "relevance" or not looking.wants_words:
            if is_asked:
                looking.notes.append("--diverse changes only an order by relevance")
            return found
        leads = [lead for lead, _ in fold(found.candidates, request.grouped)[: request.diverse_depth]]
        if len(leads) < 3:
            return found
        marks = _marks(looking, [lead.doc for lead in leads])
        chosen = diverse([lead.score for lead in leads], [marks.get(lead.doc, 0) for lead in leads], share, len(leads))
        first = [leads[at] for at in chosen]
        known = {lead.doc for lead in first}
        return replace(found, candidates=(*first, *[hit for hit in found.candidates if hit.doc not in known]))

    return order


def diverse(relevance: Sequence[float], marks: Sequence[int], share: float, count: int) -> list[int]:
    """The numbers of `count` items, best first: share * relevance - (1 - share) * likeness to the likest before.

    Relevance is brought to 0..1; `marks` are sets of words as bits, likeness is the share of bits in common.
    """
    low, high = min(relevance, default=0.0), max(relevance, default=0.0)
    worth = [share * ((score - low) / (high - low) if high > low else 1.0) for score in relevance]
    sizes = [mark.bit_count() for mark in marks]
    rest, alike, left = 1 - share, [0.0] * len(worth), set(range(len(worth)))
    best = max(left, key=worth.__getitem__, default=-1)
    chosen: list[int] = []
    while best >= 0 and len(chosen) < count:
        chosen.append(best)
        left.remove(best)
        mark, size, best, most = marks[best], sizes[best], -1, -2.0
        for at in left:
            # The likest so far is kept: who is chosen next need not be compared with all before it.
            both = (mark & marks[at]).bit_count()
            if both and (likeness := both / (size + sizes[at] - both)) > alike[at]:
                alike[at] = likeness
            if (gain := worth[at] - rest * alike[at]) > most:
                best, most = at, gain
    return chosen


def _marks(looking: Search, docs: Sequence[int]) -> dict[int, int]:
    stored = {doc: messages[0].id for doc, messages in hits.messages_with(looking.connection, docs).items()}
    texts = hits.texts_of(looking.connection, list(stored.values()), READ_CHARS)
    return {doc: mark_of("\n".join([text for text, _ in texts.get(row, ())])) for doc, row in stored.items()}


def mark_of(text: str) -> int:
    """A text's first words as a set of bits, the same on every machine."""
    mark = 0
    for word in set(tokens(text[:READ_CHARS])):
        mark |= 1 << crc32(word.encode()) % BITS
    return mark
