"""Its database, a session of files that it has not taken over, and a project's database of the old program."""

from __future__ import annotations

from pathlib import Path

from cass.connectors.base import Surroundings
from tests.connectors import crush_files as old
from tests.connectors.databases_made import database
from tests.connectors.opencode_made import SCHEMA, message, session, text, thought, tool, write_files


def sample(home: Path) -> Surroundings:
    """Write them."""
    data = home / ".local" / "share" / "opencode"
    rows = [session("ses_1", "Where quokkas live"), session("ses_2", "Child session - 2026", "ses_1")]
    rows += message(1, "ses_1", "user", text("find the quokka"))
    rows += message(
        2, "ses_1", "assistant", thought("Look."), text("I look."), tool("c1", "bash", "q", command="ls zoo")
    )
    rows += message(3, "ses_2", "user", text("look in the zoo"))
    database(data / "opencode.db", SCHEMA, rows)
    kept = [session("ses_3", "Where wombats live"), *message(4, "ses_3", "user", text("find the wombat"))]
    kept += message(
        5, "ses_3", "assistant", text("It sleeps."), tool("c2", "read", None, "no such zoo", filePath="/w/zoo")
    )
    write_files(data / "storage", kept)
    project = home / "projects" / "zoo"
    said = [old.session("s1", "Numbats"), old.message(1, "s1", "user", old.prompt("find the numbat"))]
    database(project / ".opencode" / "opencode.db", old.SCHEMA, said)
    return Surroundings(str(home), {}, (str(project),))
