"""`cass completion SHELL`: the script of a shell, and what that script asks for at a TAB, when somebody waits."""

from __future__ import annotations

import os
import sys

from cass.paths import places
from cass.redact import hides, mask
from cass.render.offered_text import offered
from cass.store import connect
from cass.store.offered import newest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST = 50  # sessions; whoever sees more types another digit


def run(options: dict[str, Any]) -> int:
    text = _script(options["shell"]) if options["sessions"] is None else _sessions(options)
    if options["json"]:
        from cass.render.text_json import as_object

        text = as_object(text)
    sys.stdout.write(text)
    return 0


def _script(shell: str) -> str:
    from cass.cli.completion import script  # builds every row of the table

    return script(shell)


def _sessions(options: dict[str, Any]) -> str:
    """Nothing where nothing is indexed yet."""
    where = places(os.environ, data_dir=options["data_dir"])
    connection = connect.open_reader(where.database, connect.SEARCH_PAGES)
    if connection is None:
        return ""
    listed = newest(connection, options["sessions"], MOST)
    if hides(options["settings"], False):
        listed = [(sid, agent, mask(title) if title else title) for sid, agent, title in listed]
    return offered(options["shell"], listed)
