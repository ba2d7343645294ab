"""What is offered where somebody presses TAB, whatever the shell: from the tables of commands, agents and settings."""

from __future__ import annotations

from collections.abc import Iterable

from cass.cli.table import HOME, NAMES, PATH, Argument, Command, Option, command, options_of
from cass.connectors.table import AGENTS
from cass.settings.table import CONSTANT
from cass.settings.table import ROWS as SETTINGS

TAKES_FILES = ("show", "import")  # show: an ID, or a file that an agent wrote
ID = "ID"  # what an argument or an option is called that takes a session
SETTABLE = tuple(row.key for row in SETTINGS if row.kind != CONSTANT)
# Commands whose first word says what is done with the second; what that may be, where it is known.
ACTED_ON: dict[str, tuple[str, ...]] = {"config": SETTABLE, "models": (), "sources": (), "worker": ()}
TAKES_FOLDERS = ("sources",)  # as that second word


def shown(row: Command) -> list[Option]:
    """The options that are offered."""
    return [option for option in options_of(row) if not option.hidden]


def shared() -> list[Option]:
    return shown(command(HOME))


def spellings(options: Iterable[Option]) -> list[str]:
    return [name for option in options for name in option.names]


def words_for(row: Command) -> tuple[str, ...]:
    """What the row's first word may be, where that is known."""
    first: Argument | None = row.arguments[0] if row.arguments else None
    if first is not None and first.key == "topic":
        return NAMES
    return first.values if first is not None else ()


def takes_session(row: Command) -> bool:
    return any(argument.metavar == ID for argument in row.arguments)


def takes_file(option: Option) -> bool:
    """A file, and not only a folder?"""
    return option.kind == PATH and (option.metavar == "FILE" or option.name == "--from")


def values_of(option: Option) -> tuple[str, ...]:
    """The words that an option may have, where they are known."""
    return tuple(agent.name for agent in AGENTS) if option.name == "--agent" else option.values
