"""One word of a query → one query of the index: the word and its inflections.

A word's forms compete (the best one counts), each scored as if it were as common as all of them together, so that a
rare inflection is not taken for a telling word.
"""

from __future__ import annotations

from cass.native_tantivy import Occur, Query
from cass.query import words as query_words
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tantivy import Schema, Searcher, TextAnalyzer

    from cass.lexical.unusual import UnusualWords

# An inflected form counts so little beside the word as typed where few words were typed, each meant as it stands; in a
# long sentence it counts as much as the word.
FORM_WEIGHT = 0.3
FEW_WORDS = 4
# A corrected word must not be shorter than this: `teh` has too many neighbours to guess.
SHORTEST_CORRECTED = 4
# A word that as it stands is in more messages than this is looked for, while somebody types, as if it were typed to its
# end: others that begin so would be far behind it, and cost half as much again beside another word.
COMMON_AS_TYPED = 40_000
# Of what is not one word, such as a path or a prefix: as if it were in one message of 150.
NAME_IDF = 5.0
# The beginning of an id stands for so many at most.
MOST_IDS = 16


@record
class Unit:
    """One wanted thing.  `query` None: nothing in the index can match it.

    `corrected` is the word it was read as; `forms` the inflections that the index knows, for highlighting.
    `loose`: no message has it as it is; the query finds those with its parts elsewhere, or with some of them.
    `share` of all messages, 0 to 1, that have a single word; 0 for what is not one.
    `token`: a single word as the index knows it, where some message has it as typed.
    `parts`: of words that a hyphen joins, which count by themselves too, but are no match.
    `scored` are the single words that `query` is made of, the best of which counts; empty for what is not one word.
    `finds` finds what `query` finds; under a constant score a fourth of the work where words have forms.
    `found` is how many messages they are in, one that has several of them counted for each; `idf` how telling the unit
    is, BM25's for single words.  `alone` finds the word without its other forms, in `itself` messages, if in any.
    `partial`: there are further words that would match, and are not looked for.
    `is_begun`: somebody is typing it.
    """

    query: Query | None
    word: str = ""
    corrected: str | None = None
    forms: tuple[str, ...] = ()
    loose: bool = False
    share: float = 0.0
    token: str | None = None
    parts: Query | None = None
    scored: tuple[Query, ...] = ()
    finds: Query | None = None
    found: int = 0
    alone: Query | None = None
    itself: int = 0
    idf: float = NAME_IDF
    partial: bool = False
    is_begun: bool = False

    @property
    def match(self) -> Query:
        """What finds it as cheaply as can be."""
        return self.finds or self.query or Query.empty_query()


