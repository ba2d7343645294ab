"""A query's tree → three queries of the index: all words, most words, any word; and the ranking over them.

Side by side words are OR-ed; a document with all the telling ones gets a bonus of a good part of their weights, one
that lacks a single one a smaller one.  That shape beat plain OR, title boosts and hard AND, each by itself, on known
items and on sentences (benchmarks/quality).

What a query costs is the postings that are read, each time they are: the binding's collector cannot leave out what
would not come up to the best.  So the bonuses are constants, whose clauses read neither frequencies nor lengths, and
where the words are common only messages that lack at most one of them are scored.
"""

from __future__ import annotations

from cass.lexical.words import Unit
from cass.native_tantivy import Occur, Query
from cass.query.plain import Bare, Word, least_of
from cass.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tantivy import Schema

    from cass.lexical.conditions import Conditions
    from cass.lexical.filter import Filter
    from cass.lexical.lacking import Nearly
    from cass.lexical.words import WordCompiler
    from cass.query.syntax import Field, Node

# In longer queries to have all of the words changes nothing.
MOST_WITH_BONUS = 8
# With so many postings of telling words, only messages that lack at most one of them are scored.  An archive of less
# than twelve thousand messages never has them.
COMMON = 40_000
# Two words so common are looked for form by form, where one has so many forms at most or is common by itself: tantivy
# looks for one word where another is in half of the time that two groups of words take.
FEW_FORMS = 4
# What stands in so many of the messages is grammar: to have it too earns no bonus.
TELLING_SHARE = 0.4
# Two words that stand next to each other as they were typed count, if one of them is in no more than this share of the
# messages: an error or a sentence that is pasted finds itself, and nobody waits for a phrase out of two common words.
RARE_SHARE = 0.05


@record
class Rung:
    """What has all, most or any of the words: `match` finds and counts it, `scored` orders it.

    Both are made, by `find` and `order`, when they are first asked for: mostly a page is full with the first rung.
    They are one query where that is the cheapest.  Fewer messages than `least` are not enough to stop on this rung;
    `lacks` is a word that it leaves out.  `count` is of what `match` finds, where that is known without counting.
    `is_ranking`: where no rung above it has a message, `scored` orders as the whole query's ranking does.
    """

    name: str
    find: Callable[[], Query]
    order: Callable[[], Query]
    least: int = 1
    lacks: str | None = None
    count: int | None = None
    is_ranking: bool = False

    @property
    def match(self) -> Query:
        return self.find()

    @property
    def scored(self) -> Query:
        return self.order()

    def under(self, conditions: Callable[[Query], Query]) -> Rung:
        """The same among what fulfils the conditions."""
        order = once(lambda: conditions(self.scored))
        find = order if self.find is self.order else once(lambda: conditions(self.match))
        count = self.count if self.count is None or find() is self.match else None
        return Rung(self.name, find, order, self.least, self.lacks, count, self.is_ranking)


def one_query(name: str, query: Query, least: int = 1, count: int | None = None) -> Rung:
    """A rung that is found and put in order by one query."""

    def get() -> Query:
        return query

    return Rung(name, get, get, least, count=count)


@record
class Compiled:
    """`ranked` orders, and is made by `order` when it is first asked for: mostly the page is full without it.

    `rungs` tell what counts as having all, most or any of the words, strictest first.

    `nearly` orders much as `ranked` does, but finds only messages that lack at most one word: set where the words are
    so common that the others had better not be looked at.  `partial`: more would match than is looked for.  `units` are
    the words of a query that has nothing else but filters, empty for others; `under` puts a query under these filters.
    `sooner` may be asked before all rungs, and leaves out what would stand far behind.
    """

    order: Callable[[], Query]
    nearly: Nearly | None
    rungs: tuple[Rung, ...]
    corrected: tuple[tuple[str, str], ...]
    dropped: tuple[str, ...]
    forms: tuple[tuple[str, tuple[str, ...]], ...]
    units: tuple[Unit, ...]
    under: Callable[[Query], Query]
    partial: bool = False
    sooner: Rung | None = None

    @property
    def ranked(self) -> Query:
        return self.order()


