"""Words near each other, in any order: `"connection refused"~5`.

Any two of them have at most so many other words between them.  Loaded only for a query that asks for it.
"""

from __future__ import annotations

from itertools import combinations, pairwise

from cass.query.words import index_fold, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Of so many words any two are compared, of more only neighbours: thirty words make 435 pairs.
MOST_COMPARED = 6


def pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """Which of the words must be near each other; [] for a single one."""
    different = list(dict.fromkeys(words))
    return list(combinations(different, 2) if len(different) <= MOST_COMPARED else pairwise(different))


def near_test(text: str, within: int) -> Callable[[str], bool]:
    """A test of folded texts: are the words of `text` in it, and near each other?"""
    wanted = _words(text)
    together = pairs(wanted)

    def test(folded: str) -> bool:
        places: dict[str, list[int]] = {word: [] for word in wanted}
        for place, word in enumerate(pieces(folded)):
            if word in places:
                places[word].append(place)
        if not all(places.values()):
            return False
        return all(_distance(places[one], places[other]) <= within + 1 for one, other in together)

    return test


def _words(text: str) -> list[str]:
    return [index_fold(piece).lower() for piece in pieces(text)]


def _distance(some: Sequence[int], others: Sequence[int]) -> int:
    """The shortest way from one of some places to one of others; both are sorted and not empty."""
    shortest, at = abs(some[0] - others[0]), 0
    for place in some:
        while at + 1 < len(others) and others[at + 1] <= place:
            at += 1
        shortest = min([shortest, *[abs(place - other) for other in others[at : at + 2]]])
    return shortest
