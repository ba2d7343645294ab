"""Words of the index that are two edits away from one that occurs nowhere.  Loaded only when one edit did not help.

An edit puts a letter in, leaves one out, changes one or swaps two neighbours.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tantivy import Searcher

# Of the words that begin alike, the most frequent are looked at: 60 ms in an index of a million messages.
MOST_LOOKED_AT = 20_000


def within_two(searcher: Searcher, word: str) -> str | None:
    """The most frequent word of the index within two edits, None if there is none.

    Its first letter is the word's: who mistypes rarely begins with it.
    """
    best, best_count = None, 0
    for other, count in _alike(searcher, word):
        if count > best_count and is_near(word, other, 2):
            best, best_count = other, count
    return best


def _alike(searcher: Searcher, word: str) -> Iterator[tuple[str, int]]:
    """Words that begin like it, have about its length and most of its letters."""
    letters = set(word)
    for other, count in searcher.terms_with_prefix("body", word[0], None, MOST_LOOKED_AT):
        if abs(len(other) - len(word)) <= 2 and len(letters.symmetric_difference(other)) <= 4:
            yield other, count


def is_near(one: str, other: str, most: int) -> bool:
    """Are they at most so many edits apart?  (Damerau's distance where no part is edited twice.)"""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        above, row = row, [at]
        for to, sign in enumerate(other, 1):
            cost = min(above[to] + 1, row[to - 1] + 1, above[to - 1] + (letter != sign))
            if before and to > 1 and letter == other[to - 2] and one[at - 2] == sign:
                cost = min(cost, before[to - 2] + 1)
            row.append(cost)
        if min(row) > most and min(above) > most:
            return False
        before = above
    return row[-1] <= most
