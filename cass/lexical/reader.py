"""Answer from the lexical index: plain values in, plain values out; never raises for what stands on disk.

An index that is missing, old, cut short or full of noise is a `Damage`, and the caller answers from SQLite.
"""

from __future__ import annotations

import os

from cass.lexical.compile import Compiler
from cass.lexical.schema import (
    LONGEST_WORD,
    VERSION,
    build_analyzer,
    change_of,
    current_generation,
    documents_in,
    first_line,
    is_damage,
    open_index,
)
from cass.lexical.words import WordCompiler
from cass.native_tantivy import Filter as TokenFilter
from cass.native_tantivy import Occur, Order, Query, TextAnalyzerBuilder, Tokenizer
from cass.query.words import is_word, pieces
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tantivy import DocAddress, Index, Schema, Searcher, TextAnalyzer

    Scored = tuple[float, DocAddress]

    from cass.lexical.compile import Compiled
    from cass.lexical.filter import Filter
    from cass.query import syntax


# Equal scores are ordered by time; a page that ends inside a run of equals is fetched larger, up to here.
MOST_FETCHED = 6_400
# Where so many messages have all the words, they come first and those that lack some behind them, so that the latter
# need not be looked at for the first pages: an OR over common words is what a large archive's search costs most.
PLENTY = 40
MOST_LITERAL = 20_000
CANARY_WORDS = 5


@record
class Damage:
    """The index cannot be used: what is wrong with it, and what would mend it, to be put behind."""

    reason: str
    mended_by: str = "; cass index mends it"


@record
class Candidate:
    """A document that matches.  `text` is equal for copies."""

    doc: int
    score: float
    session: int
    time_ms: int | None
    text: int


@record
class LexicalAnswer:
    """Candidates in order.  `total` counts the messages on `rung`; `exact` are the documents among them.

    `more`: a larger limit gives more candidates, and these ones first.
    """

    candidates: tuple[Candidate, ...]
    total: int
    rung: str | None
    exact: frozenset[int]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]
    more: bool = False


