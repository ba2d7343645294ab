"""Kilo Code up to version 6, a fork of Roo Code: in VS Code and its relatives, and on the command line."""

from __future__ import annotations

from cass.connectors.cline_tasks import Tasks

AGENT = "kilo_code"

_TASKS = Tasks(("kilocode.kilo-code", "kilocode.kilo-code-nightly"), (".kilocode/cli/global/tasks",))
roots, enters, claims, read = _TASKS.roots, _TASKS.enters, _TASKS.claims, _TASKS.read
