"""`cass completion SHELL`."""

from __future__ import annotations

import sys

from cass.cli.completion import script
from cass.render.text_json import as_object


def run(options: dict[str, object]) -> int:
    text = script(str(options["shell"]))
    sys.stdout.write(as_object(text) if options["json"] else text)
    return 0
