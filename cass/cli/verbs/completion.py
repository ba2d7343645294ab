"""`cass completion SHELL`."""

from __future__ import annotations

import sys

from cass.cli.completion import script


def run(options: dict[str, object]) -> int:
    sys.stdout.write(script(str(options["shell"])))
    return 0
