"""`cass secrets`: which passwords, keys and tokens stand in the archive, without printing one of them."""

from __future__ import annotations

import os
import sys

from cass.paths import places
from cass.render import secrets_view
from cass.render.terminal import page, style
from cass.store.connect import require_reader
from cass.store.named import unique_prefixes
from cass.store.refusals import SqliteErrors
from cass.store.secrets import secrets_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: dict[str, Any]) -> int:
    """List them; 0 also when there is none."""
    where = places(os.environ, data_dir=options["data_dir"])
    with SqliteErrors(where.database):
        connection = require_reader(where.database, where.data)
        found = secrets_of(connection)
        short = unique_prefixes(connection, {sid for secret in found for sid in secret.sessions})
    if options["json"]:
        sys.stdout.write(secrets_view.answer(found) + "\n")
        return 0
    page(secrets_view.listing(found, short, style(sys.stdout, options, os.environ)), options)
    if not options["quiet"]:
        sys.stderr.write(secrets_view.about(found))
    return 0
