"""`cass show`: read a session, or a message with its neighbours."""

from __future__ import annotations

import os
import sys

from cass.errors import NotFound
from cass.paths import current_folder, places
from cass.records import replace
from cass.redact import hides, mask
from cass.search.target import find_target, require_message
from cass.store import catalog, connect, in_session, named
from cass.store.schema import ROLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from sqlite3 import Connection
    from typing import Any, BinaryIO

    from cass.search.target import Target
    from cass.store.catalog import StoredBlock, StoredSession
    from cass.store.hits import StoredMessage

    Read = Iterator[tuple[list[StoredMessage], dict[int, list[StoredBlock]]]]

NEIGHBOURS = 3
# How many messages are read at once: first as many as a screen holds.
FIRST, CHUNK = 16, 256


def run(options: dict[str, Any]) -> int:
    """Print what the ID names, through a pager where a person reads and it does not fit; 1 where no role fits."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    target, chunks = _found(connection, options)
    if options["raw"]:
        _raw(connection, target, [message for some in chunks for message in some], options)
    elif options["json"]:
        for part in _json_parts(connection, target, chunks, options):
            sys.stdout.write(part)
        sys.stdout.write("\n")
    else:
        _print(connection, target, chunks, options)
        return _said_of_roles(connection, target, options)
    return 0


def json_text(connection: Connection, options: dict[str, Any]) -> str:
    """What --json prints.  Raises NotFound and AmbiguousId."""
    return "".join(_json_parts(connection, *_found(connection, options), options))


def _found(connection: Connection, options: dict[str, Any]) -> tuple[Target, Iterable[list[StoredMessage]]]:
    target = find_target(connection, options["id"], options["line"], current_folder())
    return target, (_whole if target.ordinal is None else _around)(connection, target, options)


def _whole(connection: Connection, target: Target, options: dict[str, Any]) -> Iterator[list[StoredMessage]]:
    """The messages of a session, those that are gone from the agent's file last; some at a time.

    Each time anew from the last one: a person may read for hours, and nothing stays locked meanwhile.
    """
    roles = [ROLES.index(role) for role in options["role"]]
    for read, start in ((in_session.messages_after, -1), (in_session.gone_after, 0)):
        limit = FIRST
        while some := read(connection, target.session, start, limit):
            yield [message for message in some if not roles or message.role in roles]
            start, limit = some[-1].ordinal, CHUNK


def _around(connection: Connection, target: Target, options: dict[str, Any]) -> list[list[StoredMessage]]:
    """The message that was asked for, with its neighbours."""
    assert target.ordinal is not None
    roles = [ROLES.index(role) for role in options["role"]]
    require_message(connection, target.session, target.ordinal, _head(options))
    default = 0 if options["raw"] else NEIGHBOURS
    around = default if options["context"] is None else options["context"]
    wanted = catalog.ordinals_around(connection, target.session, target.ordinal, around, roles)
    if target.ordinal < 0:
        wanted = [target.ordinal]
    found = in_session.messages_between(connection, target.session, wanted[0], wanted[-1])
    found = [message for message in found if message.ordinal in wanted]
    return [found[at : at + CHUNK] for at in range(0, len(found), CHUNK)]


def _head(options: dict[str, Any]) -> str:
    text: str = options["id"]
    return text.rpartition(":")[0] or text


def _print(
    connection: Connection, target: Target, chunks: Iterable[list[StoredMessage]], options: dict[str, Any]
) -> None:
    """As they are read, so that the first line does not wait for the last."""
    session, read = _shown(connection, target, chunks, options)
    from cass.render.show_text import conversation
    from cass.render.terminal import page_parts, style

    look = style(sys.stdout, options, os.environ)
    short = named.unique_prefixes(connection, [session.sid])[session.sid]
    page_parts(conversation(session, short, read, target.ordinal, options["tools"], look), options)


def _said_of_roles(connection: Connection, target: Target, options: dict[str, Any]) -> int:
    """1, and a word, where the session has no message of the roles that were asked for."""
    if not options["role"] or target.ordinal is not None or any(_whole(connection, target, options)):
        return 0
    if not options["quiet"]:
        sys.stderr.write(f"{_no_role(options)}\n")
    return 1


def _no_role(options: dict[str, Any]) -> str:
    return f"no message of the role {' or '.join(options['role'])}"


def _json_parts(
    connection: Connection, target: Target, chunks: Iterable[list[StoredMessage]], options: dict[str, Any]
) -> Iterator[str]:
    from cass.render.show_json import parts

    return parts(*_shown(connection, target, chunks, options))


def _shown(
    connection: Connection, target: Target, chunks: Iterable[list[StoredMessage]], options: dict[str, Any]
) -> tuple[StoredSession, Read]:
    """The session and what was said in it, as they may be shown."""
    session = catalog.session_with(connection, target.session)
    hidden = hides(options["settings"], options["show_secrets"])
    if hidden and session.title:
        session = replace(session, title=mask(session.title))
    return session, _with_blocks(connection, chunks, hidden)


def _with_blocks(connection: Connection, chunks: Iterable[list[StoredMessage]], hidden: bool) -> Read:
    """Messages and what was said in them, as it may be shown."""
    for messages in chunks:
        blocks = catalog.blocks_of(connection, [message.id for message in messages])
        if hidden:
            blocks = {at: [replace(block, text=mask(block.text)) for block in some] for at, some in blocks.items()}
        yield messages, blocks


def _raw(connection: Connection, target: Target, chosen: list[StoredMessage], options: dict[str, Any]) -> None:
    """The agent's own lines, as they stand in its file."""
    from cass.render.terminal import page_parts

    if options["role"] and not chosen:
        raise NotFound(_no_role(options), options["id"], "leave --role away")
    path = catalog.session_with(connection, target.session).path
    spans = catalog.spans_of(connection, [message.id for message in chosen if message.ordinal >= 0])
    if not spans or path is None:
        raise NotFound("these messages have no lines of their own", path, "leave --raw away")
    try:
        with open(path, "rb") as file:
            page_parts(_own_lines(file, spans, hides(options["settings"], options["show_secrets"])), options)
    except FileNotFoundError as gone:
        raise NotFound("the agent has deleted this file", path, "the text is kept: leave --raw away") from gone


def _own_lines(file: BinaryIO, spans: Iterable[tuple[int, int]], hidden: bool) -> Iterator[str]:
    from cass.render.terminal import visible

    for start, end in spans:
        file.seek(start)
        line = file.read(end - start).rstrip(b"\n").decode("utf-8", "backslashreplace")
        line = mask(line) if hidden else line
        yield (visible(line, lines=True) if sys.stdout.isatty() else line) + "\n"
