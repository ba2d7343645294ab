"""`cass show`: read a session, or a message with its neighbours."""

from __future__ import annotations

import os
import sys

from cass.errors import NotFound
from cass.paths import places
from cass.records import replace
from cass.redact import hides, mask
from cass.search.target import find_target
from cass.store import catalog, connect, hits
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from cass.search.target import Target
    from cass.store.hits import StoredMessage

NEIGHBOURS = 3
EVERY = 1 << 60


def run(options: dict[str, Any]) -> int:
    """Print what the ID names, through a pager where a person reads and it does not fit."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    target = find_target(connection, options["id"], options["line"], os.getcwd())
    chosen = _chosen(connection, target, options)
    if options["raw"]:
        _raw(connection, target, chosen, options)
    else:
        _print(connection, target, chosen, options)
    return 0


def _chosen(connection: Connection, target: Target, options: dict[str, Any]) -> list[StoredMessage]:
    """The messages to show, those that are gone from the agent's files last."""
    roles = [ROLES.index(role) for role in options["role"]]
    if target.ordinal is None:
        found = hits.messages_between(connection, target.session, -EVERY, EVERY)
        found = [message for message in found if not roles or message.role in roles]
        return sorted(found, key=lambda message: (message.ordinal < 0, abs(message.ordinal)))
    if hits.message_at(connection, target.session, target.ordinal) is None:
        what = f"the session has no message {target.ordinal}"
        raise NotFound(what, None, f"see them all: cass show {_head(options)}")
    default = 0 if options["raw"] else NEIGHBOURS
    around = default if options["context"] is None else options["context"]
    wanted = catalog.ordinals_around(connection, target.session, target.ordinal, around, roles)
    if target.ordinal < 0:
        wanted = [target.ordinal]
    found = hits.messages_between(connection, target.session, wanted[0], wanted[-1])
    return [message for message in found if message.ordinal in wanted]


def _head(options: dict[str, Any]) -> str:
    text: str = options["id"]
    return text.rpartition(":")[0] or text


def _print(connection: Connection, target: Target, chosen: list[StoredMessage], options: dict[str, Any]) -> None:
    session = catalog.session_with(connection, target.session)
    blocks: dict[int, list[catalog.StoredBlock]] = {}
    ids = [message.id for message in chosen]
    for start in range(0, len(ids), hits.BOUND):
        blocks |= catalog.blocks_of(connection, ids[start : start + hits.BOUND])
    if hides(options["settings"], options["show_secrets"]):
        blocks = {at: [replace(block, text=mask(block.text)) for block in some] for at, some in blocks.items()}
        session = replace(session, title=mask(session.title)) if session.title else session
    if options["json"]:
        from cass.render.show_json import answer

        sys.stdout.write(answer(session, chosen, blocks) + "\n")
        return
    from cass.render.show_text import conversation
    from cass.render.terminal import page, style

    look = style(sys.stdout, options, os.environ)
    short = hits.unique_prefixes(connection, [session.sid])[session.sid]
    page(conversation(session, short, chosen, blocks, target.ordinal, options["tools"], look), options)


def _raw(connection: Connection, target: Target, chosen: list[StoredMessage], options: dict[str, Any]) -> None:
    """The agent's own lines, as they stand in its file."""
    from cass.render.terminal import visible

    path = catalog.session_with(connection, target.session).path
    spans = catalog.spans_of(connection, [message.id for message in chosen if message.ordinal >= 0])
    if not spans or path is None:
        raise NotFound("these messages have no lines of their own", path, "leave --raw away")
    try:
        with open(path, "rb") as file:
            for start, end in spans:
                file.seek(start)
                line = file.read(end - start).rstrip(b"\n").decode("utf-8", "backslashreplace")
                line = mask(line) if hides(options["settings"], options["show_secrets"]) else line
                sys.stdout.write((visible(line, lines=True) if sys.stdout.isatty() else line) + "\n")
    except FileNotFoundError as gone:
        raise NotFound("the agent has deleted this file", path, "the text is kept: leave --raw away") from gone
