"""`cass import`: read exports and other archives that the person names."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.cli.reading import wanted_rules
from cass.indexing.importing import Import
from cass.paths import home_folder, places
from cass.render import import_text
from cass.render.progress import Progress, chosen
from cass.render.terminal import style

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: dict[str, Any]) -> int:
    """Import one file after the other, and say what came of it."""
    where = places(os.environ, data_dir=options["data_dir"])
    look = style(sys.stderr, options, os.environ)
    progress = Progress(sys.stderr, chosen(options["progress"], options["quiet"], look), look.width, clock.monotonic_s)
    rules = wanted_rules(options["settings"])
    reports = []
    try:
        for path in options["files"]:
            work = Import(where, home_folder(os.environ), os.environ, rules, clock.now_ms, clock.monotonic_s, progress)
            reports.append(work.run(os.path.expanduser(path)))
    finally:
        progress.close()
    if options["json"]:
        sys.stdout.write(import_text.as_json(reports))
        return 0
    sys.stdout.write("".join(map(import_text.summary, reports)))
    if not options["quiet"]:
        sys.stderr.write("".join(import_text.problems(report, options["verbose"]) for report in reports))
    return 0
