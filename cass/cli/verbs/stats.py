"""`cass stats`: how much was said, when, where and with whom."""

from __future__ import annotations

import os
import sys

from cass.cli.choosing import chosen
from cass.paths import places
from cass.render.terminal import visible
from cass.status.activity import activity
from cass.store.connect import require_reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sqlite3 import Connection
    from typing import Any

    from cass.status.activity import Activity


def run(options: dict[str, Any]) -> int:
    """Count and print; 1 when there is no message, 0 with --json."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = require_reader(where.database, where.data)
    found, notes = _counted(connection, options)
    if options["json"]:
        from cass.render.stats_json import answer

        sys.stdout.write(answer(found, notes) + "\n")
        return 0
    if not options["quiet"]:
        said = [*notes, *([] if found.total.messages else ["no message fits"])]
        sys.stderr.write("".join(f"{visible(note)}\n" for note in said))
    return _print(found, options)


def _counted(connection: Connection, options: dict[str, Any]) -> tuple[Activity, list[str]]:
    filters, notes = chosen(connection, options)
    times = filters.get("time", (None, None))
    return activity(connection, filters.get("agent"), filters.get("workspace"), *times), notes


def _print(found: Activity, options: dict[str, Any]) -> int:
    from cass.render import stats_text
    from cass.render.terminal import page, style

    if not found.total.messages:
        return 1
    look = style(sys.stdout, options, os.environ)
    kind = options["by"]
    page(stats_text.by(found, kind, look) if kind else stats_text.overview(found, look), options)
    return 0
