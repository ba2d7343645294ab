"""What `cass` alone does: what it has, how fresh, one next command."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.paths import home_folder, places
from cass.status.facts import EMPTY, collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: dict[str, Any]) -> int:
    where = places(os.environ, data_dir=options["data_dir"])
    status = collect(where, clock.monotonic_s)
    if options["json"]:
        from cass.render.status_json import answer

        sys.stdout.write(answer(status) + "\n")
        return 0
    from cass.cli.elsewhere import named_there
    from cass.render.home_text import empty, filled
    from cass.render.terminal import style

    look, there = style(sys.stdout, options, os.environ), options["data_dir"]
    if status.state == EMPTY:
        from cass.cli.reading import wanted_rules
        from cass.indexing.run import plan

        rules = wanted_rules(options["settings"])
        files, size, _ = plan(where, home_folder(os.environ), os.environ, rules)
        sys.stdout.write(named_there(empty(files, size, look), there))
    else:
        sys.stdout.write(named_there(filled(status, look, clock.now_ms()), there))
    return 0
