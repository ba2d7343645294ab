"""What the index is asked first while somebody types: less than the whole ladder, where that fills the page.

The answer is gone with the next key.  A message that it leaves out would stand far behind, and comes when the words
are asked for without typing on.
"""

from __future__ import annotations

from cass.lexical.compile import all_of, one_query
from cass.lexical.reader import PLENTY
from cass.lexical.words import COMMON_AS_TYPED
from cass.native_tantivy import Occur, Query
from cass.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.lexical.compile import Rung
    from cass.lexical.words import Unit

# So many messages are pages enough.
ENOUGH = PLENTY
# What has no more places than that is found as soon with inflections.
FOUND_SOON = 10_000
# What is shorter is hardly a word yet: a large archive has thousands that begin so, and none of them is looked for.
SHORTEST = 3


def steps(
    units: Sequence[Unit], rungs: Sequence[Rung], under: Callable[[Query], Query]
) -> tuple[Rung | None, list[Rung]]:
    """What is asked before the rungs of these words, which stand as they were typed; and the rungs, with one more."""
    sooner, later = _as_they_are(units), _without_the_last(units)
    added = [later.under(under)] if later is not None and rungs[0].name == "all" else []
    return sooner.under(under) if sooner is not None else None, [rungs[0], *added, *rungs[1:]]


def _as_they_are(units: Sequence[Unit]) -> Rung | None:
    """Words without their inflections, a fifth to three fifths of the work; None where there are none."""
    if len(units) == 1:
        one = units[0]
        if one.alone is None or one.itself <= COMMON_AS_TYPED:
            return None
        return one_query("all", one.alone, ENOUGH, one.itself)  # to count them takes a fifth as long again
    if any([unit.query is None or unit.loose for unit in units]) or sum([unit.found for unit in units]) <= FOUND_SOON:
        return None
    if not any([unit.alone and unit.itself < unit.found for unit in units]):
        return None
    whole = Query.boolean_query([(Occur.Must, unit.alone or unit.query or Query.empty_query()) for unit in units])
    return one_query("all", whole, ENOUGH)


def _without_the_last(units: Sequence[Unit]) -> Rung | None:
    """The words before one that is only begun, for where no message has them all; None where nothing is begun."""
    *others, begun = units
    if not others or not begun.is_begun or len(begun.word) >= SHORTEST:
        return None
    if any([unit.query is None or unit.loose for unit in others]):
        return None
    return replace(all_of(others), lacks=begun.word)  # as it was asked before the last word was begun
