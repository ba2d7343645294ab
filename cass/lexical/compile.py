"""A query's tree → three queries of the index: all words, most words, any word; and the ranking over them.

Side by side words are OR-ed; a document with all the telling ones gets a good part of their score again, one that
lacks a single one a smaller part.  That shape beat plain OR, title boosts and hard AND, each by itself, on known items
and on sentences (benchmarks/quality).
"""

from __future__ import annotations

from cass.lexical.words import Unit
from cass.native_tantivy import FieldType, Occur, Query
from cass.query import syntax
from cass.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tantivy import Schema

    from cass.lexical.filter import Filter
    from cass.lexical.words import WordCompiler

ALL_BONUS = 1.0
ALL_BUT_ONE_BONUS = 0.8
# Who types few words means each of them; in a sentence some are by the way.  With more than four both bonuses shrink
# by the square: with eight a quarter is left.
FEW_WORDS = 4
# What stands in so many of the messages is grammar: to have it too earns no bonus.
TELLING_SHARE = 0.4
# For two words next to each other as they were typed, if one of them is in no more than this share of the messages:
# an error or a sentence that is pasted finds itself, and nobody waits for a phrase out of two common words.
PAIR_BONUS = 0.3
RARE_SHARE = 0.05
# For words as a hyphen joins them, beside what each of them counts.
HYPHEN_BONUS = 0.4


@record
class Compiled:
    """`ranked` orders; `rungs` tell what counts as having all, most or any of the words, strictest first.

    `needs_text` is empty, or a text that the index cannot look for.
    """

    ranked: Query
    rungs: tuple[tuple[str, Query], ...]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]


