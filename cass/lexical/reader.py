"""Answer from the lexical index: plain values in, plain values out; never raises for what stands on disk.

An index that is missing, old, cut short or full of noise is a `Damage` (opening.py); the caller answers from SQLite.
"""

from __future__ import annotations

from cass.lexical.compile import Compiler, one_query
from cass.lexical.opening import Damage, opened
from cass.lexical.schema import build_analyzer, change_of, documents_in
from cass.lexical.words import WordCompiler
from cass.native_tantivy import Filter as TokenFilter
from cass.native_tantivy import Occur, Order, Query, TextAnalyzerBuilder, Tokenizer
from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeVar

    from tantivy import DocAddress, Index, Schema, Searcher, TextAnalyzer

    T = TypeVar("T")
    Scored = tuple[float, DocAddress]

    from cass.lexical.compile import Compiled, Rung
    from cass.lexical.filter import Filter
    from cass.lexical.recent import Recent
    from cass.query import syntax


# Equal scores are ordered by time; a page that ends inside a run of equals is fetched larger, up to here.
MOST_FETCHED = 6_400
# Scores are compared to four digits; those that differ by more stand as the index gave them.
AS_GOOD_AS_EQUAL = 1e-4
# Where the words stand in so many places, so many times as many hits are fetched as are asked for, up to here.  If more
# are wanted after all, for a page that does not fill or a run of equals, a second search costs as much as the first.
COMMON, AHEAD, MOST_AHEAD = 10_000, 4, 640
# Where so many messages have all the words, they come first and those that lack some behind them, so that the latter
# need not be looked at for the first pages: an OR over common words is what a large archive's search costs most.
PLENTY = 40
# Where the words are common, so many are enough: a page of them.
PLENTY_OF_COMMON = 10
# To look these up is sooner done than to look once more for what has all the words.
FEW_WITH_ALL = 40
# To look for so many documents one by one takes less than to make a set of any of them in each segment.
FEW_DOCS = 200
# Whoever types asks for the same words again with each key: their inflections, and what begins so, are looked up once,
# and so many kept.
MOST_FORMS = 1_000
# To print a query whose filters name more than this takes longer than may be won by it.
MOST_FILTERED = 100


@record
class Candidate:
    """A document that matches.  `text` is equal for copies."""

    doc: int
    score: float
    session: int
    time_ms: int | None
    text: int


def best_first(hit: Candidate) -> tuple[float, int, int]:
    """Sorts candidates by score, equal ones newest first, then by name: the same whatever the segments are."""
    return -round(hit.score, 4), -(hit.time_ms or 0), hit.doc


@record
class LexicalAnswer:
    """Candidates in order.  `total` counts the messages on `rung`; `exact` are the documents among them.

    `more`: a larger limit gives more candidates, and these ones first.  `partial`: some messages of the rung were not
    looked for.  `lacks` is a word, hardly begun, that the rung leaves out; it is among the `dropped`.
    """

    candidates: tuple[Candidate, ...]
    total: int
    rung: str | None
    exact: frozenset[int]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]
    more: bool = False
    partial: bool = False
    lacks: str | None = None


@record
class Fetched:
    """What the index said to `query`: its best hits, at most `limit`; `count` of all of them, where it was asked."""

    query: Query
    limit: int
    hits: list[Scored]
    count: int | None

    def serves(self, limit: int, counted: bool) -> bool:
        """Is that as much as is asked for?"""
        return (limit <= self.limit or len(self.hits) < self.limit) and (self.count is not None or not counted)


