"""The commands that show what was found, list it, and find more like it: show, sessions, like."""

from __future__ import annotations

from cass.cli.rows_search import exclude_session_option, role_option, time_options, workspace_option
from cass.cli.table import INT, Argument, Command, Option, agent_option, secrets_option


def show() -> Command:
    return Command(
        "show",
        "read a session, or a message with its neighbours",
        "Find",
        more=(
            "ID is what search and sessions print: a session, or with :N one of its messages. The beginning of an id"
            " is enough, six characters or more. A file that an agent wrote is accepted too, with a line if you like."
        ),
        stamps=True,
        wakes=True,
        examples=(
            ("cass show 3fa9c2e1", "the whole session"),
            ("cass show 3fa9c2e1:42 -C 3", "one message with three before and three after"),
            ("cass show session.jsonl:118", "the message on that line of an agent's file"),
            ("cass show 3fa9c2e1 --role user --json", "what the user said, for a program"),
        ),
        aliases=("read", "view", "expand"),
        arguments=(Argument("id", "ID", "a session (ID), a message (ID:N), a file or FILE:LINE", required=True),),
        options=(
            Option(("-C", "--context"), "show N messages before and after ID:N; 3 if not said", INT, "N"),
            Option(("-n", "--line"), "the message on this line of the file", INT, "LINE", least=1),
            role_option(),
            Option(("--tools",), "also what tools were given and answered, in full"),
            Option(("--raw",), "the agent's own lines, from its file"),
            secrets_option(),
        ),
    )


def sessions() -> Command:
    return Command(
        "sessions",
        "list sessions, newest first",
        "Find",
        stamps=True,
        wakes=True,
        examples=(
            ("cass sessions", "the last twenty"),
            ("cass sessions --workspace . --since 7d", "of this repository, during the last seven days"),
            ("cass sessions --agent codex -n 5 --json", "five of one agent, for a program"),
        ),
        aliases=("ls", "list"),
        options=(
            workspace_option(),
            agent_option(),
            *time_options(),
            Option(("-n", "--limit"), "how many sessions", INT, "N", default=20),
            secrets_option(),
        ),
    )


def like() -> Command:
    return Command(
        "like",
        "find sessions like a session, or like a text",
        "Find",
        more=(
            "A diff, a stack trace, a log or a session is read for the names in it (files, error codes, exceptions) and"
            " for the words that are frequent in it and rare elsewhere; the sessions that say most of these come first."
            " ID is a session, or one of its messages (ID:N); - reads a text from standard input."
        ),
        stamps=True,
        wakes=True,
        examples=(
            ("git diff | cass like -", "where something like this was worked on"),
            ("cargo test 2>&1 | cass like - -n 3", "who met this error before"),
            ("cass like 3fa9c2e1", "other sessions about the same"),
            ("cass like 3fa9c2e1 --exclude-session current", "for an agent, which is in a session itself"),
        ),
        aliases=("related",),
        arguments=(Argument("id", "ID", "a session (ID), a message (ID:N), or - for standard input", required=True),),
        options=(
            Option(("-n", "--limit"), "how many sessions", INT, "N", default=10),
            agent_option(),
            workspace_option(),
            *time_options(),
            exclude_session_option(),
            secrets_option(),
        ),
    )


ROWS = {"show": show, "sessions": sessions, "like": like}
