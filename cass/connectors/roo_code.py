"""Roo Code, a fork of Cline: in VS Code and its relatives.  A task that another one began is its child."""

from __future__ import annotations

from cass.connectors.cline_tasks import Tasks

AGENT = "roo_code"

_TASKS = Tasks(("rooveterinaryinc.roo-cline", "rooveterinaryinc.roo-code-nightly"))
roots, enters, claims = _TASKS.roots, _TASKS.enters, _TASKS.claims
stand, read = _TASKS.stand, _TASKS.read