class Compiler:
    """Compiles one query.  `resolve` turns a `field:value` into a `Filter`; None where it says nothing.

    Words side by side are read here, everything else that a tree may hold by `Conditions`.
    """

    def __init__(
        self,
        schema: Schema,
        words: WordCompiler,
        resolve: Callable[[Field], Filter | None],
        correct: bool = True,
        typing: bool = False,
    ) -> None:
        self.schema = schema
        self.words = words
        self.resolve = resolve
        self.correct = correct
        self.typing = typing
        self.units: list[Unit] = []
        self._others: Conditions | None = None

    def query(self, root: Node | None, filters: Sequence[Filter]) -> Compiled:
        """The whole query, filters included."""
        conditions: list[tuple[Occur, Query]] = []
        wanted: list[Unit] = []
        loose: list[Unit] = []
        missing, anchors = 0, 0
        # A word typed twice is one word.
        for part in dict.fromkeys(root.parts if isinstance(root, Bare) else () if root is None else (root,)):
            if isinstance(part, Word):
                unit = self.word(part)
            elif (clause := self._conditions.clause_of(part)) is not None:
                conditions.append(clause)
                anchors += self._conditions.anchors(part)
                continue
            else:
                unit = self._conditions.wanted(part)
            if unit.query is None:
                missing += 1
            else:
                (loose if unit.loose else wanted).append(unit)
        conditions += [self._conditions.filter(each) for each in filters]
        return self._compiled(conditions, wanted, loose, missing, anchors)

    @property
    def _conditions(self) -> Conditions:
        """Loaded only when there is more than words."""
        if self._others is None:
            from cass.lexical.conditions import Conditions

            self._others = Conditions(self)
        return self._others

    def word(self, part: Word) -> Unit:
        """What a word finds; it joins those that the user is told of."""
        words = self.words
        if part.unfinished:
            unit = replace(words.unusual.unfinished(part.text), is_begun=True)
        else:
            unit = words.word(part.text, self.correct)
        self.units.append(unit)
        return unit

    def _compiled(
        self,
        conditions: list[tuple[Occur, Query]],
        wanted: list[Unit],
        loose: list[Unit],
        missing: int,
        anchors: int,
    ) -> Compiled:
        def under(query: Query | None) -> Query:
            return boolean([*conditions, *([(Occur.Must, query)] if query is not None else [])], self.schema)

        def order() -> Query:
            if is_beside:
                return Query.boolean_query([*conditions, *([(Occur.Should, self._ranked(units))] if units else [])])
            return under(self._ranked(units)) if units else rungs[0].scored

        units, nearly, sooner = [*wanted, *loose], None, None
        is_beside = anchors > 0 and bool(units or missing)
        rungs: list[Rung]
        if is_beside:
            # What must be there is found without the words beside it, as the last rung; it counts as had.
            best, words = under(None), len(units) + missing + anchors
            rungs = [rung.under(under) for rung in _rungs(wanted, loose, missing, anchors) if rung.name != "any"]
            rungs += [one_query(name, best) for name in ("most", "any") if name == "any" or least_of(words) <= anchors]
        elif not units:
            whole = Query.empty_query() if missing else under(None)
            rungs = [one_query("any" if missing else "all", whole)]
        else:
            rungs = _rungs(wanted, loose, missing)
            rungs = [rung.under(under) for rung in rungs] if conditions else rungs
            nearly = self._nearly(wanted, len(units) + missing, under)
            if nearly is not None and nearly.is_of_all:
                rungs = [_counted_by(nearly, rung, len(wanted)) for rung in rungs]
            if self.typing and all([unit.word for unit in units]):  # not where some are joined by an operator
                from cass.lexical.typed import steps  # nobody else is in such a hurry

                sooner, rungs = steps(self.units, rungs, under)
        partial, plain = any([unit.partial for unit in self.units]), () if anchors else tuple(units)
        return Compiled(once(order), nearly, tuple(rungs), *self._told(), plain, under, partial, sooner)

    def _nearly(self, wanted: list[Unit], words: int, under: Callable[[Query], Query]) -> Nearly | None:
        """What lacks one word at most, where the words are common; of so many words."""
        telling = telling_of(wanted)
        if not _is_common(wanted) or not 2 < len(telling) <= MOST_WITH_BONUS:
            return None
        from cass.lexical.scoring import nearly  # where the words alone fill a page, nothing is scored

        return nearly(telling, words, self.words.documents, under)

    def _told(self) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
        corrected = tuple((unit.word, unit.corrected) for unit in self.units if unit.corrected)
        dropped = tuple(unit.word for unit in self.units if unit.query is None or unit.loose)
        return corrected, dropped, tuple((unit.word, unit.forms) for unit in self.units)

    def _ranked(self, wanted: list[Unit]) -> Query:
        from cass.lexical.scoring import ranked

        return ranked(wanted, [pair for at in range(1, len(wanted)) for pair in self._pair(*wanted[at - 1 : at + 1])])

    def _pair(self, first: Unit, second: Unit) -> list[Query]:
        """Both words next to each other, if that may tell something."""
        if first.token is None or second.token is None or min(first.share, second.share) > RARE_SHARE:
            return []
        return [Query.phrase_query(self.schema, "body", [first.token, second.token])]


