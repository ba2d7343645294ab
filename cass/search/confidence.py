"""How sure an answer is that what was meant is in it, 0 to 1.  Under a half it is probably not in the archive at all.

It goes by how much of the question the best hit has, each word counting by its idf, and by how well it scores for that,
since in a long message any few common words stand together by chance; by how much more often than by chance one session
has all of it between its messages; and by how near in meaning the nearest text of the quality tier is.  The curves were
fitted on questions with an answer and without one; those that benchmarks/quality/RESULTS.md tells of are others.
"""

from __future__ import annotations

from cass.lexical.opening import Damage
from cass.lexical.words import SHORTEST_CORRECTED, idf, log
from cass.query.blend import LITTLE, is_sentence
from cass.query.plain import Bare, Word
from cass.query.terms import wanted_leaves
from cass.query.words import tokens
from cass.search.engine import SNIPPET_CHARS
from cass.search.request import SURE, TOGETHER, fold
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cass.lexical.reader import LexicalReader
    from cass.query.plain import Query
    from cass.search.engine import Search
    from cass.search.request import Found

    # A telling word of the question: the forms that count as it, how many documents have it, and its weight.
    Asked = tuple[frozenset[str], int, float]

# What each of the signs below adds to the log of the odds, and what is always added: benchmarks/quality/fit.py.
WEIGHTS, ALWAYS = (-6.597, -0.447, 0.275, 5.593, -8.1, 0.618, 4.256, 1.202), -6.9
# Where one session has all of so few words between its messages.
SPREAD = 0.5
# Cosines of MiniLM: the nearest text to a sentence from elsewhere stays under .46, to one from here mostly over .6; to
# keywords of another project up to .7.
ALIKE, ALIKE_OF_WORDS, ALIKE_SLOPE = 0.57, 0.72, 25.0
# So many of the best hits are read: the first has its words closest together, not always most of them.
READ = 3
LOOKED_AT = 40
# In shorter words than this another letter makes another word; in longer than that two slips make none.
LONG_WORD, VERY_LONG_WORD = 7, 10
# What joins the parts of a name; a hyphen also joins words of a sentence.
NAME_SIGNS = "/\\._:"
# A pasted paragraph is judged as if it had no more than these, of which a hit has the same share.
MOST_WORDS = 16
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
    return round(max(_by_words(search, found, reader), _by_meaning(request.text, found.alike)), 2)


def _by_meaning(text: str, alike: float | None) -> float:
    """How near the nearest text is; a few words come near to some text of any archive, where a sentence does not."""
    if alike is None:
        return 0.0
    return _curve(ALIKE_SLOPE * (alike - (ALIKE if is_sentence(text) else ALIKE_OF_WORDS)))


def _by_words(search: Search, found: Found, reader: LexicalReader) -> float:
    asked = asked_of(search, found, reader)
    if is_sure(search, found, asked):
        return SURE
    signs = zip(WEIGHTS, signs_of(search, found, asked), strict=True)
    is_spread = search.spread is not None and len(asked) <= TOGETHER and not _guessed(search, found)
    return min(SURE, max(SPREAD if is_spread else 0.0, _curve(sum([weight * sign for weight, sign in signs], ALWAYS))))


def is_sure(search: Search, found: Found, asked: Sequence[Asked]) -> bool:
    """Do messages have all that was asked, where chance is no matter?  A name is one thing, however many its parts."""
    return found.is_sure(min(len(asked), len(_telling(search)))) and not _guessed(search, found)


def signs_of(search: Search, found: Found, asked: Sequence[Asked]) -> tuple[float, ...]:
    """What is weighed, in the order of WEIGHTS.

    The share of the question that a hit has, and what it lacks; how rare the words are and the log of how many, since
    of many some are always had; the share that had to be corrected; how much more often than by chance a session has
    between its messages what the hit lacks; the best one's score, for each unit of what could be had; and whether
    it is a sentence, of which a hit says half in other words.
    """
    has_all = found.rung == "all" and not _guessed(search, found)
    total, words = _weight(asked) or 1.0, max(1, len(asked))
    share = 1.0 if has_all else _best(search, found, asked) / total
    lacking, rare, counted = 1 - share, total / words, min(words, MOST_WORDS)
    between = max(search.spread or 0.0, 0.0) * lacking
    corrected, sentence = min(1.0, len(found.corrected) / words), float(is_sentence(search.request.text))
    scored = search.score / (total + _weight_of_parts(search, found))
    return share, lacking * rare * counted, rare, log(counted), corrected, between, scored, sentence


def _best(search: Search, found: Found, asked: Sequence[Asked]) -> float:
    """The weight of those of the words that one of the first hits has, the one with most of them."""
    best = 0.0
    for blocks in _read(_first(search, found), search):
        there = set(tokens("\n".join([text for text, _ in blocks])))
        best = max(best, _weight([word for word in asked if not word[0].isdisjoint(there)]))
    return best


