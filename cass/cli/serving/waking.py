"""POST /v1/index: the worker reads what is new, at once."""

from __future__ import annotations

import os

from cass.cli.verbs.worker import NOT_OURS, facts_of
from cass.daemon.control import ask_look
from cass.daemon.starting import start_and_wait
from cass.errors import SystemRefused
from cass.render import worker_json
from cass.store.connect import require_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cass.paths import Places


def wake(where: Places, data_dir: str | None) -> str:
    """Wake the worker, or start one: what `cass worker start --json` prints.

    Raises MissingIndex and SystemRefused.
    """
    require_database(where.database, where.data)
    holder = ask_look(where.data)
    if holder is not None:
        return _answer(where, f"Process {holder.pid} looks what is new.", False)
    if not os.access(where.data, os.W_OK):
        raise SystemRefused("the worker cannot work here: the data folder may not be written", where.data, NOT_OURS)
    started = start_and_wait(where, os.environ, data_dir)
    return _answer(where, f"Started, as process {started.pid}.", True)


def _answer(where: Places, said: str, changed: bool) -> str:
    return worker_json.answer("start", facts_of(where), {"did": said, "changed": changed}).rstrip("\n")
