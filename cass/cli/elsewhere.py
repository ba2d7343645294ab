"""Commands that are recommended where the command line named a data folder: they name it, too."""

from __future__ import annotations

import os
import re
import shlex

from cass.cli.table import NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

OPTION = "--data-dir"
_OURS = re.compile(rf"\bcass ({'|'.join(map(re.escape, NAMES))})(?![\w-])")


def named_there(text: str, folder: str | None) -> str:
    """The text, in which each command of ours says which data folder is meant; as it is where none was named."""
    if folder is None:
        return text
    there = shlex.quote(_whole(folder))
    return _OURS.sub(lambda found: f"{found[0]} {OPTION} {there}", text)


def _whole(folder: str) -> str:
    """From the root on; as it was typed where the current folder has been deleted."""
    try:
        return os.path.abspath(folder)
    except OSError:
        return folder


def before_words(argv: Sequence[str]) -> Sequence[str]:
    """The part of `argv` that may hold options."""
    return argv[: argv.index("--")] if "--" in argv else argv


def folder_in(argv: Sequence[str]) -> str | None:
    """The data folder that a command line names; the last one counts."""
    found, asked = None, before_words(argv)
    for at, word in enumerate(asked):
        if word == OPTION and at + 1 < len(asked):
            found = asked[at + 1]
        elif word.startswith(f"{OPTION}="):
            found = word.partition("=")[2]
    return found
