"""The commands about where sessions come from: sources, import."""

from __future__ import annotations

from cass.cli.table import Argument, Command

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


ROWS = {"sources": sources}
