"""`cass uninstall`: take back what cass has written on this machine, after saying what that is."""

from __future__ import annotations

import os
import sys

from cass.cli.standard_input import can_ask
from cass.cli.verbs.worker_service import run_command, wanted
from cass.daemon.traces import KEPT, kept_pages, mentions, traces
from cass.daemon.uninstall import Removal, chosen, program_command, refuse_under_servers, remove, who_answers
from cass.errors import SystemRefused, UsageError
from cass.paths import home_folder, places
from cass.render import uninstall_json, uninstall_text
from cass.store.connect import is_there

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cass.daemon.traces import Trace


def run(options: dict[str, Any]) -> int:
    """Look, ask where the archive is meant, remove, say what is left to do."""
    where = places(os.environ, data_dir=options["data_dir"])
    is_there(where.database)  # in a folder that may not be entered nothing is seen, which is not nothing
    home = home_folder(os.environ)
    service = wanted(where, options["data_dir"])

    def find() -> tuple[list[Trace], list[Trace]]:
        return chosen(traces(where, service.paths, kept_pages(os.environ, home)), options["data"])

    goes, stays = find()
    if options["dry_run"]:
        answering = who_answers(where)
        if answering is not None and not options["quiet"]:
            sys.stderr.write(f"cass: {answering}: end that first\n")
        _print(options, Removal(tuple(goes), (), None), stays, home, done=False)
        return 0
    refuse_under_servers(where)
    if any([trace.kind in KEPT for trace in goes]) and not options["yes"] and not _agreed(goes):
        return 0
    removal = remove(where, lambda: find()[0], service, run_command, home)
    if removal.refused:
        first, *more = removal.refused
        and_more = f" (and {len(more)} more)" if more else ""
        todo = "mend that, then run this again; the rest is gone"
        raise SystemRefused(f"this could not be removed: {first.why}", first.path + and_more, todo)
    _print(options, removal, stays, home, done=True)
    return 0


def _agreed(goes: Sequence[Trace]) -> bool:
    """Ask a person; raises UsageError where nobody can be asked."""
    if not can_ask():
        todo = "see what would go with --dry-run, then add --yes"
        raise UsageError("removing the archive needs a yes", "cass uninstall --data", todo)
    sys.stderr.write(uninstall_text.question(goes))
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print(options: dict[str, Any], removal: Removal, stays: Sequence[Trace], home: str, done: bool) -> None:
    program = program_command(sys.prefix)
    lines = mentions(os.environ, home)
    if options["json"]:
        sys.stdout.write(uninstall_json.answer(removal, stays, lines, program, done))
    elif not options["quiet"] or not done:
        sys.stdout.write(uninstall_text.summary(removal, stays, lines, program, done))
