"""The commands about what is kept for good, and what is not: forget, restore, uninstall."""

from __future__ import annotations

from cass.cli.table import CHOICE, PATH, TEXT, Argument, Command, Option, agent_option

ROLES = ("user", "assistant", "tool", "system", "summary")


def forget() -> Command:
    f = "Filters"
    return Command(
        "forget",
        "remove messages for good, from everything that cass keeps",
        "Keep",
        more=(
            "What is chosen is what all of the words say: sessions or messages by ID, a workspace, an agent, a time, a"
            " role. A session's subagents go with it, and so do the copies that forks and resumed sessions hold of a"
            " message. It goes from the database, the search index, the vectors and the kept files, whose bytes are"
            " overwritten or written anew; what stays is a hash, so that reading the agents' files again does not"
            " bring it back. Those files themselves are the agents', and are not touched. It cannot be undone; what"
            " is interrupted is finished by the next command. The setting retention_days does the same by age."
        ),
        stamps=True,
        examples=(
            ("cass forget 3fa9c2e1 --dry-run", "what would go with this session?"),
            ("cass forget 3fa9c2e1:42", "one message, after asking"),
            ("cass forget --workspace ~/secret --yes", "all that was said in a folder, without asking"),
            ("cass forget --agent codex --before 365d", "what is older than a year, of one agent"),
            ("cass forget --role tool --before 90d", "only what tools answered"),
        ),
        arguments=(Argument("ids", "ID", "a session (ID) or a message (ID:N), as search shows it", repeat=True),),
        options=(
            Option(("--workspace",), "what was said in this folder and below", PATH, "PATH", repeat=True, group=f),
            agent_option(),
            Option(("--before",), "what was said before: 90d, 2025-06-01", TEXT, "WHEN", group=f),
            Option(("--role",), "only messages of this role", CHOICE, "ROLE", values=ROLES, repeat=True, group=f),
            Option(("--dry-run",), "say what would go, and change nothing"),
            Option(("--yes",), "do not ask"),
        ),
    )


def restore() -> Command:
    return Command(
        "restore",
        "put a session's file back that its agent has deleted",
        "Keep",
        more=(
            "Some agents delete their files: Claude Code after cleanupPeriodDays, 30 by default. The text stays in cass"
            " whatever they do; the file itself is kept by the worker while there is room in archive.budget_mb, from a"
            " week before it would go. It is written where it stood, byte for byte, with those of its subagents, so"
            " that the agent can go on with the session. Nothing that stands there is ever replaced."
        ),
        stamps=True,
        examples=(("cass restore 3fa9c2e1", "write the session's file back"),),
        arguments=(Argument("id", "ID", "a session, as search and sessions show it", required=True),),
    )


def uninstall() -> Command:
    return Command(
        "uninstall",
        "take back what cass has written on this machine",
        "Keep",
        more=(
            "It stops the worker, takes its service back, and removes what can be made again: search index, vectors,"
            " models, caches, renderings, completions and manual pages that were kept in the usual places. With --data"
            " also the archive and the settings, after asking: sessions that their agents have deleted are gone then."
            " Only what cass has written itself is removed; the agents' files are not touched. The command that removes"
            " the program is printed at the end."
        ),
        examples=(
            ("cass uninstall --data --dry-run", "what is there, and how large?"),
            ("cass uninstall", "all but the archive and the settings"),
            ("cass uninstall --data", "everything, after asking"),
        ),
        options=(
            Option(("--data",), "also the archive and the settings"),
            Option(("--dry-run",), "list what would go, and change nothing"),
            Option(("--yes",), "do not ask"),
        ),
    )


ROWS = {"forget": forget, "restore": restore, "uninstall": uninstall}
