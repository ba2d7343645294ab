"""`cass restore`: put an agent's session file back."""

from __future__ import annotations

import os
import sys

from cass.connectors.table import agent_row
from cass.indexing.restore import restore
from cass.paths import places
from cass.render import restore_json, restore_text
from cass.search.filters import find_session
from cass.store import catalog, connect
from cass.store.refusals import SqliteErrors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: dict[str, Any]) -> int:
    """Write it back, and say how to go on with it."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.require_reader(where.database, where.data)
    with SqliteErrors(where.database):
        session = catalog.session_with(connection, find_session(connection, options["id"])[0])
        files = restore(connection, session.id, where.data)
    row = agent_row(session.agent)
    resume = [part.replace("{id}", session.external_id) for part in row.resume] if row else []
    if options["json"]:
        sys.stdout.write(restore_json.answer(session.sid, files, resume))
    else:
        sys.stdout.write(restore_text.summary(files, resume))
    return 0
