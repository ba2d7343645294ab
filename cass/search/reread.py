"""Read the best candidates of a sentence once more, where no message has all of its words.

The index orders by each word's best form and by neighbours as typed.  A text tells more: how often it has a word in
all its forms, which words stand near each other, and what else it has of what the best texts have in common.  What
these say is added to the scores that the candidates came with.
"""

from __future__ import annotations

from itertools import pairwise
from math import log

from cass.lexical.reader import best_first
from cass.query.blend import LITTLE
from cass.query.words import tokens
from cass.records import record, replace
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from cass.lexical.reader import Candidate, LexicalReader
    from cass.lexical.words import Unit
    from cass.search.engine import Search
    from cass.search.request import Found

# So many candidates are read, as far as a snippet is cut from; and always so many, lest a page depend on those before.
HEAD, READ_CHARS = 20, 8_192
# BM25 as tantivy has it (Robertson and Zaragoza, 2009), over all forms of a word together.  What is found for a
# sentence is longer than most messages: their average is taken for a part of that of the candidates.
K1, B, USUAL_LENGTH = 1.2, 0.75, 0.25
# Two telling words of the sentence, one behind the other there, in so many places next to each other, in either order:
# the windows of sequential dependence (Metzler and Croft, 2005).
WINDOW = 4
# Of the best messages of so many sessions so many words are taken that at least two of them have: relevance feedback
# (Lavrenko and Croft, 2001) over texts that are there already.
LEADS, FEEDBACK_WORDS = 8, 30
# How often frequencies are asked for: what the leads have most of, whatever it is worth.
LOOKED_UP = 120
# What each may add, as a part of the best score.  Chosen on one half of the questions of Cranfield and SciFact; the
# other half gains as much (benchmarks/quality).
WORDS_PART, PAIRS_PART, FEEDBACK_PART = 0.2, 0.1, 0.1


@record
class Sought:
    """What is counted: form → the number of its word; each word's idf; and pairs of words that may stand together."""

    forms: Mapping[str, int]
    idf: Sequence[float]
    pairs: Sequence[tuple[int, int]]


def reread(search: Search, reader: LexicalReader, found: Found) -> Found:
    """The same candidates, the first of them in the order that their texts give."""
    head = found.candidates[:HEAD]
    if search.compiled is None or len(head) < 2 or head[0].score <= 0:
        return found
    documents = max(1, reader.documents)

    def idf(word: str) -> float:
        count = reader.frequency(word)
        return log(1 + (max(documents, count) - count + 0.5) / (count + 0.5))

    texts = _texts(search, head)
    words = [tokens(texts.get(each.doc, "")) for each in head]
    more = gains(words, head, sought(search.compiled.units, idf), idf)
    best, lowest = head[0].score, head[0].score
    ranked = []
    for each, gain in zip(head, more, strict=True):
        lowest = min(lowest, each.score)  # none above the one before it: their order counts, too
        ranked.append(replace(each, score=lowest + gain * best))
    ranked.sort(key=best_first)
    return replace(found, candidates=(*ranked, *found.candidates[HEAD:]))


def _texts(search: Search, head: Sequence[Candidate]) -> dict[int, str]:
    stored = hits.messages_with(search.connection, [each.doc for each in head])
    blocks = hits.texts_of(search.connection, [messages[0].id for messages in stored.values()], READ_CHARS)
    return {
        doc: "\n".join([text for text, _ in blocks.get(messages[0].id, ())])[:READ_CHARS]
        for doc, messages in stored.items()
    }


def sought(units: Sequence[Unit], idf: Callable[[str], float]) -> Sought:
    """Single words in all forms that the index has; of compounds each part."""
    words = [
        (forms, worth)
        for unit in units
        for forms, worth in (
            [(unit.forms, unit.idf)] if unit.scored else [((part,), idf(part)) for part in tokens(unit.word)]
        )
    ]
    numbers = {form: number for number, (forms, _) in enumerate(words) for form in forms}
    telling = [number for number, (forms, _) in enumerate(words) if LITTLE.isdisjoint(forms)]
    pairs = dict.fromkeys(pairwise(telling))
    return Sought(numbers, [worth for _, worth in words], tuple(pairs))