class Compiler:
    """Compiles one query.  `resolve` turns a `field:value` into a `Filter`; None where it says nothing."""

    def __init__(
        self,
        schema: Schema,
        words: WordCompiler,
        resolve: Callable[[syntax.Field], Filter | None],
        correct: bool = True,
    ) -> None:
        self._schema = schema
        self._words = words
        self._resolve = resolve
        self._correct = correct
        self._units: list[Unit] = []

    def query(self, root: syntax.Node | None, filters: Sequence[Filter]) -> Compiled:
        """The whole query, filters included."""
        conditions: list[tuple[Occur, Query]] = []
        wanted: list[Unit] = []
        loose: list[Unit] = []
        missing, anchored = 0, False
        # A word typed twice is one word.
        for part in dict.fromkeys(root.parts if isinstance(root, syntax.Bare) else () if root is None else (root,)):
            if isinstance(part, syntax.Without):
                conditions.append((Occur.MustNot, self._unwanted(part.part)))
            elif isinstance(part, (syntax.Must, syntax.Phrase, syntax.Field)):
                conditions.append((Occur.Must, self._node(part.part if isinstance(part, syntax.Must) else part)))
                anchored = anchored or not isinstance(part, syntax.Field)
            elif (unit := self._wanted(part)).query is None:
                missing += 1
            else:
                (loose if unit.loose else wanted).append(unit)
        conditions += [clause for each in filters for clause in [self.filter(each)]]
        return self._compiled(conditions, wanted, loose, missing, anchored)

    def _wanted(self, part: syntax.Node) -> Unit:
        """A part that need not match."""
        if isinstance(part, (syntax.Word, syntax.Prefix)):
            return self._unit(part)
        return Unit(self._node(part))

    def _compiled(
        self,
        conditions: list[tuple[Occur, Query]],
        wanted: list[Unit],
        loose: list[Unit],
        missing: int,
        anchored: bool,
    ) -> Compiled:
        def under(query: Query | None) -> Query:
            return _bool([*conditions, *([(Occur.Must, query)] if query is not None else [])], self._schema)

        rungs: list[tuple[str, Query]]
        if anchored and (wanted or loose or missing):
            # What must be there is found without the words beside it, as the last rung.
            rungs = [(name, under(query)) for name, query in _rungs(wanted, loose, missing) if name != "any"]
            rungs.append(("any", under(None)))
            beside = [(Occur.Should, self._ranked([*wanted, *loose]))] if wanted or loose else []
            ranked = Query.boolean_query([*conditions, *beside])
        elif not wanted and not loose and missing:
            rungs = [("any", Query.empty_query())]
            ranked = Query.empty_query()
        elif not wanted and not loose:
            ranked = under(None)
            rungs = [("all", ranked)]
        else:
            rungs = [(name, under(query)) for name, query in _rungs(wanted, loose, missing)]
            ranked = under(self._ranked([*wanted, *loose]))
        return Compiled(ranked, tuple(rungs), *self._told())

    def _told(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
        corrected = tuple((unit.word, unit.corrected) for unit in self._units if unit.corrected)
        dropped = tuple(unit.word for unit in self._units if unit.query is None or unit.loose)
        return corrected, dropped, tuple((unit.word, unit.forms) for unit in self._units)

    def _ranked(self, wanted: list[Unit]) -> Query:
        return _ranked(wanted, [pair for at in range(1, len(wanted)) for pair in self._pair(*wanted[at - 1 : at + 1])])

    def _pair(self, first: Unit, second: Unit) -> list[Query]:
        """Both words next to each other, if that may tell something."""
        if first.token is None or second.token is None or min(first.share, second.share) > RARE_SHARE:
            return []
        return [Query.phrase_query(self._schema, "body", [first.token, second.token])]

    def _unit(self, part: syntax.Word | syntax.Prefix | syntax.Phrase) -> Unit:
        if isinstance(part, syntax.Word):
            unit = self._words.word(part.text, self._correct)
        elif isinstance(part, syntax.Prefix):
            unit = self._words.inside(part.text) if part.inside else self._words.prefix(part.text)
        else:
            unit = self._words.phrase(part.text, part.within)
        self._units.append(unit)
        return unit

    def _node(self, node: syntax.Node) -> Query:
        """A part as a condition: what occurs nowhere matches nothing."""
        if isinstance(node, (syntax.Word, syntax.Prefix, syntax.Phrase)):
            return self._unit(node).query or Query.empty_query()
        if isinstance(node, syntax.Field):
            found = self._resolve(node)
            return Query.all_query() if found is None else _bool([self.filter(found)], self._schema)
        if isinstance(node, syntax.Must):
            return self._node(node.part)
        if isinstance(node, (syntax.Not, syntax.Without)):
            return _bool([(Occur.MustNot, self._unwanted(node.part))], self._schema)
        if isinstance(node, syntax.Or):
            return Query.boolean_query([(Occur.Should, self._node(part)) for part in node.parts])
        if isinstance(node, syntax.And):
            return _bool([self._clause(part) for part in node.parts], self._schema)
        return self._beside(node)

    def _beside(self, node: syntax.Bare) -> Query:
        """Words in parentheses: what must hold, and at least one of the others."""
        clauses = [self._clause(part) for part in node.parts if syntax.is_condition(part)]
        others = [(Occur.Should, self._node(part)) for part in node.parts if not syntax.is_condition(part)]
        if others:
            clauses.append((Occur.Must, Query.boolean_query(others)))
        return _bool(clauses, self._schema)

    def _unwanted(self, node: syntax.Node) -> Query:
        """What must not match: as typed, never corrected, and not worth a word when it occurs nowhere."""
        before = self._correct, self._units
        self._correct, self._units = False, []
        query = self._node(node)
        self._correct, self._units = before
        return query

    def _clause(self, part: syntax.Node) -> tuple[Occur, Query]:
        if isinstance(part, (syntax.Not, syntax.Without)):
            return (Occur.MustNot, self._unwanted(part.part))
        return (Occur.Must, self._node(part))

    def filter(self, wanted: Filter) -> tuple[Occur, Query]:
        """A filter as a clause that does not score."""
        if wanted.field == "time":
            query = self._times(*wanted.values)
        elif wanted.field == "entity":
            query = Query.term_set_query(self._schema, "doc", list(wanted.docs))
        elif wanted.field == "path":
            query = self._paths([str(value) for value in wanted.values])
        else:
            query = Query.term_set_query(self._schema, wanted.field, list(wanted.values))
        if wanted.docs and wanted.field != "entity":
            docs = Query.term_set_query(self._schema, "doc", list(wanted.docs))
            query = Query.boolean_query([(Occur.Should, query), (Occur.Should, docs)])
        if wanted.exclude:
            return (Occur.MustNot, query)
        return (Occur.Must, Query.const_score_query(query, 0.0))

    def _paths(self, paths: Sequence[str]) -> Query:
        found = [query for path in paths if (query := self._words.phrase(path).query) is not None]
        return found[0] if len(found) == 1 else Query.boolean_query([(Occur.Should, query) for query in found])

    def _times(self, first_ms: int | str | None, last_ms: int | str | None) -> Query:
        return Query.range_query(self._schema, "time", FieldType.Integer, first_ms, last_ms)


def _bool(clauses: list[tuple[Occur, Query]], schema: Schema) -> Query:
    """All these clauses; where none of them finds anything by itself, every real document is the start."""
    if all(occur == Occur.MustNot for occur, _ in clauses):
        every = Query.const_score_query(Query.term_set_query(schema, "own", [0, 1]), 0.0)
        return Query.boolean_query([(Occur.Must, every), *clauses])
    if len(clauses) == 1 and clauses[0][0] == Occur.Must:
        return clauses[0][1]
    return Query.boolean_query(clauses)


def _rungs(wanted: list[Unit], loose: list[Unit], missing: int) -> list[tuple[str, Query]]:
    count = len(wanted) + len(loose) + missing
    should = _any_of(wanted)
    rungs = []
    if len(wanted) == count:
        rungs.append(("all", _all_of(wanted)))
    if count > 1 and (least := syntax.least_of(count)) <= len(wanted):
        rungs.append(("most", Query.boolean_query(should, least)))
    rungs.append(("any", Query.boolean_query([*should, *_any_of(loose)])))
    return rungs


def _any_of(units: Sequence[Unit]) -> list[tuple[Occur, Query]]:
    return [(Occur.Should, unit.query) for unit in units if unit.query is not None]


def _all_of(units: Sequence[Unit]) -> Query:
    queries = [unit.query for unit in units if unit.query is not None]
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def _ranked(wanted: list[Unit], pairs: list[Query]) -> Query:
    if len(wanted) == 1:
        return _all_of(wanted)
    clauses = [(Occur.Should, _scored(unit)) for unit in wanted]
    if any([unit.parts for unit in wanted]):
        # Parts count, but do not find: what is shown is what the last rung has.
        clauses.append((Occur.Must, Query.const_score_query(Query.boolean_query(_any_of(wanted)), 0.0)))
    telling = [unit for unit in wanted if unit.share <= TELLING_SHARE]
    if len(telling) < 2:
        telling = wanted
    part = min(1.0, FEW_WORDS / len(telling)) ** 2
    clauses.append((Occur.Should, Query.boost_query(_all_of(telling), ALL_BONUS * part)))
    if len(telling) > 2:
        all_but_one = Query.boolean_query(_any_of(telling), len(telling) - 1)
        clauses.append((Occur.Should, Query.boost_query(all_but_one, ALL_BUT_ONE_BONUS * part)))
    clauses += [(Occur.Should, Query.boost_query(pair, PAIR_BONUS)) for pair in pairs]
    return Query.boolean_query(clauses)


def _scored(unit: Unit) -> Query:
    """What a unit counts: as much as it matches, and parts that need not."""
    query = unit.query or Query.empty_query()
    if unit.parts is None:
        return query
    bonus = Query.boost_query(query, HYPHEN_BONUS)
    return Query.boolean_query([(Occur.Should, unit.parts), (Occur.Should, bonus)])
