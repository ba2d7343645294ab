"""What a word may be besides one of the index's: a compound, a part of an identifier, CJK, a slip of the pen.

Phrases and the beginnings of words are read here as well.
"""

from __future__ import annotations

from cass.lexical.words import COMMON_AS_TYPED, SHORTEST_CORRECTED, Unit, any_of, best_of
from cass.native_tantivy import Occur, Query
from cass.query import words as query_words
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cass.lexical.patterns import Patience
    from cass.lexical.words import WordCompiler

PREFIX_TERMS = 50
# A word that is being typed: it becomes so many others at most, and those only that together stand in so many messages;
# the most frequent one in any case.  To look for its beginning costs 1 us for each word that has it, so in a large
# archive, which has 10,000 of them behind two letters, one more letter is waited for.
GROWN_TERMS, GROWN_FOUND = 16, 40_000
LEAST_BEGUN, LEAST_BEGUN_OF_MANY, MANY_DOCUMENTS = 2, 3, 250_000
# What stands in so large a part of the messages is grammar; a word is not completed to it.
GRAMMAR_SHARE = 0.4
# So many words are looked for next to each other, of a longer run the others anywhere, each once: a page that is pasted
# without a space has thousands, and for 4,000 common ones a search in 200,000 messages took a minute.
MOST_ADJACENT = 200
# A name of more parts is a pasted line, and so many neighbours of its unknown part are tried.
MOST_PARTS, MOST_TRIED = 16, 8
# Of these letters or more, as many words of one query are looked for within two edits: it takes 3 to 60 ms each.
LONG, FAR_CORRECTIONS = 7, 2