class LexicalReader:
    """One generation of the index, held open; its folder stays while this does."""

    def __init__(self, index: Index, generation: str) -> None:
        # One answer needs one view: commits are not followed.
        index.config_reader("Manual", 0)
        self._index = index
        self._searcher = index.searcher()
        self._schema = index.schema
        self._analyzer = build_analyzer()
        self.generation = generation
        self.notes: list[str] = []  # what a query could not be given
        self.change = change_of(index, self._searcher)

    @property
    def schema(self) -> Schema:
        return self._schema

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
    ) -> Compiled:
        """The query for this index; to be used with this reader only.  Words in `known` are not corrected."""
        words = WordCompiler(self._schema, self._searcher, self._analyzer, _stemmer(), known, self.notes)
        return Compiler(self._schema, words, resolve, correct).query(root, filters)

    def search(
        self, compiled: Compiled, limit: int, match: str | None, sort: str, strict: bool = False
    ) -> LexicalAnswer:
        """The best or newest candidates: about `limit` of them, or all there are.

        `match` fixes the rung (all, most, any); None takes the strictest that has messages.  The best ones are from
        every rung unless `strict`; where PLENTY have all the words, those are first.
        """
        rung, query, total, best = self._rung(compiled, match, limit)
        only_rung = strict or match in ("all", "most") or len(compiled.rungs) == 1
        plenty = sort == "relevance" and not only_rung and match is None and rung == "all" and total >= PLENTY
        if sort != "relevance":
            candidates, more = self._by_time(query, limit, newest=sort == "newest")
        elif only_rung or plenty:
            candidates, more = self._ranked(query, limit, best)
        else:
            candidates, more = self._ranked(compiled.ranked, limit, None)
        if plenty:
            exact = frozenset(candidate.doc for candidate in candidates)
            candidates, more = self._then_others(compiled, candidates, more, limit)
        elif rung == "all" or match is not None:
            exact = self._exact(compiled, rung, sort, candidates, best)
        else:
            exact = frozenset()
        return LexicalAnswer(
            tuple(candidates), total, rung, exact, compiled.corrected, compiled.dropped, compiled.forms, more
        )

    def _rung(self, compiled: Compiled, match: str | None, limit: int) -> tuple[str | None, Query, int, list[Scored]]:
        """The strictest rung with messages: its name, query, count and best hits."""
        rungs = [rung for rung in compiled.rungs if match is None or rung[0] == match]
        if not rungs and [name for name, _ in compiled.rungs] in (["all"], ["all", "any"]):
            rungs = [(match or "all", compiled.rungs[0][1])]  # one word, or none: all of them is most of them
        for name, query in rungs:
            found = self._searcher.search(query, limit, True)
            if found.hits:
                return name, query, int(getattr(found, "count", 0) or 0), found.hits
        return None, (rungs[-1][1] if rungs else Query.empty_query()), 0, []

    def _ranked(self, query: Query, limit: int, hits: list[Scored] | None) -> tuple[list[Candidate], bool]:
        """By score, equal ones newest first, then by name: the same whatever the segments are."""
        while True:
            hits = self._searcher.search(query, limit, False).hits if hits is None else hits
            kept = _whole_runs([round(float(score), 4) for score, _ in hits], limit)
            if len(hits) < limit or limit >= MOST_FETCHED or kept * 2 >= limit:
                break
            limit, hits = limit * 4, None
        more, hits = len(hits) == limit, hits[: kept or limit]
        found = self._candidates([address for _, address in hits], [float(score) for score, _ in hits])
        found.sort(key=lambda hit: (-round(hit.score, 4), -(hit.time_ms or 0), hit.doc))
        return found, more

    def _then_others(
        self, compiled: Compiled, whole: list[Candidate], more: bool, limit: int
    ) -> tuple[list[Candidate], bool]:
        """Behind the messages with all the words those that lack some, where the limit reaches so far."""
        if more or len(whole) >= limit:
            return whole, True
        ranked, more = self._ranked(compiled.ranked, limit, None)
        known = {candidate.doc for candidate in whole}
        return [*whole, *[candidate for candidate in ranked if candidate.doc not in known]], more

    def _by_time(self, query: Query, limit: int, newest: bool) -> tuple[list[Candidate], bool]:
        """By time, equal ones by name.  Without a time is older than everything, and comes last both ways."""
        order = Order.Desc if newest else Order.Asc
        while True:
            hits = self._searcher.search(query, limit, False, "time", 0, order).hits
            found = self._candidates([address for _, address in hits], [0.0] * len(hits))
            kept = _whole_runs([hit.time_ms for hit in found], limit)
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
        self, compiled: Compiled, rung: str | None, sort: str, candidates: Sequence[Candidate], best: list[Scored]
    ) -> frozenset[int]:
        """Which candidates have all the words.

        Where there are PLENTY the rung's own order is shown; where there are fewer, its best are all of them: no limit
        is smaller.
        """
        name, whole = compiled.rungs[0]
        docs = [candidate.doc for candidate in candidates]
        if name != "all" or not docs:
            return frozenset()
        if len(compiled.rungs) == 1 or (rung == "all" and sort != "relevance"):
            return frozenset(docs)
        if rung != "all" or len(docs) > len(best):
            among = Query.const_score_query(Query.term_set_query(self._schema, "doc", docs), 0.0)
            both = Query.boolean_query([(Occur.Must, whole), (Occur.Must, among)])
            best = self._searcher.search(both, len(docs), False).hits
        return frozenset(int(doc or 0) for doc in self._searcher.fast_field_values("doc", [at for _, at in best]))

    def literal_candidates(self, text: str) -> list[int] | None:
        """Documents whose words allow `text` to occur in them as it stands; None for too many, or no words to go by.

        Words inside `text` are whole; the outermost may be parts of longer ones.
        """
        words = self._analyzer.analyze(text)
        if not words or any(len(piece.encode()) > LONGEST_WORD for piece in pieces(text)):
            return None
        last = len(words) - 1
        clauses = [Query.term_query(self._schema, "body", word) for word in words[1:-1]]
        for at in dict.fromkeys((0, last)):
            before = ".*" if at == 0 and is_word(text[0]) else ""
            after = ".*" if at == last and is_word(text[-1]) else ""
            clauses.append(Query.regex_query(self._schema, "body", f"{before}{words[at]}{after}"))
        hits = self._searcher.search(
            Query.boolean_query([(Occur.Must, clause) for clause in clauses]), MOST_LITERAL, False
        ).hits
        if len(hits) == MOST_LITERAL:
            return None
        return [int(doc or 0) for doc in self._searcher.fast_field_values("doc", [address for _, address in hits])]

    def holds(self, doc: int, text: str) -> bool | None:
        """Does a search for the first words of `text` find this document?  None where there are none to look for."""
        words = dict.fromkeys(word for word in self._analyzer.analyze(text) if len(word.encode()) <= LONGEST_WORD)
        terms = [Query.term_query(self._schema, "body", word) for word in list(words)[:CANARY_WORDS]]
        if not terms:
            return None
        terms.append(Query.term_query(self._schema, "doc", doc))
        query = Query.boolean_query([(Occur.Must, term) for term in terms])
        return bool(self._searcher.search(query, 1, False).hits)

    def frequency(self, word: str) -> int:
        """In how many documents a folded word occurs."""
        return self._searcher.doc_freq("body", word)


def _whole_runs(keys: Sequence[float | None], limit: int) -> int:
    """How many of the sorted hits are left without the last run of equals, which the limit may have cut through."""
    kept = len(keys)
    while kept > 0 and len(keys) >= limit and keys[kept - 1] == keys[-1]:
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


def open_reader(root: str, may_move: bool = True) -> LexicalReader | Damage:
    """The current generation, or why it cannot be used.

    A short search holds no lock: what it has mapped stays readable when the folder goes.  Whoever keeps a reader for
    long holds the generation's READER_LOCK shared.
    """
    current = current_generation(root)
    if current is None:
        return Damage("the lexical index is missing")
    folder, version = current
    if version != VERSION:
        return Damage(f"the lexical index has version {version}, this cass reads {VERSION}")
    try:
        return LexicalReader(open_index(folder), os.path.basename(folder))
    except BaseException as bad:
        if not is_damage(bad):
            raise
        if may_move and current_generation(root) != current:
            # A new generation was published, and this one dropped, between two lines of ours.
            return open_reader(root, may_move=False)
        if (os.path.isdir(folder) and not os.access(folder, os.W_OK)) or "ReadOnly" in str(bad):
            # tantivy takes a lock to open an index, and cannot where it may not write.
            return Damage("the lexical index lies in a folder that may not be written", "")
        return Damage(f"the lexical index is damaged: {first_line(bad)}")
