"""`cass sessions`: list sessions, newest first."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.choosing import chosen
from cass.paths import places
from cass.records import replace
from cass.redact import hides, mask
from cass.store import catalog, connect
from cass.store.named import unique_prefixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from cass.store.catalog import StoredSession


def run(options: dict[str, Any]) -> int:
    """List; 1 when there is none, 0 with --json."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    if options["json"]:
        sys.stdout.write(json_text(connection, options) + "\n")
        return 0
    listed, total, notes = _listed(connection, options)
    _print(connection, listed, total, notes, options)
    return 0 if listed or options["limit"] == 0 else 1


def json_text(connection: Connection, options: dict[str, Any]) -> str:
    """What --json prints."""
    from cass.render.sessions_json import answer

    return answer(*_listed(connection, options))


def _listed(connection: Connection, options: dict[str, Any]) -> tuple[list[StoredSession], int, list[str]]:
    filters, notes = chosen(connection, options)
    since_ms, until_ms = filters.get("time", (None, None))
    listed, total = catalog.list_sessions(
        connection, filters.get("agent"), filters.get("workspace"), since_ms, until_ms, options["limit"]
    )
    if hides(options["settings"], options["show_secrets"]):
        listed = [replace(session, title=mask(session.title)) if session.title else session for session in listed]
    return listed, total, notes


def _print(
    connection: Connection, listed: list[StoredSession], total: int, notes: list[str], options: dict[str, Any]
) -> None:
    from cass.render import sessions_text
    from cass.render.terminal import page, style

    look = style(sys.stdout, options, os.environ)
    short = unique_prefixes(connection, [session.sid for session in listed])
    page(sessions_text.listing(listed, short, look, clock.now_ms()), options)
    if not options["quiet"]:
        sys.stderr.write(sessions_text.about(len(listed), total, notes, style(sys.stderr, options, os.environ)))
