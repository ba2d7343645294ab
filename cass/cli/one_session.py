"""A session as it leaves the archive to be read elsewhere: found, read whole, each text as it may be shown."""

from __future__ import annotations

import os

from cass.paths import current_folder, places
from cass.records import record, replace
from cass.redact import hides, mask
from cass.search.target import find_target, require_message
from cass.store import catalog, connect, hits, in_session, named
from cass.store.refusals import SqliteErrors
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from sqlite3 import Connection
    from typing import Any

    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

EVERY = 1 << 60


@record
class OneSession:
    """`short` is the id as people see it, `ordinal` the message that was asked for, `blocks` are by message row.

    The messages stand in order, those that the agent's file no longer contains behind the others.
    """

    session: StoredSession
    short: str
    ordinal: int | None
    messages: Sequence[StoredMessage]
    blocks: Mapping[int, Sequence[StoredBlock]]


def read_session(options: dict[str, Any]) -> OneSession:
    """The session that `id` names, with the messages of `role` (all, where none is named)."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    with SqliteErrors(where.database):
        return _read(connection, options, shown(options))


def shown(options: dict[str, Any]) -> Callable[[str], str]:
    """What every text passes on its way out: secrets are masked, unless they were asked for."""
    return mask if hides(options["settings"], options["show_secrets"]) else str


def _read(connection: Connection, options: dict[str, Any], show: Callable[[str], str]) -> OneSession:
    target = find_target(connection, options["id"], None, current_folder())
    session = catalog.session_with(connection, target.session)
    if target.ordinal is not None:
        require_message(connection, target.session, target.ordinal, session.sid)
    roles = [ROLES.index(role) for role in options.get("role", ())]
    found = in_session.messages_between(connection, target.session, -EVERY, EVERY)
    messages = [message for message in found if not roles or message.role in roles]
    messages.sort(key=lambda message: (message.ordinal < 0, abs(message.ordinal)))
    ids = [message.id for message in messages]
    blocks: dict[int, list[StoredBlock]] = {}
    for start in range(0, len(ids), hits.BOUND):
        blocks |= catalog.blocks_of(connection, ids[start : start + hits.BOUND])
    blocks = {key: [replace(block, text=show(block.text)) for block in some] for key, some in blocks.items()}
    session = replace(session, title=show(session.title)) if session.title else session
    short = named.unique_prefixes(connection, [session.sid])[session.sid]
    return OneSession(session, short, target.ordinal, messages, blocks)
