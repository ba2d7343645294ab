"""Messages that SQLite has and the lexical index has not yet: matched one by one, and ranked among the others.

The score is BM25 with the index's document frequencies, so that a fresh message stands where it will stand later.
"""

from __future__ import annotations

from math import log

from cass.lexical.reader import Candidate
from cass.query.match import Matcher
from cass.query.syntax import Prefix, Word
from cass.query.terms import wanted_leaves
from cass.query.words import tokens
from cass.records import replace
from cass.store.documents import documents_since

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.document import Document
    from cass.lexical.filter import Filter
    from cass.lexical.reader import LexicalReader
    from cass.query.syntax import Field
    from cass.search.engine import Search
    from cass.search.request import Found

# Changes looked at; beyond them `cass index` is due, and the answer says so.
TAIL_CHANGES = 1_000
# BM25 as tantivy has it, and the length of an average message in words.
K1, B, AVERAGE_WORDS = 1.2, 0.75, 90.0
ALL_BONUS = 2.0


def with_tail(search: Search, reader: LexicalReader, found: Found) -> Found:
    """The index's candidates and those of the tail, in one order."""
    since = max(reader.change, search.state.change - TAIL_CHANGES)
    if since > reader.change:
        search.notes.append("some stored messages are not in the lexical index yet: cass index adds them")
    matcher = Matcher(search.query, english=True)
    fresh: list[tuple[str, Candidate]] = []
    for document in documents_since(search.connection, since):
        if all(passes(wanted, document) for wanted in search.filters):
            rung = matcher.rung(document.body, fields_of(search, document))
            if rung is not None:
                fresh.append((rung, _candidate(reader, search, document, rung)))
    if not fresh:
        return found
    return _merge(search, found, fresh)


def _merge(search: Search, found: Found, fresh: list[tuple[str, Candidate]]) -> Found:
    order = ("all", "most", "any")
    best = min((order.index(rung) for rung, _ in fresh), default=2)
    rung = order[min(best, order.index(found.rung) if found.rung in order else 2)]
    if search.request.match is not None:
        rung = search.request.match
    counted = [candidate for each, candidate in fresh if order.index(each) <= order.index(rung)]
    # A changed message is in the index under its old document, which is dropped when its rows are fetched.
    total = (found.total if found.rung == rung else 0) + len(counted)
    keep = [candidate for _, candidate in fresh] if search.request.sort == "relevance" else counted
    older = found.candidates if found.rung == rung or search.request.sort == "relevance" else ()
    whole = "filter" if search.query.root is None else "exact"
    types = dict(found.match_types) | {candidate.doc: whole for each, candidate in fresh if each == "all"}
    missing = () if rung == "all" else found.dropped
    candidates = _ordered(search, [*older, *keep])
    return replace(found, candidates=tuple(candidates), total=total, rung=rung, match_types=types, dropped=missing)


def _ordered(search: Search, candidates: list[Candidate]) -> list[Candidate]:
    sort = search.request.sort
    if sort == "oldest":
        return sorted(candidates, key=lambda hit: (hit.time_ms or 1 << 62, hit.doc))
    if sort == "newest" or search.query.root is None:
        return sorted(candidates, key=lambda hit: (-(hit.time_ms or 0), hit.doc))
    return sorted(candidates, key=lambda hit: (-round(hit.score, 4), -(hit.time_ms or 0), hit.doc))


def _candidate(reader: LexicalReader, search: Search, document: Document, rung: str) -> Candidate:
    words = tokens(document.body)
    score = 0.0
    for leaf in wanted_leaves(search.query.root):
        for word in tokens(leaf.text):
            count = sum(1 for each in words if each.startswith(word)) if isinstance(leaf, Prefix) else words.count(word)
            if count or isinstance(leaf, Word):
                score += _bm25(max(count, 0.5), len(words), reader.frequency(word), reader.documents)
    return Candidate(
        document.doc, score * (ALL_BONUS if rung == "all" else 1), document.session, document.time_ms, document.text
    )


def _bm25(count: float, length: int, frequency: int, documents: int) -> float:
    idf = log(1 + (max(documents, frequency) - frequency + 0.5) / (frequency + 0.5))
    return idf * count * (K1 + 1) / (count + K1 * (1 - B + B * length / AVERAGE_WORDS))


def fields_of(search: Search, document: Document) -> Callable[[Field], bool]:
    return lambda field: passes(search.resolver.field(field), document)


def passes(wanted: Filter, document: Document) -> bool:
    """Does a document pass a filter?  The same answer as the index gives."""
    return _matches(wanted, document) != wanted.exclude


def _matches(wanted: Filter, document: Document) -> bool:
    if document.doc in wanted.docs:
        return True
    if wanted.field == "time":
        first, last = wanted.values
        time_ms = document.time_ms
        if time_ms is None:
            return False
        return (first is None or time_ms >= int(first)) and (last is None or time_ms <= int(last))
    if wanted.field == "tool":
        return any(tool in wanted.values for tool in document.tools)
    if wanted.field == "path":
        return " ".join(tokens(str(wanted.values[0]))) in " ".join(tokens(document.body))
    return int(getattr(document, wanted.field)) in wanted.values
