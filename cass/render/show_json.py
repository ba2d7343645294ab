"""A session's messages as JSON."""

from __future__ import annotations

from cass.render.json_text import dumps
from cass.render.sessions_json import session_object
from cass.store.schema import ERROR, GONE, KINDS, OFF_PATH, ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

SCHEMA_VERSION = 1


def answer(
    session: StoredSession, messages: Sequence[StoredMessage], blocks: Mapping[int, Sequence[StoredBlock]]
) -> str:
    """The session and these of its messages as one object."""
    return "".join(parts(session, [(messages, blocks)]))


def parts(
    session: StoredSession, chunks: Iterable[tuple[Sequence[StoredMessage], Mapping[int, Sequence[StoredBlock]]]]
) -> Iterator[str]:
    """The same object piece by piece, for a session that need not fit into memory."""
    head = dumps({"schema_version": SCHEMA_VERSION, "session": session_object(session), "messages": ()})
    yield head.removesuffix("]}")
    between = ""
    for messages, blocks in chunks:
        for message in messages:
            yield between + dumps(_message(message, blocks.get(message.id, ())))
            between = ", "
    yield "]}"


def _message(message: StoredMessage, blocks: Sequence[StoredBlock]) -> dict[str, object]:
    return {
        "id": f"{message.sid}:{message.ordinal}",
        "message_index": message.ordinal,
        "role": ROLES[message.role],
        "created_at": message.created_ms,
        "line_number": message.line,
        "state": "gone" if message.flags & GONE else "present",
        "off_path": bool(message.flags & OFF_PATH),
        "blocks": [_block(block) for block in blocks],
    }


def _block(block: StoredBlock) -> dict[str, object]:
    return {
        "kind": KINDS[block.kind],
        "text": block.text,
        "tool": block.tool,
        "call_id": block.call_id,
        "is_error": bool(block.flags & ERROR),
    }
