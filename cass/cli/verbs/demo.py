"""`cass demo`."""

from __future__ import annotations

from cass.demo import main


def run(options: dict[str, object]) -> int:
    return main(options)
