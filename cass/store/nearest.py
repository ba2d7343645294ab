"""From the texts that vectors stand for to the messages in which they were said."""

from __future__ import annotations

from cass.store.hits import BOUND, marks
from cass.store.schema import COPY, OWN_BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection


def prepare(connection: Connection) -> None:
    """Make the index that finds a text's messages.  Archives without vectors do without, and are filled faster."""
    connection.execute("CREATE INDEX IF NOT EXISTS blocks_by_text ON blocks(text)")


def messages_with_texts(connection: Connection, texts: Sequence[int]) -> list[tuple[int, int, int]]:
    """(text id, message id, document) wherever one of these texts was said; no copies, and nothing of cass's own."""
    found: list[tuple[int, int, int]] = []
    for start in range(0, len(texts), BOUND):
        some = texts[start : start + BOUND]
        sql = (
            "SELECT b.text, m.id, m.doc FROM blocks b JOIN messages m ON m.id=b.message"
            f" WHERE b.text IN ({marks(some)}) AND m.flags & {COPY}=0 AND b.flags & {OWN_BLOCK}=0"
        )
        found += [(text, message, doc) for text, message, doc in connection.execute(sql, some)]
    return found


def texts_of_documents(connection: Connection, docs: Sequence[int]) -> dict[int, list[int]]:
    """Document → the ids of its texts, ascending, without what is cass's own; at most BOUND documents."""
    sql = (
        "SELECT DISTINCT m.doc, b.text FROM messages m JOIN blocks b ON b.message=m.id"
        f" WHERE m.doc IN ({marks(docs)}) AND m.flags & {COPY}=0 AND b.flags & {OWN_BLOCK}=0 ORDER BY m.doc, b.text"
    )
    found: dict[int, list[int]] = {}
    for doc, text in connection.execute(sql, docs):
        found.setdefault(doc, []).append(text)
    return found
