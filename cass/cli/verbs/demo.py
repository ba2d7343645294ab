"""`cass demo`."""

from __future__ import annotations

import contextlib
import io
import sys

from cass.demo import main
from cass.render.text_json import as_object


def run(options: dict[str, object]) -> int:
    if not options["json"]:
        return main(options)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main(options)
    sys.stdout.write(as_object(said.getvalue()))
    return code
