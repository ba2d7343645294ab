"""`cass status`: what is there, how fresh it is, what needs doing."""

from __future__ import annotations

import os
import sys

from cass import clock
from cass.paths import places
from cass.status.facts import collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def run(options: dict[str, Any]) -> int:
    """Look and print; 1 only where --check finds something wrong."""
    status = collect(places(os.environ, data_dir=options["data_dir"]), clock.monotonic_s)
    if options["json"]:
        from cass.render.status_json import answer

        sys.stdout.write(answer(status) + "\n")
    else:
        from cass.render import status_text
        from cass.render.terminal import style

        look = style(sys.stdout, options, os.environ)
        brief = options["brief"]
        text = status_text.brief(status, clock.now_ms()) if brief else status_text.page(status, look, clock.now_ms())
        sys.stdout.write(text)
    return 1 if options["check"] and not status.healthy else 0