class LexicalReader:
    """One generation of the index, held open; its folder stays while this does."""

    def __init__(self, index: Index, generation: str) -> None:
        # One answer needs one view.  The index itself is let go: it follows commits, in a thread of its own.
        self._searcher = index.searcher()
        self._schema = index.schema
        self._analyzer = build_analyzer()
        self._stemmer: TextAnalyzer | None = None  # until something is looked for
        self.generation = generation
        self.notes: list[str] = []  # what a query could not be given
        self._forms: dict[tuple[str, bool], list[tuple[str, int]]] = {}
        self._fetched: dict[int, Fetched] = {}  # by the identity of the query, which is kept
        self._recent: Recent | None = None  # None where one search is all
        self._recalls = False  # may this query's answers be among them?
        self._ahead = 1
        self.change = change_of(index, self._searcher)

    @property
    def schema(self) -> Schema:
        return self._schema

    def keep_recent(self) -> None:
        """Other searches follow: what they have in common while somebody types is asked once."""
        from cass.lexical.recent import Recent

        self._recent = Recent()

    def analyzed(self, text: str) -> list[str]:
        """Its words as they stand in the index."""
        return self._analyzer.analyze(text)

    @property
    def searcher(self) -> Searcher:
        """For what belongs to this room."""
        return self._searcher

    @property
    def documents(self) -> int:
        return documents_in(self._searcher)

    @property
    def has_own(self) -> bool:
        """Is there a message of cass's own in it, so that they must be left out?"""
        return self._searcher.doc_freq("own", 1) > 0

    def compile(
        self,
        root: syntax.Node | None,
        filters: Sequence[Filter],
        resolve: Callable[[syntax.Field], Filter | None],
        correct: bool = True,
        known: frozenset[str] = frozenset(),
        typing: bool = False,
    ) -> Compiled:
        """The query for this index; to be used with this reader only.  Words in `known` are not corrected.

        `typing`: is somebody at it, and would rather have most of the answer soon?
        """
        typed = len(getattr(root, "parts", ()))
        self._fetched.clear()
        if len(self._forms) > MOST_FORMS:
            self._forms.clear()
        self._stemmer = self._stemmer or _stemmer()
        words = WordCompiler(
            self._schema, self._searcher, self._analyzer, self._stemmer, known, self.notes, typed, self._forms
        )
        compiled = Compiler(self._schema, words, resolve, correct, typing).query(root, filters)
        self._ahead = AHEAD if sum([unit.found for unit in compiled.units]) > COMMON else 1
        if self._recent is not None:
            named = sum([len(each.values) + len(each.docs) for each in filters])
            self._recalls = typing and bool(compiled.units) and named <= MOST_FILTERED
        return compiled

    def search(
        self, compiled: Compiled, limit: int, match: str | None, sort: str, strict: bool = False
    ) -> LexicalAnswer:
        """The best or newest candidates: about `limit` of them, or all there are.

        `match` fixes the rung (all, most, any); None takes the strictest that has messages, `any` for an order by
        relevance alone.  The best ones are from every rung unless `strict`; where PLENTY have all the words, those are
        first.
        """
        rung, total, found = self._rung(compiled, match, limit, sort, strict)
        only_rung = strict or match in ("all", "most") or len(compiled.rungs) == 1
        enough = PLENTY if compiled.nearly is None else PLENTY_OF_COMMON
        plenty = sort == "relevance" and not only_rung and match is None and rung.name == "all" and total >= enough
        if sort != "relevance":
            candidates, more = self._by_time(rung.match, limit, newest=sort == "newest")
        elif only_rung or plenty:
            candidates, more = self.ranked(rung.scored, limit, found[:limit] if rung.match is rung.scored else None)
        elif rung.is_ranking and match is None:
            candidates, more = self.ranked(rung.scored, limit, found[:limit])
        else:
            candidates, more = self._any(compiled, limit, self._with_all(compiled, rung, total, found, match))
        exact: frozenset[int] = frozenset()
        if plenty:
            exact = frozenset(candidate.doc for candidate in candidates)
            if compiled.nearly is not None and enough * limit <= PLENTY * total:
                more = True  # mostly the page is full without the others
            else:
                candidates, more = self._then(candidates, more, limit, lambda: self._any(compiled, limit, None))
        elif rung.name == "all" or match is not None:
            is_whole = rung.name == "all" and (only_rung or sort != "relevance")
            exact = self._exact(
                compiled, is_whole, candidates, found if rung.name == "all" and total <= len(found) else None
            )
        name, dropped = rung.name if total else None, compiled.dropped
        if rung.lacks is not None:
            exact, dropped = frozenset(), (*dropped, rung.lacks)
        told = compiled.corrected, dropped, compiled.forms
        partial = compiled.partial or rung is compiled.sooner
        return LexicalAnswer(tuple(candidates), total, name, exact, *told, more, partial, rung.lacks)

    def _rung(
        self, compiled: Compiled, match: str | None, limit: int, sort: str, strict: bool
    ) -> tuple[Rung, int, list[Scored]]:
        """The strictest rung with messages, how many, and hits of its `match`; the last one where none has any."""
        if match is not None:
            rungs = [rung for rung in compiled.rungs if rung.name == match and rung.lacks is None]
        elif strict or sort != "relevance":
            rungs = [rung for rung in compiled.rungs if rung.name != "any"]
        else:
            rungs = list(compiled.rungs)
        if compiled.sooner is not None and match is None and sort == "relevance":
            rungs.insert(0, compiled.sooner)
        if not rungs and [rung.name for rung in compiled.rungs] in (["all"], ["all", "any"]):
            rungs = [replace(compiled.rungs[0], name=match or "all")]  # one word, or none: all of them is most of them
        for rung in rungs:
            found = self._fetch(rung.match, limit, counted=rung.count is None)
            count = found.count or 0 if rung.count is None else rung.count
            if found.hits and count >= rung.least:
                return rung, count, found.hits
        return rungs[-1] if rungs else one_query("", Query.empty_query()), 0, []

    def _fetch(self, query: Query, limit: int, counted: bool = False) -> Fetched:
        """The best hits, `limit` of them or more."""
        known = self._fetched.get(id(query))
        if known is not None and known.serves(limit, counted):
            return known

        def ask() -> Fetched:
            ahead = min(limit * self._ahead, MOST_AHEAD, self.documents + 1)
            found = self._searcher.search(query, max(limit, ahead), counted)
            count = int(getattr(found, "count", 0) or 0) if counted else None
            return Fetched(query, max(limit, ahead), found.hits, count)

        recent = self._recent if self._recalls else None
        fetched = ask() if recent is None else replace(recent.answer(query, limit, counted, ask), query=query)
        self._fetched[id(query)] = fetched
        return fetched

    def _any(self, compiled: Compiled, limit: int, exact: Sequence[int] | None) -> tuple[list[Candidate], bool]:
        """The best whatever they lack; where the words are common those first that lack one at most.

        `exact`: the documents that lack none, where that is known.
        """
        nearly = compiled.nearly
        if nearly is None:
            return self.ranked(compiled.ranked, limit, None)
        best = nearly.query() if exact is None else nearly.knowing(exact, self.among)
        candidates, more = self.ranked(best, limit, None)
        return self._then(candidates, more, limit, lambda: self.ranked(compiled.ranked, limit, None))

    def _with_all(
        self, compiled: Compiled, rung: Rung, total: int, found: Sequence[Scored], match: str | None
    ) -> list[int] | None:
        """The documents with all the words, where the rungs asked so far tell; None where they do not."""
        if compiled.nearly is None or not compiled.nearly.is_of_all or match is not None:
            return None
        if rung is not compiled.rungs[0]:
            return [] if rung.name != "all" else None
        if rung.match is not rung.scored or not len(found) == total <= FEW_WITH_ALL:
            return None
        return [int(doc or 0) for doc in self._searcher.fast_field_values("doc", [address for _, address in found])]

    def ranked(self, query: Query, limit: int, hits: list[Scored] | None) -> tuple[list[Candidate], bool]:
        """By score, equal ones newest first, then by name: the same whatever the segments are."""
        while True:
            hits = self._fetch(query, limit).hits[:limit] if hits is None else hits
            kept = _whole_runs(hits, limit, lambda hit: round(hit[0], 4))
            if len(hits) < limit or limit >= MOST_FETCHED or kept * 2 >= limit:
                break
            limit, hits = limit * 4, None
        more, hits = len(hits) == limit, hits[: kept or limit]
        scores = [float(score) for score, _ in hits]
        found = self._candidates([address for _, address in hits], scores)
        if any([scores[at - 1] - scores[at] <= AS_GOOD_AS_EQUAL for at in range(1, len(scores))]):
            found.sort(key=best_first)
        return found, more

    def _then(
        self,
        first: list[Candidate],
        more: bool,
        limit: int,
        others: Callable[[], tuple[list[Candidate], bool]],
    ) -> tuple[list[Candidate], bool]:
        """Behind the first candidates the others, where the limit reaches so far."""
        if more or len(first) >= limit:
            return first, True
        behind, more = others()
        known = {candidate.doc for candidate in first}
        return [*first, *[candidate for candidate in behind if candidate.doc not in known]], more

    def _by_time(self, query: Query, limit: int, newest: bool) -> tuple[list[Candidate], bool]:
        """By time, equal ones by name.  Without a time is older than everything, and comes last both ways."""
        order = Order.Desc if newest else Order.Asc
        while True:
            hits = self._searcher.search(query, limit, False, "time", 0, order).hits
            found = self._candidates([address for _, address in hits], [0.0] * len(hits))
            kept = _whole_runs(found, limit, lambda hit: hit.time_ms)
            if len(hits) < limit or limit >= MOST_FETCHED or kept * 2 >= limit:
                break
            limit *= 4
        found = found[: kept or limit]
        found.sort(key=lambda hit: (-(hit.time_ms or 0) if newest else hit.time_ms or 1 << 62, hit.doc))
        return found, len(hits) == limit

    def _candidates(self, addresses: list[DocAddress], scores: list[float]) -> list[Candidate]:
        columns = [self._searcher.fast_field_values(name, addresses) for name in ("doc", "session", "time", "text")]
        return [
            Candidate(doc, score, session, time_ms, text)
            for score, doc, session, time_ms, text in zip(scores, *columns, strict=True)
            if doc is not None
        ]

    def _exact(
        self, compiled: Compiled, is_whole: bool, candidates: Sequence[Candidate], found: list[Scored] | None
    ) -> frozenset[int]:
        """Which candidates have all the words: each of them where they are those of that rung, else those in `found`.

        `found` None: they must be looked for, which takes as long as a search.
        """
        strictest = compiled.rungs[0]
        docs = [candidate.doc for candidate in candidates]
        if strictest.name != "all" or not docs:
            return frozenset()
        if len(compiled.rungs) == 1 or is_whole:
            return frozenset(docs)
        if found is None:
            both = Query.boolean_query([(Occur.Must, strictest.match), (Occur.Must, self.among(docs))])
            found = self._searcher.search(both, len(docs), False).hits
        return frozenset(int(doc or 0) for doc in self._searcher.fast_field_values("doc", [at for _, at in found]))

    def among(self, docs: Sequence[int]) -> Query:
        """Finds these documents, and counts nothing."""
        if len(docs) > FEW_DOCS:
            return Query.const_score_query(Query.term_set_query(self._schema, "doc", list(docs)), 0.0)
        each = [(Occur.Should, Query.term_query(self._schema, "doc", doc)) for doc in docs]
        return Query.const_score_query(Query.boolean_query(each), 0.0)

    def frequency(self, word: str) -> int:
        """In how many documents a folded word occurs."""
        return self._searcher.doc_freq("body", word)


def _whole_runs(hits: Sequence[T], limit: int, key: Callable[[T], float | None]) -> int:
    """How many of the sorted hits are left without the last run of equals, which the limit may have cut through."""
    kept = len(hits)
    if kept >= limit and kept:
        last = key(hits[-1])
        while kept and key(hits[kept - 1]) == last:
            kept -= 1
    return kept


def stem_of() -> Callable[[str], list[str]]:
    """A function that gives a word's English stem, by which the index tells a word's forms from other words."""
    return _stemmer().analyze


def _stemmer() -> TextAnalyzer:
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(TokenFilter.lowercase())
        .filter(TokenFilter.stemmer("english"))
        .build()
    )


def open_reader(root: str) -> LexicalReader | Damage:
    """The current generation, or why it cannot be used.

    A short search holds no lock: what it has mapped stays readable when the folder goes.  Whoever keeps a reader for
    long holds the generation's READER_LOCK shared.
    """
    return opened(root, LexicalReader)
