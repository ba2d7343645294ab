"""The messages around a hit, for those who ask for them."""

from __future__ import annotations

from cass.store import hits, in_session
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection

    from cass.store.hits import StoredMessage


def context(connection: Connection, message: StoredMessage, around: int) -> tuple[tuple[int, str, str], ...]:
    """(ordinal, role, text) of up to `around` messages before and after."""
    near = in_session.messages_between(
        connection, message.session, max(0, message.ordinal - around), message.ordinal + around
    )
    texts = hits.texts_of(connection, [other.id for other in near])
    return tuple(
        (other.ordinal, ROLES[other.role], "\n".join(text for text, _ in texts.get(other.id, [])))
        for other in near
        if other.ordinal != message.ordinal
    )
