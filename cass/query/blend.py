"""One order out of several: reciprocal rank fusion, and the refinement of one list by another's scores.  Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence
    from typing import TypeVar

    Key = TypeVar("Key", bound=Hashable)

# Cormack, Clarke and Büttcher, SIGIR 2009: the first places count more than the others, but not by much.
RRF_K = 60
# How much each list counts, as the setting has it.
WEIGHTS = "lexical=1,fast=0.3,quality=1"


# Words that stand in sentences and hardly ever among a few keywords.
LITTLE = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "been", "by", "can", "did", "do"),
        *("does", "for", "from", "had", "has", "have", "how", "i", "in", "is", "it", "not"),
        *("of", "on", "or", "that", "the", "their", "then", "there", "these", "this", "to", "was"),
        *("we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "you"),
    )
)


# What somebody who types a query wants of it.
IDENTIFIER, KEYWORDS, SENTENCE = "identifier", "keywords", "sentence"


def query_kind(text: str) -> str:
    """SENTENCE: written as people talk; IDENTIFIER: half of its words or more are names out of code; else KEYWORDS."""
    if is_sentence(text):
        return SENTENCE
    words = text.split()
    return IDENTIFIER if words and 2 * sum(map(_is_name, words)) >= len(words) else KEYWORDS


def _is_name(word: str) -> bool:
    """Is it spelled as names are in code: with signs or digits inside, or capitals behind small letters?"""
    word = word.strip("\"'`,;:?!()[]{}").rstrip(".")
    has_hump = any([sign.isupper() and word[at].islower() for at, sign in enumerate(word[1:])])
    has_sign = any([not sign.isalpha() and sign not in "-'" for sign in word])
    return has_hump or has_sign or word.startswith("--")


def is_sentence(text: str) -> bool:
    """Was it written as people talk: five words or more, a fifth of them little ones, and two at least?"""
    words = text.lower().replace("?", " ").replace(",", " ").split()
    return len(words) >= 5 and sum([word in LITTLE for word in words]) >= max(2, len(words) / 5)


def weights_of(text: str) -> dict[str, float]:
    """List → its weight, of a text that the setting's check let through."""
    return {name: float(weight) for name, _, weight in [part.partition("=") for part in text.split(",")]}


def fuse(lists: Sequence[tuple[Sequence[Key], float]], k: int = RRF_K) -> dict[Key, float]:
    """Key → sum of weight / (k + rank) over the lists (keys best first, weight) that have it, best first.

    Equal sums stay in the order in which the lists have them.
    """
    scores: dict[Key, float] = {}
    for keys, weight in lists:
        for rank, key in enumerate(dict.fromkeys(keys), 1):
            scores[key] = scores.get(key, 0.0) + weight / (k + rank)
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


def refine(fast: Mapping[Key, float], quality: Mapping[Key, float], weight: float) -> dict[Key, float]:
    """(1 - weight) * fast + weight * quality of every key of either, both brought to 0..1, best first.

    A key that one of them lacks has that one's worst.
    """
    first, second = scaled(fast), scaled(quality)
    keys = [*quality, *(key for key in fast if key not in quality)]
    scores = {key: (1 - weight) * first.get(key, 0.0) + weight * second.get(key, 0.0) for key in keys}
    return dict(sorted(scores.items(), key=lambda pair: -pair[1]))


def scaled(scores: Mapping[Key, float]) -> dict[Key, float]:
    """Min-max to 0..1; all equal are 1, what is not finite is 0."""
    finite = [score for score in scores.values() if score - score == 0]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return {
        key: 0.0 if score - score != 0 else (score - low) / (high - low) if high > low else 1.0
        for key, score in scores.items()
    }
