"""Where a text may stand as it was written: which documents to read for it, by the words in it."""

from __future__ import annotations

from cass.lexical.schema import LONGEST_WORD
from cass.native_tantivy import Occur, Query
from cass.query.words import is_word, pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.lexical.reader import LexicalReader

MOST_DOCUMENTS = 20_000
# So many words of a text tell enough; of a pasted page each costs a look at its whole list.
MOST_WORDS = 32


def literal_candidates(reader: LexicalReader, text: str) -> list[int] | None:
    """Documents whose words allow `text` to occur in them as it stands; None for too many, or no words to go by.

    Words inside `text` are whole; the outermost may be parts of longer ones.
    """
    words = reader.analyzed(text)
    if not words or any(len(piece.encode()) > LONGEST_WORD for piece in pieces(text)):
        return None
    last = len(words) - 1
    inner = sorted(dict.fromkeys(words[1:-1]), key=len, reverse=True)[:MOST_WORDS]
    clauses = [Query.term_query(reader.schema, "body", word) for word in inner]
    for at in dict.fromkeys((0, last)):
        before = ".*" if at == 0 and is_word(text[0]) else ""
        after = ".*" if at == last and is_word(text[-1]) else ""
        clauses.append(Query.regex_query(reader.schema, "body", f"{before}{words[at]}{after}"))
    query = Query.boolean_query([(Occur.Must, clause) for clause in clauses])
    hits = reader.searcher.search(query, MOST_DOCUMENTS, False).hits
    if len(hits) == MOST_DOCUMENTS:
        return None
    return [int(doc or 0) for doc in reader.searcher.fast_field_values("doc", [address for _, address in hits])]
