"""Answer from the lexical index: plain values in, plain values out; never raises for what stands on disk.

An index that is missing, old, cut short or full of noise is a `Damage`, and the caller answers from SQLite.
"""

from __future__ import annotations

import os

from cass.lexical.compile import Compiler
from cass.lexical.schema import META_KEY, VERSION, build_analyzer, current_generation, first_line, is_damage, open_index
from cass.lexical.words import WordCompiler
from cass.native_tantivy import Filter as TokenFilter
from cass.native_tantivy import Occur, Order, Query, TextAnalyzerBuilder, Tokenizer
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tantivy import DocAddress, Index, TextAnalyzer

    Scored = tuple[float, DocAddress]

    from cass.lexical.compile import Compiled
    from cass.lexical.filter import Filter
    from cass.query import syntax


# Equal scores are ordered by time; a page that ends inside a run of equals is fetched larger, up to here.
MOST_FETCHED = 6_400
MOST_LITERAL = 20_000


@record
class Damage:
    """The index cannot be used: what is wrong with it."""

    reason: str


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
    """Candidates in order.  `total` counts the messages on `rung`; `exact` are the documents among them."""

    candidates: tuple[Candidate, ...]
    total: int
    rung: str | None
    exact: frozenset[int]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]


class LexicalReader:
    """One generation of the index, held open; its folder stays while this does."""

    def __init__(self, index: Index, generation: str) -> None:
        # Following commits costs a thread that watches the folder; one answer needs one view.
        index.config_reader("Manual", 0)
        self._index = index
        self._searcher = index.searcher()
        self._schema = index.schema
        self._analyzer = build_analyzer()
        self.generation = generation
        self.change = self._read_change()

    def _read_change(self) -> int:
        hits = self._searcher.search(Query.term_query(self._schema, "meta", META_KEY), 1, False).hits
        change = self._searcher.fast_field_values("change", [hits[0][1]])[0] if hits else None
        return -1 if change is None else int(change)

    @property
    def documents(self) -> int:
        return max(0, self._searcher.num_docs - 1)

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
    ) -> Compiled:
        """The query for this index; to be used with this reader only."""
        words = WordCompiler(self._schema, self._searcher, self._analyzer, _stemmer())
        return Compiler(self._schema, words, resolve, correct).query(root, filters)

    def search(self, compiled: Compiled, limit: int, match: str | None, sort: str) -> LexicalAnswer:
        """The best or newest candidates, `limit` or more of them.

        `match` fixes the rung (all, most, any); None takes the strictest that has messages.
        """
        rung, query, total, best = self._rung(compiled, match, limit)
        if sort != "relevance":
            candidates = self._by_time(query, limit, newest=sort == "newest")
        elif match in ("all", "most") or len(compiled.rungs) == 1:
            candidates = self._ranked(query, limit, best)
        else:
            candidates = self._ranked(compiled.ranked, limit, None)
        exact = self._exact(compiled, rung, sort, candidates, best)
        return LexicalAnswer(
            tuple(candidates), total, rung, exact, compiled.corrected, compiled.dropped, compiled.forms
        )

    def _rung(self, compiled: Compiled, match: str | None, limit: int) -> tuple[str | None, Query, int, list[Scored]]:
        """The strictest rung with messages: its name, query, count and best hits."""
        rungs = [rung for rung in compiled.rungs if match is None or rung[0] == match]
        for name, query in rungs:
            found = self._searcher.search(query, limit, True)
            if found.hits:
                return name, query, int(getattr(found, "count", 0) or 0), found.hits
        return None, (rungs[-1][1] if rungs else Query.empty_query()), 0, []

    def _ranked(self, query: Query, limit: int, hits: list[Scored] | None) -> list[Candidate]:
        """By score, equal ones newest first, then by name: the same whatever the segments are."""
        while True:
            hits = self._searcher.search(query, limit, False).hits if hits is None else hits
            if len(hits) < limit or limit >= MOST_FETCHED or hits[-1][0] < hits[limit // 2][0]:
                break
            limit, hits = limit * 4, None
        found = self._candidates([address for _, address in hits], [float(score) for score, _ in hits])
        found.sort(key=lambda hit: (-round(hit.score, 4), -(hit.time_ms or 0), hit.doc))
        return found

    def _by_time(self, query: Query, limit: int, newest: bool) -> list[Candidate]:
        order = Order.Desc if newest else Order.Asc
        hits = self._searcher.search(query, limit, False, "time", 0, order).hits
        found = self._candidates([address for _, address in hits], [0.0] * len(hits))
        found.sort(key=lambda hit: (-(hit.time_ms or 0) if newest else hit.time_ms or 1 << 62, hit.doc))
        return found

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

        The ranking puts messages with all words in the order of that rung by itself, so the best of the rung are all
        there can be among equally many candidates.
        """
        if rung != "all":
            return frozenset()
        if sort != "relevance" or len(compiled.rungs) == 1:
            return frozenset(candidate.doc for candidate in candidates)
        if len(candidates) > len(best):
            best = self._searcher.search(compiled.rungs[0][1], len(candidates), False).hits
        return frozenset(int(doc or 0) for doc in self._searcher.fast_field_values("doc", [at for _, at in best]))

    def literal_candidates(self, text: str) -> list[int] | None:
        """Documents whose words allow `text` to occur in them as it stands; None for too many, or no words to go by.

        Words inside `text` are whole; the outermost may be parts of longer ones.
        """
        words = self._analyzer.analyze(text)
        if not words:
            return None
        clauses = [Query.term_query(self._schema, "body", word) for word in words[1:-1]]
        edges = {0: ".*" if text[0].isalnum() else "", len(words) - 1: ".*" if text[-1].isalnum() else ""}
        for at in dict.fromkeys((0, len(words) - 1)):
            before = edges[0] if at == 0 else ""
            after = edges[len(words) - 1] if at == len(words) - 1 else ""
            clauses.append(Query.regex_query(self._schema, "body", f"{before}{words[at]}{after}"))
        hits = self._searcher.search(
            Query.boolean_query([(Occur.Must, clause) for clause in clauses]), MOST_LITERAL, False
        ).hits
        if len(hits) == MOST_LITERAL:
            return None
        return [int(doc or 0) for doc in self._searcher.fast_field_values("doc", [address for _, address in hits])]

    def frequency(self, word: str) -> int:
        """In how many documents a folded word occurs."""
        return self._searcher.doc_freq("body", word)


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
        return Damage(f"the lexical index is damaged: {first_line(bad)}")
