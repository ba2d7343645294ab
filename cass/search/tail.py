"""Messages that SQLite has and the lexical index has not yet: matched one by one, and ranked among the others.

The score is BM25 with the index's document frequencies, so that a fresh message stands where it will stand later.
"""

from __future__ import annotations

from math import log

from cass.lexical.filter import Filter
from cass.lexical.reader import Candidate, best_first, stem_of
from cass.query.match import Matcher
from cass.query.plain import Bare, Word
from cass.query.syntax import And, Must, Or, Prefix
from cass.query.terms import wanted_leaves
from cass.query.words import tokens
from cass.records import replace
from cass.store.documents import documents_since, removals_since

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cass.document import Document
    from cass.lexical.reader import LexicalReader
    from cass.query.plain import Query
    from cass.query.syntax import Field, Node
    from cass.search.engine import Search
    from cass.search.request import Found

# Changes looked at; beyond them `cass index` is due, and the answer says so.
TAIL_CHANGES = 1_000
# BM25 as tantivy has it, and the length of an average message in words.
K1, B, AVERAGE_WORDS = 1.2, 0.75, 90.0
ALL_BONUS = 2.0


def with_tail(search: Search, reader: LexicalReader) -> Found:
    """The index's candidates and those of the tail, in one order."""
    since = max(reader.change, search.state.change - TAIL_CHANGES)
    if since > reader.change:
        search.notes.append("some stored messages are not in the lexical index yet: cass index adds them")
    tail = [each for each in documents_since(search.connection, since) if _passes_all(search, each)]
    # A changed message is in the index as it was.
    stale = {*removals_since(search.connection, reader.change), *(document.doc for document in tail)}
    old = (Filter("doc", tuple(stale), exclude=True),) if stale else ()
    found = search.lexical(reader, old)
    known = _known(found, tail)
    if known:
        found = search.lexical(reader, old, known)
    found = _told(found, known)
    query = _corrected(search.query, dict(found.corrected)) if found.corrected else search.query
    fresh = _fresh(search, reader, tail, query)
    if found.lacks is None:
        return _merge(search, found, fresh)
    if any([rung == "all" for rung, _ in fresh]):
        return _merge(search, replace(found, rung="most"), fresh)  # only the tail has the word beside the others
    before = {candidate.doc for rung, candidate in _fresh(search, reader, tail, _without_begun(query)) if rung == "all"}
    fresh = [("all" if candidate.doc in before else "any", candidate) for _, candidate in fresh]
    return replace(_merge(search, found, fresh), match_types=found.match_types, dropped=found.dropped)


def _passes_all(search: Search, document: Document) -> bool:
    return all(passes(wanted, document) for wanted in search.filters)


def _known(found: Found, tail: list[Document]) -> frozenset[str]:
    """The words that the index does not know and the tail does."""
    unknown = {*(word for word, _ in found.corrected), *found.dropped} - {found.lacks}
    if not unknown or not tail:
        return frozenset()
    there = {token for document in tail for token in tokens(document.body)}
    return frozenset(word for word in unknown if there.issuperset(tokens(word)))


def _told(found: Found, known: frozenset[str]) -> Found:
    return replace(found, dropped=tuple(word for word in found.dropped if word not in known))


def _fresh(search: Search, reader: LexicalReader, tail: list[Document], query: Query) -> list[tuple[str, Candidate]]:
    """What matches in the tail, with its rung."""
    matcher = Matcher(query, english=True, stem_of=stem_of())
    fresh: list[tuple[str, Candidate]] = []
    for document in tail:
        rung = matcher.rung(document.body, fields_of(search, document))
        if rung is not None:
            fresh.append((rung, _candidate(reader, query, document, rung, matcher.lacking)))
    return fresh


def _corrected(query: Query, corrected: Mapping[str, str]) -> Query:
    return query if query.root is None else replace(query, root=_corrected_node(query.root, corrected))


