"""`cass version`."""

from __future__ import annotations

import sys

from cass import __version__


def run(options: dict[str, object]) -> int:
    line = f'{{"schema_version": 1, "version": "{__version__}"}}' if options["json"] else f"cass {__version__}"
    sys.stdout.write(line + "\n")
    return 0
