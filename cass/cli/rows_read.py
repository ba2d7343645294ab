"""The commands that go on with a session that was found: resume, open, export."""

from __future__ import annotations

from cass.cli.table import Argument, Command, Option

MESSAGE = "a session (ID), a message (ID:N), a file or FILE:LINE"


def resume() -> Command:
    return Command(
        "resume",
        "print the agent's own command that goes on with a session",
        "Find",
        more=(
            "The command begins with the change to the folder that the session worked in, where you are elsewhere."
            " --exec runs it there instead of printing it. Of a subagent's session it is the session that started"
            " the subagent. When the agent has deleted the session's file, that is said: the agent cannot go on then,"
            " but cass show still reads it, and cass restore puts it back where cass keeps its bytes."
        ),
        stamps=True,
        examples=(
            ("cass resume 3fa9c2e1", "the command, to read or to paste"),
            ("cass resume 3fa9c2e1 --exec", "run it, in the session's folder"),
            ("cass resume 3fa9c2e1 --json", "as an argument list, for a program"),
        ),
        arguments=(Argument("id", "ID", MESSAGE, required=True),),
        options=(Option(("--exec",), "run it in the session's folder"),),
    )


ROWS = {"resume": resume}
