"""For tests in a folder whose name is in another coding than UTF-8, as old disks and archives have them."""

from __future__ import annotations

from pathlib import Path

import pytest


def inside_torn_name(folder: Path) -> tuple[str, ...]:
    """The words to put before a command line, so that it runs in such a folder below this one."""
    torn = folder / "caf\udce9"
    try:
        torn.mkdir()
    except OSError:
        pytest.skip("a name here is always UTF-8")
    return "sh", "-c", 'cd "$0" && exec "$@"', str(torn)