def _corrected_node(node: Node, corrected: Mapping[str, str]) -> Node:
    """What is wanted is read as it was corrected; what must not be there stays as typed."""
    if isinstance(node, Word):
        return replace(node, text=corrected.get(node.text, node.text))
    if isinstance(node, (Bare, And, Or)):
        return replace(node, parts=tuple(_corrected_node(part, corrected) for part in node.parts))
    return replace(node, part=_corrected_node(node.part, corrected)) if isinstance(node, Must) else node


def _without_begun(query: Query) -> Query:
    """The words before the one that is being typed."""
    parts = query.root.parts if isinstance(query.root, Bare) else ()
    return replace(query, root=Bare(tuple(part for part in parts if not getattr(part, "unfinished", False))))


def _merge(search: Search, found: Found, fresh: list[tuple[str, Candidate]]) -> Found:
    order = ("all", "most", "any")
    # Relevance shows every rung, as far as nothing fixes it; what counts or lists is content with most of the words.
    every = search.request.shows_every_rung
    if not every and search.request.match is None:
        fresh = [(rung, candidate) for rung, candidate in fresh if rung != "any"]
    best = min((order.index(rung) for rung, _ in fresh), default=2)
    rung = search.request.match or order[min(best, order.index(found.rung) if found.rung in order else 2)]
    counted = [candidate for each, candidate in fresh if order.index(each) <= order.index(rung)]
    total = (found.total if found.rung == rung else 0) + len(counted)
    keep = [candidate for _, candidate in fresh] if every else counted
    older = found.candidates if found.rung == rung or every else ()
    whole = "corrected" if found.corrected else "exact"
    types = dict.fromkeys([candidate.doc for each, candidate in fresh if each == "all"], whole)
    if not search.wants_words:
        types = dict.fromkeys(types, "filter")
    by_score = search.request.sort == "relevance" and search.wants_words
    candidates = _between(older, keep) if by_score else ordered(search, [*older, *keep])
    return replace(
        found,
        candidates=tuple(candidates),
        total=total,
        rung=rung if total else None,
        match_types={**found.match_types, **types},
        dropped=() if rung == "all" else found.dropped,
    )


def ordered(search: Search, candidates: list[Candidate]) -> list[Candidate]:
    sort = search.request.sort
    if sort == "oldest":
        return sorted(candidates, key=lambda hit: (hit.time_ms or 1 << 62, hit.doc))
    if sort == "newest" or not search.wants_words:
        return sorted(candidates, key=lambda hit: (-(hit.time_ms or 0), hit.doc))
    return sorted(candidates, key=best_first)


def _between(older: Sequence[Candidate], fresh: list[Candidate]) -> list[Candidate]:
    """Each of the fresh ones before the first older one that is worth less.

    The older ones stay as they are: with all the words first, whatever they score, and the same on every page.
    """
    waiting, merged = sorted(fresh, key=best_first, reverse=True), []
    for each in older:
        while waiting and best_first(waiting[-1]) < best_first(each):
            merged.append(waiting.pop())
        merged.append(each)
    return [*merged, *reversed(waiting)]


def _candidate(
    reader: LexicalReader, query: Query, document: Document, rung: str, lacking: Sequence[Node]
) -> Candidate:
    words = tokens(document.body)
    score = 0.0
    for leaf in wanted_leaves(query.root):
        for word in tokens(leaf.text):
            count = sum(1 for each in words if each.startswith(word)) if isinstance(leaf, Prefix) else words.count(word)
            if count or (isinstance(leaf, Word) and leaf not in lacking):  # another form of it, or a part of a name
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
    if wanted.field == "entity":
        from cass.search.entities import names

        return any(names(str(value), document) for value in wanted.values)
    if wanted.field == "path":
        body = f" {' '.join(tokens(document.body))} "
        paths = [tokens(str(value)) for value in wanted.values]
        return any(path and f" {' '.join(path)} " in body for path in paths)
    return int(getattr(document, wanted.field)) in wanted.values
