"""The commands about where sessions come from: sources, import."""

from __future__ import annotations

from cass.cli.table import CHOICE, Argument, Command, Option

ACTIONS = ("show", "include", "exclude")
WORDS = "show, include WHAT or exclude WHAT; show if not said"


def sources() -> Command:
    return Command(
        "sources",
        "where sessions come from: agents, folders, what was read and what is left out",
        "Keep",
        more=(
            "For each agent: where it was looked for, the files found there, how many of them were read, are unchanged"
            " since, or could not be read and why, and what is stored. With -v also agents that have nothing here, and"
            " the variables that say where else an agent's files are. exclude leaves workspaces out from now on: a"
            " folder with all below it, a folder's name, or a glob in which * stays within a name and ** does not; or"
            " an agent. include takes that back. What was stored before stays; the answer says how much. A .cassignore"
            " in a folder leaves that folder out, or what its lines match below it; a chat in which you write"
            " DO NOT INDEX THIS CHAT on a line of its own is not stored."
        ),
        examples=(
            ("cass sources", "what was found where"),
            ("cass sources exclude ~/private", "this folder and all below it, from now on"),
            ("cass sources exclude 'client-*'", "every folder of such a name"),
            ("cass sources exclude aider", "an agent"),
            ("cass sources include ~/private", "read it again"),
        ),
        arguments=(Argument("words", "WORD", WORDS, repeat=True, values=ACTIONS),),
    )


def import_() -> Command:
    return Command(
        "import",
        "read an export of ChatGPT or Claude.ai, or the archive of the Rust cass",
        "Keep",
        more=(
            "A file is a zip as the service sends it, its conversations.json, the folder in which that lies, or an"
            " agent_search.db; of the last one what the agents' own files do not say. Importing"
            " twice adds nothing, and a newer export adds what is new. What is imported is kept, whatever becomes of"
            " the file. What is left out elsewhere (cass sources) is left out here."
        ),
        examples=(
            ("cass import chatgpt-export.zip", "the conversations of an export"),
            ("cass import ~/.local/share/coding-agent-search/agent_search.db", "what another archive has"),
        ),
        arguments=(Argument("files", "FILE", "what to import", required=True, repeat=True),),
        options=(
            Option(
                ("--progress",), "how to show progress", CHOICE, "HOW", default="auto", values=("auto", "plain", "none")
            ),
        ),
    )


ROWS = {"sources": sources, "import": import_}
