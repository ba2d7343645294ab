"""Sessions that have the words of a query between several of their messages.

Somebody remembers what a session was about; a message has only some of those words.  So a message gains by what its
session has of the words that it lacks itself, the more the fewer of them any message has.  One query of the index tells
which of the words each message has; nothing is written down for sessions.
"""

from __future__ import annotations

from cass.lexical.sessions import candidates, with_words
from cass.lexical.words import log
from cass.store.named import session_lengths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cass.lexical.reader import Candidate, LexicalReader
    from cass.lexical.words import Unit
    from cass.search.engine import Search

# Of words in more than this share of the messages every session has some.
TELLING_SHARE = 0.2
# So many places of words are gone through, so many messages for each word looked at, those with the rarest words first,
# and so many sessions.  In a large archive only the rarest words take part, or it is left be.  Where messages have them
# all, fewer messages cost first sentences .02.
MOST_PLACES, MOST_MESSAGES, MESSAGES_A_WORD, MOST_SESSIONS = 20_000, 2_000, 300, 50
# While somebody types the answer is gone with the next key: a third of the time that a page takes would go to this.
MESSAGES_A_KEY = 200
# Each is a bit of a number that tantivy keeps in 24 bits.
MOST_WORDS = 16
# BM25 over a session's messages instead of a message's words.  (K1 is tantivy's; B: long ones have everything.)
K1, B = 1.2, 0.8
# How much the best session's words gain, as a part of the best message's score: where messages have all of few words;
# where one lacks a single word of four or more, which may as well be a wrong one; and where they lack more, the more
# the higher (measured: benchmarks/quality).
BESIDE_ALL, BESIDE_NEARLY_ALL, LEAST, LACKING = 0.2, 0.1, 0.2, 0.6
MANY_WORDS = 4
# Of so many of the best sessions that are not among the first candidates, so many messages join these.
MORE_SESSIONS, MORE_MESSAGES = 10, 2


def gains(
    search: Search, reader: LexicalReader, head: Sequence[Candidate], is_whole: bool
) -> tuple[list[Candidate], dict[int, float]]:
    """Candidates of sessions that `head` has not; and document → its gain, as a part of the best score.

    `is_whole`: are there messages with all the words?  They gain nothing.  The search learns whether a session has them
    all.
    """
    compiled = search.compiled
    units = _telling(compiled.units, is_whole) if compiled is not None else []
    if compiled is None or len(units) < 2:
        return [], {}
    most = MOST_MESSAGES if is_whole else MESSAGES_A_WORD * len(units)
    if search.request.live:
        most = MESSAGES_A_KEY
    which, owners, docs = with_words(reader, compiled, [unit.match for unit in units], most)
    weights = [unit.idf for unit in units]
    said, most = _said(which, owners, docs, weights)
    counts = {session: _counts(messages, len(units)) for session, messages in said.items()}
    known, sessions = session_lengths(search.connection, list(said))
    average = max(1.0, reader.documents / max(1, sessions))
    lengths = {session: known.get(session, average) for session in said}
    worth = {session: _worth(weights, those, lengths[session] / average) for session, those in counts.items()}
    if most == (1 << len(units)) - 1 and not compiled.dropped:
        shares = [max(1, unit.found) / reader.documents for unit in units]
        whole = [session for session, those in counts.items() if all(those)]
        search.spread = max([beyond_chance(counts[session], lengths[session], shares) for session in whole])
    further = _more(head, said, worth)
    more = candidates(reader, compiled, further) if further else []
    had = dict(zip(docs, which, strict=True))
    part = _part(weights, [had.get(each.doc, 0) for each in head], is_whole)
    best = max([sum(parts) for parts in worth.values()], default=1.0) * sum(weights)
    return more, {
        each.doc: part * _beside(worth.get(each.session, ()), had[each.doc]) / best if each.doc in had else 0.0
        for each in (*head, *more)
    }


def _beside(parts: Sequence[float], which: int) -> float:
    """What a session's words are worth, times those of them that its message lacks."""
    return sum(parts) * sum([part for bit, part in enumerate(parts) if not which >> bit & 1])


