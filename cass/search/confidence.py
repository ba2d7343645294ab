"""How sure an answer is that what was meant is in it, 0 to 1.  Under a half it is probably not in the archive at all.

It goes by how much of the question the best hits have, each word counting by its idf, by whether one session has all
of it between its messages, and by how near in meaning the nearest text of the quality tier is.  Both curves and their
middles were fitted on one half of benchmarks/quality's questions with an answer and without one; the other half is what
RESULTS.md tells.
"""

from __future__ import annotations

from cass.lexical.opening import Damage
from cass.lexical.words import SHORTEST_CORRECTED, idf
from cass.query.blend import LITTLE
from cass.query.plain import Bare, Word
from cass.query.terms import wanted_leaves
from cass.query.words import tokens
from cass.search.engine import SNIPPET_CHARS
from cass.search.request import fold
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cass.lexical.reader import LexicalReader
    from cass.query.plain import Query
    from cass.search.engine import Search
    from cass.search.request import Found

# Of the weight of a question's words; one answerable question in forty has less of them in one of its best hits.
COVERED, COVERED_SLOPE = 0.61, 12.9
# Cosines of MiniLM: the nearest text to a question from elsewhere stays under .46, to one from here mostly over .6.
ALIKE, ALIKE_SLOPE = 0.57, 25.0
# Of questions from elsewhere one in seventy has all its telling words in one session; of those about one, nearly all.
SPREAD = 0.5
# So many of the best hits are read: the first has its words closest together, not always most of them.
READ = 3
LOOKED_AT = 40
# e: math is a shared library, and loading it costs a cold search 2 %.
E = 2.718281828459045


def confidence(search: Search, found: Found) -> float | None:
    """The confidence of an answer's first page; None where there is nothing to judge.

    Conditions are not judged: what they find is what was asked for.
    """
    request, reader = search.request, search.reader
    judged = _only_words(search.query) and not (search.offset or request.limit == 0 or request.about_words)
    if isinstance(reader, Damage) or not judged:
        return None
    if not found.candidates:
        return 0.0
    alike = _curve(found.alike, ALIKE, ALIKE_SLOPE) if found.alike is not None else 0.0
    has_all = found.rung == "all" and not any([_is_another(*pair) for pair in found.corrected])
    share = 1.0 if has_all else _best_share(search, found, reader)
    spread = SPREAD if search.is_spread else 0.0
    return round(max(_curve(share, COVERED, COVERED_SLOPE), alike, spread), 2)


def _best_share(search: Search, found: Found, reader: LexicalReader) -> float:
    """How much of the question, 0 to 1, one of the first hits has."""
    weights = _weights(search.query, found, reader.frequency, reader.documents)
    docs = [lead.doc for lead, _ in fold(found.candidates[:LOOKED_AT], search.request.grouped)[:READ]]
    return max(
        [_share("\n".join([text for text, _ in blocks]), weights) for blocks in _read(search, docs)], default=0.0
    )


def _read(search: Search, docs: Sequence[int]) -> Iterable[Sequence[tuple[str, int]]]:
    """The blocks of these documents, whole: mostly the page has read them."""
    read = [blocks for doc in docs if (blocks := search.read.get(doc))]
    if len(read) == len(docs) and all([len(text) < SNIPPET_CHARS for blocks in read for text, _ in blocks]):
        return read
    stored = hits.messages_with(search.connection, docs)
    return hits.texts_of(search.connection, [messages[0].id for messages in stored.values()]).values()


def _only_words(query: Query) -> bool:
    if query.is_of_words:
        return True
    from cass.query.syntax import Field, Prefix  # most queries are plain words

    root = query.root
    parts = root.parts if isinstance(root, Bare) else (root,)
    return bool(wanted_leaves(root)) and all([isinstance(part, (Word, Prefix, Field)) for part in parts])


def _weights(
    query: Query, found: Found, frequency: Callable[[str], int], documents: int
) -> list[tuple[frozenset[str], float]]:
    """Each telling word of the question: the forms that count as it, and BM25's idf, highest for one never heard.

    One that is too short to be corrected may be a slip: it counts as the rarest of the others that was heard.
    """
    others = {typed for typed, other in found.corrected if _is_another(typed, other)}
    corrected = {typed: other for typed, other in found.corrected if typed not in others}
    forms = {typed: known for typed, known in found.forms if typed not in others}
    asked = {
        word: (frozenset((word, *forms.get(leaf.text, ()))), frequency(word))
        for leaf in wanted_leaves(query.root)
        for word in tokens(corrected.get(leaf.text, leaf.text))
        if word not in LITTLE  # in a small archive also words of grammar occur nowhere
    }
    rarest = min([count for _, count in asked.values() if count], default=0)
    return [
        (known, _weight(count or (rarest if len(word) < SHORTEST_CORRECTED else 0), documents))
        for word, (known, count) in asked.items()
    ]


def _is_another(typed: str, other: str) -> bool:
    """A letter is a slip, a digit is not: E0433 says nothing of E0432."""
    return [sign for sign in typed if sign.isdigit()] != [sign for sign in other if sign.isdigit()]


def _weight(count: int, documents: int) -> float:
    return idf(count, max(documents, count))


def _share(text: str, weights: Sequence[tuple[frozenset[str], float]]) -> float:
    there = set(tokens(text))
    had = sum(weight for forms, weight in weights if not forms.isdisjoint(there))
    return had / (sum(weight for _, weight in weights) or 1.0)


def _curve(value: float, middle: float, slope: float) -> float:
    """From 0 to 1, a half in the middle."""
    odds: float = E ** (slope * (middle - value))
    return 1 / (1 + odds)
