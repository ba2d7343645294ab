"""What puts the messages that are found in order: their words, and bonuses for having all or nearly all of them.

A search whose first rung fills its page asks for none of it.
"""

from __future__ import annotations

from cass.lexical.compile import MOST_WITH_BONUS, telling_of
from cass.lexical.lacking import Nearly, all_units, any_word, lacking_one
from cass.lexical.words import FEW_WORDS, Unit
from cass.native_tantivy import Occur, Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Parts of the sum of the words' idf.
ALL_BONUS = 0.6
ALL_BUT_ONE_BONUS = 0.48
# For two words next to each other as they were typed.
PAIR_BONUS = 0.3
# For words as a hyphen joins them, beside what each of them counts.
HYPHEN_BONUS = 0.4


def ranked(wanted: list[Unit], pairs: list[Query]) -> Query:
    """What these words score, with all their bonuses; `pairs`: two of them next to each other."""
    if len(wanted) == 1:
        return wanted[0].query or Query.empty_query()
    clauses = [(Occur.Should, _scored(unit)) for unit in wanted]
    if any([unit.parts for unit in wanted]):
        # Parts count, but do not find: what is shown is what the last rung has.
        clauses.append((Occur.Must, Query.const_score_query(any_word(wanted), 0.0)))
    clauses += _bonuses(telling_of(wanted))
    clauses += [(Occur.Should, Query.boost_query(pair, PAIR_BONUS)) for pair in pairs]
    return Query.boolean_query(clauses)


def _bonuses(telling: Sequence[Unit]) -> list[tuple[Occur, Query]]:
    """For what has all of these, and for what lacks no more than one."""
    if len(telling) > MOST_WITH_BONUS:
        return []
    bonuses = [(Occur.Should, Query.const_score_query(all_units(telling), _bonus_for_all(telling)))]
    if len(telling) > 2:
        part = ALL_BUT_ONE_BONUS * _whole_bonus(telling) * (len(telling) - 1) / len(telling)
        bonuses.append((Occur.Should, Query.const_score_query(lacking_one(telling), part)))
    return bonuses


def nearly(telling: list[Unit], words: int, documents: int, under: Callable[[Query], Query]) -> Nearly:
    """What lacks one of these at most, of so many words."""
    return Nearly(telling, _bonus_for_all(telling), documents, under, len(telling) == words)


def _bonus_for_all(telling: Sequence[Unit]) -> float:
    return ALL_BONUS * _whole_bonus(telling)


def _whole_bonus(telling: Sequence[Unit]) -> float:
    """As telling as they are together; less in long queries.

    Who types few words means each of them; in a sentence some are by the way.  With more than four both bonuses shrink
    by the square: with eight a quarter is left.
    """
    return sum([unit.idf for unit in telling]) * min(1.0, FEW_WORDS / len(telling)) ** 2


def _scored(unit: Unit) -> Query:
    """What a unit counts: as much as it matches, and parts that need not."""
    query = unit.query or Query.empty_query()
    if unit.parts is None:
        return query
    bonus = Query.boost_query(query, HYPHEN_BONUS)
    return Query.boolean_query([(Occur.Should, unit.parts), (Occur.Should, bonus)])
