"""Known items: four telling words of one message, plain, with a word that it has not, and with a slip of the finger."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass

from benchmarks.quality.places import Archive
from benchmarks.quality.questions import Question, Set
from cass.query.words import tokens
from cass.store.connect import open_reader
from cass.store.documents import documents_since

SEED = 4
QUESTIONS = 500
WORDS = 4
# How many words, and is there a wrong one beside them?
OTHERWISE, OTHERWISE_SEED = ((2, False), (3, False), (3, True), (5, True), (6, False)), 77
# In one of a thousand messages to one of twenty: neither a name that stands in one place nor a word of every text.
LEAST_SHARE, MOST_SHARE = 0.001, 0.05
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Said:
    """A message with words that tell it from others; `places` are it and its copies as `sid:ordinal`."""

    words: tuple[str, ...]
    has: frozenset[str]
    places: tuple[str, ...]


def known_items(archive: Archive, sessions: frozenset[str] | None = None) -> list[Set]:
    """The three sets; `sessions` limits where the messages are taken from, not where they are looked for."""
    rng = random.Random(SEED)
    said = [each for each in _said(archive, sessions) if len(each.words) >= WORDS]
    picked = rng.sample(said, min(QUESTIONS, len(said)))
    chosen = [rng.sample(each.words, WORDS) for each in picked]
    foreign = [_foreign(rng, each, said) for each in picked]
    longer = [_at_random(rng, words, word) for words, word in zip(chosen, foreign, strict=True)]
    slips = [_slip(rng, words) for words in chosen]
    return [
        _set("f known items", archive, picked, chosen),
        _set("f + foreign word", archive, picked, longer),
        _set("f + slip", archive, picked, slips),
    ]


def known_otherwise(archive: Archive, sessions: frozenset[str] | None = None) -> list[Set]:
    """Fewer and more words, and three of which with a wrong one, which is a worse memory than `known_items` have."""
    rng = random.Random(OTHERWISE_SEED)
    said = [each for each in _said(archive, sessions) if len(each.words) >= WORDS]
    picked = rng.sample(said, min(QUESTIONS, len(said)))
    sets = []
    for words, is_foreign in OTHERWISE:
        chosen = [rng.sample(each.words, min(words, len(each.words))) for each in picked]
        if is_foreign:
            foreign = [_foreign(rng, each, said) for each in picked]
            chosen = [_at_random(rng, *each) for each in zip(chosen, foreign, strict=True)]
        sets.append(_set(f"f {words} words{' + foreign word' * is_foreign}", archive, picked, chosen))
    return sets


def _said(archive: Archive, sessions: frozenset[str] | None) -> list[Said]:
    connection = open_reader(archive.places.database)
    assert connection is not None
    places: dict[int, list[str]] = defaultdict(list)
    for doc, sid, ordinal in connection.execute(
        "SELECT m.doc, s.sid, m.ordinal FROM messages m JOIN sessions s ON s.id=m.session ORDER BY m.id"
    ):
        places[doc].append(f"{sid}:{ordinal}")
    by_text: dict[int, tuple[frozenset[str], list[str]]] = {}
    documents = 0
    for document in documents_since(connection, 0):
        documents += 1
        has, known = by_text.get(document.text) or (frozenset(tokens(document.body)), [])
        by_text[document.text] = (has, known + places[document.doc])
    count = Counter(word for has, _ in by_text.values() for word in has if _is_plain(word))
    telling = {word for word, n in count.items() if LEAST_SHARE <= n / documents <= MOST_SHARE}
    inside = [(has, where) for has, where in by_text.values() if sessions is None or where[0].split(":")[0] in sessions]
    return [Said(tuple(sorted(has & telling)), has, tuple(where)) for has, where in inside]


def _is_plain(word: str) -> bool:
    return len(word) >= 3 and word.isascii() and word.isalpha()


def _foreign(rng: random.Random, said: Said, others: list[Said]) -> str:
    while True:
        word = rng.choice(rng.choice(others).words)
        if word not in said.has:
            return word


def _at_random(rng: random.Random, words: list[str], word: str) -> list[str]:
    at = rng.randrange(len(words) + 1)
    return [*words[:at], word, *words[at:]]


def _slip(rng: random.Random, words: list[str]) -> list[str]:
    """One letter of one word left out, put in, changed, or swapped with its neighbour."""
    which = rng.randrange(len(words))
    word = words[which]
    at, letter = rng.randrange(len(word) - 1), rng.choice(LETTERS)
    slip = rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at:],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )
    return [*words[:which], slip, *words[which + 1 :]]


def _set(name: str, archive: Archive, picked: list[Said], chosen: list[list[str]]) -> Set:
    asked = zip(picked, chosen, strict=True)
    questions = tuple(Question(" ".join(words), dict.fromkeys(each.places, 1)) for each, words in asked)
    return Set(name, archive, "message", questions)
