"""The commands that go on with a session that was found: resume, open, export."""

from __future__ import annotations

from cass.cli.rows_search import role_option
from cass.cli.table import CHOICE, PATH, Argument, Command, Option, secrets_option

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


def open_() -> Command:
    return Command(
        "open",
        "read a session in your editor, at a message",
        "Find",
        more=(
            "It is rendered as Markdown into a file of its own, which is removed when the editor is closed. --source"
            " opens the agent's own file instead, at the message's line. The editor is $VISUAL or $EDITOR; Vim,"
            " Emacs, nano, Helix, Kakoune, VS Code and its relatives, Zed, Sublime Text, JetBrains' and others are"
            " told the line in their own way. Where neither is set and hyperlink_format is an editor's link, that is"
            " followed. With --json the file is left where it is, and nothing is started."
        ),
        stamps=True,
        examples=(
            ("cass open 3fa9c2e1:42", "this message, with the session around it"),
            ("cass open 3fa9c2e1:42 --source", "its line in the agent's own file"),
            ("cass open 3fa9c2e1 --json", "where the rendering lies, for an editor's plugin"),
        ),
        arguments=(Argument("id", "ID", MESSAGE, required=True),),
        options=(Option(("--source",), "the agent's own file, as it is"), secrets_option()),
    )


def export() -> Command:
    return Command(
        "export",
        "write a session as Markdown, JSON or one HTML page",
        "Find",
        more=(
            "Without -o it is printed. With -o FILE the file's ending says the form, if --format does not; in a"
            " folder the file is named after the session. The HTML page is one file that fetches nothing: what tools"
            " did is folded, it follows the light or dark of the reader's system, and it prints. JSON is what cass"
            " show ID --json prints of the whole session. With --json and -o the answer says what was written."
        ),
        stamps=True,
        examples=(
            ("cass export 3fa9c2e1 > session.md", "the whole session as Markdown"),
            ("cass export 3fa9c2e1 -o session.html", "one page for a browser, to send or to keep"),
            ("cass export 3fa9c2e1 --role user --role assistant", "without what the tools did"),
            ("cass export 3fa9c2e1 --format json -o .", "as JSON, in a file named after the session"),
        ),
        arguments=(Argument("id", "ID", MESSAGE, required=True),),
        options=(
            Option(("--format",), "the form", CHOICE, "FORM", values=("markdown", "json", "html")),
            Option(("-o", "--output"), "write to this file or folder; - is standard output", PATH, "FILE"),
            role_option(),
            secrets_option(),
        ),
    )


ROWS = {"resume": resume, "open": open_, "export": export}
