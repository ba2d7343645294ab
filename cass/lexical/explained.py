"""What each word gave to a document's score, as tantivy explains it.  Loaded only with --explain."""

from __future__ import annotations

import json

from cass.native_tantivy import Query

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cass.lexical.compile import Compiled
    from cass.lexical.reader import LexicalReader

    Parts = dict[str, dict[str, float]]

# In the order of the schema; a test compares.
FIELDS = ("body", "tool")
# Of words that stand next to each other, a phrase or src/main.rs, tantivy does not say which.
PHRASE, TOGETHER = "Phrase Scorer", "words next to each other"


def word_parts(reader: LexicalReader, compiled: Compiled, docs: Sequence[int]) -> dict[int, Parts]:
    """Document → field → word → its part of the BM25 score, with every bonus that it had a part in.

    Documents that do not have the words, as those that only vectors know, are left out.
    """
    found: dict[int, Parts] = {}
    for doc in docs:
        named = Query.term_query(reader.schema, "doc", doc)
        for _, address in reader.searcher.search(named, 1, False).hits:
            try:
                said = compiled.ranked.explain(reader.searcher, address).to_json()
            except ValueError:  # tantivy explains matches only
                continue
            parts: Parts = {}
            _gather(json.loads(said), 1.0, parts)
            found[doc] = {field: _rounded(words) for field, words in parts.items()}
    return found


def _rounded(words: Mapping[str, float]) -> dict[str, float]:
    return {word: round(part, 4) for word, part in words.items()}


def _gather(node: Mapping[str, object], boost: float, parts: Parts) -> None:
    """Add up the leaves: each word's score times all that multiplies it above."""
    what, value = str(node.get("description", "")), float(str(node.get("value", 0.0)))
    for context in _list(node.get("context")):
        if str(context).startswith("Term=") and value:
            _add(parts, *_term(str(context)), boost * value)
            return
    if what == PHRASE:
        _add(parts, "body", TOGETHER, boost * value)
        return
    if what.startswith("Boost x"):
        boost *= float(what[7:].split(maxsplit=1)[0])
    for each in _list(node.get("details")):
        if isinstance(each, dict):
            _gather(each, boost, parts)


def _add(parts: Parts, field: str, word: str, value: float) -> None:
    words = parts.setdefault(field, {})
    words[word] = words.get(word, 0.0) + value


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _term(context: str) -> tuple[str, str]:
    """`Term=Term(field=0, type=Str, "panicked")` → (body, panicked)."""
    number, _, rest = context.partition("field=")[2].partition(",")
    name = FIELDS[int(number)] if number.isdigit() and int(number) < len(FIELDS) else f"field {number}"
    return name, rest.partition('"')[2].rpartition('"')[0]
