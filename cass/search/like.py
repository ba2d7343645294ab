"""What is like a text: its most telling words are searched, and the sessions that say most of them come first.

In:  any text, such as a diff, a stack trace or a whole session.
Out: a query of few words, and an order of sessions for what it finds.
"""

from __future__ import annotations

from math import log

from cass.lexical.opening import Damage
from cass.query.entities import AROUND, names_in
from cass.query.words import tokens
from cass.records import replace
from cass.store import hits, in_session
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from cass.lexical.reader import Candidate, LexicalReader
    from cass.search.engine import Search
    from cass.search.request import Found
    from cass.search.target import Target

# More of a text is not read: a megabyte of words takes a tenth of a second, and says nothing new.
MOST_CHARS = 400_000
MOST_WORDS, MOST_NAMES = 24, 8
# What stands in so many of all messages tells nothing.
TELLING_SHARE = 0.1
SHORTEST = 3
# Of a session so many messages count: one long session must not win by its length.
BEST = 3
SPOKEN = frozenset(ROLES.index(role) for role in ("user", "assistant", "summary"))
EVERY = 1 << 60


def text_of(connection: Connection, target: Target) -> str:
    """What was said in a session, or in one message of it; without what tools printed, as far as there is else."""
    first, last = (-EVERY, EVERY) if target.ordinal is None else (target.ordinal, target.ordinal)
    messages = in_session.messages_between(connection, target.session, first, last)
    spoken = [message.id for message in messages if message.role in SPOKEN] or [message.id for message in messages]
    said: list[str] = []
    for start in range(0, len(spoken), hits.BOUND):
        for blocks in hits.texts_of(connection, spoken[start : start + hits.BOUND]).values():
            said += [text for text, _ in blocks]
        if sum(map(len, said)) > MOST_CHARS:
            break
    return "\n".join(said)[:MOST_CHARS]


def telling_words(text: str, reader: LexicalReader | Damage) -> list[str]:
    """The names in a text that the archive knows, then its words that are frequent here and rare there."""
    text = text[:MOST_CHARS]
    weights = _weights(tokens(text), reader)
    named = [name for name in names_in(text) if len(name) <= AROUND and _is_plain(name) and tokens(name)]
    named = [name for name in named if len(tokens(name)) > 1 and all(word in weights for word in tokens(name))]
    named.sort(key=lambda name: (-max(weights[word] for word in tokens(name)), name))
    words = sorted(weights, key=lambda word: (-weights[word], word))
    return [*named[:MOST_NAMES], *words[:MOST_WORDS]]


def _is_plain(name: str) -> bool:
    """Would the query language take it for a word?"""
    return name[0] not in "+-~" and not any(sign in name for sign in ' "()*')


def _weights(words: Sequence[str], reader: LexicalReader | Damage) -> dict[str, float]:
    """(1 + log of its count here) times the log of its rarity there, of each word that can tell something."""
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    rarity = {word: _rarity(word, reader) for word in counts if len(word) >= SHORTEST and word not in ("and", "not")}
    return {word: (1 + log(counts[word])) * rare for word, rare in rarity.items() if rare > 0}


def _rarity(word: str, reader: LexicalReader | Damage) -> float:
    if isinstance(reader, Damage):
        return float(len(word))
    count = reader.frequency(word)
    if not count or count > max(4.0, TELLING_SHARE * reader.documents):
        return 0.0
    return log(1 + reader.documents / count)


def by_session(_search: Search, found: Found) -> Found:
    """The candidates in the order of their sessions: by what a session's three best messages score together."""
    sessions: dict[int, list[Candidate]] = {}
    for candidate in found.candidates:
        sessions.setdefault(candidate.session, []).append(candidate)
    scores = {session: sum([hit.score for hit in said[:BEST]]) for session, said in sessions.items()}
    ordered = sorted(sessions, key=lambda session: -scores[session])
    candidates = [
        replace(hit, score=scores[session]) if at == 0 else hit
        for session in ordered
        for at, hit in enumerate(sessions[session])
    ]
    return replace(found, candidates=tuple(candidates))
