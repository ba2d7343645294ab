"""One word of a query → one query of the index: inflections, parts of identifiers, versions, CJK, correction.

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

# An inflected form counts so little beside the word as typed where few words were typed, each meant as it stands; in a
# long sentence it counts as much as the word.
FORM_WEIGHT = 0.3
FEW_WORDS = 4
PREFIX_TERMS = 50
# A word that is being typed: it becomes so many others at most, and those only that together stand in so many messages;
# the most frequent one in any case.  To look for its beginning costs 1 us for each word that has it, so in a large
# archive, which has 10,000 of them behind two letters, one more letter is waited for.
GROWN_TERMS, GROWN_FOUND = 16, 40_000
LEAST_BEGUN, LEAST_BEGUN_OF_MANY, MANY_DOCUMENTS = 2, 3, 250_000
# What stands in so large a part of the messages is grammar; a word is not completed to it.
GRAMMAR_SHARE = 0.4
# Of what is not one word, such as a path or a prefix: as if it were in one message of 150.
NAME_IDF = 5.0
# A corrected word must not be shorter than this: `teh` has too many neighbours to guess.
SHORTEST_CORRECTED = 4
# Of these letters or more, as many words of one query are looked for within two edits: it takes 3 to 60 ms each.
LONG, FAR_CORRECTIONS = 7, 2


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
    is, BM25's for single words.  `partial`: there are further words that would match, and are not looked for.
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
    idf: float = NAME_IDF
    partial: bool = False

    @property
    def match(self) -> Query:
        """What finds it as cheaply as can be."""
        return self.finds or self.query or Query.empty_query()


class WordCompiler:
    """Compiles words against one searcher's dictionary."""

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
        self._form_weight = 1.0 - (1.0 - FORM_WEIGHT) * min(1.0, FEW_WORDS / max(1, typed))
        self._schema = schema
        self._searcher = searcher
        self._analyzer = analyzer
        self._stemmer = stemmer
        self._documents = max(1, searcher.num_docs)
        self._far_corrections = FAR_CORRECTIONS
        self._forms_of = {} if forms is None else forms

    def word(self, text: str, correct: bool) -> Unit:
        """A bare word, compound or not."""
        if (name := query_words.spelled(text)) and self._frequency(name):
            return Unit(self._term(name), text)
        tokens = self._analyzer.analyze(text)
        if not tokens:
            return Unit(None, text)
        if len(tokens) == 1:
            return self._single(text, tokens[0], correct)
        return self._compound(text, tokens)

    def unfinished(self, text: str) -> Unit:
        """A word that somebody is typing: as it stands, in its forms, and what it may become; never corrected."""
        tokens = self._analyzer.analyze(text)
        if len(tokens) > 1:
            begun = Query.phrase_prefix_query(self._schema, "body", list(tokens))
            return Unit(begun, text) if self._matches(begun) else self.word(text, False)
        if not tokens or query_words.cjk_runs(tokens[0]):
            return self.word(text, False)
        forms = self._forms(tokens[0])
        grown, partial = self._grown(tokens[0], forms)
        return self._begun(text, tokens[0], forms, grown, partial) if grown else self.word(text, False)

    def _begun(
        self, text: str, token: str, forms: list[tuple[str, int]], grown: list[tuple[str, int]], partial: bool
    ) -> Unit:
        """Where the word occurs as it stands, others that begin so count as little as its forms do."""
        is_word = bool(forms) and forms[0][0] == token
        scored = self._scored(token, [*forms, *grown], self._form_weight if is_word else 1.0)
        found = sum([count for _, count in (*forms, *grown)])
        return Unit(
            _best(scored),
            text,
            forms=tuple([form for form, _ in forms if not form.startswith(token)]),
            share=max([count for _, count in (*forms, *grown)]) / self._documents,
            scored=tuple(scored),
            finds=any_of(scored),
            found=found,
            idf=self._idf(min(self._documents, found)),
            partial=partial,
        )

    def _grown(self, token: str, forms: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], bool]:
        """Words that begin so, the most frequent first; and whether there are others that are not among them."""
        if len(token) < (LEAST_BEGUN_OF_MANY if self._documents > MANY_DOCUMENTS else LEAST_BEGUN):
            return [], False
        known = {token, *[form for form, _ in forms]}
        there = self._searcher.terms_with_prefix("body", token, None, PREFIX_TERMS)
        others = [(word, count) for word, count in there if word not in known]
        grown: list[tuple[str, int]] = []
        left = GROWN_FOUND
        for word, count in others:
            is_grammar = count > left and count > GRAMMAR_SHARE * self._documents
            if len(grown) < GROWN_TERMS and not is_grammar and (not grown or count <= left):
                grown.append((word, count))
                left -= count
        return grown, len(grown) < len(others) or len(there) == PREFIX_TERMS

    def phrase(self, text: str, within: int | None = None) -> Unit:
        """Words next to each other, as typed; or no further apart than `within` others, in any order."""
        tokens = self._analyzer.analyze(text)
        if not tokens:
            return Unit(None, text)
        if within is not None and len(tokens) > 1:
            from cass.lexical.patterns import near

            return Unit(near(self._schema, tokens, within), text)
        return Unit(self._adjacent(tokens), text)

    def inside(self, text: str) -> Unit:
        """Words with this in them, or as far as time allows only those that begin so."""
        from cass.lexical.patterns import inside

        query = inside(self._schema, self._searcher, self._analyzer.analyze(text))
        if query is not None:
            return Unit(query, text)
        note = f"*{text}*: there are too many words to look inside; searched for those that begin so"
        self.notes += [note] if note not in self.notes else []
        return self.prefix(text)

    def prefix(self, text: str) -> Unit:
        """Words that begin so; the fifty most frequent are scored, the others match."""
        tokens = self._analyzer.analyze(text)
        if not tokens:
            return Unit(None, text)
        if len(tokens) > 1:
            return Unit(Query.phrase_prefix_query(self._schema, "body", list(tokens)), text)
        terms = self._searcher.terms_with_prefix("body", tokens[0], None, PREFIX_TERMS)
        if not terms:
            return Unit(None, text)
        scored: list[Query] = [self._term(term) for term, _ in terms]
        if len(terms) == PREFIX_TERMS:
            rest = Query.regex_query(self._schema, "body", f"{tokens[0]}.*")
            scored.append(Query.const_score_query(rest, 0.1))
        return Unit(Query.disjunction_max_query(scored), text, forms=tuple(term for term, _ in terms))

    def _single(self, text: str, token: str, correct: bool) -> Unit:
        if not token.isascii() and (runs := query_words.cjk_runs(token)):
            return Unit(self._cjk(token, runs), text)
        if forms := self._forms(token):
            return self._of_forms(text, token, forms, None)
        parts = query_words.camel_parts(text)
        if len(parts) > 1 and (joined := self._all(parts)):
            return Unit(joined, text, forms=tuple(parts), loose=True)
        return self._corrected(text, token) if correct else Unit(None, text)

    def _of_forms(self, text: str, token: str, forms: list[tuple[str, int]], corrected: str | None) -> Unit:
        """A single word that occurs, in one of its forms at least."""
        counts = [count for _, count in forms]
        scored = self._scored(token, forms)
        return Unit(
            _best(scored),
            text,
            corrected,
            tuple([form for form, _ in forms]),
            share=max(counts) / self._documents,
            token=token if forms[0][0] == token and corrected is None else None,
            scored=tuple(scored),
            finds=any_of(scored),
            found=sum(counts),
            idf=self._idf(min(self._documents, sum(counts))),
        )

    def _forms(self, token: str) -> list[tuple[str, int]]:
        """The word and those of its inflections that occur, with their document frequencies."""
        key = token, self._is_few
        if key not in self._forms_of:
            self._forms_of[key] = self._look_up(token)
        return self._forms_of[key]

    def _look_up(self, token: str) -> list[tuple[str, int]]:
        forms = [(token, count)] if (count := self._frequency(token)) else []
        if not (token.isascii() and token.isalpha()) or len(token) < 3:
            return forms
        stem = self._stemmer.analyze(token)
        for other in query_words.stem_forms("".join(stem), self._is_few):
            if other != token and (count := self._frequency(other)) and self._stemmer.analyze(other) == stem:
                forms.append((other, count))
        return forms

    def _scored(self, token: str, forms: Iterable[tuple[str, int]], form_weight: float | None = None) -> list[Query]:
        forms = list(forms)
        common = self._idf(min(self._documents, sum(count for _, count in forms)))
        scored = []
        for form, count in forms:
            weight = 1.0 if form == token else self._form_weight if form_weight is None else form_weight
            scored.append(Query.boost_query(self._term(form), weight * common / self._idf(count)))
        return scored

    def _idf(self, frequency: int) -> float:
        """BM25's idf as tantivy computes it, kept above zero."""
        return max(1e-3, _log(1 + (self._documents - frequency + 0.5) / (frequency + 0.5)))

    def _corrected(self, text: str, token: str) -> Unit:
        """The most frequent word within one edit of a word that occurs nowhere; or within two, of a long one."""
        if len(token) < SHORTEST_CORRECTED or token.isdigit() or text in self._known:
            return Unit(None, text)
        from cass.query.variants import one_edit  # most words occur somewhere

        best, best_count = None, 0
        for other in one_edit(token):
            if (count := self._frequency(other)) > best_count:
                best, best_count = other, count
        if best is None and len(token) >= LONG and token.isascii() and token.isalpha() and self._far_corrections:
            from cass.lexical.corrections import within_two  # rare

            self._far_corrections -= 1
            best = within_two(self._searcher, token)
        if best is None:
            return Unit(None, text)
        return self._of_forms(text, best, self._forms(best), best)

    def _compound(self, text: str, tokens: list[str]) -> Unit:
        """`src/foo.rs:42`: the parts next to each other, or else all of them, or else any."""
        adjacent = [self._adjacent(form) for form in query_words.version_forms(text)] or [self._adjacent(tokens)]
        adjacent = [query for query in adjacent if self._matches(query)]
        parts = self._parts(tokens) if query_words.is_hyphenated(text) else None
        if adjacent:
            return Unit(_best(adjacent), text, parts=parts)
        together = self._all(tokens)
        if together is not None and self._matches(together):
            return Unit(together, text, loose=True, parts=parts)
        known = [self._term(token) for token in tokens if self._frequency(token)]
        found = Query.boolean_query([(Occur.Should, term) for term in known]) if known else None
        return Unit(found, text, loose=True, parts=parts)

    def _parts(self, tokens: list[str]) -> Query | None:
        """Each of the words and its inflections."""
        known = [_best(self._scored(token, forms)) for token in tokens if (forms := self._forms(token))]
        return Query.boolean_query([(Occur.Should, part) for part in known]) if known else None

    def _adjacent(self, tokens: list[str]) -> Query:
        if any(not token.isascii() and query_words.cjk_runs(token) for token in tokens):
            each = [self._cjk(token, query_words.cjk_runs(token)) for token in tokens]
            return Query.boolean_query([(Occur.Must, part) for part in each])
        if len(tokens) == 1:
            return self._term(tokens[0])
        return Query.phrase_query(self._schema, "body", list(tokens))

    def _cjk(self, token: str, runs: list[str]) -> Query:
        """The whole run where it stands alone, or all its two-letter pieces."""
        if not runs:
            return self._term(token)
        grams = [self._term(gram) for run in runs for gram in query_words.cjk_grams(run)]
        pieces = Query.boolean_query([(Occur.Must, gram) for gram in grams])
        return Query.disjunction_max_query([self._term(token), pieces], 0.1)

    def _all(self, words: Iterable[str]) -> Query | None:
        """All of these words, anywhere; None where one does not occur."""
        words = [word for word in words if len(word) > 1] or list(words)
        if not words or not all(self._frequency(word) for word in words):
            return None
        return Query.boolean_query([(Occur.Must, self._term(word)) for word in words])

    def _term(self, word: str) -> Query:
        return Query.term_query(self._schema, "body", word)

    def _frequency(self, word: str) -> int:
        return self._searcher.doc_freq("body", word)

    def _matches(self, query: Query) -> bool:
        return bool(self._searcher.search(query, 1, False).hits)


def _log(x: float) -> float:
    """The natural logarithm to six digits: math is a shared library, and loading it costs a cold search 2 %."""
    return float((x**1e-8 - 1) * 1e8)


def any_of(queries: Sequence[Query]) -> Query:
    """What any of these finds."""
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])


def _best(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, 0.1)