class UnusualWords:
    """Compiles against the dictionary of `words`.  `known` occur elsewhere, so that they are right as typed."""

    def __init__(self, words: WordCompiler, known: frozenset[str]) -> None:
        self._words = words
        self._known = known
        self._far_corrections = FAR_CORRECTIONS
        self._patience: Patience | None = None

    def word(self, text: str, tokens: list[str], correct: bool) -> Unit:
        """A bare word that does not stand in the index as it is."""
        if not tokens:
            return Unit(None, text)
        return self._single(text, tokens[0], correct) if len(tokens) == 1 else self._compound(text, tokens, correct)

    def _single(self, text: str, token: str, correct: bool) -> Unit:
        if not token.isascii() and (runs := query_words.cjk_runs(token)):
            return Unit(self._cjk(token, runs), text)
        if forms := self._words.forms(token):
            return self._words.of_forms(text, token, forms, None)
        correct = correct and text not in self._known
        if correct and (others := self._near(token)):
            return self._read_as(text, others[0])
        parts = query_words.camel_parts(text)
        joined = self._all(parts) if len(parts) > 1 else None
        if joined is not None and self._matches(joined):
            return Unit(joined, text, forms=tuple(parts), loose=True)
        if correct and (other := self._further(token)) is not None:
            return self._read_as(text, other)
        return Unit(self._some(parts) if joined is not None else None, text, loose=joined is not None)

    def _read_as(self, text: str, other: str) -> Unit:
        return self._words.of_forms(text, other, self._words.forms(other), other)

    def _near(self, token: str, shortest: int = SHORTEST_CORRECTED) -> list[str]:
        """The words within one edit of one that occurs nowhere, the likeliest first."""
        if len(token) < shortest or token.isdigit() or query_words.is_id(token):
            return []
        from cass.query.variants import likelihood, one_edit  # most words occur somewhere

        found = {other: count for other in one_edit(token) if (count := self._words.frequency(other))}
        return sorted(found, key=lambda other: -found[other] * likelihood(token, other))

    def _further(self, token: str) -> str | None:
        """The most frequent word within two edits of a long one."""
        if len(token) < LONG or not (token.isascii() and token.isalpha()) or not self._far_corrections:
            return None
        from cass.lexical.corrections import within_two  # rare

        self._far_corrections -= 1
        return within_two(self._words.searcher, token)

    def _compound(self, text: str, tokens: list[str], correct: bool) -> Unit:
        """`src/foo.rs:42`: the parts next to each other, perhaps one a slip, or else all of them, or else any."""
        adjacent = [self._adjacent(form) for form in query_words.version_forms(text)] or [self._adjacent(tokens)]
        tokens = _each_once(tokens)
        adjacent = [query for query in adjacent if self._matches(query)]
        parts = self._parts(tokens) if query_words.is_hyphenated(text) else None
        if adjacent:
            return Unit(best_of(adjacent), text, parts=parts)
        if correct and text not in self._known and (righted := self._righted(text, tokens)):
            return righted
        together = self._all(tokens)
        if together is not None and self._matches(together):
            return Unit(together, text, loose=True, parts=parts)
        return Unit(self._some(tokens), text, loose=True, parts=parts)

    def _righted(self, text: str, tokens: list[str]) -> Unit | None:
        """`src/fooo.rs`: a name that stands somewhere, but for a slip in one part."""
        pieces = query_words.pieces(text)
        is_other = "'" in text or "@" in text[1:]  # wouldn't is no slip of couldn't, nor one person of another
        if is_other or len(tokens) > MOST_PARTS or len(pieces) != len(tokens) or not text.isascii():
            return None
        for token, other in self._slips(tokens):
            right = [other if each == token else each for each in tokens]
            if self._matches(query := self._adjacent(right)):
                parts = self._parts(right) if query_words.is_hyphenated(text) else None
                return Unit(query, text, _with_pieces(text, pieces, right), parts=parts)
        return None

    def _slips(self, tokens: list[str]) -> Iterator[tuple[str, str]]:
        """A part, and what it may be: of the only one that stands nowhere a neighbour, of others two letters swapped.

        Another number is another thing.
        """
        unknown = [token for token in tokens if not self._words.frequency(token)]
        if len(unknown) == 1 and unknown[0].isalpha():
            yield from [(unknown[0], other) for other in self._near(unknown[0], 2)[:MOST_TRIED] if other.isalpha()]
        if not unknown:
            from cass.query.variants import swapped

            for token in dict.fromkeys(filter(str.isalpha, tokens)):
                yield from [(token, other) for other in swapped(token) if self._words.frequency(other)]

    def _parts(self, tokens: list[str]) -> Query | None:
        """Each of the words and its inflections."""
        known = [best_of(self._words.scored(token, forms)) for token in tokens if (forms := self._words.forms(token))]
        return Query.boolean_query([(Occur.Should, part) for part in known]) if known else None

    def unfinished(self, text: str) -> Unit:
        """A word that somebody is typing: as it stands, in its forms, and what it may become; never corrected."""
        tokens = self._words.analyzer.analyze(text)
        if len(tokens) > 1:
            begun = self._followed(tokens)
            return Unit(begun, text) if self._matches(begun) else self._words.word(text, False)
        if not tokens or query_words.cjk_runs(tokens[0]):
            return self._words.word(text, False)
        forms = self._words.forms(tokens[0])
        if forms and forms[0][0] == tokens[0] and forms[0][1] > COMMON_AS_TYPED:
            return replace(self._words.word(text, False), partial=True)
        grown, partial = self._grown(tokens[0], forms)
        if not forms and grown and grown[0][1] > GROWN_FOUND:
            return self._ended(text, tokens[0], grown[0][0])
        return self._begun(text, tokens[0], forms, grown, partial) if grown else self._words.word(text, False)

    def _ended(self, text: str, token: str, word: str) -> Unit:
        """The beginning of a word too common for others beside it, as if it were typed to its end.

        So all the keys on the way there ask for the same.
        """
        unit = self._words.word(word, False)
        forms = tuple([form for form in unit.forms if not form.startswith(token)])
        return replace(unit, word=text, forms=forms, token=None, partial=True)

    def _begun(
        self, text: str, token: str, forms: list[tuple[str, int]], grown: list[tuple[str, int]], partial: bool
    ) -> Unit:
        """Where the word occurs as it stands, others that begin so count as little as its forms do."""
        is_word = bool(forms) and forms[0][0] == token
        scored = self._words.scored(token, [*forms, *grown], self._words.form_weight if is_word else 1.0)
        found = sum([count for _, count in (*forms, *grown)])
        return Unit(
            best_of(scored),
            text,
            forms=tuple([form for form, _ in forms if not form.startswith(token)]),
            share=max([count for _, count in (*forms, *grown)]) / self._words.documents,
            scored=tuple(scored),
            finds=any_of(scored),
            found=found,
            alone=self._words.term(token) if is_word else None,
            itself=forms[0][1] if is_word else 0,
            idf=self._words.idf(min(self._words.documents, found)),
            partial=partial,
        )

    def _grown(self, token: str, forms: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], bool]:
        """Words that begin so, the most frequent first; and whether there are others that are not among them."""
        if len(token) < (LEAST_BEGUN_OF_MANY if self._words.documents > MANY_DOCUMENTS else LEAST_BEGUN):
            return [], False
        known = {token, *[form for form, _ in forms]}
        there = self._words.beginning_with(token, PREFIX_TERMS)
        others = [(word, count) for word, count in there if word not in known]
        grown: list[tuple[str, int]] = []
        left = GROWN_FOUND
        for word, count in others:
            is_grammar = count > left and count > GRAMMAR_SHARE * self._words.documents
            if len(grown) < GROWN_TERMS and not is_grammar and (not grown or count <= left):
                grown.append((word, count))
                left -= count
        return grown, len(grown) < len(others) or len(there) == PREFIX_TERMS

    def phrase(self, text: str, within: int | None = None) -> Unit:
        """Words next to each other, as typed; or no further apart than `within` others, in any order."""
        tokens = self._words.analyzer.analyze(text)
        if not tokens:
            return Unit(None, text)
        if within is not None and len(tokens) > 1:
            from cass.lexical.patterns import near

            return Unit(near(self._words.schema, tokens, within), text)
        return Unit(self._adjacent(tokens), text)

    def inside(self, text: str) -> Unit:
        """Words with this in them, or as far as time allows only those that begin so."""
        from cass.lexical.patterns import Patience, inside

        self._patience = self._patience or Patience()
        tokens = self._words.analyzer.analyze(text)
        query = inside(self._words.schema, self._words.searcher, tokens, patience=self._patience)
        if query is not None:
            return Unit(query, text)
        note = f"*{text}*: there are too many words to look inside; searched for those that begin so"
        self._words.notes += [note] if note not in self._words.notes else []
        return self.prefix(text)

    def prefix(self, text: str) -> Unit:
        """Words that begin so; the fifty most frequent are scored, the others match."""
        tokens = self._words.analyzer.analyze(text)
        if not tokens:
            return Unit(None, text)
        if len(tokens) > 1:
            return Unit(self._followed(tokens), text)
        terms = self._words.beginning_with(tokens[0], PREFIX_TERMS)
        if not terms:
            return Unit(None, text)
        scored: list[Query] = [self._words.term(term) for term, _ in terms]
        if len(terms) == PREFIX_TERMS:
            rest = Query.regex_query(self._words.schema, "body", f"{tokens[0]}.*")
            scored.append(Query.const_score_query(rest, 0.1))
        return Unit(Query.disjunction_max_query(scored), text, forms=tuple(term for term, _ in terms))

    def _adjacent(self, tokens: list[str]) -> Query:
        if any(not token.isascii() and query_words.cjk_runs(token) for token in tokens):
            each = [self._cjk(token, query_words.cjk_runs(token)) for token in tokens]
            return Query.boolean_query([(Occur.Must, part) for part in each])
        if len(tokens) == 1:
            return self._words.term(tokens[0])
        phrase = Query.phrase_query(self._words.schema, "body", list(tokens[:MOST_ADJACENT]))
        return self._with(phrase, tokens[MOST_ADJACENT:])

    def _followed(self, tokens: list[str]) -> Query:
        """Words next to each other, the last of which may go on."""
        if len(tokens) > MOST_ADJACENT:
            return self._adjacent(tokens[:-1])
        return Query.phrase_prefix_query(self._words.schema, "body", list(tokens))

    def _with(self, phrase: Query, others: list[str]) -> Query:
        """What has these words besides, wherever they stand."""
        terms = [(Occur.Must, self._words.term(token)) for token in dict.fromkeys(others)]
        return Query.boolean_query([(Occur.Must, phrase), *terms]) if terms else phrase

    def _cjk(self, token: str, runs: list[str]) -> Query:
        """The whole run where it stands alone, or all its two-letter pieces."""
        if not runs:
            return self._words.term(token)
        grams = [self._words.term(gram) for run in runs for gram in query_words.cjk_grams(run)]
        pieces = Query.boolean_query([(Occur.Must, gram) for gram in grams])
        return Query.disjunction_max_query([self._words.term(token), pieces], 0.1)

    def _all(self, words: Iterable[str]) -> Query | None:
        """All of these words, anywhere; None where one does not occur."""
        words = [word for word in words if len(word) > 1] or list(words)
        if not words or not all(self._words.frequency(word) for word in words):
            return None
        return Query.boolean_query([(Occur.Must, self._words.term(word)) for word in words])

    def _some(self, words: Iterable[str]) -> Query | None:
        """Any of these words."""
        known = [self._words.term(word) for word in words if self._words.frequency(word)]
        return Query.boolean_query([(Occur.Should, term) for term in known]) if known else None

    def _matches(self, query: Query) -> bool:
        return bool(self._words.searcher.search(query, 1, False).hits)


def _each_once(tokens: list[str]) -> list[str]:
    """Of a long run each of its words; in a short one, what comes again counts more."""
    return tokens if len(tokens) <= MOST_ADJACENT else list(dict.fromkeys(tokens))


def _with_pieces(text: str, pieces: list[str], others: list[str]) -> str:
    """A name with other words between its signs, in small letters."""
    written, at = "", 0
    for piece, other in zip(pieces, others, strict=True):
        start = text.index(piece, at)
        written += text[at:start] + other
        at = start + len(piece)
    return written + text[at:]
