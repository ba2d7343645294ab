"""Cline: in VS Code and its relatives, in JetBrains' editors, and on the command line."""

from __future__ import annotations

from cass.connectors.cline_tasks import Tasks

AGENT = "cline"

_TASKS = Tasks(
    ("saoudrizwan.claude-dev", "saoudrizwan.cline-nightly"),
    (".cline/data/tasks", ".cline/data/sessions"),
    "CLINE_DIR",
)
roots, enters, claims = _TASKS.roots, _TASKS.enters, _TASKS.claims
stand, read = _TASKS.stand, _TASKS.read
