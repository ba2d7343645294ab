"""Queries that find what has all, any, or all but one of some words, each as cheaply as tantivy can be asked."""

from __future__ import annotations

from cass.lexical.words import any_of
from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.lexical.words import Unit

# Words of one message stand together so many times as often as chance has them, and to look a word up in a message
# takes as long as to read so many of its places on the way.
TOGETHER, LOOKED_UP = 10, 10


def words_of(units: Sequence[Unit]) -> list[Query]:
    """All their words and forms, as one list."""
    return [query for unit in units for query in (unit.scored or (unit.query,)) if query is not None]


def any_word(units: Sequence[Unit]) -> Query:
    """Finds what has any of these: one flat list of words is the cheapest."""
    return any_of(words_of(units))


def all_units(units: Sequence[Unit]) -> Query:
    """Finds what has all of these; for a constant score, as the two below."""
    return Query.boolean_query([(Occur.Must, unit.match) for unit in units])


def lacking_one(units: Sequence[Unit]) -> Query:
    """Finds what lacks no more than one of these, two or more: it has all of one half, and all but one of the other.

    Two conditions, of which the rarer half leads, cost half of what counting the words of each message does.
    """
    if len(units) == 2:
        return any_word(units)  # one list of all words and forms: two thirds of a list of lists
    first, second = units[: len(units) // 2], units[len(units) // 2 :]
    found = []
    for whole, other in ((first, second), (second, first)):
        clauses = [(Occur.Must, unit.match) for unit in whole]
        clauses += [(Occur.Must, lacking_one(other))] if len(other) > 1 else []
        found.append((Occur.Should, Query.boolean_query(clauses)))
    return Query.boolean_query(found)


def behind(found: Query, scores: Sequence[Query]) -> Query:
    """What is found, scored by these, each of which is looked up there and read nowhere else.

    To tantivy each is a condition that everything fulfils, which scores where it can.  One inside the other they would
    find the same, and be copied as often as they are deep.
    """
    every = Query.const_score_query(Query.all_query(), 0.0)
    each = [(Occur.Must, Query.boolean_query([(Occur.Must, every), (Occur.Should, score)])) for score in scores]
    return Query.boolean_query([(Occur.Must, Query.const_score_query(found, 0.0)), *each])


class Nearly:
    """What lacks no more than one of these words, the rarest first, in the order of its words, which are summed.

    What has them all gains `bonus`; to look for it once more takes a fifth of the time, so it may be told.
    """

    def __init__(
        self,
        units: Sequence[Unit],
        bonus: float,
        documents: int,
        under: Callable[[Query], Query],
        is_of_all: bool,
    ) -> None:
        """`documents`: how many there are; `under` puts a query under the filters; `is_of_all` words of the query?"""
        self.is_of_all = is_of_all
        self._units = units
        self._bonus = bonus
        self._documents = documents
        self._under = under
        self._made: dict[tuple[int, ...] | None, Query] = {}

    def where_none_has_all(self) -> Query:
        """As it is once those with all the words were looked for and not found; one and the same each time."""
        return self._query((), [])

    def query(self) -> Query:
        """As it is where it is not known which documents have all the words."""
        return self._query(None, [all_units(self._units)])

    def knowing(self, exact: Sequence[int], among: Callable[[Sequence[int]], Query]) -> Query:
        """As it is where these documents have all the words, which `among` finds."""
        return self._query(tuple(exact), [among(exact)]) if exact else self.where_none_has_all()

    def _query(self, exact: tuple[int, ...] | None, whole: Sequence[Query]) -> Query:
        if exact not in self._made:
            bonus = [Query.const_score_query(each, self._bonus) for each in whole]
            self._made[exact] = self._under(self._scored([*bonus, *words_of(self._units)]))
        return self._made[exact]

    def _scored(self, scores: Sequence[Query]) -> Query:
        found = lacking_one(self._units)
        if self._expected() * len(scores) < sum([unit.found for unit in self._units]):
            return behind(found, scores)
        must = (Occur.Must, Query.const_score_query(found, 0.0))
        return Query.boolean_query([must, *[(Occur.Should, each) for each in scores]])

    def _expected(self) -> float:
        """What it costs to look one word up in what is found, in places that could be read instead."""
        found = [unit.found for unit in self._units]
        by_chance = 0.0
        for lacked in range(len(found)):
            together = float(self._documents)
            for count in [*found[:lacked], *found[lacked + 1 :]]:
                together *= min(1.0, count / self._documents)
            by_chance += together
        # Whatever lacks one word at most has one of the two rarest.
        return min(found[0] + found[1], by_chance * TOGETHER * LOOKED_UP)