class WordCompiler:
    """Compiles words against one searcher's dictionary; what is none of its words is for `UnusualWords`."""

    def __init__(
        self,
        schema: Schema,
        searcher: Searcher,
        analyzer: TextAnalyzer,
        stemmer: TextAnalyzer,
        known: frozenset[str] = frozenset(),
        notes: list[str] | None = None,
        typed: int = 1,
        forms: dict[tuple[str, bool], list[tuple[str, int]]] | None = None,
    ) -> None:
        """`known` are words that occur elsewhere, so that they are right as typed; what goes wrong joins `notes`.

        `typed` is how many words were typed; `forms` of words that were looked up in this searcher's dictionary before.
        """
        self._known = known
        self.notes = [] if notes is None else notes
        self._is_few = typed <= FEW_WORDS
        self.form_weight = 1.0 - (1.0 - FORM_WEIGHT) * min(1.0, FEW_WORDS / max(1, typed))
        self.schema = schema
        self.searcher = searcher
        self.analyzer = analyzer
        self._stemmer = stemmer
        self.documents = max(1, searcher.num_docs)
        self._unusual: UnusualWords | None = None
        self._forms_of = {} if forms is None else forms

    def word(self, text: str, correct: bool) -> Unit:
        """A bare word, compound or not."""
        if (name := query_words.spelled(text)) and self.frequency(name):
            return Unit(self.term(name), text)
        tokens = self.analyzer.analyze(text)
        if len(tokens) == 1 and tokens[0].isascii() and (forms := self.forms(tokens[0])):
            return self.of_forms(text, tokens[0], forms)
        return self.unusual.word(text, tokens, correct)

    @property
    def unusual(self) -> UnusualWords:
        """For what is no word as it stands in the index; hardly ever among a few keywords."""
        if self._unusual is None:
            from cass.lexical.unusual import UnusualWords

            self._unusual = UnusualWords(self, self._known)
        return self._unusual

    def of_forms(self, text: str, token: str, forms: list[tuple[str, int]], corrected: str | None = None) -> Unit:
        """A single word that occurs, in one of its forms at least."""
        counts, is_word = [count for _, count in forms], forms[0][0] == token
        scored = self.scored(token, forms)
        return Unit(
            best_of(scored),
            text,
            corrected,
            tuple([form for form, _ in forms]),
            share=max(counts) / self.documents,
            token=token if is_word and corrected is None else None,
            scored=tuple(scored),
            finds=any_of(scored),
            found=sum(counts),
            alone=self.term(token) if is_word else None,
            itself=counts[0] if is_word else 0,
            idf=self.idf(min(self.documents, sum(counts))),
        )

    def forms(self, token: str) -> list[tuple[str, int]]:
        """The word and those of its inflections that occur, with their document frequencies; an id's longer forms."""
        key = token, self._is_few
        if key not in self._forms_of:
            self._forms_of[key] = self._look_up(token)
        return self._forms_of[key]

    def beginning_with(self, token: str, most: int) -> list[tuple[str, int]]:
        """The words that begin so, the most frequent `most` of them, with their document frequencies."""
        key = f"{token}*", True  # no word has that sign
        if key not in self._forms_of:
            self._forms_of[key] = list(self.searcher.terms_with_prefix("body", token, None, most))
        return self._forms_of[key]

    def _look_up(self, token: str) -> list[tuple[str, int]]:
        forms = [(token, count)] if (count := self.frequency(token)) else []
        if not (token.isascii() and token.isalpha()) or len(token) < 3:
            # One in 27 ids begins with seven digits: a number, unless it occurs nowhere.
            is_cut = query_words.is_id(token) or (not forms and token.isdigit())
            return forms + self._of_id(token) if is_cut and len(token) >= query_words.SHORTEST_ID else forms
        stem = self._stemmer.analyze(token)
        for other in query_words.likely_forms(token, "".join(stem), self._is_few):
            if (count := self.frequency(other)) and self._stemmer.analyze(other) == stem:
                forms.append((other, count))
        return forms

    def _of_id(self, token: str) -> list[tuple[str, int]]:
        """The same commit's id as other messages name it: longer, mostly whole, or shorter."""
        longer = self.searcher.terms_with_prefix("body", token, None, MOST_IDS)
        shorter = [(begun, self.frequency(begun)) for begun in query_words.id_beginnings(token)]
        return [(word, n) for word, n in [*longer, *shorter] if n and word != token and query_words.is_id(word)]

    def scored(self, token: str, forms: Iterable[tuple[str, int]], form_weight: float | None = None) -> list[Query]:
        """A query for each of its forms, which count as much as if each were as common as all together."""
        forms = list(forms)
        common = self.idf(min(self.documents, sum(count for _, count in forms)))
        scored = []
        for form, count in forms:
            weight = 1.0 if form == token else self.form_weight if form_weight is None else form_weight
            weight *= common / self.idf(count)
            # Asked for by itself, a bare word takes three quarters of the time of one that a weight is put to.
            scored.append(self.term(form) if weight == 1.0 else Query.boost_query(self.term(form), weight))
        return scored

    def idf(self, frequency: int) -> float:
        """BM25's idf as tantivy computes it, kept above zero."""
        return max(1e-3, idf(frequency, self.documents))

    def term(self, word: str) -> Query:
        return Query.term_query(self.schema, "body", word)

    def frequency(self, word: str) -> int:
        return self.searcher.doc_freq("body", word)


def idf(frequency: int, documents: int) -> float:
    """BM25's, of a word that stands in so many of the documents."""
    return log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


def log(x: float) -> float:
    """The natural logarithm to six digits: math is a shared library, and loading it costs a cold search 2 %."""
    return float((x**1e-8 - 1) * 1e8)


def any_of(queries: Sequence[Query]) -> Query:
    """What any of these finds."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def best_of(queries: list[Query]) -> Query:
    """The best of them counts, the others as good as nothing."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, 0.1)
