"""What the order of the tiers counts beside that of the words, and when it cannot change a page."""

from __future__ import annotations

from cass.query.blend import KEYWORDS, SENTENCE, query_kind
from cass.query.plain import Bare, Word
from cass.search.request import fold
from cass.semantic.manifest import FAST, QUALITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.search.engine import Search
    from cass.search.request import Found

# What so little a list counts, it stands behind the lexical one: it adds to it and moves nothing in it.
ADDS_ONLY = 1e-6
FILLED = "the quality tier was not asked: the words fill this page, and it could only add behind them"
ALL_FILLED = "vectors were not asked: the words fill this page, and they could only add behind them"


def question(search: Search) -> str | None:
    """The words of a query that asks for nothing but words; None where it has conditions that a vector cannot judge."""
    root = search.query.root
    parts = root.parts if isinstance(root, Bare) else (root,)
    words = [part.text for part in parts if isinstance(part, Word)]
    if len(words) < len(parts):
        from cass.query.syntax import Field, Prefix  # most queries are plain words

        if not all([isinstance(part, (Word, Prefix, Field)) for part in parts]):
            return None
        words = [part.text for part in parts if isinstance(part, (Word, Prefix))]
    return None if search.literal is not None else " ".join(words) or None


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
    return "most" if search.spread is not None and found.rung in ("any", None) else found.rung


def hits_to_spare(search: Search, found: Found, text: str) -> int | None:
    """How many hits the words have beyond this page; None where a tier could put another one on it."""
    if not found.total or share_beside_words(text, rung_had(search, found), QUALITY) > ADDS_ONLY:
        return None
    spare = len(fold(found.candidates, search.request.grouped)) - search.offset - search.request.limit
    return spare if spare >= 0 else None


def needless(tiers: Sequence[str]) -> dict[str, str]:
    """What is said of these tiers where the words fill the page."""
    return dict.fromkeys(tiers, ALL_FILLED if FAST in tiers else FILLED)


def lacking(tier: str, weights: Mapping[str, float], is_wanted: bool) -> str:
    """Why a tier was not asked, where nothing else is known."""
    if tier == QUALITY and not is_wanted:
        return "the quality tier is switched off"
    return f"the {tier} tier has no {'vectors' if weights[tier] else 'weight'}"