def once(make: Callable[[], Query]) -> Callable[[], Query]:
    """Makes it when it is first asked for."""
    made: list[Query] = []

    def get() -> Query:
        if not made:
            made.append(make())
        return made[0]

    return get


def boolean(clauses: list[tuple[Occur, Query]], schema: Schema) -> Query:
    """All these clauses; where none of them finds anything by itself, every real document is the start."""
    if all(occur == Occur.MustNot for occur, _ in clauses):
        every = Query.const_score_query(Query.term_set_query(schema, "own", [0, 1]), 0.0)
        return Query.boolean_query([(Occur.Must, every), *clauses])
    if len(clauses) == 1 and clauses[0][0] == Occur.Must:
        return clauses[0][1]
    return Query.boolean_query(clauses)


def _rungs(wanted: list[Unit], loose: list[Unit], missing: int, beside: int = 0) -> list[Rung]:
    """`beside`: how many conditions find and score with these words, and are had by whatever is found."""
    count = len(wanted) + len(loose) + missing
    rungs = []
    if len(wanted) == count:
        rungs.append(all_of(wanted))
    if count + beside > 1 and 0 < (least := least_of(count + beside) - beside) <= len(wanted):
        order = once(lambda: Query.boolean_query(_should(wanted), least))
        # Of two words what lacks one has no bonus and no pair.
        is_ranking = not beside and count == len(wanted) == 2 and not any([unit.parts for unit in wanted])
        is_counted_alone = least == len(wanted) - 1 and not is_ranking
        find = once(lambda: _found_with_all_but_one(wanted)) if is_counted_alone else order
        rungs.append(Rung("most", find, order, is_ranking=is_ranking))
    units = [*wanted, *loose]
    find = once(lambda: _found_with_any(units))
    rungs.append(Rung("any", find, once(lambda: Query.boolean_query(_should(units)))))
    return rungs


def _found_with_all_but_one(units: Sequence[Unit]) -> Query:
    from cass.lexical.lacking import lacking_one

    return Query.const_score_query(lacking_one(units), 1.0)


def _found_with_any(units: Sequence[Unit]) -> Query:
    from cass.lexical.lacking import any_word

    return Query.const_score_query(any_word(units), 1.0)


def _counted_by(nearly: Nearly, rung: Rung, words: int) -> Rung:
    """What lacks one word at most is found and put in order in one go, where both are wanted: none has them all."""
    if rung.name != "most" or least_of(words) != words - 1:
        return rung
    return Rung(rung.name, nearly.where_none_has_all, rung.order)


def all_of(units: list[Unit]) -> Rung:
    """What has each of these words."""
    if len(units) == 1:
        query = units[0].query or Query.empty_query()
        return one_query("all", query)
    if len(units) == 2 and sum([unit.found for unit in units]) > COMMON:
        whole = _form_by_form(*units)
    elif len(units) < 3 or not _is_common(units):
        whole = Query.boolean_query([(Occur.Must, query) for _, query in _should(units)])
    else:
        from cass.lexical.lacking import all_units, behind, words_of

        whole = behind(all_units(units), words_of(units))
    return one_query("all", whole)


def _form_by_form(first: Unit, second: Unit) -> Query:
    """Both of two common words, each by its best form."""
    pairs = [
        Query.boolean_query([(Occur.Must, one), (Occur.Must, other)])
        for one in _apart(first)
        for other in _apart(second)
    ]
    return pairs[0] if len(pairs) == 1 else Query.disjunction_max_query(pairs, 0.0)


def _apart(unit: Unit) -> Sequence[Query]:
    """A unit's forms one by one, where that is cheaper; else the whole."""
    is_cheaper = 0 < len(unit.scored) <= FEW_FORMS or (unit.scored and unit.found > COMMON)
    return unit.scored if is_cheaper else (unit.query or Query.empty_query(),)


def _is_common(units: Sequence[Unit]) -> bool:
    """Are the telling ones so common that what lacks more than one of them had better not be scored?"""
    return sum([unit.found for unit in units if unit.share <= TELLING_SHARE]) > COMMON


def _should(units: Sequence[Unit]) -> list[tuple[Occur, Query]]:
    return [(Occur.Should, unit.query) for unit in units if unit.query is not None]


def telling_of(units: list[Unit]) -> list[Unit]:
    """The units that are more than grammar, the rarest first; all, where hardly any is."""
    telling = [unit for unit in units if unit.share <= TELLING_SHARE]
    return sorted(telling, key=lambda unit: unit.found) if len(telling) > 1 else units
