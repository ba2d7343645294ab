"""Choose the excerpts of a pack: what was found, best first, as much of it as fits.

In:  the hits of a search with their whole texts, the budget, and how excerpts are printed.
Out: the excerpts.  The same hits and budget always give the same ones.
"""

from __future__ import annotations

from cass.records import record, replace
from cass.render.fitting import approx_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cass.search.request import Hit

    Show = Callable[[Sequence["Excerpt"]], str]

# One giant message must not eat what many could say.
MOST_OF_BUDGET = 0.4
# Less of a message says too little to be worth its heading.
LEAST_CHARS = 80


@record
class Budget:
    """How long a pack may be; None for no limit of that kind."""

    tokens: int | None
    chars: int | None

    def holds(self, text: str, share: float = 1.0) -> bool:
        """Does the text fit into this share of it?"""
        return (self.chars is None or len(text) <= self.chars * share) and (
            self.tokens is None or approx_tokens(text) <= self.tokens * share
        )


@record
class Excerpt:
    """Lines `first` to `last` (from 1) of the `lines` of a hit's message; `cut`: a line was too long itself."""

    hit: Hit
    text: str
    first: int
    last: int
    lines: int
    cut: bool = False

    @property
    def is_whole(self) -> bool:
        return not self.cut and (self.first, self.last) == (1, self.lines)


def packed(hits: Sequence[Hit], budget: Budget, most_sessions: int | None, show: Show) -> list[Excerpt]:
    """The excerpts, best first: `show` prints all of them together within the budget."""
    kept: list[Excerpt] = []
    sessions: set[str] = set()
    for hit in hits:
        if hit.sid not in sessions and len(sessions) == most_sessions:
            continue
        excerpt = _largest(hit, lambda one: budget.holds(one.text, MOST_OF_BUDGET) and budget.holds(show([*kept, one])))
        if excerpt is not None:
            kept.append(excerpt)
            sessions.add(hit.sid)
    return kept


def _largest(hit: Hit, fits: Callable[[Excerpt], bool]) -> Excerpt | None:
    """The whole message, or as many of its lines around the best one as fit; None where that is next to nothing."""
    lines = [line.rstrip() for line in (hit.content or "").strip("\n").split("\n")]
    whole = Excerpt(hit, "\n".join(lines), 1, len(lines), len(lines))
    if not whole.text.strip():
        return None
    if fits(whole):
        return whole
    if not fits(replace(whole, text=" " * LEAST_CHARS, cut=True)):
        return None
    best = _best_line(lines, hit)
    around = _most(len(lines), lambda count: fits(_window(hit, lines, best, count)))
    found = _window(hit, lines, best, around) if around else _part_of_line(hit, lines, best, fits)
    return found if found is not None and len(found.text) >= LEAST_CHARS else None


def _window(hit: Hit, lines: Sequence[str], best: int, count: int) -> Excerpt:
    """`count` lines with line `best` among them: a quarter of them before it, where there are as many behind."""
    start = max(0, min(best - count // 4, len(lines) - count))
    return Excerpt(hit, "\n".join(lines[start : start + count]), start + 1, start + count, len(lines))


def _part_of_line(hit: Hit, lines: Sequence[str], best: int, fits: Callable[[Excerpt], bool]) -> Excerpt | None:
    """A line that is too long by itself, such as minified code: what fits of it from shortly before the first match."""
    line = lines[best]
    at = min([found for word in _matched(hit) if (found := line.lower().find(word)) >= 0], default=0)
    empty = Excerpt(hit, "", best + 1, best + 1, len(lines), cut=True)

    def part(count: int) -> Excerpt:
        start = max(0, min(at - count // 4, len(line) - count))
        before, behind = "…" if start else "", "…" if start + count < len(line) else ""
        return replace(empty, text=f"{before}{line[start : start + count]}{behind}")

    count = _most(len(line), lambda count: fits(part(count)))
    return part(count) if count else None


def _best_line(lines: Sequence[str], hit: Hit) -> int:
    """The first of the lines that have most of what was matched."""
    words = _matched(hit)
    scores = [sum(word in line.lower() for word in words) for line in lines]
    return scores.index(max(scores))


def _matched(hit: Hit) -> set[str]:
    return {hit.snippet[start:end].lower() for start, end in hit.matches}


def _most(most: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `most` that fits, 0 for none, found by halving: less always fits where more does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