def _telling(units: Sequence[Unit], is_whole: bool) -> list[Unit]:
    """Those that are gone through, the rarest last; none where messages have them all and it would take long."""
    kept, places = [], 0
    for unit in sorted(units, key=lambda unit: unit.found):
        if unit.query is not None and unit.share <= TELLING_SHARE:
            places += unit.found
            if places <= MOST_PLACES:
                kept.append(unit)
    return [] if is_whole and places > MOST_PLACES else kept[MOST_WORDS - 1 :: -1]


def _said(
    which: Sequence[int], sessions: Sequence[int], docs: Sequence[int], weights: Sequence[float]
) -> tuple[dict[int, list[tuple[int, int]]], int]:
    """Session → the words, as bits, and the document of each of its messages; of sessions with most of the words.

    And the words that the best of these sessions has between its messages.
    """
    between: dict[int, int] = {}
    for bits, start, end in _runs(which):
        those = dict.fromkeys(sessions[start:end], bits)
        for session in between.keys() & those.keys():
            those[session] |= between[session]
        between |= those
    best = _best(between, weights)
    said: dict[int, list[tuple[int, int]]] = {session: [] for session in best}
    for at, session in enumerate(sessions):
        if session in said:
            said[session].append((which[at], docs[at]))
    return said, between[best[0]] if best else 0


def _runs(which: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Equal ones, which stand side by side since all come sorted, and where they begin and end."""
    at = 0
    while at < len(which):
        end = at + which.count(which[at])
        yield which[at], at, end
        at = end


def _best(between: Mapping[int, int], weights: Sequence[float]) -> list[int]:
    """The sessions whose words weigh most; of equal ones those with the lowest number."""
    equal: dict[float, list[int]] = {}
    worth = {bits: equal.setdefault(_weight(weights, bits), []) for bits in set(between.values())}
    for session, bits in between.items():
        worth[bits].append(session)
    best: list[int] = []
    for weight in sorted(equal, reverse=True):
        best += sorted(equal[weight])
        if len(best) >= MOST_SESSIONS:
            break
    return best[:MOST_SESSIONS]


def _weight(weights: Sequence[float], bits: int) -> float:
    return sum([weight for bit, weight in enumerate(weights) if bits >> bit & 1])


def _counts(messages: Sequence[tuple[int, int]], words: int) -> list[int]:
    """How many of a session's messages have each of the words."""
    return [sum([bits >> bit & 1 for bits, _ in messages]) for bit in range(words)]


def _worth(weights: Sequence[float], counts: Sequence[int], length: float) -> list[float]:
    """What each of the words is worth in a session `length` times as long as others: BM25 of its messages."""
    damping = K1 * (1 - B + B * length)
    return [weight * count * (K1 + 1) / (count + damping) for weight, count in zip(weights, counts, strict=True)]


def beyond_chance(counts: Sequence[int], messages: float, shares: Sequence[float]) -> float:
    """The log of how much more often a session of so many messages has the words than messages at random would.

    `counts`: how many of its messages have each word; `shares`: of all messages, 0 to 1.
    """
    return sum([log(count / (messages * share)) for count, share in zip(counts, shares, strict=True)])


def _more(
    head: Sequence[Candidate], said: Mapping[int, Sequence[tuple[int, int]]], worth: Mapping[int, list[float]]
) -> list[int]:
    """The best documents of the best sessions, where these are not there yet."""
    there = {each.session for each in head}
    best = sorted(worth, key=lambda session: (-sum(worth[session]), session))[:MORE_SESSIONS]
    return [doc for session in best if session not in there for _, doc in said[session][:MORE_MESSAGES]]


def _part(weights: Sequence[float], have: Sequence[int], is_whole: bool) -> float:
    """How much a session counts, by what the best of the messages have of the words."""
    if is_whole:
        return BESIDE_ALL
    words = len(weights)
    if words >= MANY_WORDS and max([which.bit_count() for which in have]) >= words - 1:
        return BESIDE_NEARLY_ALL
    had = max([_weight(weights, which) for which in have])
    return LEAST + LACKING * (1 - had / sum(weights))
