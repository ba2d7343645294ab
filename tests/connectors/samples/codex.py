"""Rollouts of Codex as newer and as older versions write them."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors.codex_files import ID, SAMPLE, TIME, bare_message, file
from tests.connectors.samples import write

_OLD = "0198aaaa-0000-7000-8000-000000000001"


def sample(home: Path) -> Surroundings:
    """Write them."""
    folder = home / ".codex" / "sessions" / "2026" / "01" / "02"
    write(folder / f"rollout-2026-01-02T03-04-05-{ID}.jsonl", SAMPLE)
    old = file({"id": _OLD, "timestamp": TIME}, bare_message("user", "find it"), bare_message("assistant", "Found."))
    write(folder / f"rollout-2026-01-02T03-04-06-{_OLD}.jsonl", old)
    return Surroundings(str(home), {})
