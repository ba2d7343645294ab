"""Fill a page: the best hits of an archive may all be in a few sessions, of which it shows one hit each.

First more hits are fetched; then those are left out that would only be folded into what stands there, however many
more they are.
"""

from __future__ import annotations

from cass.lexical.filter import Filter
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.lexical.reader import LexicalAnswer, LexicalReader
    from cass.search.engine import Search

TIMES = 4
# To fetch so many takes as long as a search for common words.
MOST_FETCHED = 2_560
# Texts that many sessions have are left out one by one, which gets slower with each.
MOST_LEFT_OUT = 20_000


def filled(
    search: Search,
    reader: LexicalReader,
    answer: LexicalAnswer,
    limit: int,
    sort: str,
    filters: Sequence[Filter],
    known: frozenset[str],
) -> LexicalAnswer:
    """The answer of `search.compiled` with as many candidates as the page needs, or all there are."""
    request = search.request
    assert search.compiled is not None
    while limit < MOST_FETCHED and not _is_enough(search, answer):
        limit *= TIMES
        answer = reader.search(search.compiled, limit, request.match, sort, request.strict)
    # By time those that follow are of the rung that was counted; by relevance each has its own.
    match = request.match if sort == "relevance" or answer.lacks is not None else answer.rung
    told = len(search.notes)
    while not _is_enough(search, answer) and (rest := _not_in(search, answer)) is not None:
        compiled = reader.compile(search.query.root, [*filters, rest], search.resolve, True, known, request.live)
        behind = reader.search(compiled, limit, match, sort, request.strict)
        answer = replace(
            answer,
            candidates=(*answer.candidates, *behind.candidates),
            exact=answer.exact | behind.exact,
            more=behind.more and bool(behind.candidates),
            partial=answer.partial or behind.partial,
        )
    del search.notes[told:]  # they were said of the whole query
    return answer


def _is_enough(search: Search, answer: LexicalAnswer) -> bool:
    return not answer.more or search.fills_page(answer.candidates)


def _not_in(search: Search, answer: LexicalAnswer) -> Filter | None:
    """Leaves out the sessions that have their place, and what was found of others; None where that is too much."""
    leads = search.groups(answer.candidates) if search.request.grouped else []
    sessions = {lead.session for lead, _ in leads}
    docs = tuple([candidate.doc for candidate in answer.candidates if candidate.session not in sessions])
    if len(docs) > MOST_LEFT_OUT:
        return None
    return Filter("session", tuple(sessions), docs, exclude=True) if sessions else Filter("doc", docs, exclude=True)