def _first(search: Search, found: Found) -> list[int]:
    return [lead.doc for lead, _ in fold(found.candidates[:LOOKED_AT], search.request.grouped)[:READ]]


def _read(docs: Sequence[int], search: Search) -> list[Sequence[tuple[str, int]]]:
    """The blocks of these documents, whole: mostly the page has read them."""
    read = [blocks for doc in docs if (blocks := search.read.get(doc))]
    if len(read) == len(docs) and all([len(text) < SNIPPET_CHARS for blocks in read for text, _ in blocks]):
        return read
    stored = hits.messages_with(search.connection, docs)
    return [*hits.texts_of(search.connection, [messages[0].id for messages in stored.values()]).values()]


def _only_words(query: Query) -> bool:
    if query.is_of_words:
        return True
    from cass.query.syntax import Field, Prefix  # most queries are plain words

    root = query.root
    parts = root.parts if isinstance(root, Bare) else (root,)
    return bool(wanted_leaves(root)) and all([isinstance(part, (Word, Prefix, Field)) for part in parts])


def asked_of(search: Search, found: Found, reader: LexicalReader) -> list[Asked]:
    """Each telling word of the question; its weight is BM25's idf, highest for one never heard.

    One that is too short to be corrected may be a slip: it weighs as the rarest of the others that was heard.
    """
    others = _guessed(search, found)
    corrected = {typed: other for typed, other in found.corrected if typed not in others}
    forms = {typed: known for typed, known in found.forms if typed not in others and typed not in found.dropped}
    asked = {
        word: (those := frozenset((word, *forms.get(leaf.text, ()))), max(map(reader.frequency, those)))
        for leaf in wanted_leaves(search.query.root)
        for word in _words_of(corrected.get(leaf.text, leaf.text), found)
        if word not in LITTLE  # in a small archive also words of grammar occur nowhere
    }
    rarest = min([count for _, count in asked.values() if count], default=0)
    weighs = {word: count or (rarest if len(word) < SHORTEST_CORRECTED else 0) for word, (_, count) in asked.items()}
    return [
        (known, count, idf(weighs[word], max(reader.documents, weighs[word]))) for word, (known, count) in asked.items()
    ]


def _words_of(text: str, found: Found) -> list[str]:
    """Of a path or a name that stands nowhere the parts stand everywhere, and tell nothing."""
    return [text] if _is_unknown_name(text, found) else tokens(text)


def _is_unknown_name(text: str, found: Found) -> bool:
    is_name = text.isalnum() or any([sign in text for sign in NAME_SIGNS])
    return is_name and text in found.dropped and len(tokens(text)) > 1


def _weight_of_parts(search: Search, found: Found) -> float:
    """What the parts of such names can score."""
    reader = search.reader
    if isinstance(reader, Damage):
        return 0.0
    names = [leaf.text for leaf in wanted_leaves(search.query.root) if _is_unknown_name(leaf.text, found)]
    parts = {part for name in names for part in tokens(name)}
    return sum([idf(count, max(reader.documents, count)) for part in parts if (count := reader.frequency(part))])


def _guessed(search: Search, found: Found) -> set[str]:
    """The words that were searched as ones that they are no slips of; where none was right, a slip must be likely."""
    if not found.corrected:
        return set()
    is_alone = len(found.corrected) == len(_telling(search))
    return {
        typed
        for typed, other in found.corrected
        if _is_another(typed, other) or (is_alone and not all(_are_likely(tokens(typed), tokens(other))))
    }


def _telling(search: Search) -> list[str]:
    """The words that were typed, without those of grammar."""
    return [text for leaf in wanted_leaves(search.query.root) if (text := leaf.text.lower()) not in LITTLE]


def _are_likely(typed: Sequence[str], others: Sequence[str]) -> list[bool]:
    """Each of the words, or parts of a name, that is another one now."""
    return [_is_likely(was, other) for was, other in zip(typed, others, strict=False) if was != other]


def _is_likely(typed: str, other: str) -> bool:
    """A letter left out, put in or swapped with the next, in a long word also another one; and the first is right.

    In a very long word two of these may be.  Of `wine` the nearest word is `line`, and of `divorce` it is `diverge`:
    nobody meant these.
    """
    from cass.query.variants import difference  # few answers were corrected

    start, was, now = difference(typed, other)
    changed = (len(was), len(now))
    is_slip = changed in ((0, 1), (1, 0)) or (changed == (2, 2) and was == now[::-1])
    is_long = len(typed) >= (LONG_WORD if changed == (1, 1) else VERY_LONG_WORD)
    return start > 0 and (is_slip or is_long)


def _is_another(typed: str, other: str) -> bool:
    """A letter is a slip, a digit is not: E0433 says nothing of E0432."""
    return [sign for sign in typed if sign.isdigit()] != [sign for sign in other if sign.isdigit()]


def _weight(words: Sequence[Asked]) -> float:
    return sum([weight for _, _, weight in words])


def _curve(odds: float) -> float:
    """From 0 to 1, of the log of the odds."""
    return float(1 / (1 + E**-odds))
