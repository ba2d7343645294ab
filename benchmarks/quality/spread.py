"""Spread words: each of them from another message of one session, which is what is looked for."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from benchmarks.quality.known import LEAST_SHARE, MOST_SHARE
from benchmarks.quality.places import Archive
from benchmarks.quality.questions import Question, Set
from cass.query.words import tokens
from cass.store.connect import open_reader
from cass.store.documents import documents_since

SEED = 11
QUESTIONS = 200


def spread_words(archive: Archive) -> list[Set]:
    """Three words of three messages, and five of five."""
    said = _said(archive)
    return [_set(f"g spread words, {words}", archive, said, words) for words in (3, 5)]


def _said(archive: Archive) -> dict[str, list[list[str]]]:
    """Session → of each of its messages the words that tell something, as the known items have them."""
    connection = open_reader(archive.places.database)
    assert connection is not None
    sids = dict(connection.execute("SELECT id, sid FROM sessions"))
    has = [(sids[each.session], each.doc, set(tokens(each.body))) for each in documents_since(connection, 0)]
    count = Counter(word for _, _, words in has for word in words)
    said: dict[str, list[list[str]]] = defaultdict(list)
    for sid, _, words in sorted(has, key=lambda each: each[1]):
        telling = sorted(word for word in words if _is_plain(word) and _is_telling(count[word] / len(has)))
        said[sid] += [telling] if telling else []
    return said


def _is_plain(word: str) -> bool:
    return word.isalpha() and word.isascii() and len(word) > 2


def _is_telling(share: float) -> bool:
    return LEAST_SHARE <= share <= MOST_SHARE


def _set(name: str, archive: Archive, said: dict[str, list[list[str]]], words: int) -> Set:
    """Sessions are drawn with equal chances, of those with twice as many messages as words."""
    rng = random.Random(SEED)
    long = sorted(sid for sid, messages in said.items() if len(messages) >= 2 * words)
    asked: list[Question] = []
    while len(asked) < QUESTIONS:
        sid = rng.choice(long)
        chosen = _one_of_each(rng, rng.sample(said[sid], words))
        if len(set(chosen)) == words:
            asked.append(Question(" ".join(chosen), {sid: 1}))
    return Set(name, archive, "session", tuple(asked))


def _one_of_each(rng: random.Random, messages: Sequence[Sequence[str]]) -> list[str]:
    return [rng.choice(words) for words in messages]
