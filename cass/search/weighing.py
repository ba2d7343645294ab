"""What the order of the tiers counts beside that of the words, and when it cannot change a page."""

from __future__ import annotations

from cass.query.blend import KEYWORDS, SENTENCE, query_kind
from cass.search.request import fold
from cass.semantic.standing import QUALITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cass.search.engine import Search
    from cass.search.request import Found

# What so little a list counts, it stands behind the lexical one: it adds to it and moves nothing in it.
ADDS_ONLY = 1e-6


def how_joined(words: float, beside: float, k: int) -> str:
    """How two lists were joined."""
    if beside <= words * ADDS_ONLY:
        return "; what the words lack stands behind them"
    return f"; joined by rank, words {words:g} to meaning {beside:g}, k {k}"


def weight_beside_words(text: str, rung: str | None, tier: str, weights: Mapping[str, float]) -> float:
    """What the order of the tiers counts, of which `tier` is the best."""
    share = share_beside_words(text, rung, tier)
    return share * weights["lexical" if share == ADDS_ONLY else tier]


def share_beside_words(text: str, rung: str | None, tier: str) -> float:
    """Of a tier's weight the share with which its order counts for such a question.

    Where a message has all the words, or most of a few keywords, the words know better: measured, equal weights put
    half of the known items below the first place.  So they do of names.  The hash tier compares spelling, which the
    words do too: with .3 of their weight first sentences lost .011, with a sixth of that still .008.
    """
    kind = query_kind(text)
    counts = (kind == SENTENCE and rung != "all") or (kind == KEYWORDS and rung in ("any", None))
    return 1.0 if tier == QUALITY and counts else ADDS_ONLY


def rung_had(search: Search, found: Found) -> str | None:
    """How much of the words is had; a session that has all of them between its messages has most of them, too."""
    return "most" if search.is_spread and found.rung in ("any", None) else found.rung


def hits_to_spare(search: Search, found: Found, text: str) -> int | None:
    """How many hits the words have beyond this page; None where a tier could put another one on it."""
    if not found.total or share_beside_words(text, rung_had(search, found), QUALITY) > ADDS_ONLY:
        return None
    spare = len(fold(found.candidates, search.request.grouped)) - search.offset - search.request.limit
    return spare if spare >= 0 else None
