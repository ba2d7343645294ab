"""Make an answer fit a number of tokens: fewer hits, and the texts of the only one cut where even that is too long."""

from __future__ import annotations

from cass.records import replace
from cass.render.layout import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cass.search.request import Results

BYTES_A_TOKEN = 4


def approx_tokens(text: str) -> int:
    """About how many tokens a language model makes of it: four UTF-8 bytes each, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


def fewer(results: Results, most_tokens: int, show: Callable[[Results], str]) -> Results:
    """The answer with as many of its first hits as `show` can print in so many tokens.

    Where not even the first fits that is said, and the next page begins behind it.
    """
    most = len(results.hits)
    hits = _largest(most, lambda some: approx_tokens(show(first(results, some))) <= most_tokens)
    if hits or not most:
        return first(results, hits)
    passed = results.hits[0].rank
    said = f"hit {passed} does not fit into {counted(most_tokens, 'token')}"
    return replace(results, hits=(), has_more=results.has_more or most > 1, passed=passed, notes=(*results.notes, said))


def fitting(results: Results, most_tokens: int, show: Callable[[Results, int | None], str]) -> str:
    """What `show(results, tokens of long texts or None)` prints of as many of the first hits as fit.

    What is said about an answer stays, even where that alone is too long.
    """
    kept = fewer(results, most_tokens, lambda some: show(some, None))
    if kept.hits or not results.hits:
        return show(kept, None)
    one = first(results, 1)
    texts = _largest(most_tokens, lambda tokens: approx_tokens(show(one, tokens)) <= most_tokens)
    cut = show(one, texts)
    return cut if approx_tokens(cut) <= most_tokens else show(kept, None)


def first(results: Results, hits: int) -> Results:
    """The answer with the first of its hits alone."""
    if hits == len(results.hits):
        return results
    return replace(results, hits=results.hits[:hits], has_more=True)


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits; 0 where none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
