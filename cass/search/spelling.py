"""Put first what is spelled as typed: the index knows words and their order, not what stands between them.

For `foo_bar` it also finds `foo bar`, for `1.0.21` also `1 0 21`.  Only the best candidates are read, always the same
number of them, so that a page does not depend on the pages before it.
"""

from __future__ import annotations

from cass.lexical.reader import best_first
from cass.query.plain import Word
from cass.query.terms import Form, find, wanted_leaves
from cass.query.words import bare_name, fold, pieces, version_forms
from cass.records import replace
from cass.store import hits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.query.plain import Query
    from cass.search.request import Found

# Candidates looked at, and how much of each block: a compound further on is not seen.
HEAD = 40
READ_CHARS = 65_536
# What is spelled as typed among messages that lack words gets this much of the best score; with all words, all of it.
RELAXED_BONUS = 0.5


def compounds(query: Query) -> tuple[list[str], float]:
    """The words of a query that are several words to the index, and how many of its words (0 to 1) they are."""
    leaves = dict.fromkeys(wanted_leaves(query.root))
    words = [
        leaf.text for leaf in leaves if isinstance(leaf, Word) and not leaf.unfinished and len(pieces(leaf.text)) > 1
    ]
    return words, len(words) / max(1, len(leaves))


def spelled_first(connection: Connection, query: Query, found: Found) -> Found:
    """The same candidates; those among the first that contain the query's compounds as typed get a bonus.

    It is as large as the compounds' part in the query: a hyphen in a sentence must not outweigh the sentence.
    """
    words, part = compounds(query)
    head = found.candidates[:HEAD]
    if not words or len(head) < 2:
        return found
    texts = _texts(connection, [candidate.doc for candidate in head])
    forms = [_forms(word) for word in words]
    exact = [bool(found.match_types.get(candidate.doc)) for candidate in head]
    most = part * head[0].score
    ranked = []
    for candidate, whole in zip(head, exact, strict=True):
        share = _share(texts.get(candidate.doc, ""), forms) if whole or not any(exact) else 0.0
        bonus = share * most * (1.0 if whole else RELAXED_BONUS)
        ranked.append(replace(candidate, score=candidate.score + bonus))
    ranked.sort(key=best_first)
    return replace(found, candidates=(*ranked, *found.candidates[HEAD:]))


def _texts(connection: Connection, docs: list[int]) -> dict[int, str]:
    stored = {doc: messages[0].id for doc, messages in hits.messages_with(connection, docs).items()}
    blocks = hits.texts_of(connection, list(stored.values()), READ_CHARS)
    return {doc: "\n".join(text for text, _ in blocks.get(number, ())) for doc, number in stored.items()}


def _forms(word: str) -> tuple[Form, ...]:
    name = fold(bare_name(word))
    if version_forms(word):
        name = name.removeprefix("v")
        return Form((name,), literal=True), Form((f"v{name}",), literal=True)
    return (Form((name,), literal=True),)


def _share(text: str, forms: list[tuple[Form, ...]]) -> float:
    """How many of the compounds stand in the text, 0 to 1."""
    folded = fold(text)
    there = [any(find(folded, text, form) is not None for form in spellings) for spellings in forms]
    return sum(there) / len(there)