def gains(
    texts: Sequence[Sequence[str]], head: Sequence[Candidate], wanted: Sought, idf: Callable[[str], float]
) -> list[float]:
    """What each text, given as its words, gains: 0 to 0.4, in the order of `head`."""
    usual = max(1.0, USUAL_LENGTH * sum(map(len, texts)) / len(texts))
    common = _in_common(texts, head, wanted, idf)
    shared = frozenset([word for word, _ in common])
    words, pairs, feedback = [], [], []
    for text in texts:
        damping = K1 * (1 - B + B * len(text) / usual)
        places = _places(text, wanted)
        words.append(_bm25([(len(where), wanted.idf[number]) for number, where in places.items()], damping))
        pairs.append(_bm25(_pairs(places, wanted), damping))
        count = _counted([word for word in text if word in shared])
        feedback.append(_bm25([(count.get(word, 0), worth) for word, worth in common], damping))
    parts = [_scaled(words, WORDS_PART), _scaled(pairs, PAIRS_PART), _scaled(feedback, FEEDBACK_PART)]
    return [sum(each) for each in zip(*parts, strict=True)]


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return counts


def _places(words: Sequence[str], wanted: Sought) -> dict[int, list[int]]:
    """Number of a word → where it stands, in any form."""
    places: dict[int, list[int]] = {}
    forms = wanted.forms
    for at, word in [(at, word) for at, word in enumerate(words) if word in forms]:
        places.setdefault(forms[word], []).append(at)
    return places


def _pairs(places: Mapping[int, Sequence[int]], wanted: Sought) -> list[tuple[int, float]]:
    """Of each pair how often it stands together; it is as telling as the more usual of its words."""
    found = []
    for first, second in wanted.pairs:
        if first in places and second in places:
            others = places[second]
            near = sum([any([0 < abs(other - place) < WINDOW for other in others]) for place in places[first]])
            found.append((near, min(wanted.idf[first], wanted.idf[second])))
    return found


def _bm25(counted: Iterable[tuple[int, float]], damping: float) -> float:
    """The sum over (how often, how telling)."""
    return sum([worth * count * (K1 + 1) / (count + damping) for count, worth in counted if count])


def _in_common(
    texts: Sequence[Sequence[str]], head: Sequence[Candidate], wanted: Sought, idf: Callable[[str], float]
) -> list[tuple[str, float]]:
    """Words that the best have in common beside those of the question, and what each is worth."""
    best = leads(head)
    shared = _in_two([frozenset(texts[at]) for at in best])
    telling = {word for word in shared if len(word) > 2 and word not in wanted.forms and word not in LITTLE}
    worth: dict[str, float] = {}
    for at in best:
        for word, count in _counted([word for word in texts[at] if word in telling]).items():
            worth[word] = worth.get(word, 0.0) + head[at].score * count / (count + K1)
    ranked = sorted(worth, key=lambda word: (-worth[word], word))
    valued = [(word, worth[word] * idf(word)) for word in ranked[:LOOKED_UP]]
    return sorted(valued, key=lambda pair: (-pair[1], pair[0]))[:FEEDBACK_WORDS]


def _in_two(texts: Sequence[frozenset[str]]) -> set[str]:
    """The words of two texts or more."""
    seen: set[str] = set()
    shared: set[str] = set()
    for words in texts:
        shared |= seen & words
        seen |= words
    return shared


def leads(head: Sequence[Candidate]) -> list[int]:
    """Where the best message of each of the best sessions stands."""
    first: dict[int, int] = {}
    for at, each in enumerate(head):
        first.setdefault(each.session, at)
    return list(first.values())[:LEADS]


def _scaled(values: Sequence[float], most: float) -> list[float]:
    best = max(values) or 1.0
    return [value / best * most for value in values]
