"""The command that shows and changes settings."""

from __future__ import annotations

from cass.cli.table import Argument, Command, Option

ACTIONS = ("show", "get", "set", "unset", "path", "edit")
WORDS = "show [KEY], get KEY, set KEY VALUE, unset KEY, path [KEY] or edit [KEY]; show if not said"


def config() -> Command:
    return Command(
        "config",
        "show and change settings",
        "Keep",
        more=(
            "show lists every setting with its value and which layer it comes from: the program's default, a file, an"
            " environment variable or an option, each stronger than the one before. get prints one value. set and"
            " unset change one line of the right file and leave the rest as it is, comments too. edit opens the file"
            " of a KEY in your editor and checks it afterwards; without a KEY that is the only file there is, and"
            " cass.toml where there are both or none. path says where the files are. The settings themselves are"
            " explained in docs/settings.md."
        ),
        examples=(
            ("cass config", "every setting and where it comes from"),
            ("cass config show --origin", "also the file and line, the variable or the option, and what each hides"),
            ("cass config set search.limit 20", "print twenty hits from now on"),
            ("cass config unset search.limit", "back to the default"),
            ("cass config get search.limit", "only the value"),
            ("cass config edit", "the file in your editor"),
        ),
        arguments=(Argument("words", "ACTION", WORDS, repeat=True, signed=True, values=ACTIONS),),
        options=(Option(("--origin",), "also where each value stands, and what it hides"),),
    )


ROWS = {"config": config}
